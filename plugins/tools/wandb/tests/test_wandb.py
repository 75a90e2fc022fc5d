"""Runs for Weights & Biases, by the real library, offline: its own file is read back."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3eval.cli import main
from s3eval.errors import S3EvalError
from s3eval.permission import Permission
from s3eval.testing.tracked import write_secret_videos, written_values

pytest.importorskip("wandb", reason="pip install s3eval-wandb brings it")
pytest.importorskip("s3eval_model_baselines")
pytest.importorskip("s3eval_task_recognition")


#: As a message holds it: its length before it.
HOST = socket.gethostname().encode()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_secret_videos(tmp_path / "data")


def raw_records(file: Path) -> Iterator[bytes]:
    """The records of an offline run: LevelDB's log format after a header of seven bytes."""
    block, header = 32768, 7
    raw = file.read_bytes()
    assert raw[:4] == b":W&B"
    place, parts = header, b""
    while place + header <= len(raw):
        left = block - place % block
        if left < header:
            place += left
            continue
        _, length, kind = struct.unpack_from("<IHB", raw, place)
        parts += raw[place + header : place + header + length]
        place += header + length
        if kind in (1, 4):  # whole, or the last part
            yield parts
            parts = b""


def records(file: Path) -> tuple[dict[str, object], dict[str, float]]:
    """The configuration and the summary of an offline run, by the library's own messages."""
    from wandb.proto import wandb_internal_pb2

    config: dict[str, object] = {}
    summary: dict[str, float] = {}
    for raw in raw_records(file):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(raw)
        for update in (*record.run.config.update, *record.config.update):
            config[update.key] = json.loads(update.value_json)
        for update in record.summary.update:
            key = update.key or ".".join(update.nested_key)
            summary[key] = json.loads(update.value_json)
    return config, summary


def written(file: Path) -> tuple[dict[str, object], dict[str, float]]:
    """The same, once the library's own process has written them; at most a minute later."""
    for _ in range(600):
        config, summary = records(file)
        if config and summary:
            break
        time.sleep(0.1)
    return config, summary


def hosts(file: Path) -> set[str]:
    from wandb.proto import wandb_internal_pb2

    found = set()
    for raw in raw_records(file):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(raw)
        if record.HasField("run"):
            found.add(record.run.host)
    return found


@pytest.mark.slow
def test_a_run_is_written_offline(data, tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    out = tmp_path / "runs"
    ask = ["run", "-m", "always-yes", "-t", "recognition", "-d", str(data), "-o", str(out)]
    with pytest.raises(SystemExit) as done:
        main([*ask, "--resamples", "50", "--at-end", "wandb"])
    assert not done.value.code
    (file,) = (out / "always-yes" / "wandb").glob("offline-run-*/*.wandb")
    config, summary = written(file)
    values = written_values(out / "always-yes")
    assert config["model"] == "always-yes"
    assert {k: v for k, v in summary.items() if k in values} == pytest.approx(values)
    raw = file.read_bytes()
    for private in (b"secret", str(tmp_path).encode(), b"%c%s" % (len(HOST), HOST)):
        assert private not in raw
    assert hosts(file) == {"unknown"}
    # The run itself is still a run.
    with pytest.raises(SystemExit) as shown:
        main(["show", str(out)])
    assert not shown.value.code


def test_sending_needs_consent(monkeypatch):
    from s3eval_wandb.adapter import mode

    monkeypatch.setenv("WANDB_MODE", "online")
    assert mode(Permission(allow_remote=True)) == "online"
    with pytest.raises(S3EvalError, match="--allow-remote"):
        mode(Permission())
    monkeypatch.setenv("WANDB_MODE", "onlin")
    with pytest.raises(S3EvalError, match="WANDB_MODE is 'onlin'"):
        mode(Permission())
    monkeypatch.delenv("WANDB_MODE")
    assert mode(Permission(allow_remote=True)) == "offline"
