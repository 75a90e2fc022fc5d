"""``s3eval judge compare`` on a task that is none of the paper's: the example package's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from s3eval import Annotation, Dataset, Finding, Video
from s3eval.cli.judge_compare import command
from s3eval.dataset import write_folder
from s3eval.plugins import Plugin
from s3eval.running.runs import RunFacts, write_run
from s3eval.testing.plugins import beside_installed

EXAMPLE = Path(__file__).parents[2] / "examples" / "third-party-plugin"
ROOMS = {"a": "The room is bright.", "b": "A dark room.", "c": "The room is dark.", "d": "A room."}


@pytest.fixture
def ward(monkeypatch, tmp_path):
    """A recorded run of the task `light`; its package is there for this test."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    import s3eval_ward

    videos = tuple(Video(name, f"p-{name}", duration=10.0) for name in ROOMS)
    lights = dict(zip(ROOMS, ("on", "off", "on", "off"), strict=True))
    notes = {name: Annotation(name, items={"light": light}) for name, light in lights.items()}
    write_folder(Dataset("ward", videos, notes), tmp_path / "data")
    record(tmp_path / "runs", [described(v, text) for v, text in ROOMS.items()])
    (words,) = s3eval_ward.s3eval_judges()
    specs = [
        ("judge", replace(words, name="same-words")),
        *(("task", spec) for spec in s3eval_ward.s3eval_tasks()),
        ("judge", words),
    ]
    with beside_installed(*(Plugin(kind, s, "s3eval-ward", "1") for kind, s in specs)):
        yield tmp_path / "runs"


def described(video, text):
    return Finding("light", video, "room", "answered", text)


def record(runs, findings):
    """Write the run anew, of these findings."""
    data = str(runs.parent / "data")
    facts = RunFacts("told", ("sight",), ("light",), data, source="recorded")
    write_run(runs / "told", facts, findings)


def compare(runs, *more):
    return CliRunner().invoke(command, [str(runs), *more], catch_exceptions=False)


def test_a_stranger_s_task_is_compared_by_its_headline(ward):
    done = compare(ward, "--judges", "words,lexicon", "--json", "-")
    by_judge = {
        run["judge"]: next(f for f in run["further"] if f["item"] == "room")
        for run in json.loads(done.stdout)["runs"]
    }
    # a and b are right, c is not, d names neither.
    assert by_judge["words"] == {
        **{"task": "light", "item": "room", "metric": "balanced_accuracy"},
        **{"value": 0.75, "scored": 3, "asked": 4},
    }
    assert (by_judge["lexicon"]["value"], by_judge["lexicon"]["scored"]) == (None, 0)
    assert done.exit_code == 3, "one judge reads less than the other"


def test_tables_of_the_paper_are_left_out_where_nobody_ran_its_tasks(ward):
    shown = compare(ward, "--judges", "words,lexicon").output
    assert "Scores of further tasks per judge" in shown and "Task 6 RQI" not in shown
    assert "3/4" in shown and "0/4" in shown


def further(done):
    """(scored, asked) of the rooms under each judge."""
    runs = json.loads(done.stdout)["runs"]
    return [(f["scored"], f["asked"]) for r in runs for f in r["further"] if f["item"] == "room"]


@pytest.mark.parametrize("judges", ["words,same-words", "words,lexicon"])
def test_texts_that_all_judges_leave_unread_alike_are_told_by_the_exit_code(ward, judges):
    record(ward, [described(v, "A room.") for v in ROOMS])
    done = compare(ward, "--judges", judges, "--json", "-")
    assert further(done) == [(0, 4), (0, 4)]
    assert done.exit_code == 3


def test_failed_findings_and_videos_without_truth_are_no_judge_s_fault(ward):
    videos = (Video("e", "p-e", duration=10.0), Video("f", "p-f", duration=10.0))
    notes = {"f": Annotation("f", items={"light": "on"})}
    write_folder(Dataset("ward", videos, notes), ward.parent / "data")
    failed = Finding("light", "f", "room", "failed", None, "no memory")
    record(ward, [described("e", "A dark room."), failed])
    done = compare(ward, "--judges", "words,same-words", "--json", "-")
    assert further(done) == [(0, 2), (0, 2)]
    assert done.exit_code == 0


def test_a_task_whose_scoring_fails_is_told(ward, monkeypatch):
    import s3eval_ward.task

    def tallies(self, findings, context):
        raise ZeroDivisionError("no rooms")

    monkeypatch.setattr(s3eval_ward.task.Light, "tallies", tallies)
    done = compare(ward, "--judges", "words,same-words", "--json", "-")
    assert done.exit_code == 3
    told = json.loads(done.stdout)["faults"]
    assert [line.partition(":")[0] for line in told] == ["told, words", "told, same-words"]
    assert all("ZeroDivisionError" in line and "no rooms" in line for line in told)
    assert "told, words" in compare(ward, "--judges", "words,same-words").stderr
