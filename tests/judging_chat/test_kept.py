"""What judges keep is found again by what a run recorded, without loading a judge or asking."""

import json
import sqlite3
import sys
from types import ModuleType

import pytest
from scripted_judge import FACTS

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.judge import (
    AnswerQuestions,
    Extract,
    Extraction,
    FeatureAnswers,
    Judge,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.judging import kept as kept_module
from s3eval.judging.kept import kept_by_chat, kept_readings
from s3eval.judging.load import load_judge
from s3eval.plugins import Plugin
from s3eval.privacy import PhiSpan
from s3eval.remote.cache import ReplyCache, stored_replies
from s3eval.specs import JudgeSpec
from s3eval.testing.chat_server import Said, scripted
from s3eval.testing.plugins import beside_installed

pytest.importorskip("s3eval_judge_gpt")

HOSTILE = "<script>alert(1)</script>\x1b[31m \u202e"
REPORT = ReadReport("  He turns left and stiffens.\n")
ANSWERS = AnswerQuestions("blank_stare", "The eyes are open.")
MERGE = MergeTexts(("He stares.", "He jerks."), "report")
GAIT = Extract("He walks.", Extraction("gait", "1", "Does he walk?", {}, lambda r: r["walks"]))
ALL = (REPORT, ANSWERS, MERGE, GAIT)


def replies(text, body, before):
    """A reply to each kind of request."""
    system = body["messages"][0]["content"]
    if "Does he walk" in system:
        return Said(json.dumps({"walks": True}))
    if "Reply with one field" in system:
        return Said(json.dumps({"text": HOSTILE}))
    if "blank stare" in system and "event_sequence" not in system:
        return Said(json.dumps({"eyes_open": "yes", "iris_fixed": "no"}))
    return Said(json.dumps(FACTS)) if "turns" in text else Said("no JSON: " + HOSTILE)


class Judged:
    """A server, the file of readings, and the identity that a run would record."""

    def __init__(self, server, cache):
        self.server, self.cache = server, cache
        self.options = {"base_url": server.base_url, "model": "m", "cache": str(cache)}
        self.judge = load_judge("gpt", self.options)
        self.identity = json.loads(json.dumps(dict(self.judge.identity())))

    def kept(self, *requests):
        asked = len(self.server.asked)
        found = kept_readings("gpt", self.identity, self.options, requests)
        assert len(self.server.asked) == asked, "a request was made"
        return found


@pytest.fixture
def judged(tmp_path):
    with scripted(replies) as server:
        one = Judged(server, tmp_path / "readings ?#.sqlite")
        yield one
        one.judge.close()


def rows(judged):
    with sqlite3.connect(judged.cache) as db:
        return dict(db.execute("SELECT key, value FROM replies"))


def overwrite(judged, value):
    with sqlite3.connect(judged.cache) as db:
        db.execute("UPDATE replies SET value = ?", (value,))


def test_every_kind_of_reading_is_found_as_the_judge_gave_it(judged):
    given = dict(zip(ALL, judged.judge.answer(ALL), strict=True))
    found = judged.kept(*ALL, REPORT)
    assert found.readings == given and found.missing == () and found.judge == "gpt (m)"
    assert isinstance(found.readings[REPORT], ReportFacts) and found.readings[REPORT].words == 5
    assert isinstance(found.readings[ANSWERS], FeatureAnswers)
    assert found.readings[MERGE] == MergedText(HOSTILE.strip())
    assert found.readings[GAIT] is True


def test_the_judge_that_is_open_and_the_one_that_was_closed_are_read_alike(judged):
    judged.judge.answer([REPORT])
    open_ = judged.kept(REPORT).readings
    judged.judge.close()
    assert not judged.cache.with_name(judged.cache.name + "-wal").exists()
    before = {p.name: p.stat().st_mtime_ns for p in judged.cache.parent.iterdir()}
    assert judged.kept(REPORT).readings == open_ != {}
    assert {p.name: p.stat().st_mtime_ns for p in judged.cache.parent.iterdir()} == before


def test_what_was_never_read_is_missing_and_what_needs_no_judge_is_there(judged):
    judged.judge.answer([REPORT])
    other, same = ReadReport("He turns right."), MergeTexts(("A.", "A. "), "report")
    found = judged.kept(REPORT, other, same, ReadReport(" "))
    assert found.missing == (other,)
    assert found.readings[same] == MergedText("A.")
    assert found.readings[ReadReport(" ")].features == ()


@pytest.mark.parametrize("what", ["model", "base_url", "prompt_version", "temperature", "judge"])
def test_another_judge_has_other_readings(judged, what):
    judged.judge.answer([REPORT])
    judged.identity[what] = "another"
    assert judged.kept(REPORT).missing == (REPORT,)


def test_what_a_run_recorded_beyond_the_key_does_not_hide_a_reading(judged):
    judged.judge.answer([REPORT])
    judged.identity |= {"phi": "off"}
    assert judged.kept(REPORT).missing == ()


@pytest.mark.parametrize(
    "value",
    [
        "no json",
        b"\xff\xfe",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({"state": "read"}),
        json.dumps({"state": "read", "json": []}),
        json.dumps({"state": "read", "json": {**FACTS, "event_sequence": ["sits up"]}}),
        json.dumps({"state": "unreadable"}),
        json.dumps({"state": 3, "json": FACTS}),
    ],
)
def test_a_broken_row_is_no_reading(judged, value):
    judged.judge.answer([REPORT])
    overwrite(judged, value)
    assert judged.kept(REPORT).missing == (REPORT,)


def test_why_nothing_could_be_read_is_kept_with_what_came(judged):
    strange = ReadReport("He stares.")
    (given,) = judged.judge.answer([strange])
    kept = judged.kept(strange).readings[strange]
    assert isinstance(kept, Unreadable) and kept.reason == given.reason
    assert kept.raw == "no JSON: " + HOSTILE


def test_code_that_fails_on_a_kept_reply_is_told(judged):
    judged.judge.answer([GAIT])
    fails = Extract(GAIT.text, Extraction("gait", "1", "Does he walk?", {}, lambda r: 1 / 0))
    reading = judged.kept(fails).readings[fails]
    assert isinstance(reading, Unreadable) and "ZeroDivisionError" in reading.reason


class Finds:
    name = "finder"
    texts: list[str]

    def __init__(self):
        self.texts = []

    def find(self, text):
        self.texts.append(text)
        return (PhiSpan("name", 0, 4),) if text.startswith("Anna") else ()


def test_a_text_that_was_redacted_is_redacted_again_to_be_found(judged, monkeypatch):
    finder = Finds()
    monkeypatch.setattr(kept_module, "find_detector", lambda: finder)
    judged.judge.answer([ReadReport("[NAME] turns left.")])
    named = ReadReport("Anna turns left.")
    assert judged.kept(named).missing == (named,) and not finder.texts
    judged.identity |= {"phi": "redact", "detector": "another"}
    assert judged.kept(named).missing == (named,) and not finder.texts
    judged.identity |= {"detector": "finder"}
    assert judged.kept(named).readings[named].features == ("head_turning", "tonic")
    assert finder.texts == ["Anna turns left."]


def test_many_texts_that_are_not_there_are_not_redacted(judged, monkeypatch):
    monkeypatch.setattr(kept_module, "find_detector", lambda: pytest.fail("loaded"))
    judged.identity |= {"phi": "redact", "detector": "finder"}
    many = [ReadReport(f"Anna turns {n} times.") for n in range(51)]
    judged.judge.answer([REPORT])
    assert len(judged.kept(*many).missing) == 51


def test_without_a_detector_what_was_not_redacted_is_found(judged, monkeypatch):
    def absent():
        raise S3EvalError("not installed")

    monkeypatch.setattr(kept_module, "find_detector", absent)
    judged.judge.answer([REPORT])
    judged.identity |= {"phi": "redact", "detector": "finder"}
    assert judged.kept(REPORT, GAIT).missing == (GAIT,)


def test_a_judge_that_kept_nothing_or_whose_file_is_gone_says_so(judged, tmp_path):
    for cache, told in (("off", "cache=off"), (str(tmp_path / "none"), "not on this machine")):
        with pytest.raises(S3EvalError, match=told):
            kept_readings("gpt", judged.identity, {"cache": cache}, [REPORT])
    assert not (tmp_path / "none").exists()
    wrong = tmp_path / "wrong.sqlite"
    wrong.write_text("no database, but long enough to be taken for one" * 9)
    with pytest.raises(S3EvalError, match="cannot be read"):
        kept_by_chat(judged.identity, str(wrong), [REPORT])
    # What needs no judge needs no file either.
    assert kept_by_chat(judged.identity, "off", [ReadReport("")])[ReadReport("")].words == 0


def test_a_file_that_only_can_be_read_is_read(judged):
    judged.judge.answer([REPORT])
    judged.judge.close()
    (key,) = rows(judged)
    judged.cache.chmod(0o400)
    assert stored_replies(judged.cache, [key, "none"])[key]["state"] == "read"


def test_the_file_of_the_cache_folder_is_the_default(judged, tmp_path, monkeypatch):
    monkeypatch.setenv("S3EVAL_CACHE", str(tmp_path / "cache"))
    with pytest.raises(S3EvalError, match="not on this machine"):
        kept_by_chat(judged.identity, "", [REPORT])
    judged.judge.answer([REPORT])
    ((key, value),) = rows(judged).items()
    cache = ReplyCache()
    cache.put(key, json.loads(value))
    cache.close()
    assert kept_by_chat(judged.identity, "", [REPORT])[REPORT].sections == ("onset",)


class Silent(Judge):
    """Of a third party: asks a model, keeps nothing that can be looked up."""

    def identity(self):
        return {"judge": "theirs"}


class Remembers(Silent):
    """Of a third party: says what it keeps by the contract's own call."""

    @classmethod
    def load(cls, spec, options):
        raise AssertionError("it was loaded")

    @classmethod
    def stored_readings(cls, identity, options, requests):
        if options.get("fails"):
            raise SystemExit("no")
        return dict.fromkeys(requests[:1], MergedText("x"))


@pytest.fixture
def theirs(monkeypatch):
    module = ModuleType("their_judge")
    module.Remembers, module.Silent = Remembers, Silent  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "their_judge", module)

    def plugin(adapter):
        spec = JudgeSpec("theirs", adapter=f"their_judge:{adapter.__name__}", model="theirs-1")
        return Plugin("judge", spec, "their-package", "1.0")

    return plugin


def test_a_judge_of_another_kind_is_asked_by_the_contracts_call_without_being_loaded(theirs):
    with beside_installed(theirs(Remembers)):
        found = kept_readings("theirs", {"judge": "theirs"}, {}, [MERGE, REPORT, GAIT])
        assert found.readings == {MERGE: MergedText("x")} and found.judge == "theirs"
        assert found.missing == (REPORT, GAIT)  # GAIT is not among what it serves
        wrong = kept_readings("theirs", {}, {}, [REPORT]).readings[REPORT]
        assert "judge 'theirs': expected ReportFacts" in wrong.reason
        with pytest.raises(S3EvalError, match="SystemExit"):
            kept_readings("theirs", {}, {"fails": True}, [MERGE])


def test_a_judge_that_keeps_nothing_is_named_with_the_reason(theirs):
    with (
        beside_installed(theirs(Silent)),
        pytest.raises(S3EvalError, match=r"'theirs' keeps no readings.*their-package does not say"),
    ):
        kept_readings("theirs", {}, {}, [MERGE])
    with pytest.raises(UnknownNameError):
        kept_readings("theirs", {}, {}, [MERGE])
