"""Runs of readers against each other: the very numbers that their answers in a table give."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.api.agreement import agreement_of_annotations, agreement_of_runs, are_runs
from s3eval.cli import cli
from s3eval.dataset import write_folder
from s3eval.errors import S3EvalError

ANSWERS = {"R1": "yes yes no no yes no", "R2": "yes no no no yes no", "R3": "yes yes no yes yes no"}


@pytest.fixture
def readers(tmp_path):
    videos = tuple(Video(f"v{i}", f"p{i // 2}", duration=30.0) for i in range(6))
    notes = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes", 3.0, 5.0)}) for v in videos
    }
    data = write_folder(Dataset("d", videos, notes), tmp_path / "data")
    rows = ["reader,video,task,item,answer"]
    for reader, answers in ANSWERS.items():
        rows += [
            f"{reader},v{i},recognition,tonic,{said}" for i, said in enumerate(answers.split())
        ]
        rows += [f"{reader},v{i},timing,tonic,0:0{i + len(reader)}" for i in range(3)]
    (tmp_path / "answers.csv").write_text("\n".join(rows) + "\n")
    arguments = ["data", "readers", str(tmp_path / "answers.csv"), str(data)]
    arguments += [str(tmp_path / "runs"), "--resamples", "100", "--json", "-"]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return tmp_path / "runs", json.loads(done.stdout)["agreement"]


def test_runs_agree_as_the_table_they_come_from(readers):
    folder, expected = readers
    arguments = ["data", "agreement", str(folder), "--resamples", "100", "--json", "-"]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["runs"] == ["r1", "r2", "r3"]
    assert found["agreement"] == expected
    assert {r["measure"] for r in expected} >= {"fleiss_kappa", "krippendorff_alpha"}


def test_two_readers_have_cohen_s_kappa(readers):
    folder, _ = readers
    found = agreement_of_runs([folder / "r1", folder / "r2"], resamples=100)
    kappa = next(t for t in found.tallies if t.item == "tonic" and t.task == "recognition")
    assert kappa.metric == "cohens_kappa"
    # 5 of 6 alike; by chance (3 x 2 + 3 x 4) / 36.
    assert kappa.value == pytest.approx((5 / 6 - 0.5) / (1 - 0.5))
    shown = CliRunner().invoke(cli, ["data", "agreement", str(folder / "r1"), str(folder / "r2")])
    assert "cohens_kappa" in shown.output and "0.67" in shown.output


def test_what_cannot_be_compared_is_said(readers, tmp_path):
    folder, _ = readers
    with pytest.raises(S3EvalError, match="two or more"):
        agreement_of_runs([folder / "r1"])
    with pytest.raises(S3EvalError, match="called r1"):
        agreement_of_runs([folder / "r1", folder / "r1"])
    mixed = ["data", "agreement", str(folder / "r1"), str(tmp_path / "data"), str(folder)]
    done = CliRunner().invoke(cli, mixed)
    assert done.exit_code == 2 or "Expected two datasets" in str(done.exception)


@pytest.fixture
def annotations(tmp_path):
    folders = []
    for name, every in (("experts", 2), ("annotators", 3)):
        videos = tuple(
            Video(f"v{i}", f"p{i // 2}", diagnosis="NES" if i % 4 > 1 else "ES") for i in range(12)
        )
        notes = {
            v.name: Annotation(v.name, {"tonic": FeatureAnnotation("no" if i % every else "yes")})
            for i, v in enumerate(videos)
        }
        folders.append(write_folder(Dataset(name, videos, notes), tmp_path / name))
    return folders


def test_annotations_agree_as_the_verb_prints(annotations):
    done = agreement_of_annotations(annotations, resamples=100)
    arguments = ["data", "agreement", *map(str, annotations), "--resamples", "100"]
    printed = CliRunner().invoke(cli, [*arguments, "--json", "-"])
    assert json.loads(printed.stdout) == json.loads(json.dumps(done.as_json()))
    (tonic,) = done.features
    # 6 of 12 alike; by chance (6 x 4 + 6 x 8) / 144.
    assert tonic.agreement == 0.5 and tonic.kappa == pytest.approx(0)
    shown = CliRunner().invoke(cli, arguments)
    assert "experts and annotators on the same videos" in shown.output
    assert "Mean kappa 0.00 over 1 of 1 features" in shown.output


def test_the_distributions_are_drawn(annotations, tmp_path):
    pytest.importorskip("matplotlib")
    agreement_of_annotations(annotations, resamples=100).draw(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_annotations_are_two_and_no_runs(annotations, readers):
    folder, _ = readers
    assert are_runs([folder]) and are_runs([folder / "r1", folder / "r2"])
    assert not are_runs([folder, annotations[0]])
    with pytest.raises(S3EvalError, match="got 1 folders"):
        agreement_of_annotations(annotations[:1])
    several = CliRunner().invoke(cli, ["data", "agreement", str(folder), "--figure", "x.png"])
    assert "not of runs" in str(several.exception)
