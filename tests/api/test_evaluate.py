"""The Python API on a dataset without videos, with models that do not look."""

from __future__ import annotations

from dataclasses import replace

import pytest

import s3eval
from s3eval import Annotation, Dataset, FeatureAnnotation, S3EvalError, Video
from s3eval.api.agreement import agreement_of_runs
from s3eval.api.requests import prepare
from s3eval.api.retrying import retry_run
from s3eval.api.shards import merge
from s3eval.api.sweeping import sweep
from s3eval.dataset import write_folder
from s3eval.running.continuing import changes_of
from s3eval.running.settings import Settings
from s3eval.version import __version__


@pytest.fixture
def data(tmp_path) -> Dataset:
    videos = tuple(
        Video(f"v{i}", f"p{i // 2}", duration=40.0 + i, diagnosis="ES" if i % 3 else "NES")
        for i in range(6)
    )
    notes = {
        v.name: Annotation(
            v.name,
            {"tonic": FeatureAnnotation("yes" if i % 2 else "no", 3.0 if i % 2 else None)},
            seizure_start=2.0,
        )
        for i, v in enumerate(videos)
    }
    return s3eval.open_dataset(write_folder(Dataset("d", videos, notes), tmp_path / "data"))


def test_an_evaluation_in_one_call(data, tmp_path):
    runs = s3eval.evaluate("always-yes", "recognition", data, tmp_path / "runs", progress=False)
    assert runs.names == ["always-yes"]
    frame = runs.to_frame()
    tonic = frame[frame.item == "tonic"]
    assert list(tonic.value) == ["yes"] * 6
    assert list(tonic.truth) == ["no", "yes"] * 3
    scores = runs.scores_frame()
    recall = scores[(scores["item"] == "tonic") & (scores.metric == "recall")]
    assert float(recall.value.iloc[0]) == 1.0
    assert "recognition" in repr(runs)
    assert runs._repr_html_().count("<table>") == 1


def test_the_same_call_again_asks_nothing_and_gives_the_same(data, tmp_path):
    first = s3eval.evaluate("always-yes", "recognition", data, tmp_path / "runs", progress=False)
    bytes_before = (tmp_path / "runs" / "always-yes" / "scores.json").read_bytes()
    again = s3eval.evaluate("always-yes", "recognition", data, tmp_path / "runs", progress=False)
    assert [r.value for r in first[0].rows] == [r.value for r in again[0].rows]
    assert (tmp_path / "runs" / "always-yes" / "scores.json").read_bytes() == bytes_before


def test_other_tasks_join_a_run_and_keep_its_findings(data, tmp_path):
    out = tmp_path / "runs"
    s3eval.evaluate("always-yes", "recognition", data, out, progress=False)
    runs = s3eval.evaluate("always-yes", "diagnosis", data, out, progress=False)
    assert set(runs[0].run.findings) == {"recognition", "diagnosis"}
    assert {r.task for r in runs[0].rows} == {"recognition", "diagnosis"}
    again = s3eval.score(out)
    assert {r.task for r in again[0].rows} == {"recognition", "diagnosis"}
    assert [r.value for r in again[0].rows if r.task == "diagnosis"] == [
        r.value for r in runs[0].rows if r.task == "diagnosis"
    ]


def test_packages_of_kept_tasks_stay_recorded_and_are_no_change(data, tmp_path, capsys):
    out = tmp_path / "runs"
    for task in ("recognition", "diagnosis"):
        runs = s3eval.evaluate("always-yes", task, data, out, progress=False)
    assert {"s3eval-task-recognition", "s3eval-task-diagnosis"} <= {*runs[0].run.facts.versions}
    assert "changed since this run" not in capsys.readouterr().err
    facts = runs[0].run.facts
    other = {**facts.versions, "s3eval-task-diagnosis": "0.1.0"}
    other.pop("s3eval-task-recognition")
    assert changes_of(replace(facts, versions=other), facts) == [
        f"changed since this run: versions.s3eval-task-diagnosis: 0.1.0 → {__version__}"
    ]


def test_a_run_whose_dataset_is_gone_says_so_and_what_to_do(data, tmp_path):
    out = tmp_path / "runs"
    for model in ("always-yes", "always-no"):
        s3eval.evaluate(model, "recognition", data, out, progress=False)
    (tmp_path / "data").rename(tmp_path / "moved")
    with pytest.raises(S3EvalError, match=r"dataset is not there.*--data WHERE_IT_IS_NOW"):
        s3eval.compare(out)
    with pytest.raises(S3EvalError, match=r"dataset is not there.*--data WHERE_IT_IS_NOW"):
        s3eval.score(out)
    with pytest.raises(S3EvalError, match=r"not there.*WHERE_IT_IS_NOW --retry-failed"):
        retry_run(out / "always-yes")
    s3eval.compare(out, data=str(tmp_path / "moved"))


def test_fewer_videos_or_another_dataset_are_refused_by_name(data, tmp_path):
    out = tmp_path / "runs"
    s3eval.evaluate("always-yes", "recognition", data, out, progress=False)
    with pytest.raises(S3EvalError, match=r"5 more videos .*--replace"):
        s3eval.evaluate("always-yes", "recognition", data, out, limit=1, progress=False)
    other = s3eval.open_dataset(
        write_folder(replace(data, name="other", videos=data.videos[:3]), tmp_path / "other")
    )
    with pytest.raises(S3EvalError, match=r"another dataset.*--replace"):
        s3eval.evaluate("always-yes", "recognition", other, out, progress=False)
    runs = s3eval.evaluate("always-yes", "recognition", other, out, replace=True, progress=False)
    assert {f.video for f in runs[0].run.findings["recognition"]} == {"v0", "v1", "v2"}


