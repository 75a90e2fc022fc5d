"""What an exporter of datasets gets: checked texts, no files unless asked, names as wanted."""

from __future__ import annotations

import json

import pytest

from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.cli import main
from s3eval.dataset.sharing import shareable
from s3eval.errors import S3EvalError
from s3eval.facts.videos import Lateralization
from s3eval.privacy.detector import PhiSpan
from s3eval.specs import ExporterSpec
from s3eval.testing.plugins import beside_installed, module_with, registry_of


class Words:
    """Finds the name Anna and years."""

    name = "words"

    def find(self, text):
        found = []
        for kind, word in (("name", "Anna"), ("date", "1999")):
            start = text.find(word)
            if start >= 0:
                found.append(PhiSpan(kind, start, start + len(word)))
        return tuple(sorted(found, key=lambda s: s.start))


def nothing_installed():
    raise S3EvalError("Checking text needs a detector", fix="pip install one")


@pytest.fixture
def data(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"not opened")
    videos = (
        Video("one", "ward-7", "a.mp4", facts={"note": "Anna's room", "beds": 2}),
        Video("two", "ward-7"),
    )
    first = Annotation(
        "one",
        {"tonic": FeatureAnnotation("yes", 1.0, 2.0, "Anna stiffens")},
        {"head_turning": Lateralization("left")},
        report="Anna stiffens in 1999.",
        items={"light": "on", "seen by": "Anna"},
    )
    facts = {"ward-7": {"born": "1999"}}
    return Dataset(
        "d", videos, {"one": first}, tmp_path, description="of 1999", patient_facts=facts
    )


def texts(dataset: Dataset) -> str:
    return json.dumps(
        [
            dataset.description,
            [dict(dataset.facts(v.name)) for v in dataset.videos],
            [str(dataset.annotation(v.name)) for v in dataset.videos],
        ]
    )


def test_texts_are_replaced_wherever_they_stand(data):
    shared = shareable(data, detector=Words)
    assert "Anna" not in texts(shared.dataset)
    assert "1999" not in texts(shared.dataset)
    assert shared.dataset.annotation("one").report == "[NAME] stiffens in [DATE]."
    assert shared.replaced == {"date": 3, "name": 4}
    kept = shared.dataset.annotation("one")
    assert kept.items["light"] == "on"
    assert kept.features["tonic"].start == 1.0
    assert kept.lateralization == data.annotation("one").lateralization


def test_blocked_texts_are_left_out_whole(data):
    shared = shareable(data, "block", detector=Words).dataset
    assert shared.annotation("one").report is None
    assert shared.annotation("one").features["tonic"].justification == ""
    assert "stiffens" not in texts(shared)


def test_nothing_is_checked_where_that_is_said(data):
    shared = shareable(data, "off", detector=nothing_installed)
    assert texts(shared.dataset) == texts(data)
    assert shared.replaced == {}


def test_without_a_detector_nothing_is_exported(data):
    with pytest.raises(S3EvalError, match="needs a detector"):
        shareable(data, detector=nothing_installed)


def test_files_are_left_out_unless_wanted(data):
    without = shareable(data, "off").dataset
    assert without.root is None
    assert [v.file for v in without.videos] == ["", ""]
    with_them = shareable(data, "off", videos=True).dataset
    assert with_them.path(with_them.video("one")).name == "a.mp4"


def test_a_dataset_without_files_has_none_to_export(data):
    with pytest.raises(S3EvalError, match="no video files"):
        shareable(shareable(data, "off").dataset, "off", videos=True)


@pytest.mark.parametrize(("name", "patient"), [("Anna-1", "p1"), ("v1", "born 1999")])
def test_names_that_may_identify_are_refused_and_not_told(name, patient):
    data = Dataset("d", (Video(name, patient),), {})
    with pytest.raises(S3EvalError) as told:
        shareable(data, detector=Words)
    assert "1 of 2 names of videos and patients" in str(told.value)
    assert "--renumber" in str(told.value)
    assert "Anna" not in str(told.value)
    assert "1999" not in str(told.value)


def test_numbers_for_names(data):
    shared = shareable(data, "off", renumber=True).dataset
    assert [(v.name, v.patient) for v in shared.videos] == [("v001", "p01"), ("v002", "p01")]
    assert shared.annotation("v001").video == "v001"
    assert shared.annotation("v001").report == "Anna stiffens in 1999."
    assert shared.facts("v001")["born"] == "1999"
    shareable(Dataset("d", (Video("Anna", "Anna"),), {}), renumber=True, detector=Words)


def test_the_verb_gives_every_exporter_only_that(dataset_folder, tmp_path, monkeypatch, capsys):
    """An exporter that writes all it gets, files and texts."""
    got = {}

    def write(dataset, out):
        got.update(dataset=dataset, out=out)
        out.mkdir()

    class Exporter(ExporterSpec):
        def load(self):
            return write

    reports = dataset_folder / "reports.csv"
    reports.write_text('video,report\na,"Anna stiffens, then jerks."\n')
    module = module_with(s3eval_exporters=[Exporter("all", adapter="here:write", of="dataset")])
    mine = registry_of(("m", "theirs", module))
    monkeypatch.setattr(
        "s3eval.dataset.sharing.shareable.__kwdefaults__",
        {**shareable.__kwdefaults__, "detector": Words},
    )
    with beside_installed(*mine.plugins), pytest.raises(SystemExit) as done:
        main(["data", "export", str(dataset_folder), "--to", "all", "--out", str(tmp_path / "o")])
    assert not done.value.code
    said = capsys.readouterr().out
    assert "4 videos, without files" in said
    assert "Replaced in texts: 1 name" in said
    assert got["dataset"].root is None
    assert got["dataset"].annotation("a").report == "[NAME] stiffens, then jerks."
