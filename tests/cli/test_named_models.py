"""Models named with options, through the verbs: checked before anything is asked, told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3eval import Model, S3EvalError
from s3eval.api.model_names import named_model
from s3eval.cli import main
from s3eval.plugins import Plugin
from s3eval.specs import ModelSpec
from s3eval.testing.plugins import beside_installed


class Bright(Model):
    """Answers the first choice; its threshold is part of its identity."""

    uses_footage = False
    asked = 0

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Any) -> dict[str, Any]:
        for name in options:
            if name not in ("threshold", "file"):
                raise S3EvalError(f"Model '{spec.name}' has no option '{name}'")
        return {k: float(v) if k == "threshold" else v for k, v in options.items()}

    @classmethod
    def load(cls, spec: ModelSpec, options: Any) -> Bright:
        chosen = cls.checked_options(spec, options)
        if "file" in chosen:
            raise S3EvalError("No such file")
        return cls(**chosen)

    def identity(self) -> dict[str, Any]:
        return {"threshold": self.threshold}

    def answer(self, watched: Any, question: Any) -> str:
        Bright.asked += 1
        return str(question.choices[0]) if question.choices else "yes"


class Late(Bright):
    """An adapter that says nothing of its options before it is loaded."""

    checked_options = Model.checked_options


@pytest.fixture(autouse=True)
def models():
    Bright.asked = 0
    specs = [
        ModelSpec(name, adapter=f"{__name__}:{adapter}", sees=True, hears=True)
        for name, adapter in (("bright", "Bright"), ("late", "Late"))
    ]
    plugins = [Plugin("model", spec, "bright-models", "1.0") for spec in specs]
    with beside_installed(*plugins):
        yield


def called(*words: object) -> int:
    try:
        return int(main([str(w) for w in words]) or 0)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture
def said(dataset_folder, tmp_path, capsys):
    """Runs a verb about the small dataset; gives exit code, standard output and error."""

    def run(verb: str, *more: object) -> tuple[int, str, str]:
        words = (verb, "-t", "recognition", "-d", dataset_folder, "-o", tmp_path / "runs")
        code = called(*words, *more)
        shown = capsys.readouterr()
        return code, shown.out, " ".join(shown.err.split())

    return run


def names_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("verb", ["run", "plan", "dry-run", "probe", "shard"])
def test_options_of_every_model_are_checked_before_the_first_is_asked(verb, said, tmp_path):
    more = {"dry-run": ["--dry-run"], "probe": ["--probe", "1"], "shard": ["--shard", "1/2"]}
    named = {"dry-run": "run", "probe": "plan", "shard": "run"}.get(verb, verb)
    for wrong in ("bright?typo=1", "prevalence?seed=1.5"):
        code, _, error = said(named, "-m", "bright", "-m", wrong, *more.get(verb, ()))
        assert (code, Bright.asked) == (2, 0)
        assert "typo" in error or "whole number" in error
    assert not (tmp_path / "runs").exists(), "nothing was written"


def test_an_option_for_every_model_is_refused_where_one_does_not_take_it(said, tmp_path):
    more = ("-m", "bright", "-m", "always-yes", "--model-option", "threshold=0.2")
    for dry in ((), ("--dry-run",)):
        code, _, error = said("run", *more, *dry)
        assert (code, Bright.asked) == (2, 0)
        assert "'always-yes' takes no options, but got threshold" in error
    assert not (tmp_path / "runs").exists()


def test_a_model_that_does_not_load_leaves_no_empty_folder(said, tmp_path):
    for name in ("bright?file=none.csv", "late?typo=1"):
        code, _, _ = said("run", "-m", name)
        assert code == 2
        assert not (tmp_path / "runs").exists()
    assert said("run", "-m", "bright", "-m", "bright?file=none.csv")[0] == 2
    assert names_in(tmp_path / "runs") == ["bright"], "what was asked before it stays"


def test_a_spelling_of_the_same_value_asks_nothing_again(said, tmp_path):
    said("run", "-m", "bright?threshold=0.2")
    asked = Bright.asked
    for spelling in (".2", "0.20", '"0.2"', "2e-1"):
        assert said("run", "-m", f"bright?threshold={spelling}")[0] == 0
    assert asked > 0
    assert Bright.asked == asked
    (folder,) = names_in(tmp_path / "runs")
    facts = json.loads((tmp_path / "runs" / folder / "run.json").read_text(encoding="utf-8"))
    assert facts["options"]["model"] == {"threshold": 0.2}


def test_the_value_is_recorded_as_the_model_reads_it(said, tmp_path):
    said("run", "-m", "bright", "--model-option", "threshold=.2")
    run = tmp_path / "runs" / "bright"
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert facts["options"]["model"] == {"threshold": 0.2}
    assert "threshold = 0.2" in (run / "run.toml").read_text(encoding="utf-8")


def test_a_run_that_an_earlier_version_made_is_gone_on_with(said, tmp_path):
    said("run", "-m", "bright?threshold=0.2")
    (folder,) = names_in(tmp_path / "runs")
    # sha256("?threshold=.2"), as version 0.1 called it.
    (tmp_path / "runs" / folder).rename(tmp_path / "runs" / "bright-8def8d")
    asked = Bright.asked
    said("run", "-m", "bright?threshold=.2")
    assert names_in(tmp_path / "runs") == ["bright-8def8d"]
    assert Bright.asked == asked


def test_an_option_given_twice_is_refused(said):
    code, _, error = said("run", "-m", "bright?threshold=0.1&threshold=0.2")
    assert (code, "'threshold' is given twice" in error) == (2, True)
    two = ("--model-option", "threshold=0.1", "--model-option", "threshold=0.2")
    code, _, error = said("run", "-m", "bright", *two)
    assert (code, "--model-option gives 'threshold' twice" in error) == (2, True)


def test_a_comma_within_a_value_is_written_encoded(said):
    code, _, error = said("run", "-m", "bright?file=a,b")
    assert (code, "%2C" in error) == (2, True)
    assert "No such file" in said("run", "-m", "bright?file=a%2Cb")[2]


TWO = ("-m", "bright?threshold=0.2", "-m", "bright?threshold=0.3")


def folder_of(value: str) -> str:
    return named_model(f"bright?threshold={value}").folder


@pytest.mark.parametrize("verb", [("run", "--dry-run"), ("plan",)])
def test_what_would_be_asked_tells_variants_apart(verb, said, tmp_path):
    code, shown, _ = said(verb[0], *TWO, *verb[1:])
    assert code == 0
    for value in ("0.2", "0.3"):
        assert shown.count(folder_of(value)) == 2, "in the table and in the line that explains it"
        assert f"{folder_of(value)}: threshold={value}" in shown
    assert "model_options" not in shown
    document = tmp_path / "plan.json"
    said(verb[0], *TWO, *verb[1:], "--json", document)
    rows = json.loads(document.read_text(encoding="utf-8"))
    assert [r["model"] for r in rows] == [folder_of("0.2"), folder_of("0.3")]
    assert [r["model_options"] for r in rows] == [{"threshold": 0.2}, {"threshold": 0.3}]


@pytest.mark.parametrize("verb", [("run", "--dry-run"), ("plan",)])
def test_what_would_be_asked_shows_no_secret_of_options(verb, said, tmp_path):
    named = (
        "-m",
        "bright?file=http://me:hidden@host/v1",
        "-m",
        "bright?file=/home/me/Anna/weights",
    )
    _, shown, _ = said(verb[0], *named, *verb[1:])
    assert "file=http://***@host/v1" in shown and "file=weights" in shown
    assert "hidden" not in shown and "Anna" not in shown
    document = tmp_path / "plan.json"
    said(verb[0], *named, *verb[1:], "--json", document)
    rows = json.loads(document.read_text(encoding="utf-8"))
    assert [r["model_options"]["file"] for r in rows] == [
        "http://***@host/v1",
        "/home/me/Anna/weights",
    ]


def test_lines_and_tables_of_runs_say_which_options_a_name_stands_for(said, tmp_path, capsys):
    lines = [f"{folder_of(value)}: threshold={value}" for value in ("0.2", "0.3")]
    _, shown, error = said("run", *TWO, "-m", "always-no", "--progress", "lines")
    for line, value in zip(lines, ("0.2", "0.3"), strict=True):
        assert line in shown
        assert error.index(line) < error.index(f"{folder_of(value)}: 4 videos")
    assert "always-no:" not in shown, "a model without options needs no line"
    runs = tmp_path / "runs"
    for verb in ("show", "compare"):
        called(verb, runs)
        shown = capsys.readouterr().out
        assert all(line in shown for line in lines)
        document = tmp_path / f"{verb}.json"
        called(verb, runs, "--json", document)
        found = json.loads(document.read_text(encoding="utf-8"))
        if verb == "show":
            options = {one["run"]: one.get("model_options") for one in found}
            assert options == {
                "always-no": None,
                folder_of("0.2"): {"threshold": 0.2},
                folder_of("0.3"): {"threshold": 0.3},
            }
        else:
            assert found["model_options"][folder_of("0.3")] == {"threshold": 0.3}


def test_options_of_another_run_in_the_plain_folder_are_told(said):
    said("run", "-m", "bright", "--model-option", "threshold=0.2")
    _, _, error = said("run", "-m", "bright")
    assert "changed since this run: identity.threshold: 0.2 → 0.5" in error
    assert "are replaced (answers are kept); --model 'bright?key=value'" in error
    assert "replaced" not in said("run", "-m", "bright")[2], "nothing changed"


def test_a_sweep_takes_options_in_its_model_s_name(said, tmp_path):
    named = ("-m", "bright?threshold=0.2")
    code, _, error = said("sweep", *named, "--over", "fps=1,2")
    assert code == 0, error
    assert names_in(tmp_path / "runs") == [folder_of("0.2")]
    code, _, error = said("sweep", *named, "--over", "model.threshold=0.3,0.4")
    assert (code, "'threshold' is in the model's name and among the axes" in error) == (2, True)
    asked = Bright.asked
    code, _, error = said("sweep", "-m", "bright", "--over", "model.threshold=0.3,1,none")
    assert (code, Bright.asked) == (2, asked), "the last value is refused before the first is asked"


@pytest.mark.parametrize("named", [("-m", "bright", "-m", "late"), ("-m", "bright,late")])
def test_a_verb_of_one_model_refuses_several(named, said, dataset_folder, tmp_path, capsys):
    """Of several ``-m`` the last one counted, and the others were not mentioned."""
    code, _, error = said("sweep", *named, "--over", "fps=1,2")
    assert (code, names_in(tmp_path / "runs")) == (2, [])
    assert "One model is named here, not several" in error
    assert called("look", dataset_folder, "a", *named, "-t", "recognition") == 2
    assert "One model is named here, not several" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "code"),
    [("bright?threshold=0.2", 0), ("bright?typo=1", 2), ("bright", 0), ("hf", 0), ("hf:a?x=1", 2)],
)
def test_look_takes_a_name_with_options(model, code, dataset_folder):
    given = called("look", dataset_folder, "a", "--model", model, "-t", "recognition")
    assert given == code
