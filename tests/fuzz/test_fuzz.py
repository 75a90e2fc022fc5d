"""Bytes of any kind, for a bounded time: nothing is raised but what is documented.

``make fuzz`` does the same for longer, guided by coverage (atheris).
"""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

_SPEC = importlib.util.spec_from_file_location("targets", Path(__file__).with_name("targets.py"))
assert _SPEC and _SPEC.loader
targets = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(targets)

#: Seconds each target gets here; an example that comes later is passed over.
SECONDS = 15.0
PLACE = st.binary(min_size=4, max_size=4)
# What tables and answers are made of, beside anything at all.
WORDS = (
    b",", b"\n", b"\r\n", b'"', b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"nan", b"inf", b"-1",
    b"1e309", b"99999999999999999999", b"0:99:99", b"yes", b"no", b"ES", b"NES", b"tonic", b"a",
    b"=1+1", b"\xed\xa0\x80", b"[[", b"{", b"<think>", b"left", b"[x]\ny = 1",
)  # fmt: skip
PIECES = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=20)), max_size=12)
BYTES = st.builds(lambda place, pieces: place + b"".join(pieces), PLACE, PIECES)


@pytest.mark.parametrize("name", targets.TARGETS)
def test_nothing_is_raised_but_what_is_documented(name):
    target, end, tried = targets.TARGETS[name], time.monotonic() + SECONDS, [0]

    @settings(
        max_examples=2_000, deadline=None, suppress_health_check=[*HealthCheck], database=None
    )
    @example(b"")
    @given(BYTES)
    def fuzzed(data: bytes) -> None:
        if time.monotonic() < end:
            target(data)
            tried[0] += 1

    fuzzed()
    assert tried[0] > 5, "a target so slow that it is not fuzzed at all"
