"""Scores in the formats of others: validated by their own packages, equal to the run's."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from s3eval_hub import every_eval_ever
from s3eval_hub.scores import BOUNDS, evaluated

from s3eval.api import open_runs, score
from s3eval.errors import S3EvalError

VALIDATE = """
import sys
from every_eval_ever.eval_types import EvaluationLog
for path in sys.argv[1:]:
    EvaluationLog.model_validate_json(open(path, encoding="utf-8").read())
print("valid:", len(sys.argv) - 1)
"""


def defined(runs: Path) -> dict[str, dict[str, float]]:
    return {
        one.run.facts.model: {
            f"{r.task}.{r.item}.{r.metric}": r.value for r in one.rows if r.value is not None
        }
        for one in score(str(runs))
    }


@pytest.fixture
def documents(run_folder, tmp_path) -> dict[str, Path]:
    every_eval_ever.write(open_runs(run_folder), tmp_path / "out")
    files = sorted((tmp_path / "out" / "data" / "s3eval").rglob("*.json"))
    return {file.parent.name: file for file in files}


def test_the_common_schema_holds_every_score(run_folder, documents):
    expected = defined(run_folder)
    assert {*documents} == {*expected} == {"always-yes", "always-no"}
    for model, file in documents.items():
        made = json.loads(file.read_text())
        results = made["evaluation_results"]
        values = {r["evaluation_result_id"]: r["score_details"]["score"] for r in results}
        assert values == expected[model]
        assert made["model_info"]["id"] == f"s3eval/{model}"
        assert {r["source_data"]["dataset_name"] for r in results} == {"six videos"}
    tonic = next(
        r
        for r in json.loads(documents["always-yes"].read_text())["evaluation_results"]
        if r["evaluation_result_id"] == "recognition.tonic.f1"
    )
    details = tonic["score_details"]["details"]
    assert (details["scored"], details["asked"], details["patients"]) == ("6", "6", "3")
    assert details["chance_of"] == "always-yes"
    assert float(details["chance"]) == pytest.approx(2 / 3)


def test_nothing_of_this_machine_is_written(run_folder, documents):
    for file in documents.values():
        assert str(run_folder.parent) not in file.read_text()


def test_a_checkpoint_that_is_a_folder_is_not_told(run_folder):
    (one,) = evaluated(open_runs(run_folder / "always-yes"))
    identity = {"checkpoint": "/home/anna/tuned", "revision": "abc", "dtype": "float32"}
    run = replace(one.run, facts=replace(one.run.facts, identity=identity))
    made = every_eval_ever.document(replace(one, run=run))
    assert "anna" not in json.dumps(made)
    assert made["model_info"]["additional_details"]["revision"] == "abc"


def test_the_same_run_is_the_same_file(run_folder, documents, tmp_path):
    every_eval_ever.write(open_runs(run_folder), tmp_path / "again")
    again = sorted((tmp_path / "again").rglob("*.json"))
    assert [f.name for f in again] == sorted(
        (f.name for f in documents.values()), key=[f.name for f in again].index
    )


@pytest.mark.outside
def test_every_eval_ever_takes_them(documents, other_python):
    """By its own package, which needs Python 3.12: `make test-outside` runs it there."""
    python = other_python("EVERY_EVAL_EVER", "every_eval_ever.eval_types")
    call = [python, "-c", VALIDATE, *map(str, documents.values())]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "valid: 2" in done.stdout


def test_their_schema_takes_them(documents):
    """By the schema file of its package alone, which needs no Python 3.12."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = schema_file()
    if schema is None:
        pytest.skip("pip install --no-deps --ignore-requires-python every-eval-ever brings it")
    validator = jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))
    for file in documents.values():
        made = json.loads(file.read_text())
        assert [e.message for e in validator.iter_errors(made)] == []
        assert made["schema_version"] == json.loads(schema.read_text())["version"]
        del made["evaluation_results"][0]["metric_config"]
        assert not validator.is_valid(made)


def schema_file() -> Path | None:
    from importlib.metadata import PackageNotFoundError, files

    try:
        found = [f for f in files("every-eval-ever") or () if f.name == "eval.schema.json"]
    except PackageNotFoundError:
        return None
    return Path(str(found[0].locate())) if found else None


def test_scores_lie_within_the_bounds_that_are_stated(run_folder):
    for one in evaluated(open_runs(run_folder)):
        for row in one.rows:
            low, high = BOUNDS.get(row.metric, (0.0, 1.0))
            assert low <= row.value <= high, row


def test_a_model_card_that_the_hub_s_library_reads(run_folder, tmp_path):
    hub = pytest.importorskip("huggingface_hub")
    from s3eval_hub import model_card

    model_card.write(open_runs(run_folder), tmp_path / "cards")
    expected = defined(run_folder)
    for model, scores in expected.items():
        card = hub.ModelCard.load(tmp_path / "cards" / model / "README.md")
        card.validate = None  # the hub's own check sends the card to it
        results = card.data.eval_results
        read = {
            f"{r.dataset_args['task']}.{r.dataset_config}.{r.metric_type}": r.metric_value
            for r in results
        }
        assert read == pytest.approx(scores)
        assert card.data.model_name == model
        assert "| recognition | tonic | f1 |" in card.text
    assert "≤ chance" in (tmp_path / "cards" / "always-no" / "README.md").read_text("utf-8")


def test_one_run_is_one_card(run_folder, tmp_path):
    pytest.importorskip("huggingface_hub")
    from s3eval_hub import model_card

    (run,) = open_runs(run_folder / "always-yes")
    model_card.write([run], tmp_path)
    assert (tmp_path / "README.md").is_file()
    with pytest.raises(S3EvalError, match="same name"):
        model_card.write([run, run], tmp_path)


def test_names_are_no_markup_in_a_card():
    from s3eval_hub.model_card import _literal

    assert _literal("ward <script>x</script> | b&w") == (
        "ward &lt;script&gt;x&lt;/script&gt; \\| b&amp;w"
    )
    assert _literal("head_turning") == "head_turning"
    assert _literal("[a](javascript:b)\n# c") == "\\[a\\](javascript:b) # c"
