"""Tensor parallelism: every layer split over several processes, of which only one is the run.

This process starts the others, one for each further GPU, and sends them over a pipe which clip it
watches and what it asks; they do the same forward passes on their part of the layers and throw
the answers away. So only this process decodes, writes and prints, and nothing has to be launched
in a special way. The others end with it, whatever ends it.
"""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from s3eval.errors import S3EvalError, StopRunError
from s3eval.hf.environment import GIB, free_memory, is_out_of_memory
from s3eval.hf.generation import AnswerGenerator, TokenizedQuestion
from s3eval.hf.options import Options

if TYPE_CHECKING:
    from s3eval.hf.prefix import Prefix
    from s3eval.model import Answer

__all__ = [
    "SynchronizedGenerator",
    "WorkerProcesses",
    "check_launch",
    "check_split",
    "plan",
    "with_fixed_memory_limit",
    "work",
]

# Text models whose layers the library (5.24) splits only under another model's name.
_LAYERS_OF = {"qwen3_vl_text": "Qwen3Config"}
_ADDRESS = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def check_launch() -> None:
    """Refuse to be one of several processes that would each write the same run.

    Raises:
        S3EvalError: a launcher such as torchrun started this process among others.
    """
    count = os.environ.get("WORLD_SIZE", "1")
    if count.isdigit() and int(count) > 1:
        raise S3EvalError(
            f"A launcher started {count} processes, and each would write this run",
            fix=f"s3eval run without torchrun, with --model-option tensor_parallel={count}",
        )


def plan(kind: Any, config: Any) -> dict[str, str]:
    """How the library splits each part of a model, layers in any case.

    Raises:
        S3EvalError: it has no plan for the model's layers.
    """
    import torch
    import transformers

    with torch.device("meta"):
        model = kind._from_config(config)
    split = dict(model.tp_plan)
    if not any(".layers." in part for part in split):
        like = _LAYERS_OF.get(config.get_text_config().model_type)
        if like is None:
            raise S3EvalError(
                f"transformers {transformers.__version__} cannot split the layers of "
                f"{kind.__name__}",
                fix="--model-option device_map=auto, or a model server (s3eval-model-server)",
            )
        decoder = next(n for n, m in model.named_modules() if m is model.get_decoder())
        layers = getattr(transformers, like).base_model_tp_plan
        split |= {f"{decoder}.{part}": how for part, how in layers.items()}
    return split


def check_split(name: str, config: Any, options: Options) -> None:
    """Refuse what cannot be split, before anything large is read.

    Raises:
        S3EvalError: attention heads that do not divide, or options that exclude each other.
    """
    count = options.tensor_parallel
    if count == 1:
        return
    text = config.get_text_config()
    heads = (text.num_attention_heads, getattr(text, "num_key_value_heads", None) or count)
    if any(n % count for n in heads):
        raise S3EvalError(
            f"'{name}' cannot be split over {count} processes",
            why=f"it has {heads[0]} attention and {heads[1]} key-value heads",
            fix="--model-option tensor_parallel with a number that divides both",
        )
    for key, unless in (("device", "auto"), ("device_map", None), ("quantization", None)):
        if getattr(options, key) != unless:
            raise S3EvalError(
                f"tensor_parallel={count} and {key}={getattr(options, key)} exclude each other",
                fix="leave one of them out",
            )
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else count
    if gpus < count:
        raise S3EvalError(
            f"tensor_parallel={count} needs as many GPUs, but torch sees {gpus}",
            fix=f"--model-option tensor_parallel={gpus}",
        )


def with_fixed_memory_limit(options: Options, device: str) -> Options:
    """The options with a memory limit in numbers, so that all processes form the same groups."""
    limit = options.memory_limit or free_memory(device) / 2 / GIB
    return options.model_copy(update={"memory_limit": limit})


