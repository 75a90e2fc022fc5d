"""What a check of a model found, kept beside its run: ``model_check.json`` in the run's folder.

The check itself is a package of its own (`s3eval check-model`); reports read this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from s3eval.errors import S3EvalError
from s3eval.plugin_calls import described
from s3eval.running.runs import write_json

__all__ = [
    "FILE",
    "CheckLine",
    "ModelCheck",
    "Verdict",
    "read_model_check",
    "write_model_check",
]

#: Its name in a run's folder.
FILE = "model_check.json"
_FORMAT = 1
#: "measured": a figure with nothing to pass or fail.
Verdict = Literal["pass", "fail", "cannot tell", "measured"]


@dataclass(frozen=True)
class CheckLine:
    """One thing that was checked.

    Attributes:
        name: of the line, e.g. "order".
        question: what is checked, in words.
        verdict: "cannot tell" where the model cannot be judged, never "pass" then.
        found: what was found, in words and figures.
        cause: the likely cause, where it failed.
    """

    name: str
    question: str
    verdict: Verdict
    found: str
    cause: str = ""


@dataclass(frozen=True)
class ModelCheck:
    """All that was checked of one model.

    Attributes:
        model: its name; ``identity`` what its adapter said it is.
        lines: in the order of checking.
        versions: of the packages that took part.
    """

    model: str
    identity: Mapping[str, Any]
    lines: tuple[CheckLine, ...]
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[CheckLine, ...]:
        """The lines that failed."""
        return tuple(line for line in self.lines if line.verdict == "fail")

    def line(self, name: str) -> CheckLine:
        """The line of that name.

        Raises:
            KeyError: there is none.
        """
        for line in self.lines:
            if line.name == name:
                return line
        raise KeyError(name)


def write_model_check(folder: Path, check: ModelCheck) -> Path:
    """Write a check into a run's folder, which need not exist yet; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FILE, {"format": _FORMAT, **asdict(check)})
    return folder / FILE


def read_model_check(folder: Path) -> ModelCheck | None:
    """The check kept in a run's folder, None where there is none.

    Raises:
        S3EvalError: the file cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] > _FORMAT:
            raise ValueError(f"format {raw['format']} of a later version")
        lines = tuple(CheckLine(**line) for line in raw["lines"])
        unknown = {line.verdict for line in lines} - set(get_args(Verdict))
        if unknown:
            raise ValueError(f"unknown verdicts: {', '.join(sorted(map(str, unknown)))}")
        return ModelCheck(str(raw["model"]), dict(raw["identity"]), lines, dict(raw["versions"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise S3EvalError(
            "This check of a model cannot be read",
            where=path,
            why=described(error),
            fix="s3eval check-model again",
        ) from error
