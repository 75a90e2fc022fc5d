"""Runs that a model judged: what it kept is shown, in the viewer and in files; nobody is asked."""

from __future__ import annotations

import html
import json
import re
import shutil
import sqlite3
import sys
from types import ModuleType

import pytest
from click.testing import CliRunner

from s3eval import api
from s3eval.cli import cli
from s3eval.judge import Evidence, FeatureAnswers, Judge, MergedText, ReadReport, ReportFacts
from s3eval.plugins import Plugin
from s3eval.specs import JudgeSpec
from s3eval.tasks.questions import questions
from s3eval.testing.chat_server import Said, scripted
from s3eval.testing.plugins import beside_installed
from s3eval.vocabulary import LOCALIZING

pytest.importorskip("s3eval_judge_gpt")

HOSTILE = "<script>alert(1)</script>\x1b[31m"
TASKS = ["recognition", "justification", "report"]


def says(text, body, before):
    """What the scripted judge replies: one of the reports, the annotation's, differs."""
    system = body["messages"][0]["content"]
    if "event_sequence" not in system:
        schema = body["response_format"]["json_schema"]["schema"]["properties"]
        return Said(json.dumps({k: _one(s) for k, s in schema.items()}))
    reply = {
        "structural_completeness": ["onset"],
        "event_sequence": ["head_turning", "tonic"] + (["clonic"] if "jerks" in text else []),
        "localizing_features": dict.fromkeys(LOCALIZING, "none") | {"head_turning": "right"},
        "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False},
    }
    return Said(json.dumps(reply))


def _one(schema):
    allowed = (schema.get("items") or schema).get("enum")
    if allowed is None:
        return "The right arm stiffens. " + HOSTILE
    return [allowed[0]] if "items" in schema else allowed[0]


@pytest.fixture(scope="module")
def server():
    with scripted(says) as running:
        yield running


@pytest.fixture(scope="module")
def run(filmed, server, tmp_path_factory):
    """A run of three tasks, judged by a model; its folder and the file of readings."""
    folder = tmp_path_factory.mktemp("judged")
    options = {"base_url": server.base_url, "model": "m<b>", "cache": str(folder / "kept.sqlite")}
    api.evaluate(
        model="replay", tasks=TASKS, data=filmed.data, out=folder / "runs", resamples=50,
        model_options={"file": str(filmed.runs[0].parents[2] / "first.csv")},
        judge="gpt", judge_options=options, progress=False,
    )  # fmt: skip
    assert server.asked
    return folder / "runs" / "replay", folder / "kept.sqlite"


@pytest.fixture
def copied(run, tmp_path, filmed):
    """A copy of the run whose file of readings may be damaged."""
    shutil.copytree(run[0], tmp_path / "copy")
    shutil.copy(run[1], tmp_path / "kept.sqlite")
    facts = tmp_path / "copy" / "run.json"
    document = json.loads(facts.read_text())
    document["options"]["judge"]["options"]["cache"] = str(tmp_path / "kept.sqlite")
    document["dataset"] = str(filmed.data)
    facts.write_text(json.dumps(document))
    return tmp_path / "copy"


@pytest.fixture
def opened(asking, server):
    """Opens runs; at the end nothing was asked of the judge's server."""
    viewers, before = [], len(server.asked)

    def open_(*paths, **options):
        viewers.append(asking(paths, **options))
        return viewers[-1]

    yield open_
    for viewer in viewers:
        viewer.site.close()
    assert len(server.asked) == before, "a request was made for a page"


