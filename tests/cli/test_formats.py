"""Importers and exporters that packages bring: the core's verbs find, call and check them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3eval import Dataset, ExporterSpec, ImporterSpec, ImportReport
from s3eval.cli import main
from s3eval.dataset import open_folder
from s3eval.errors import S3EvalError
from s3eval.facts.reports import Table
from s3eval.plugins import Registry, discover
from s3eval.testing.plugins import in_place_of_installed, module_with, registry_of


def convert(source: Path, out: Path) -> ImportReport:
    """An importer of lists: a line a video."""
    names = source.read_text(encoding="utf-8").split()
    out.mkdir()
    (out / "dataset.toml").write_text('format = 1\nname = "list"\n')
    rows = "".join(f"{name},p{i}\n" for i, name in enumerate(names))
    (out / "videos.csv").write_text("video,patient\n" + rows)
    table = Table("Videos", ["video"], [[name] for name in names])
    return ImportReport({"videos": len(names)}, [table], ["done"])


def wrong(source: Path, out: Path) -> str:
    """An importer that returns what it should not."""
    return "done"


def names_of(dataset: Dataset, out: Path) -> None:
    """An exporter of a dataset: its videos' names."""
    out.write_text("\n".join(v.name for v in dataset.videos), encoding="utf-8")


def models_of(runs, out: Path) -> None:
    """An exporter of runs: their models."""
    out.write_text("\n".join(run.facts.model for run in runs), encoding="utf-8")


@pytest.fixture
def s3eval(capsys, monkeypatch):
    """Run a verb as if one package with importers and exporters were all that is installed."""
    here = {f.__name__: f for f in (convert, wrong, names_of, models_of)}
    for spec in (ImporterSpec, ExporterSpec):
        monkeypatch.setattr(spec, "load", lambda self: here[self.adapter.partition(":")[2]])
    hooks = {
        "s3eval_importers": [ImporterSpec("list", "m:convert"), ImporterSpec("bad", "m:wrong")],
        "s3eval_exporters": [
            ExporterSpec("names", "m:names_of", of="dataset"),
            ExporterSpec("models", "m:models_of"),
        ],
    }

    def run(*arguments: object, empty: bool = False) -> tuple[int, str, str]:
        points = () if empty else (("x", "pkg-x", module_with(**hooks)),)
        formats = [p for p in discover().plugins if p.kind == "dataset"]
        registry = Registry((*formats, *registry_of(*points).plugins))
        with in_place_of_installed(registry), pytest.raises(SystemExit) as done:
            main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return (done.value.code if isinstance(done.value.code, int) else 0), out, err

    return run


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "videos.txt"
    path.write_text("a\nb\n")
    return path


def test_any_installed_importer_is_called_and_its_report_shown(s3eval, listed, tmp_path):
    code, out, _ = s3eval("data", "import", "list", listed, tmp_path / "out")
    assert code == 0
    assert out.split() == ["Videos", "video", "a", "b", "done"]
    assert [v.name for v in open_folder(tmp_path / "out").videos] == ["a", "b"]
    code, out, _ = s3eval("data", "import", "list", listed, tmp_path / "more", "--json", "-")
    assert json.loads(out) == {"videos": 2}


def test_an_import_refuses_a_folder_in_use(s3eval, listed, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    code, _, err = s3eval("data", "import", "list", listed, tmp_path / "out")
    assert code == 2 and "OUT is not empty" in err and "--force" in err


def test_an_unknown_importer_suggests_the_nearest_or_its_package(s3eval, listed, tmp_path):
    _, _, err = s3eval("data", "import", "lst", listed, tmp_path / "out")
    assert "did you mean 'list'" in err
    code, _, err = s3eval("data", "import", "s3-release", listed, tmp_path / "out")
    assert code == 2 and "pip install s3eval-paper" in err


def test_an_importer_that_returns_something_else_is_named(s3eval, listed, tmp_path):
    code, _, err = s3eval("data", "import", "bad", listed, tmp_path / "out")
    assert code == 2 and "Expected the importer 'bad' to return an ImportReport" in err


def test_a_dataset_is_exported(s3eval, listed, tmp_path, dataset_folder):
    pytest.importorskip("presidio_analyzer", reason="pip install 's3eval-core[phi]' brings it")
    out = tmp_path / "names.txt"
    code, _, _ = s3eval("data", "export", dataset_folder, "--to", "names", "--out", out)
    assert code == 0 and out.read_text() == "a\nb\nc\nd"
    code, _, err = s3eval("data", "export", dataset_folder, "--to", "names", "--out", out)
    assert code == 2 and "OUT exists already" in err


def test_runs_are_exported(s3eval, tmp_path):
    from s3eval.running.runs import RunFacts, write_run

    for model in ("one", "two"):
        write_run(tmp_path / "runs" / model, RunFacts(model, (), (), "d", "x"), [])
    out = tmp_path / "models.txt"
    arguments = ("export", tmp_path / "runs", "--to", "models", "--out", out)
    code, shown, _ = s3eval(*arguments, "--json", "-")
    assert code == 0 and out.read_text() == "one\ntwo"
    assert json.loads(shown)["runs"] == ["one", "two"]


def test_an_exporter_of_the_other_kind_is_none(s3eval, tmp_path, dataset_folder):
    code, _, err = s3eval(
        "data", "export", dataset_folder, "--to", "models", "--out", tmp_path / "o"
    )
    assert code == 2 and "Unknown exporter 'models'" in err and "one of names" in err


def test_without_any_exporter_that_is_said(s3eval, tmp_path):
    code, _, err = s3eval("export", tmp_path, "--to", "x", "--out", tmp_path / "o", empty=True)
    assert code == 2 and "No exporter of runs is installed here" in err


def test_an_adapter_that_does_not_import_is_one_error(tmp_path, listed):
    with pytest.raises(S3EvalError, match="does not import"):
        ImporterSpec("x", adapter="no_such_module:convert").load()