class WorkerProcesses:
    """The other processes of a tensor-parallel model; a process without a message waits.

    Args:
        kind: the adapter's class.
        spec: the model's.
        options: the user's; ``tensor_parallel`` says how many processes there are in all.
    """

    def __init__(self, kind: type, spec: Any, options: Options) -> None:
        count = options.tensor_parallel
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        where = ("0", "0", str(count), "127.0.0.1", str(port))
        self._address = dict(zip(_ADDRESS, where, strict=True))
        self._number, self._gone = 0, list[int]()
        self._others = [self._start(rank) for rank in range(1, count)]
        self.send(kind, spec, options.model_copy(update={"check_memory": False}))

    def _start(self, rank: int) -> subprocess.Popen[bytes]:
        mine = {**self._address, "RANK": str(rank), "LOCAL_RANK": str(rank)}
        return subprocess.Popen(
            [sys.executable, "-m", "s3eval.hf.parallel"],
            env={**os.environ, **mine},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt is for this process, which ends the others
        )

    @contextmanager
    def rendezvous(self) -> Iterator[None]:
        """While the library loads the model, let it connect to the other processes."""
        kept = {name: os.environ.get(name) for name in _ADDRESS}
        os.environ.update(self._address)
        try:
            yield
        finally:
            for name, value in kept.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def send(self, *message: Any) -> None:
        """Send all others a message.

        Raises:
            StopRunError: one of them has ended.
        """
        data = pickle.dumps(message)
        for other in self._others:
            assert other.stdin is not None
            try:
                other.stdin.write(data)
                other.stdin.flush()
            except OSError:
                raise StopRunError(
                    "A process of the tensor-parallel model has ended", fix="run again"
                ) from None

    def watch(self, footage: Any) -> int:
        """Have a clip watched; the number it is then known by."""
        self._number += 1
        self.send("watch", self._number, footage, tuple(self._gone))
        self._gone.clear()
        return self._number

    def ask(self, number: int, questions: Sequence[Any]) -> None:
        """Have questions about a clip asked."""
        self.send("ask", number, tuple(questions))

    def forget_with(self, watched: Any, number: int) -> None:
        """Let the others forget a clip once it is forgotten here."""
        weakref.finalize(watched, self._gone.append, number).atexit = False

    def close(self) -> None:
        """End the other processes; they hold nothing that has to be saved."""
        for other in self._others:
            other.kill()
            other.wait()
            assert other.stdin is not None
            with suppress(OSError):
                other.stdin.close()
        _leave()


class SynchronizedGenerator(AnswerGenerator):
    """Asks as all processes must: in the same groups, so running out of memory ends the run.

    Trying half a group again would be out of step with the others.
    """

    def _answer(self, prefix: Prefix, group: Sequence[TokenizedQuestion]) -> list[Answer]:
        try:
            return super()._answer(prefix, group)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise StopRunError(
                f"Memory ran out for {len(group)} questions of a tensor-parallel model",
                fix="--model-option batch or memory_limit lower",
            ) from error


def work(stream: IO[bytes]) -> None:
    """Do what the run's process does, until it ends.

    Args:
        stream: where the run's process writes its messages (`WorkerProcesses`).
    """
    kind, spec, options = pickle.load(stream)
    loaded = kind.loaded(spec, options)
    (limit,) = pickle.load(stream)
    model = kind(spec, options.model_copy(update={"memory_limit": limit}), loaded)
    model.check_sharing()
    clips: dict[int, Any] = {}
    while True:
        verb, number, given, *more = pickle.load(stream)
        try:
            if verb == "watch":
                for gone in more[0]:
                    clips.pop(gone, None)
                clips[number] = model.watch(given)
            else:
                for _ in model.ask(clips[number], given):
                    pass
        except StopRunError:
            return
        except S3EvalError:
            continue  # refused there, too


def _leave() -> None:
    import torch

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    try:
        work(sys.stdin.buffer)
    except EOFError:
        _leave()
