"""Where a checkpoint comes from: a folder, the local model cache, or a hub that answers.

The hub's own client tries an unreachable address six times for every file, saying so each time,
before it looks into the cache. Here the hub is asked once. When it does not answer, only the
cache is looked at, and what is not there is refused in one line.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError, nearest

__all__ = ["Source", "find_source", "first_line"]

# Seconds the hub may take to answer, unless its own HF_HUB_ETAG_TIMEOUT says otherwise.
_WAIT = 3.0


@dataclass(frozen=True)
class Source:
    """A checkpoint that was found.

    Attributes:
        place: its folder, or its repository id.
        raw: its config.json.
        arguments: for the library's ``from_pretrained`` (commit, whether to stay in the cache).
        commit: of the repository, which everything is then read from; "" for a folder.
    """

    place: str
    raw: dict[str, Any]
    arguments: dict[str, Any]
    commit: str = ""

    @property
    def folder(self) -> Path | None:
        """The folder, None for a repository."""
        path = Path(self.place)
        return path if path.is_dir() else None


def find_source(name: str, checkpoint: str, revision: str | None = None) -> Source:
    """Find a checkpoint and read its config.json.

    Args:
        name: the model's name, for messages.
        checkpoint: a folder, or a repository id (``owner/name``).
        revision: branch, tag or commit of the repository.

    Raises:
        S3EvalError: a file; no such folder (names the nearest); a folder without a readable
            config.json; a repository neither cached nor to be had, within a few seconds.

    >>> find_source("qwen3-vl-8b", "nothere")
    Traceback (most recent call last):
    ...
    s3eval.errors.S3EvalError: No checkpoint folder 'nothere' for 'qwen3-vl-8b'. Try: ...
    """
    folder = Path(checkpoint).expanduser()
    if folder.is_dir():
        return _in_folder(name, checkpoint, folder)
    if folder.is_file():
        raise S3EvalError(
            f"Checkpoint '{checkpoint}' of '{name}' is a file, not a folder",
            fix="--model-option checkpoint=FOLDER, the one with config.json in it",
        )
    # A repository's id is owner/name; anything else can only have been meant as a folder.
    if checkpoint.startswith((".", "/", "~")) or checkpoint.count("/") != 1:
        raise S3EvalError(
            f"No checkpoint folder '{checkpoint}' for '{name}'{_hint(folder)}",
            fix="--model-option checkpoint=FOLDER or a repository id (owner/name)",
        )
    return _in_repository(name, checkpoint, revision)


def _in_folder(name: str, checkpoint: str, folder: Path) -> Source:
    if not (folder / "config.json").is_file():
        raise S3EvalError(
            f"This folder is no checkpoint of '{name}'",
            where=checkpoint,
            why="no config.json in it",
        )
    try:
        raw = _config(str(folder))
    except Exception as error:
        raise S3EvalError(
            "This checkpoint's config.json cannot be read",
            where=checkpoint,
            why=first_line(error),
            fix="download config.json again, or correct it",
        ) from error
    return Source(str(folder), raw, {})


def _in_repository(name: str, checkpoint: str, revision: str | None) -> Source:
    from huggingface_hub import hf_hub_download

    why = _unreachable(checkpoint, revision)
    try:
        file = hf_hub_download(
            checkpoint, "config.json", revision=revision, local_files_only=bool(why)
        )
        # The library does not say which commit it read; the cache's folder is named after it.
        commit = Path(file).parent.name
        arguments = {"revision": commit, "local_files_only": bool(why)}
        return Source(checkpoint, _config(checkpoint, **arguments), arguments, commit)
    except Exception as error:
        raise S3EvalError(
            f"Checkpoint '{checkpoint}' of '{name}' is neither a folder nor in the local model "
            f"cache, and cannot be fetched{_hint(Path(checkpoint))}",
            why=why or _refusal(error, checkpoint, revision),
            fix=f"hf download {checkpoint}  or  --model-option checkpoint=FOLDER",
        ) from error


def _refusal(error: Exception, checkpoint: str, revision: str | None) -> str:
    """The hub's refusal, in one line."""
    from huggingface_hub import constants, errors

    if isinstance(error, errors.GatedRepoError):
        return f"its owner grants access at {constants.ENDPOINT}/{checkpoint}; then hf auth login"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"{constants.ENDPOINT} has no such repository, or a private one (hf auth login)"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"it has no revision '{revision}'"
    if isinstance(error, errors.EntryNotFoundError):
        return "it has no config.json"
    return first_line(error)


def _config(place: str, **arguments: Any) -> dict[str, Any]:
    from transformers import PreTrainedConfig

    raw, _ = PreTrainedConfig.get_config_dict(place, **arguments)
    return dict(raw)


def _unreachable(checkpoint: str, revision: str | None) -> str:
    """Why the hub does not answer; "" when it does."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    set_wait = "HF_HUB_ETAG_TIMEOUT" in os.environ
    wait = float(constants.HF_HUB_ETAG_TIMEOUT) if set_wait else _WAIT
    try:
        get_hf_file_metadata(hf_hub_url(checkpoint, "config.json", revision=revision), timeout=wait)
    except HfHubHTTPError:
        return ""
    except Exception as error:
        slow = "timeout" in type(error).__name__.lower()
        timeout = f"no answer in {wait:g} s; HF_HUB_ETAG_TIMEOUT=30 waits longer"
        return f"{constants.ENDPOINT} is not reached ({timeout if slow else first_line(error)})"
    return ""


def _hint(folder: Path) -> str:
    """``; did you mean 'x'?`` where a folder beside the named one has nearly its name."""
    try:
        beside = [p.name for p in folder.parent.iterdir() if (p / "config.json").is_file()]
    except OSError:
        return ""
    close = nearest(folder.name, beside)
    return f"; did you mean '{folder.parent / close}'?" if close else ""


def first_line(error: BaseException) -> str:
    """The first telling line of an exception, with its kind.

    >>> first_line(ValueError("odd\\nmore"))
    'ValueError: odd'
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
