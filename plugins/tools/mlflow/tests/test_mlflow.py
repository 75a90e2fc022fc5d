"""Runs in MLflow, by the real library and its database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3eval.cli import main
from s3eval.errors import S3EvalError
from s3eval.permission import Permission
from s3eval.testing.tracked import write_secret_videos, written_values

pytest.importorskip("mlflow", reason="pip install s3eval-mlflow brings it")
pytest.importorskip("s3eval_model_baselines")
pytest.importorskip("s3eval_task_recognition")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_secret_videos(tmp_path / "data")


def run(data: Path, out: Path, *more: str) -> tuple[int, dict[str, float]]:
    ask = ["run", "-m", "always-yes", "-t", "recognition", "-d", str(data), "-o", str(out)]
    with pytest.raises(SystemExit) as done:
        main([*ask, "--resamples", "50", "--at-end", "mlflow", *more])
    return int(done.value.code or 0), written_values(out / "always-yes")


def test_a_run_is_written_beside_its_folder(data, tmp_path, monkeypatch):
    from mlflow import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    out = tmp_path / "runs"
    code, values = run(data, out)
    assert code == 0
    client = MlflowClient(f"sqlite:///{out / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("s3eval")
    (kept,) = client.search_runs([experiment.experiment_id])
    assert kept.info.run_name == "always-yes"
    assert kept.info.status == "FINISHED"
    assert {k: v for k, v in kept.data.metrics.items() if k in values} == pytest.approx(values)
    assert kept.data.metrics["recognition.tonic.f1.scored"] == 4
    assert kept.data.metrics["recognition.tonic.f1.chance_value"] == pytest.approx(2 / 3)
    assert kept.data.params["model"] == "always-yes"
    # Neither videos nor folders, nor who is signed in.
    said = json.dumps([dict(kept.data.params), dict(kept.data.tags)])
    assert "secret" not in said
    assert str(tmp_path) not in said
    assert kept.data.tags["mlflow.user"] == "s3eval"


def test_another_machine_needs_consent(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://tracker.example")
    code, values = run(data, tmp_path / "runs")
    assert code == 3
    assert values
    assert "--allow-remote" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("", True),
        ("sqlite:////tmp/some.db", True),
        ("http://127.0.0.1:5000", True),
        ("http://10.0.0.2:5000", False),
        ("databricks://profile", False),
        ("postgresql://u@db.example/x", False),
    ],
)
def test_what_this_machine_is(uri, allowed, tmp_path, monkeypatch):
    from s3eval_mlflow.adapter import tracking_uri

    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert tracking_uri(tmp_path / "runs" / "a", Permission(allow_remote=True))
    if allowed:
        assert tracking_uri(tmp_path / "runs" / "a", Permission())
    else:
        with pytest.raises(S3EvalError, match="nothing leaves it"):
            tracking_uri(tmp_path / "runs" / "a", Permission())
