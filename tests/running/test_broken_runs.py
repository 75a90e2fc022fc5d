"""A run whose files were damaged says which file and row, and how to make them again."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest

from s3eval.api.datasets import open_dataset
from s3eval.errors import S3EvalError
from s3eval.model import Answer, Model
from s3eval.running.evaluate import Evaluation, evaluate
from s3eval.running.runs import RunFacts, open_run, write_run
from s3eval.running.settings import Settings
from s3eval.running.store import AnswerStore, StoredAnswer
from s3eval.task import Finding


@pytest.fixture
def run(tmp_path):
    facts = RunFacts("m", ("sight",), ("gait",), "d")
    return write_run(tmp_path / "run", facts, [Finding("gait", "a", "step", "skipped")])


@pytest.mark.parametrize("line", ["garbage{", "[1]", '{"task": 3}', "[" * 100_000])
def test_a_damaged_finding_names_file_and_row(run, line):
    with (run / "findings.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(S3EvalError, match=r"findings\.jsonl:2") as caught:
        dict(open_run(run).findings)
    assert "--replace" in caught.value.fix


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_damaged_facts_are_one_error(run, text):
    (run / "run.json").write_text(text)
    with pytest.raises(S3EvalError, match="cannot be read"):
        open_run(run)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model": 5}, "model"),
        ({"dataset": 5}, "dataset"),
        ({"tasks": "gait"}, "tasks"),
        ({"senses": None}, "senses"),
        ({"seed": "x"}, "seed"),
        ({"seed": True}, "seed"),
        ({"looks": "yes"}, "looks"),
        ({"versions": 5}, "versions"),
        ({"identity": [1]}, "identity"),
        ({"protocol": "peper"}, "protocol"),
        ({"source": "told"}, "source"),
        ({"options": {"judge": 5}}, "judge"),
        ({"options": {"judge": {"name": 5, "options": {}}}}, "judge"),
        ({"options": {"judge_of_scores": "gpt"}}, "judge_of_scores"),
        ({"options": {"judge_of_scores": {"options": {}}}}, "judge_of_scores"),
        ({"options": {"judge_of_scores": {"name": "gpt", "options": 5}}}, "judge_of_scores"),
        ({"selection": {"videos": 5}}, "videos"),
        ({"selection": {"limit": "x"}}, "limit"),
        ({"format": "1"}, "format"),
    ],
)
def test_facts_that_were_edited_into_something_else_are_named(run, changes, named):
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, **changes}))
    with pytest.raises(S3EvalError, match="cannot be read") as caught:
        open_run(run)
    assert f"'{named}'" in caught.value.why


def test_facts_with_a_byte_order_mark_are_read(run):
    (run / "run.json").write_text((run / "run.json").read_text(), encoding="utf-8-sig")
    assert open_run(run).facts.model == "m"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "maybe"},
        {"pieces": "x"},
        {"probability": "x"},
        {"detail": {"missing": 5}},
    ],
)
def test_a_finding_that_was_edited_into_something_else_is_refused(run, changes):
    finding = json.loads((run / "findings.jsonl").read_text())
    (run / "findings.jsonl").write_text(json.dumps({**finding, **changes}) + "\n")
    with pytest.raises(S3EvalError, match=r"findings\.jsonl:1"):
        dict(open_run(run).findings)


def test_a_later_format_is_refused(run):
    (run / "run.json").write_text(
        (run / "run.json").read_text().replace('"format": 1', '"format": 99')
    )
    with pytest.raises(S3EvalError, match="format 99"):
        open_run(run)


@pytest.mark.parametrize("name", ["run#1", "what?", "50%25", "a\nb"])
def test_a_finished_run_is_read_whatever_its_folder_is_called(tmp_path, name):
    path = tmp_path / name / "answers.sqlite"
    with AnswerStore(path) as store:
        store.put(StoredAnswer("k", "a", 0.0, 1.0, "q", Answer.of("yes")))
    with AnswerStore(path, read_only=True) as store:
        assert store.get("k").text == "yes"


@pytest.mark.parametrize("stored", ['{"yes": NaN}', "nonsense", "[]", b"\xff\x00", 5, "[" * 99_999])
def test_what_an_older_version_stored_is_failed_and_asked_again(tmp_path, stored):
    path = tmp_path / "answers.sqlite"
    with AnswerStore(path) as store:
        store.put(StoredAnswer("k", "a", 0.0, 1.0, "q", Answer.of("yes")))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE answers SET probabilities = ?", (stored,))
    with AnswerStore(path) as store:
        assert store.get("k").status == "failed"
        store.put(StoredAnswer("k", "a", 0.0, 1.0, "q", Answer.of("no")))
        assert store.get("k").text == "no"


def test_bytes_that_are_no_text_block_no_other_answer(tmp_path):
    path = tmp_path / "answers.sqlite"
    with AnswerStore(path) as store:
        for key in ("k", "l"):
            store.put(StoredAnswer(key, "a", 0.0, 1.0, "q", Answer.of("yes")))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE answers SET text = CAST(x'ff' AS TEXT) WHERE key = 'k'")
    with AnswerStore(path, read_only=True) as store:
        assert store.get("l").text == "yes"
        assert store.get("k").text == "\ufffd"
        assert len(list(store)) == 2


@pytest.mark.parametrize(
    ("removed", "told"),
    [("", "run's folder was removed"), ("answers.sqlite", "answers were removed")],
)
@pytest.mark.parametrize("only_ask", [False, True])
def test_what_is_removed_during_the_run_is_an_error(
    dataset_folder, tmp_path, removed, told, only_ask
):
    out = tmp_path / "run"

    class Remover(Model):
        uses_footage = False

        def answer(self, footage, question):
            if removed:
                (out / removed).unlink(missing_ok=True)
            else:
                shutil.rmtree(out, ignore_errors=True)
            return "yes"

    settings = Settings("always-yes", ("recognition",), str(dataset_folder))
    work = Evaluation(settings, open_dataset(str(dataset_folder)), out, only_ask=only_ask)
    with pytest.raises(S3EvalError, match=told):
        evaluate(work, load=lambda plugin, options: Remover())


def test_a_probability_that_is_no_number_is_none(run):
    lines = (run / "findings.jsonl").read_text()
    (run / "findings.jsonl").write_text(lines.replace('"probability": null', '"probability": NaN'))
    assert open_run(run).findings["gait"][0].probability is None
