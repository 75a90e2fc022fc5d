"""How questions are put, by the options of `s3eval run`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from s3eval.api.asking import COMBINATIONS, FRAME_MEMORY, Asking, asking_by
from s3eval.errors import S3EvalError
from s3eval.running.limits import DEFAULT_LIMITS
from s3eval.running.recording import FailurePolicy
from s3eval.running.repeats import Repeats


def test_without_options_it_is_what_holds_anyway():
    asking = asking_by()
    assert (asking.executor, asking.executor_options) == ("local", {})
    assert asking.failures == FailurePolicy()
    assert asking.limits == DEFAULT_LIMITS == Asking().limits


def test_replicas_are_an_executor_and_one_is_none():
    two = asking_by(replicas=2)
    assert (two.executor, two.executor_options) == ("replicas", {"count": 2})
    ray = asking_by(executor="ray", executor_options={"address": "auto"}, replicas=1)
    assert (ray.executor, ray.executor_options) == ("ray", {"address": "auto"})


@pytest.mark.parametrize("other", [{"executor": "ray"}, {"executor_options": {"count": 3}}])
def test_replicas_beside_another_executor_are_refused(other):
    with pytest.raises(S3EvalError, match="exclude each other"):
        asking_by(replicas=2, **other)


def test_stopping_at_an_error_allows_none_whatever_may_fail():
    assert asking_by(on_error="stop", max_failures=5).failures == FailurePolicy(most=0)
    assert asking_by(retry=2, max_failures=5, on_memory="smaller").failures == FailurePolicy(
        retry=2, most=5, memory="smaller"
    )


def test_memory_is_given_in_mib():
    assert asking_by(frame_memory=3).limits.memory == 3 * 1024 * 1024
    assert DEFAULT_LIMITS.memory == FRAME_MEMORY * 1024 * 1024
    limits = asking_by(decoders=2, decode_apart=True).limits
    assert (limits.decoders, limits.apart) == (2, True)


@pytest.mark.parametrize(
    "wrong", [{"retry": -1}, {"max_failures": -1}, {"decoders": -1}, {"on_memory": "shrink"}]
)
def test_a_wrong_value_is_refused(wrong):
    with pytest.raises(S3EvalError, match="Expected"):
        asking_by(**wrong)


def test_every_combination_offered_is_one_that_counts():
    assert [Repeats(2, combination).combination for combination in COMBINATIONS] == [*COMBINATIONS]


def test_the_help_of_run_imports_nothing_heavy():
    code = (
        "import sys; from s3eval.cli import main\n"
        "try: main(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'pandas', 'numpy', 'scipy', 'sklearn', 'av', 'sqlite3'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"
    assert "--frame-memory" in done.stdout
