"""What is examined, with plugins that are given instead of looked for."""

from __future__ import annotations

import pytest

from s3eval.api import doctoring
from s3eval.api.doctoring import examine
from s3eval.api.probing import PROGRAMS, Probed, probe, probe_all
from s3eval.plugins import BrokenPlugin, Registry


@pytest.fixture
def no_processes(monkeypatch):
    """Nothing is imported in a process of its own."""
    nothing = Probed(reason="it did not answer within 1 s", timed_out=True)
    monkeypatch.setattr(
        doctoring, "probe_all", lambda names, seconds: dict.fromkeys(names, nothing)
    )


def test_a_registry_that_is_given_is_the_one_examined(no_processes):
    broken = BrokenPlugin("acme", "0.1", "acme = acme", "ImportError: no acme")
    entries = examine(1, Registry((), (broken,), {("task", "x"): ("one", "other")}))
    (of_it,) = [e for e in entries if e.name == "acme = acme"]
    assert (of_it.section, of_it.state) == ("plugins", "broken")
    assert of_it.detail == "ImportError: no acme" and "acme" in of_it.fix
    (clash,) = [e for e in entries if e.name == "task x"]
    assert clash.state == "broken" and clash.fix == "pip uninstall other"


def test_what_gave_no_answer_is_unknown_and_not_broken(no_processes):
    entries = {e.name: e for e in examine(1, Registry((), (), {}))}
    assert entries["PyAV"].state == entries["adapters"].state == "unknown"


def test_a_program_has_its_time_and_no_more():
    slow = probe("import time\ntime.sleep(60)", 0.2)
    assert slow.timed_out and slow.facts is None and "0.2 s" in slow.reason
    assert probe("pass", 30).reason == "the process ended with 0"


def test_several_programs_answer_by_name(monkeypatch):
    programs = {"one": "report(1)", "two": "raise SystemExit('no')"}
    monkeypatch.setattr("s3eval.api.probing.PROGRAMS", programs)
    probed = probe_all(["one", "two"], 30)
    assert probed["one"].facts == 1
    assert probed["two"].reason == "no"
    assert set(PROGRAMS) == {"torch", "av", "adapters"}
