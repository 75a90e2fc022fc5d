"""Datasets are imported, and exporters found, from Python as the verbs do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3eval import ExporterSpec, ImporterSpec, ImportReport, S3EvalError
from s3eval.api.exporting import find_exporter
from s3eval.api.importing import import_dataset
from s3eval.errors import UnknownNameError
from s3eval.plugins import Registry
from s3eval.testing.plugins import in_place_of_installed, module_with, registry_of


def convert(source: Path, out: Path) -> ImportReport:
    out.mkdir(exist_ok=True)
    (out / "copy.txt").write_text(source.read_text())
    return ImportReport({"videos": 2}, [], ["done"])


HOOKS = {
    "s3eval_importers": [
        ImporterSpec("list", f"{__name__}:convert"),
        ImporterSpec("bad", "builtins:max"),
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
    monkeypatch.setattr(ImporterSpec, "load", lambda self: convert if self.name == "list" else max)
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


def test_an_exporter_is_found_by_name_and_by_what_it_writes():
    assert find_exporter("names", "dataset").adapter == "m:names"
    with pytest.raises(UnknownNameError, match="one of models"):
        find_exporter("names", "runs")
    with (
        in_place_of_installed(Registry(())),
        pytest.raises(S3EvalError, match="No exporter of runs"),
    ):
        find_exporter("names", "runs")
