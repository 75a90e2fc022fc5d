"""Published results beside one's own: the core shows what any package prints, and knows none."""

from __future__ import annotations

import contextlib

import pytest

from s3eval import Published, PublishedSpec, TaskSpec
from s3eval.cli import main
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugins import Registry, discover
from s3eval.published import Printed, Rating, publication_of, publications
from s3eval.testing.plugins import in_place_of_installed, module_with, registry_of


class Ours(Published):
    """A third party's publication of one model."""

    def model(self, name):
        return "Ours-7B" if name.lower().startswith("ours") else None

    def models(self):
        return ("Ours-7B",)

    def note(self):
        return "of another hospital"

    def of_model(self, model, task, split="test"):
        return {("tonic", "f1"): Printed("0.777", "Table 1")} if task.number == 1 else {}

    def ratings(self):
        return [Rating("m", str(i), str(i), {"ours": float(i)}, i // 2) for i in range(6)]

    def of_ratings(self):
        return {("ours", "pearson"): Printed("0.909")}


def with_publications(*adapters: object) -> Registry:
    """What is installed here, but only these publications."""
    others = [p for p in discover().plugins if p.kind != "published"]
    specs = [PublishedSpec(f"p{i}", adapter=f"m:{i}") for i in range(len(adapters))]
    mine = registry_of(("x", "pkg-x", module_with(s3eval_published=specs))) if specs else None
    return Registry((*others, *(mine.plugins if mine else ())))


@pytest.fixture
def installed(monkeypatch):
    """Make these adapters the installed publications."""

    with contextlib.ExitStack() as replaced:

        def install(*adapters: object) -> None:
            registry = with_publications(*adapters)
            load = lambda self: adapters[int(self.adapter.partition(":")[2])]  # noqa: E731
            monkeypatch.setattr(PublishedSpec, "load", load)
            replaced.enter_context(in_place_of_installed(registry))

        yield install


@pytest.fixture
def s3eval(capsys):
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as done:
            main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return (done.value.code if isinstance(done.value.code, int) else 0), out, err

    return run


@pytest.fixture
def run_folder(s3eval, dataset_folder, tmp_path):
    s3eval(
        *("run", "-m", "always-yes", "-t", "recognition", "-d", dataset_folder),
        *("-o", tmp_path / "runs", "--resamples", 50),
    )
    return tmp_path / "runs"


def test_a_third_partys_numbers_stand_beside_a_run(installed, s3eval, run_folder):
    installed(Ours)
    code, out, _ = s3eval("show", run_folder, "--published", "ours-7b", "--resamples", 50)
    assert code == 0
    tonic = next(line for line in out.splitlines() if line.startswith("tonic"))
    assert tonic.endswith("0.777")
    clonic = next(line for line in out.splitlines() if line.startswith("clonic"))
    assert clonic.endswith(" -")
    assert "published: of another hospital" in out


def test_a_model_nobody_prints_suggests_the_nearest(installed, s3eval, run_folder):
    installed(Ours)
    with pytest.raises(UnknownNameError, match="did you mean 'Ours-7B'"):
        publication_of("Our-7B")
    code, _, err = s3eval("show", run_folder, "--published", "Our-7B")
    assert code == 2 and "Unknown published model" in err


def test_without_a_publication_the_verbs_work_and_say_what_to_install(
    installed, s3eval, run_folder, dataset_folder
):
    installed()
    assert publications() == ()
    assert s3eval("show", run_folder, "--resamples", 50)[0] == 0
    code, _, err = s3eval("show", run_folder, "--published", "Qwen3-VL-8B")
    assert code == 2 and "No published results" in err and "pip install s3eval-paper" in err
    code, _, err = s3eval("judge", "validate")
    assert code == 2 and "No published ratings" in err and "pip install s3eval-paper" in err
    code, out, _ = s3eval("data", "agreement", dataset_folder, dataset_folder, "--resamples", 100)
    assert code == 0 and "published" not in out


def test_a_third_partys_ratings_are_validated(installed, s3eval):
    installed(Ours)
    code, out, _ = s3eval("judge", "validate", "--resamples", 0)
    assert code == 0 and "6 rated reports" in out and "(published 0.909)" in out


def test_an_adapter_that_gives_something_else_is_named(installed):
    installed(dict)
    with pytest.raises(S3EvalError, match="to give a Published, but got dict"):
        publications()


def leaves(*_, **__):
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("method", "does", "says"),
    [
        ("model", leaves, "SystemExit"),
        ("model", lambda self, name: 5, "a name or None"),
        ("models", lambda self: "Ours", "names"),
        ("note", lambda self: 5, "text"),
        ("of_model", lambda self, *a, **k: None, "Printed by"),
        ("of_model", lambda self, *a, **k: {("tonic", "f1"): 0.5}, "Printed by"),
        ("ratings", lambda self: [1], "Ratings"),
    ],
)
def test_a_publication_that_gives_something_else_is_named(installed, method, does, says):
    installed(type("Odd", (Ours,), {method: does}))
    (one,) = publications()
    with pytest.raises(S3EvalError, match=rf"pkg-x.*{says}|{says}.*pkg-x"):
        getattr(one, method)(*(["m"] if method.startswith("model") and method != "models" else []))


def test_only_the_model_is_required():
    class Least(Published):
        def model(self, name):
            return None

    least, task = Least(), TaskSpec("t", adapter="m:t", number=1)
    assert least.of_model("m", task) == least.of_setting(task, {"fps": "2"}) == {}
    assert least.of_ratings() == least.of_annotators() == {}
    assert [*least.ratings(), *least.models(), least.note()] == [""]
