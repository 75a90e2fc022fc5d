"""A reader's session: the tasks' own questions, stored like a model's answers, resumable, blind."""

from __future__ import annotations

import json

import pytest
from s3eval_view.study.asks import shows_annotation
from s3eval_view.study.journal import Journal, check_pseudonym
from s3eval_view.study.session import CANNOT_TELL

from s3eval import api
from s3eval.api.datasets import open_dataset
from s3eval.errors import S3EvalError
from s3eval.facts.videos import Annotation
from s3eval.model import Question
from s3eval.running.store import AnswerStore

ALL = ("recognition", "spatial", "timing", "sequence", "report", "diagnosis")


def answer_all(session, said=lambda ask, video: "yes"):
    for place, clip in enumerate(session.clips):
        for number, ask in enumerate(session.asks(place)):
            session.save(place, number, said(ask, clip.clip.video), 1.5)


def test_the_questions_are_those_a_model_would_get(session_of, films, tmp_path):
    import s3eval

    session = session_of(tasks=("recognition", "sequence"))
    s3eval.evaluate(
        "always-yes", ["recognition", "sequence"], films, tmp_path / "runs", progress=False
    )
    with AnswerStore(tmp_path / "runs" / "always-yes" / "answers.sqlite") as store:
        asked_of_model = {(a.video, a.clip_start, a.clip_end, a.question) for a in store}
    put = {
        (c.clip.video, c.clip.start, c.clip.end, ask.question.key)
        for place, c in enumerate(session.clips)
        for ask in session.asks(place)
    }
    # A baseline that does not look hears as well; the reader of this session does not.
    assert put == {a for a in asked_of_model if a[3] not in ("verbal_responsiveness",
                                                              "ictal_vocalization")}  # fmt: skip


def test_answers_become_a_run_that_scores_and_compares_like_any_other(session_of, films, tmp_path):
    import s3eval

    session = session_of()
    dataset = open_dataset(films)

    def truth(ask, video):
        return dataset.annotation(video).presence(ask.question.key) or "no"

    answer_all(session, truth)
    assert session.progress() == (session.total, None)
    scored = api.score(session.folder, write=True, resamples=20)
    rows = {(r.item, r.metric): r for r in scored[0].rows}
    assert rows["tonic", "f1"].value == 1.0
    assert (rows["tonic", "f1"].scored, rows["tonic", "f1"].asked) == (3, 3)
    assert scored[0].run.facts.model == "reader:R1"
    s3eval.evaluate("always-yes", "recognition", films, tmp_path / "runs", progress=False)
    compared = s3eval.compare([session.folder, tmp_path / "runs" / "always-yes"], resamples=20)
    assert "reader:R1" in repr(compared) or "R1" in repr(compared)


def test_reports_of_readers_are_read_by_the_default_judge(session_of):
    session = session_of(tasks=("report",))
    answer_all(session, lambda ask, video: "The head turns to the left, both arms stiffen.")
    scored = api.score(session.folder, write=True, resamples=20)[0]
    rows = {r.metric: r for r in scored.rows}
    assert scored.judge["judge"] == "lexicon"
    assert rows["rqi"].value is not None and rows["rqi"].scored == 3


def test_a_session_goes_on_where_it_stopped(session_of):
    first = session_of()
    for number in range(5):
        first.save(0, number, "yes", 2.0)
    again = session_of()
    assert again.progress() == (5, 0)
    assert [a.text for a in again.answers(0)[:5]] == ["yes"] * 5
    assert again.answers(0)[5] is None
    assert [c.clip for c in again.clips] == [c.clip for c in first.clips]


def test_an_answer_is_on_the_disk_before_save_returns(session_of, monkeypatch):
    session = session_of()
    session.save(0, 0, "yes", 1.0)
    # Another process would find it, with nothing closed.
    with AnswerStore(session.folder / "answers.sqlite", read_only=True) as store:
        assert [a.answer.text for a in store] == ["yes"]
    lines = [json.loads(x) for x in (session.folder / "reader.jsonl").read_text().splitlines()]
    assert [x["text"] for x in lines] == ["yes"]


def test_second_thoughts_replace_an_answer_and_times_add_up(session_of):
    session = session_of()
    session.save(0, 0, "yes", 2.0)
    session.save(0, 0, "no", 3.5)
    session.save(0, 1, None, 1.0)
    with AnswerStore(session.folder / "answers.sqlite", read_only=True) as store:
        stored = {a.question: a for a in store}
    first, second = (session.asks(0)[i].question.key for i in (0, 1))
    assert (stored[first].answer.text, stored[first].seconds) == ("no", 5.5)
    assert stored[second].answer.status == "skipped"
    assert stored[second].answer.reason == CANNOT_TELL
    kept = [line["text"] for line in Journal(session.folder / "reader.jsonl")]
    assert kept == ["yes", "no", None]