def part(page, anchor):
    """A finding's part of a page, as text."""
    found = page.raw.partition(f'id="{anchor}"')[2].partition("</details>")[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", found)))


def test_what_the_judge_extracted_is_shown_with_the_text_and_its_name(opened, run, filmed):
    viewer = opened(run[0])
    page = viewer.page(f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}")
    report = part(page, "report-report")
    assert report.count("Read by gpt (m<b>), kept from when it was asked.") == 2
    assert "What the report says, of the finding" in report
    assert "features head turning, tonic, clonic" in report  # of the annotation
    assert "The head turns to the right. Then the right arm stiffens and jerks." in report
    assert "did not say which of its words each fact came from" in report
    assert "Marked are the words from which the lexicon, asked for this page, reads" in report
    assert "From the readings to the report's index" in report
    assert "Not kept" not in page.text
    # The lexicon reads of the second text that the arm is the first to move, the judge does not.
    marks = re.findall(r"<mark>([^<]*)<small> ([^<]*)</small></mark>", page.raw)
    of_jerks = [facts for words, facts in marks if words == "jerks"]
    assert of_jerks and all("clonic" in facts for facts in of_jerks)
    assert any("head turning=right" in facts or "head turning" in facts for _, facts in marks)
    assert not any("first motor" in facts for _, facts in marks)
    assert "b" not in page.tags
    tonic = part(page, "justification-tonic")
    first = questions("tonic")[0]
    assert "Questions about tonic" in tonic and f"{first.key} {first.allowed[0]}" in tonic


def test_hostile_text_of_a_kept_reply_stays_text(opened, copied, filmed):
    value = {"state": "unreadable", "reason": HOSTILE, "raw": HOSTILE}
    with sqlite3.connect(copied.parent / "kept.sqlite") as db:
        db.execute("UPDATE replies SET value = ?", (json.dumps(value),))
    viewer = opened(copied)
    page = viewer.page(f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}")
    assert page.tags.count("script") == 2 and "\x1b" not in page.raw
    told = part(page, "report-report")
    assert told.count("Could not be read: <script>alert(1)</script>\\x1b[31m") == 2


def test_every_score_of_a_judged_run_comes_out_exactly(opened, run):
    viewer = opened(run[0])
    shown = viewer.site.now().shown.runs[0]
    compared = set()
    for task in TASKS:
        for item in viewer.site.walks.items(shown, task):
            for walk in viewer.site.walks.walks(shown, task, item):
                assert walk.agrees, (task, item, walk)
                if walk.value is not None:
                    compared.add(walk.metric)
    assert {"rqi", "interpretation"} <= compared
    page = viewer.page(f"score/{viewer.runs[0]}/report/report")
    assert "The texts were read by gpt (m<b>), kept from when it was asked" in page.text
    assert "= what comes out here" in page.text and "Not kept" not in page.text


def test_the_files_hold_the_same(run, server, tmp_path):
    before = len(server.asked)
    done = CliRunner().invoke(
        cli, ["view", "bundle", str(tmp_path / "pages"), str(run[0])], catch_exceptions=False
    )
    assert done.exit_code == 0 and len(server.asked) == before
    texts = [p.read_text(encoding="utf-8") for p in (tmp_path / "pages").glob("said-*.html")]
    assert any("Read by gpt (m&lt;b&gt;), kept from when it was asked." in t for t in texts)
    assert any("features</dt><dd>head turning, tonic, clonic" in t for t in texts)
    assert not any("kept.sqlite" in t for t in texts)


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM replies WHERE key = ?", "UPDATE replies SET value = '{' WHERE key = ?"],
    ids=["gone", "damaged"],
)
def test_what_is_not_kept_says_so_and_how_to_have_it(opened, copied, filmed, change):
    with sqlite3.connect(copied.parent / "kept.sqlite") as db:
        rows = db.execute("SELECT key, value FROM replies").fetchall()
        # By what it says, for replies are kept in the order in which they came: of the reports
        # only this video's annotation tells of clonic movements.
        (key,) = [key for key, value in rows if "event_sequence" in value and "clonic" in value]
        db.execute(change, (key,))
    viewer = opened(copied)
    page = viewer.page(f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}")
    report = part(page, "report-report")
    assert "Not kept: gpt (m<b>) asks a model" in report
    assert "judge it again with `s3eval score RUN --judge gpt`" in report
    assert "From the readings" not in report
    assert "Not kept" not in part(page, "justification-tonic")
    score = viewer.page(f"score/{viewer.runs[0]}/report/report").text
    assert "1 of 3 readings are not there and count as unread below. Not kept" in score


def test_a_file_that_is_not_here_costs_the_readings_and_nothing_else(opened, copied, filmed):
    (copied.parent / "kept.sqlite").unlink()
    viewer = opened(copied)
    page = viewer.page(f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}")
    told = part(page, "report-report")
    assert "Not kept: The file of this judge's readings is not on this machine (the" in told
    assert "To have it, judge it again with `s3eval score RUN --judge gpt`." in told
    assert str(copied.parent) not in told
    assert "Read by" not in page.text
    assert not (copied.parent / "kept.sqlite").exists()
    assert "yes, because the right arm stiffens." in part(page, "recognition-tonic")


