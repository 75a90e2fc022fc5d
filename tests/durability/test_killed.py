"""Killed at any moment and started again, a run comes to what it would have come to.

``make kill-test`` kills at 50 moments (S3EVAL_KILLS), here it is 8.
"""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_SPEC = importlib.util.spec_from_file_location("killing", Path(__file__).with_name("killing.py"))
assert _SPEC and _SPEC.loader
killing = importlib.util.module_from_spec(_SPEC)
sys.modules["killing"] = killing
_SPEC.loader.exec_module(killing)

KILLS = int(os.environ.get("S3EVAL_KILLS", "8"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    tiny_dataset = pytest.importorskip("s3eval_synth.testing").tiny_dataset
    folder = tmp_path_factory.mktemp("killed")
    tiny_dataset(folder / "data", videos=3, seconds=6.0)
    # Short windows make more clips, so that a kill falls between two of them.
    return killing.Runs(
        folder / "data", folder, "-m", "steady", "-t", "recognition,report", "--resamples", "20",
        "--sampling", "window_seconds=3", "--sampling", "overlap_seconds=1",
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(runs):
    done = runs.finished(runs.folder / "whole")
    assert done.returncode == 0, done.stderr
    counted = Counter(killing.lines(runs.phases(runs.folder / "whole")))
    assert set(counted) == set(killing.PHASES), "every phase is reported"
    return runs.folder / "whole" / "steady"


def test_killed_anywhere_it_ends_as_if_it_had_not_been(runs, whole, capsys):
    observed, left = Counter(), KILLS
    for number in range(-(-KILLS // len(killing.CHAIN))):
        out = runs.folder / f"killed-{number}"
        kills = min(left, len(killing.CHAIN))
        left -= kills
        seen = killing.kill_chain(runs, out, random.Random(number), kills)
        observed += seen.observed
        assert not seen.asked_twice, "a recorded answer was asked for again"
        assert not seen.unsound
        for file in killing.FILES:
            assert (out / "steady" / file).read_bytes() == (whole / file).read_bytes(), file
        assert killing.answers(out / "steady") == killing.answers(whole)
    with capsys.disabled():
        told = ", ".join(f"{observed[p]} in {p}" for p in (*killing.PHASES, "over"))
        print(f"\n{KILLS} kills: {told}")
    assert observed.total() == KILLS
    assert observed["over"] <= KILLS // 8, "kills that came too late prove nothing"
    assert all(observed[phase] for phase in killing.PHASES[:2])
