"""Checkpoints from a hub: a real one on this machine, and none, each in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ID = "somebody/tiny"
# Nothing listens on the discard port.
NOBODY = "http://127.0.0.1:9"


@contextmanager
def hub(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A hub with one repository, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def _reply(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            asked.append(path)
            if path.startswith(f"/api/models/{ID}"):
                files = [{"rfilename": p.name} for p in sorted(folder.iterdir())]
                facts = {"id": ID, "sha": COMMIT, "siblings": files}
                listing = [
                    {"type": "file", "path": p.name, "size": p.stat().st_size, "oid": "0" * 40}
                    for p in sorted(folder.iterdir())
                ]
                body = json.dumps(listing if "/tree/" in path else facts).encode()
                self._reply(200, body, Content_Type="application/json")
                return
            file = folder / path.rsplit("/", 1)[-1]
            if not path.startswith(f"/{ID}/resolve/"):
                self._reply(404, b"", X_Error_Code="RepoNotFound")
            elif not file.is_file():
                self._reply(404, b"", X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
            else:
                body = file.read_bytes()
                mark = hashlib.sha256(body).hexdigest()
                self._reply(200, body, ETag=f'"{mark}"', X_Repo_Commit=COMMIT)

        do_HEAD = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def run(
    data: Path, out: Path, endpoint: str, checkpoint: str, *more: str
) -> subprocess.CompletedProcess[str]:
    """``s3eval run`` in a process of its own, with its own cache beside ``out``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS"))}
    environment |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(out.parent / "cache")}
    command = [sys.executable, "-m", "s3eval", "run", "-m", "qwen3-vl-8b", "-t", "recognition"]
    command += ["-d", str(data), "-o", str(out), "--resamples", "20", "--limit", "1"]
    options = {"checkpoint": checkpoint, "min_pixels": 0, "max_pixels": 16_384}
    options |= {"score_choices": "true"}
    for key, value in options.items():
        command += ["--model-option", f"{key}={value}"]
    return subprocess.run(
        [*command, *more], capture_output=True, text=True, env=environment, check=False
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from s3eval_synth.testing import tiny_dataset

    folder = tmp_path_factory.mktemp("clips") / "data"
    tiny_dataset(folder, videos=1, seconds=4.0)
    return folder


def test_a_hub_out_of_reach_is_one_line_at_once(data: Path, tmp_path: Path) -> None:
    def timed(name: str, endpoint: str, checkpoint: str) -> tuple[Any, float]:
        begun = time.monotonic()
        done = run(data, tmp_path / name / "runs", endpoint, checkpoint)
        return done, time.monotonic() - begun

    # Both at the same time, so that what else this machine does slows both down.
    with hub(tmp_path) as (endpoint, _), ThreadPoolExecutor(2) as pool:
        answers_at_once = pool.submit(timed, "hub", endpoint, "somebody/tinny")
        done, elapsed = pool.submit(timed, "nobody", NOBODY, ID).result()
        other, reached = answers_at_once.result()
    assert done.returncode == other.returncode == 2
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert len(lines) == 1, lines
    assert f"{NOBODY} is not reached" in lines[0] and f"hf download {ID}" in lines[0]
    # The library's own retries wait 23 s.
    assert elapsed < 1.5 * reached + 10


@pytest.mark.slow
def test_downloads_go_on_and_what_was_downloaded_needs_no_hub(data: Path, tmp_path: Path) -> None:
    from s3eval.testing.checkpoints import shared_checkpoint

    with hub(shared_checkpoint("qwen3_vl")) as (endpoint, asked):
        first = run(data, tmp_path / "runs", endpoint, ID)
        assert first.returncode == 0, first.stderr
        assert any(path.endswith("model.safetensors") for path in asked)
        other = run(data, tmp_path / "none", endpoint, "somebody/tinny")
        assert other.returncode == 2
        assert len((other.stdout + other.stderr).strip().splitlines()) == 1, other.stderr
        assert "no such repository" in other.stderr
    (facts,) = (tmp_path / "runs").glob("*/run.json")
    assert json.loads(facts.read_text())["identity"]["version"] == COMMIT
    again = run(data, tmp_path / "again", NOBODY, ID)
    assert again.returncode == 0, again.stderr
    assert "Retry" not in again.stderr and "thrown" not in again.stderr
    (facts,) = (tmp_path / "again").glob("*/run.json")
    assert json.loads(facts.read_text())["identity"]["version"] == COMMIT