def test_a_run_is_found_from_any_folder(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    s3eval.evaluate("always-yes", "recognition", "data", "runs", progress=False)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert len(s3eval.score("../runs")) == 1


def test_runs_are_compared(data, tmp_path):
    runs = s3eval.evaluate(
        ["always-yes", "always-no"], "recognition", data, tmp_path / "runs", progress=False
    )
    found = s3eval.compare(runs, items=["tonic"], metrics=["recall"], permutations=99)
    assert [d.difference for d in found.differences] == [1.0]
    assert len(found.to_frame()) == 1
    assert "always-yes (first)" in repr(found)


def test_a_number_of_draws_that_nothing_can_rest_on_is_refused_before_anything_is_asked(
    data, tmp_path
):
    out, there = tmp_path / "out", tmp_path / "there"
    for none in (0, -1, 2.5, True):
        with pytest.raises(S3EvalError, match="resamples to be a whole number above 0"):
            s3eval.evaluate("always-yes", "recognition", data, out, resamples=none, progress=False)
    s3eval.evaluate(["always-yes", "always-no"], "recognition", data, there, progress=False)
    request = prepare(Settings("", ("recognition",), str(data.root)))
    with_none = (
        lambda: s3eval.score(there, resamples=0),
        lambda: s3eval.compare(there, resamples=0),
        lambda: s3eval.calibrate(there, resamples=0),
        lambda: s3eval.two_stage(data=str(data.root), stages=s3eval.Stages(resamples=0)),
        lambda: sweep(request, "motion", ["fps=1,2"], out, resamples=0),
        lambda: agreement_of_runs([there], resamples=0),
        lambda: retry_run(there / "always-yes", resamples=0),
        lambda: merge(there, resamples=0),
    )
    for call in with_none:
        with pytest.raises(S3EvalError, match="resamples to be a whole number above 0"):
            call()
    with pytest.raises(S3EvalError, match="permutations to be a whole number above 0"):
        s3eval.compare(there, permutations=0)
    assert not out.exists()


def test_unknown_names_suggest_the_nearest(data, tmp_path):
    with pytest.raises(S3EvalError, match="did you mean 'always-yes'"):
        s3eval.evaluate("alwais-yes", "recognition", data, tmp_path / "runs", progress=False)
    with pytest.raises(S3EvalError, match="takes no option 'x'"):
        s3eval.evaluate(
            "always-yes",
            "recognition",
            data,
            tmp_path / "runs",
            task_options={"recognition": {"x": 1}},
            progress=False,
        )
    assert not (tmp_path / "runs").exists()


def test_facts_and_items_of_a_folder_reach_frames_and_subgroups(data, tmp_path):
    videos = tuple(replace(v, facts={"camera": f"c{i % 2}"}) for i, v in enumerate(data.videos))
    notes = {
        name: replace(a, items={"light": "on" if name < "v3" else "off"})
        for name, a in data.annotations.items()
    }
    ages = {"p0": {"age_group": "adult"}, "p1": {"age_group": "child"}}
    rich = replace(data, videos=videos, annotations=notes, patient_facts=ages)
    again = s3eval.open_dataset(write_folder(rich, tmp_path / "rich"))
    assert again.annotation("v0").items == {"light": "on"}
    assert again.facts("v1") == {"age_group": "adult", "camera": "c1"}
    assert again.digest != data.digest

    runs = s3eval.evaluate("always-yes", "recognition", again, tmp_path / "runs", progress=False)
    frame = runs.to_frame()
    assert set(frame.camera) == {"c0", "c1"}
    parts = s3eval.score(tmp_path / "runs", by="camera")
    assert parts.names == ["always-yes (camera c0)", "always-yes (camera c1)"]
    precision = [
        next(r.value for r in one.rows if (r.item, r.metric) == ("tonic", "precision"))
        for one in parts
    ]
    assert precision == [0.0, 1.0]
    ages_shown = s3eval.score(tmp_path / "runs", by="age_group")
    assert [n.split("(")[1] for n in ages_shown.names] == [
        "age_group adult)",
        "age_group child)",
        "age_group unknown)",
    ]
    with pytest.raises(S3EvalError, match="did you mean 'camera'"):
        s3eval.score(tmp_path / "runs", by="cammera")


def test_a_value_of_a_fact_that_is_no_file_name_is_a_subgroup_like_any_other(data, tmp_path):
    values = ("foot/side", "..", "long " * 100)
    videos = tuple(
        replace(v, facts={"camera": values[i % 3].strip()}) for i, v in enumerate(data.videos)
    )
    again = s3eval.open_dataset(write_folder(replace(data, videos=videos), tmp_path / "rich"))
    s3eval.evaluate("always-yes", "recognition", again, tmp_path / "runs", progress=False)
    parts = s3eval.score(tmp_path / "runs", by="camera")
    assert parts.names == [f"always-yes (camera {v.strip()})" for v in sorted(values)]
    assert all(name in str(parts) for name in parts.names[:2])


def test_wrong_rows_of_further_tables_are_named(data, tmp_path):
    folder = tmp_path / "data"
    (folder / "patients.csv").write_text("patient,fact,value\np0,age,9\npX,age,9\n")
    (folder / "items.csv").write_text("video,item,value\nv0,light,on\nv0,light,off\n")
    from s3eval.dataset.folder import read_folder

    problems = [str(p) for p in read_folder(folder)[1]]
    assert any("patients.csv:3" in p and "'pX'" in p for p in problems)
    assert any("items.csv:3" in p and "given twice" in p for p in problems)
