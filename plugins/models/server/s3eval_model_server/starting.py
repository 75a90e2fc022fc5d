"""The commands that start a model server on this machine (docs/servers.md says what was run)."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval_model_server.options import ServerModelOptions

__all__ = ["start_command"]

# Model family: context in tokens (0: the model's own), media of each kind in a prompt, and
# further arguments of vLLM and of SGLang.
_Family = tuple[int, dict[str, int], dict[str, bool], tuple[str, ...]]
_FAMILIES: tuple[tuple[str, _Family], ...] = (
    (r"internvl", (40_960, {"image": 60, "video": 1}, {"crop_to_patches": False},
                   ("--trust-remote-code",))),
    (r"qwen2\.5-vl|lingshu", (40_960, {"image": 60, "video": 1}, {}, ())),
    (r"qwen3-vl", (40_960, {"image": 120, "video": 1}, {"do_sample_frames": False}, ())),
    (r"qwen2\.5-omni", (32_768, {"image": 60, "video": 1, "audio": 1}, {}, ())),
    (r"qwen3-omni", (40_960, {"image": 120, "video": 1, "audio": 1}, {}, ())),
    (r"audio-flamingo", (0, {"audio": 1}, {}, ())),
)  # fmt: skip
_OTHER: _Family = (40_960, {"image": 120}, {}, ())
#: Names vLLM's command, where it is in an environment of its own.
VLLM_VARIABLE = "S3EVAL_VLLM"


def start_command(options: ServerModelOptions, port: int, media_folder: Path) -> list[str]:
    """The command that serves the options' model on a port of this machine.

    Args:
        options: with ``serve``, ``model`` and how clips are sent.
        port: free.
        media_folder: from which media are read, where they are sent as files.

    Raises:
        S3EvalError: the server is not installed.
    """
    family = next((f for name, f in _FAMILIES if re.search(name, options.model.lower())), _OTHER)
    made = _vllm if options.serve == "vllm" else _sglang
    more = shlex.split(options.serve_options)
    return [*made(options, family, media_folder), *more, "--host", "127.0.0.1", "--port", str(port)]


def _vllm(options: ServerModelOptions, family: _Family, media_folder: Path) -> list[str]:
    context, media, processor, _ = family
    command = [*_program(options, os.environ.get(VLLM_VARIABLE) or "vllm"), "serve", options.model]
    if context:
        command += ["--max-model-len", str(context)]
    command += ["--limit-mm-per-prompt", json.dumps(media)]
    if processor:
        command += ["--mm-processor-kwargs", json.dumps(processor)]
    if options.media == "video":
        # Without the first frames are left out, without the second a clip in one piece is refused.
        command += ["--media-io-kwargs", '{"video": {"num_frames": -1, "fps": 30}}']
        command += ["--max-num-batched-tokens", "40960"]
    if options.send_media == "file":
        command += ["--allowed-local-media-path", str(media_folder)]
    return command


def _sglang(options: ServerModelOptions, family: _Family, media_folder: Path) -> list[str]:
    context, _, _, more = family
    module = [sys.executable, "-m", "sglang.launch_server"]
    command = _program(options, "") if options.serve_command else module
    command = [*command, "--model-path", options.model, *more]
    if context:
        command += ["--context-length", str(context)]
    if options.media == "video":
        command += ["--mm-process-config", '{"video": {"fps": 30}}']
    return command


def _program(options: ServerModelOptions, default: str) -> list[str]:
    """The program to start, where it is installed.

    Raises:
        S3EvalError: it is not found.
    """
    command: Sequence[str] = shlex.split(options.serve_command) or [default]
    if shutil.which(command[0]) is None:
        raise S3EvalError(
            f"No command '{command[0]}' to start {options.serve} with",
            fix="pip install vllm in an environment of its own, then --model-option "
            "serve_command=/that/environment/bin/vllm",
        )
    return [*command]
