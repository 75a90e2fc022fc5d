"""Answers are durable, never replaced once given, and errors of the disk are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from s3eval.errors import MachineError, S3EvalError
from s3eval.model import Answer, Question
from s3eval.running.boundary import checked_answer
from s3eval.running.store import AnswerStore, StoredAnswer, stores_below


def stored(key: str, answer: Answer) -> StoredAnswer:
    return StoredAnswer(key, "v", 0.0, 30.0, "tonic", answer, 0.1)


def test_an_answer_comes_back_whole(tmp_path):
    given = Answer("answered", "Yes.", "", {"yes": 0.75, "no": 0.25}, 0.9)
    with AnswerStore(tmp_path / "answers.sqlite") as store:
        store.put(stored("k", given))
    with AnswerStore(tmp_path / "answers.sqlite") as store:
        assert store.get("k") == given
        assert store.get("other") is None
        assert [s.question for s in store] == ["tonic"]


def test_a_given_answer_is_never_replaced_a_failed_one_may_be(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.put(stored("k", Answer.failed("out of memory")))
        store.put(stored("k", Answer.of("yes")))
        store.put(stored("k", Answer.of("no")))
        store.put(stored("k", Answer.failed("later")))
        assert store.get("k") == Answer.of("yes")
        assert len(store) == 1


def test_a_summary_counts_answers_and_failures(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        assert store.summary() == (0, 0, None)
        store.put(stored("1", Answer.of("yes")))
        store.put(stored("2", Answer.failed("too long")))
        assert store.summary() == (2, 1, pytest.approx(0.1))


def test_other_stores_are_read_and_never_written(tmp_path):
    with AnswerStore(tmp_path / "old.sqlite") as old:
        old.put(stored("k", Answer.of("yes")))
    before = (tmp_path / "old.sqlite").read_bytes()
    with AnswerStore(tmp_path / "new.sqlite", [tmp_path / "old.sqlite"]) as new:
        assert new.get("k") == Answer.of("yes")
        new.put(stored("j", Answer.of("no")))
        assert len(new) == 1
    assert (tmp_path / "old.sqlite").read_bytes() == before


def test_a_killed_process_leaves_every_answer_it_stored(tmp_path):
    code = f"""
        import os, signal
        from pathlib import Path
        from s3eval.model import Answer
        from s3eval.running.store import AnswerStore, StoredAnswer
        store = AnswerStore(Path({str(tmp_path / "a.sqlite")!r}))
        for i in range(50):
            store.put(StoredAnswer(str(i), "v", 0.0, 1.0, "q", Answer.of("yes")))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    with AnswerStore(tmp_path / "a.sqlite") as store:
        assert len(store) == 50


def test_a_full_disk_is_one_error_and_keeps_what_was_stored(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.put(stored("kept", Answer.of("yes")))
        # SQLite's own limit stands for the disk: the same error the library gives on ENOSPC.
        store._db.execute("PRAGMA max_page_count = 4")
        with pytest.raises(MachineError, match=r"disk is full.*kept") as caught:
            for i in range(2000):
                store.put(stored(str(i), Answer.of("x" * 500)))
        assert caught.value.exit_code == 4
    with AnswerStore(tmp_path / "a.sqlite") as store:
        assert store.get("kept") == Answer.of("yes")


def test_a_file_that_is_no_store_is_named(tmp_path):
    (tmp_path / "a.sqlite").write_text("this is a text file, not a database at all, really not")
    with pytest.raises(S3EvalError, match=r"cannot be used.*a\.sqlite"):
        AnswerStore(tmp_path / "a.sqlite")


def test_the_content_hash_follows_the_content_not_the_name(tmp_path):
    one, two = tmp_path / "one.bin", tmp_path / "two.bin"
    one.write_bytes(b"same")
    two.write_bytes(b"same")
    with AnswerStore(tmp_path / "a.sqlite") as store:
        first = store.media_hash(one)
        assert store.media_hash(two) == first
        one.write_bytes(b"else")
        os.utime(one, ns=(1, 1))
        assert store.media_hash(one) != first


def test_stores_are_found_below_a_folder_of_runs(tmp_path):
    with AnswerStore(tmp_path / "m" / "answers.sqlite"):
        pass
    assert stores_below([tmp_path]) == [tmp_path / "m" / "answers.sqlite"]
    with pytest.raises(S3EvalError, match="No answers to reuse"):
        stores_below([Path(tmp_path / "nothing")])


def test_thoughts_are_kept_beside_a_failed_answer_too(tmp_path):
    question = Question("tonic", "Tonic?")
    given = Answer("failed", reason="the thought did not end", thoughts="Is the arm stiff?")
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.put(stored("k", checked_answer(given, question)))
        assert store.get("k") == given


def test_thoughts_are_kept_beside_the_answer_and_an_older_store_takes_them(tmp_path):
    path = tmp_path / "a.sqlite"
    given = Answer.of("no", thoughts="Yes? The arm is still.")
    with AnswerStore(path) as store:
        store.put(stored("k", Answer.of("yes")))
        # As a store was made before thoughts were kept.
        store._db.execute("ALTER TABLE answers DROP COLUMN thoughts")
    with AnswerStore(path, read_only=True) as store:
        assert store.get("k") == Answer.of("yes")
    with AnswerStore(path) as store:
        store.put(stored("j", given))
        assert (store.get("k"), store.get("j")) == (Answer.of("yes"), given)
        assert {s.answer.thoughts for s in store} == {"", given.thoughts}


def test_thoughts_without_end_are_cut_and_the_answer_is_kept():
    from s3eval.model import Question
    from s3eval.running.boundary import LONGEST_ANSWER, checked_answer

    endless = Answer.of("no", thoughts="hm " * LONGEST_ANSWER)
    checked = checked_answer(endless, Question("tonic", "Tonic?"))
    assert checked.text == "no" and len(checked.thoughts) == LONGEST_ANSWER
    wrong = checked_answer(Answer.of("no", thoughts=7), Question("tonic", "Tonic?"))
    assert wrong.status == "failed" and "thoughts" in wrong.reason


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_pipe_or_folder_in_place_of_the_answers_is_no_full_disk(tmp_path, make):
    make(tmp_path / "answers.sqlite")
    with pytest.raises(S3EvalError, match="a folder, a pipe") as caught:
        AnswerStore(tmp_path / "answers.sqlite")
    assert caught.value.exit_code == 2
