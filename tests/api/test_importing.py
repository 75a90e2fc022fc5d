"""Datasets are imported, and exporters found, from Python as the verbs do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3eval import ExporterSpec, ImporterSpec, ImportReport, S3EvalError
from s3eval.api.exporting import export_runs, find_exporter
from s3eval.api.importing import import_dataset
from s3eval.errors import UnknownNameError
from s3eval.plugins import Registry
from s3eval.testing.plugins import in_place_of_installed, module_with, registry_of


def convert(source: Path, out: Path) -> ImportReport:
    out.mkdir(exist_ok=True)
    (out / "copy.txt").write_text(source.read_text())
    return ImportReport({"videos": 2}, [], ["done"])


def leaving(source: Path, out: Path) -> ImportReport:
    raise SystemExit(0)


def naming(source: Path, out: Path) -> ImportReport:
    raise FileNotFoundError(2, "No such file", "/ward/Thandeka Dube.mp4")


def reporting(facts=(), **more):
    def convert_(source: Path, out: Path) -> ImportReport:
        convert(source, out)
        print("reading")
        return ImportReport(dict(facts) if isinstance(facts, tuple) else facts, **more)

    return convert_


ODD = {
    "leaves": (leaving, "SystemExit"),
    "names a file": (naming, "a path"),
    "writes nothing": (lambda source, out: ImportReport({}), "wrote nothing"),
    "facts": (reporting(None), "facts as a mapping"),
    "objects": (reporting({"a": object()}), "JSON can hold"),
    "lines": (reporting(lines="abc"), "lines as a tuple of str"),
    "tables": (reporting(tables=(5,)), "tables as a tuple of Table"),
}
HOOKS = {
    "s3eval_importers": [
        ImporterSpec("list", f"{__name__}:convert"),
        ImporterSpec("bad", "builtins:max"),
        *(ImporterSpec(name, "m:x") for name in ODD),
    ],
    "s3eval_exporters": [
        ExporterSpec("names", "m:names", of="dataset"),
        ExporterSpec("models", "m:models"),
    ],
}


@pytest.fixture(autouse=True)
def installed():
    with in_place_of_installed(registry_of(("x", "pkg-x", module_with(**HOOKS)))):
        yield


@pytest.fixture
def source(tmp_path, monkeypatch):
    adapters = {"list": convert, **{name: adapter for name, (adapter, _) in ODD.items()}}
    monkeypatch.setattr(ImporterSpec, "load", lambda self: adapters.get(self.name, max))
    path = tmp_path / "source.txt"
    path.write_text("a\nb\n")
    return path


def test_an_importer_writes_and_reports(source, tmp_path):
    report = import_dataset("list", source, tmp_path / "out")
    assert report.facts == {"videos": 2}
    assert (tmp_path / "out" / "copy.txt").read_text() == "a\nb\n"


def test_a_folder_that_is_not_empty_is_written_into_only_when_asked(source, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    with pytest.raises(S3EvalError, match="OUT is not empty"):
        import_dataset("list", str(source), str(out))
    assert not (out / "copy.txt").exists()
    import_dataset("list", str(source), str(out), overwrite=True)
    assert (out / "copy.txt").exists() and (out / "mine.txt").exists()


def test_an_importer_must_report(source, tmp_path):
    with pytest.raises(S3EvalError, match="'bad' to return an ImportReport, but got PosixPath"):
        import_dataset("bad", source, tmp_path / "out")
    with pytest.raises(UnknownNameError, match="did you mean 'list'"):
        import_dataset("lst", source, tmp_path / "out")


@pytest.mark.parametrize("name", ODD)
def test_an_importer_that_goes_wrong_is_named(source, tmp_path, capsys, name):
    with pytest.raises(S3EvalError, match=ODD[name][1]) as told:
        import_dataset(name, source, tmp_path / "out")
    assert "pkg-x" in str(told.value) and "Thandeka" not in str(told.value)
    assert capsys.readouterr().out == "", "what it prints stands in no document"


def test_an_exporter_that_wrote_nothing_is_no_success(tmp_path, monkeypatch):
    monkeypatch.setattr(ExporterSpec, "load", lambda self: lambda runs, out: None)
    with pytest.raises(S3EvalError, match="'models' wrote nothing"):
        export_runs([], find_exporter("models", "runs"), tmp_path / "out")


def test_an_exporter_is_found_by_name_and_by_what_it_writes():
    assert find_exporter("names", "dataset").adapter == "m:names"
    with pytest.raises(UnknownNameError, match="one of models"):
        find_exporter("names", "runs")
    with pytest.raises(UnknownNameError, match="exports datasets: s3eval data export"):
        find_exporter("names", "runs")
    with (
        in_place_of_installed(Registry(())),
        pytest.raises(S3EvalError, match="No exporter of runs"),
    ):
        find_exporter("names", "runs")