def test_the_judge_of_the_scores_is_shown_not_the_one_of_the_run(opened, copied, filmed):
    viewer = opened(copied)
    address = f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}"
    assert "Read by gpt" in viewer.page(address).text
    api.score(copied, judge="lexicon", write=True, resamples=50)
    page = viewer.page(address)
    assert "Read by lexicon, read anew for this page." in part(page, "report-report")
    assert "<mark>" in page.raw and "Read by gpt" not in page.text


def test_readings_in_a_file_named_when_scoring_are_found(opened, copied, run, server, filmed):
    """The run is made with the lexicon, and scored again by a judge with a file of its own."""
    facts = copied / "run.json"
    document = json.loads(facts.read_text())
    document["options"]["judge"] = {"name": "lexicon", "options": {}}
    facts.write_text(json.dumps(document))
    options = {"base_url": server.base_url, "model": "m<b>"}
    kept = {**options, "cache": str(copied.parent / "kept.sqlite")}
    api.score(copied, judge="gpt", judge_options=kept, write=True, resamples=50)
    written = json.loads(facts.read_text())["options"]
    assert written["judge_of_scores"] == {"name": "gpt", "options": kept}
    assert written["judge"] == {"name": "lexicon", "options": {}}
    viewer = opened(copied)
    page = viewer.page(f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}")
    report = part(page, "report-report")
    assert report.count("Read by gpt (m<b>), kept from when it was asked.") == 2
    assert "Not kept" not in page.text
    api.score(copied, write=True, resamples=50)
    assert "judge_of_scores" not in json.loads(facts.read_text())["options"]


class Theirs(Judge):
    """A judge of a third party that asks a model in its own way."""

    def identity(self):
        return {"judge": "theirs", "model": "theirs-1"}

    def read_reports(self, texts):
        nothing = dict.fromkeys(LOCALIZING, "none")
        return [
            ReportFacts(("onset",), ("tonic",), nothing, words=1,
                        evidence=(Evidence("tonic", t[:3], 0, 3), "odd", Evidence("x", "", "a", 3)))
            for t in texts
        ]  # fmt: skip

    def answer_questions(self, items):
        return [
            FeatureAnswers(name, {q.key: q.allowed[0] for q in questions(name)})
            for name, _ in items
        ]

    def merge(self, groups, kind):
        return [MergedText(" ".join(g)) for g in groups]


class Keeps(Theirs):
    """The same, which keeps what it read of reports."""

    @classmethod
    def stored_readings(cls, identity, options, requests):
        assert identity == {"judge": "theirs", "model": "theirs-1"}
        reports = [r for r in requests if isinstance(r, ReadReport)]
        return dict(zip(reports, cls().read_reports([r.text for r in reports]), strict=True))


@pytest.fixture
def theirs(monkeypatch, copied):
    """Installs such a judge, and scores the run by it."""
    module = ModuleType("their_judge")
    monkeypatch.setitem(sys.modules, "their_judge", module)

    def install(adapter):
        module.Theirs = adapter  # type: ignore[attr-defined]
        spec = JudgeSpec("theirs", adapter="their_judge:Theirs", model="theirs-1")
        return beside_installed(Plugin("judge", spec, "their-package", "1.0"))

    with install(Theirs):
        api.score(copied, judge="theirs", write=True, resamples=50)
    return install


def test_a_judge_of_another_kind_that_keeps_nothing_is_told(opened, copied, filmed, theirs):
    with theirs(Theirs):
        viewer = opened(copied)
        page = viewer.page(f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}")
        told = part(page, "report-report")
    assert "The judge 'theirs' keeps no readings that can be shown" in told
    assert (
        "their-package does not say how they are looked up" in told and "Read by" not in page.text
    )


def test_a_judge_of_another_kind_shows_what_it_keeps_and_from_which_words(
    opened, copied, filmed, theirs
):
    with theirs(Keeps):
        viewer = opened(copied)
        page = viewer.page(f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}")
    assert "Read by theirs (theirs-1), kept from when it was asked." in page.text
    assert "<mark>The<small> tonic</small></mark>" in page.raw


def test_a_judge_that_is_not_installed_any_more(opened, copied, filmed, theirs):
    viewer = opened(copied)
    page = viewer.page(f"video/{viewer.keys[filmed.video]}/run/{viewer.runs[0]}")
    assert "theirs" in part(page, "report-report") and "Read by" not in page.text
