"""What can go wrong, said in one line: what, where, why, and the command that fixes it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["MachineError", "S3EvalError", "StopRunError", "UnknownNameError", "nearest"]


class S3EvalError(Exception):
    """An error a user can act on; the command line prints it as one line, without a traceback.

    Args:
        what: what went wrong.
        where: the file, row or video it concerns.
        why: the reason, where it is known.
        fix: the command or change that puts it right.

    >>> print(S3EvalError("No such dataset", where="data/x", fix="s3eval data synth data/x"))
    No such dataset (data/x). Try: s3eval data synth data/x
    """

    exit_code = 2

    def __init__(self, what: str, *, where: object = "", why: str = "", fix: str = "") -> None:
        self.what, self.where = what.rstrip("."), str(where)
        self.why, self.fix = why, fix
        super().__init__(what)

    def __str__(self) -> str:
        text = self.what
        if self.where:
            text += f" ({self.where})"
        if self.why:
            text += f": {self.why.rstrip('.')}"
        text += "" if text.endswith("?") else "."
        if self.fix:
            text += f" Try: {self.fix}"
        return text


class StopRunError(S3EvalError):
    """Asking must stop here (a budget spent, consent missing); what was answered is kept."""

    exit_code = 3


class MachineError(S3EvalError):
    """The machine is the problem: no disk, no memory."""

    exit_code = 4


class UnknownNameError(S3EvalError):
    """A name nothing answers to; suggests the nearest known one.

    >>> print(UnknownNameError("model", "alwais-yes", ["always-yes", "always-no"]))
    Unknown model 'alwais-yes'; did you mean 'always-yes'? Try: s3eval list
    """

    def __init__(
        self, kind: str, name: str, known: Iterable[str], *, fix: str = "s3eval list"
    ) -> None:
        close = nearest(name, known)
        hint = f"; did you mean '{close}'?" if close else ""
        super().__init__(f"Unknown {kind} '{name}'{hint}", fix=fix)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to ``name``, or None when nothing is close.

    >>> nearest("recogniton", ["recognition", "report"])
    'recognition'
    """
    found = difflib.get_close_matches(name.lower(), [*known], n=1, cutoff=0.5)
    return found[0] if found else None