@pytest.mark.parametrize("seconds", [-1, 1e9, float("nan"), "long", None, True])
def test_a_time_that_cannot_be_is_none(session_of, seconds):
    session = session_of()
    session.save(0, 0, "yes", seconds)
    assert [line["seconds"] for line in Journal(session.folder / "reader.jsonl")] == [None]


def test_what_cannot_be_read_is_saved_and_said(session_of):
    session = session_of(tasks=("timing",))
    assert session.save(0, 0, "at the beginning, I think", 1.0).problems
    assert not session.save(0, 0, "0:02", 1.0).problems
    session = session_of("R2", tasks=("recognition", "justification"))
    ask = session.asks(0)[0]
    assert ask.choices == ("yes", "no") and ask.needs_words
    assert [*session.save(0, 0, "yes", 1.0).problems] == ["justification"]
    assert not session.save(0, 0, "yes, because the eyes are closed", 1.0).problems


def test_empty_and_endless_answers_and_unknown_questions_are_refused(session_of):
    session = session_of()
    for text in ("", "  \n", "x" * 20_001):
        with pytest.raises(S3EvalError, match="characters"):
            session.save(0, 0, text, 1.0)
    for place, number in ((-1, 0), (99, 0), (0, 99), (0, -1)):
        with pytest.raises(S3EvalError, match="no such question"):
            session.save(place, number, "yes", 1.0)
    assert session.progress()[0] == 0


def test_readers_get_orders_of_their_own_and_each_always_the_same(session_of, tmp_path):
    orders = {
        reader: tuple(c.clip.video for c in session_of(reader, out=tmp_path / "a").clips)
        for reader in ("R1", "R2", "R3", "R4")
    }
    assert len(set(orders.values())) > 1
    assert orders["R1"] == tuple(c.clip.video for c in session_of(out=tmp_path / "b").clips)
    other = session_of(out=tmp_path / "c", seed=7)
    assert sorted({c.clip.video for c in other.clips}) == sorted(set(orders["R1"]))


def test_windows_come_before_clips_of_annotated_events(session_of):
    session = session_of(tasks=ALL)
    windows = session.profile.windows
    for video in {c.clip.video for c in session.clips}:
        mine = [c.clip for c in session.clips if c.clip.video == video]
        is_window = [clip in windows(video, 4.0) for clip in mine]
        assert is_window == sorted(is_window, reverse=True) and not all(is_window)


def test_a_question_that_holds_the_annotated_report_is_not_put(session_of):
    session = session_of(tasks=("diagnosis",))
    assert {a.question.key for p in range(len(session.clips)) for a in session.asks(p)} == {
        "video_only"
    }
    with AnswerStore(session.folder / "answers.sqlite", read_only=True) as store:
        stored = [(a.question, a.answer.status) for a in store]
    assert stored == [("with_report", "skipped")] * 3
    note = Annotation("v", report="The head\n turns.")
    assert shows_annotation(Question("x", "Report: The head turns. ES or NES?"), note)
    assert not shows_annotation(Question("x", "Does the head turn?"), note)
    assert not shows_annotation(Question("x", "Does the head turn?"), Annotation("v", report=""))


def test_another_study_in_the_folder_is_refused(session_of):
    session_of()
    for change in ({"seed": 3}, {"tasks": ("sequence",)}, {"hears": True}, {"shown": "video"}):
        with pytest.raises(S3EvalError, match="another session"):
            session_of(**change)


@pytest.mark.parametrize("name", ["Dr. Anna Meier", "", "../x", "a" * 33, "größe", "a@b.example"])
def test_only_pseudonyms_are_taken(session_of, name):
    with pytest.raises(S3EvalError, match="pseudonym"):
        session_of(name)
    with pytest.raises(S3EvalError, match="pseudonym"):
        check_pseudonym(name, "rater")


def test_whole_videos_are_asked_about_as_one(session_of):
    session = session_of(tasks=("recognition", "diagnosis"), shown="video")
    assert all(c.is_whole for c in session.clips)
    assert session.plan.videos[0].video.duration == 4.0
    answer_all(session)
    assert api.score(session.folder, resamples=20)[0].rows


def test_a_recording_that_cannot_be_shown_fails_and_is_no_answer(session_of):
    session = session_of()
    session.save(0, 0, "yes", 1.0)
    session.fail(0, "This recording cannot be shown.")
    states = [a.status for a in session.answers(0)]
    assert states[0] == "answered" and set(states[1:]) == {"failed"}


def test_a_line_that_a_power_cut_left_is_left_out(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")
    journal.add(text="one")
    with journal.path.open("ab") as file:
        file.write(b'{"text": "tw')
    journal.add(text="three")
    assert [line["text"] for line in journal] == ["one", "three"]
