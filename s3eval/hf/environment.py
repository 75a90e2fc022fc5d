"""What this machine has: free memory, installed packages, quantisers that import."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s3eval.errors import MachineError, S3EvalError

__all__ = [
    "free_memory",
    "installed",
    "is_out_of_memory",
    "prepare_bitsandbytes",
    "quiet_library",
    "require",
]

GIB = 1024**3


def prepare_bitsandbytes() -> str:
    """Import bitsandbytes without what it would fetch, and return its version.

    On some CPUs its import asks the package ``kernels`` for compiled code from a model hub and
    warns where it gets none. Nothing is fetched and run here, so that package is hidden meanwhile.
    Its warnings stay off: it repeats one at every layer of every step.

    Raises:
        MachineError: it is installed but does not import.
    """
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    hidden = sys.modules.get("kernels", ...)
    sys.modules["kernels"] = None  # type: ignore[assignment]  # an import of it then fails
    try:
        import bitsandbytes

        return str(bitsandbytes.__version__)
    except Exception as error:
        raise MachineError(
            "bitsandbytes is installed but does not import",
            why=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
            fix="pip install --upgrade bitsandbytes",
        ) from error
    finally:
        del sys.modules["kernels"]
        if hidden is not ...:
            sys.modules["kernels"] = hidden  # type: ignore[assignment]


@contextmanager
def quiet_library() -> Iterator[None]:
    """Keep the libraries' progress bars and notices out of our output, then as it was before."""
    from huggingface_hub.utils import logging as hub
    from transformers.utils import logging as library

    level, hub_level = library.get_verbosity(), hub.get_verbosity()
    bars = library.is_progress_bar_enabled()
    library.set_verbosity_error()
    hub.set_verbosity(logging.ERROR)
    library.disable_progress_bar()
    try:
        yield
    finally:
        library.set_verbosity(level)
        hub.set_verbosity(hub_level)
        if bars:
            library.enable_progress_bar()


def installed(package: str) -> bool:
    """Whether a top-level module can be found (it is not imported)."""
    return importlib.util.find_spec(package) is not None


def require(module: str, purpose: str, install: str) -> None:
    """Refuse in one line when an optional package is missing.

    Raises:
        S3EvalError: the module is not installed; names the command that brings it.
    """
    if not installed(module):
        raise S3EvalError(f"{purpose} needs '{module}', not installed here", fix=install)


def free_memory(device: str) -> int:
    """Bytes free for weights and caches: on all GPUs for a GPU device, else main memory."""
    import torch

    if device.startswith("cuda"):
        if ":" in device:
            return int(torch.cuda.mem_get_info(int(device.split(":")[1]))[0])
        return sum(int(torch.cuda.mem_get_info(i)[0]) for i in range(torch.cuda.device_count()))
    return _free_main_memory()


def _free_main_memory() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as handle:
            for line in handle:
                if line.startswith("MemAvailable:"):
                    return min(int(line.split()[1]) * 1024, _container_limit())
    except OSError:
        pass
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _container_limit() -> int:
    """What a container leaves free, where a limit is set (cgroup v2); file cache counts as free."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        if limit == "max":
            return sys.maxsize
        used = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(0, int(limit) - used + int(stat.get("inactive_file", 0)))
    except (OSError, ValueError):
        return sys.maxsize


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out, on a GPU or in main memory."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "not enough memory" in text or "can't allocate memory" in text
    )
