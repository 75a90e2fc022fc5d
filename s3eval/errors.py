"""What can go wrong, said in one line: what, where, why, and the command that fixes it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from pathlib import PurePath
from typing import Any

from s3eval.terminal import cut, visible

__all__ = [
    "InterruptedRun",
    "MachineError",
    "S3EvalError",
    "StopRunError",
    "Suggestions",
    "UnknownNameError",
    "choice_meant",
    "counted",
    "import_failure",
    "message_of",
    "nearest",
    "place_of",
    "refuse_unknown",
    "suggestion",
    "wrong_option",
]

# No name that a person mistyped is longer, and no list that a person has is.
_NAME_LENGTH = 200
_NAMES = 100_000
# A message may quote what it is about, and that may be a megabyte.
_MESSAGE_LENGTH = 6_000
#: Of what another package's error says where a list shows it.
_QUOTED = 1_000


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
        # One line: what libraries say may have several, and what data says may be anything.
        text = " ".join(text.splitlines()) if "\n" in text else text
        if len(text) > _MESSAGE_LENGTH:
            half = _MESSAGE_LENGTH // 2
            text = f"{text[:half]} [...] {text[-half:]}"
        return visible(text)


class StopRunError(S3EvalError):
    """Asking must stop here (a budget spent, consent missing); what was answered is kept."""

    exit_code = 3


class MachineError(S3EvalError):
    """The machine is the problem: no disk, no memory."""

    exit_code = 4


class InterruptedRun(KeyboardInterrupt):
    """Somebody asked a run to stop, and what was in hand is finished; says where it stands.

    >>> print(InterruptedRun("12 of 40 questions are done"))
    12 of 40 questions are done
    """


class UnknownNameError(S3EvalError):
    """A name nothing answers to; suggests the nearest known one.

    >>> print(UnknownNameError("model", "alwais-yes", ["always-yes", "always-no"]))
    Unknown model 'alwais-yes'; did you mean 'always-yes'? Try: s3eval list
    """

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        *,
        why: str = "",
        fix: str = "s3eval list",
    ) -> None:
        super().__init__(f"Unknown {kind} '{name}'{suggestion(name, known)}", why=why, fix=fix)


def refuse_unknown(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    """Refuse the first name that is not known, with all that are.

    >>> refuse_unknown("run", ["motion"], ["motion", "sound"])
    >>> refuse_unknown("run", ["motoin"], ["motion", "sound"])
    Traceback (most recent call last):
    s3eval.errors.UnknownNameError: Unknown run 'motoin'; did you mean 'motion'? Try: one of motion, sound

    Raises:
        UnknownNameError: one is not.
    """  # noqa: E501
    for name in names:
        if name not in known:
            raise UnknownNameError(kind, name, known, fix=f"one of {', '.join(known)}")


def place_of(error: BaseException, module: str) -> str:
    """Where a package's own code raised an error, as "file:line"; "" where it did not.

    Files are named without their folders, which say where somebody keeps them.

    Args:
        error: as it was caught; of a `SyntaxError` the place that it names counts.
        module: the dotted name of the package, or of a module or attribute in it; lines of
            other packages (libraries) are passed over.

    >>> try:
    ...     nearest("es", None)
    ... except TypeError as error:
    ...     place_of(error, "s3eval.errors").partition(":")[0]
    'errors.py'
    >>> try:
    ...     compile("a b", "model.py", "exec")
    ... except SyntaxError as error:
    ...     place_of(error, "mine")
    'model.py:1'
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{PurePath(error.filename).name}:{error.lineno}"
    top, place = module.partition(":")[0].partition(".")[0], ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] == top:
            place = f"{PurePath(frame.f_code.co_filename).name}:{line}"
    return place


def import_failure(error: BaseException, module: str, elsewhere: str = "") -> str:
    """An error while a module was imported, in one line, with its place in the module's package.

    Args:
        module: the dotted name of the module, or of an attribute in it.
        elsewhere: the place to name where no line of the package took part.

    >>> import_failure(ImportError("no numpy"), "mine")
    'ImportError: no numpy'
    """
    place = place_of(error, module) or elsewhere
    message = error.msg if isinstance(error, SyntaxError) else message_of(error)
    return f"{type(error).__name__}: {cut(message, _QUOTED)}" + (f" ({place})" if place else "")


def message_of(error: BaseException) -> str:
    """What an exception says, whatever its own code does.

    >>> message_of(ValueError("no rows"))
    'no rows'
    """
    try:
        return str(error)
    except BaseException as other:  # a plugin's exception may raise anything, SystemExit included
        return f"its message cannot be made ({type(other).__name__})"


def counted(number: int, name: str) -> str:
    """A number of things in words.

    >>> counted(1, "error"), counted(0, "video")
    ('1 error', '0 videos')
    """
    return f"{number} {name}{'s' * (number != 1)}"


def nearest(name: str, known: Iterable[str], alike: float = 55) -> str | None:
    """The known name closest to ``name``, or None when nothing is close.

    Bounded: names are compared by their first 200 characters, with 100,000 names at most.

    Args:
        alike: how alike two names must be at least, in per cent of their characters.

    >>> nearest("recogniton", ["recognition", "report"])
    'recognition'
    >>> nearest("es", ["ES", "NES"]), nearest("kick", ["ES", "NES"])
    ('ES', None)
    """
    # In C, since tables have thousands of rows; imported when something is wrong already.
    from rapidfuzz import fuzz, process

    candidates = [*islice(known, _NAMES)]
    match = process.extractOne(
        name[:_NAME_LENGTH].lower(),
        [candidate[:_NAME_LENGTH].lower() for candidate in candidates],
        scorer=fuzz.ratio,
        score_cutoff=alike,
    )
    return candidates[match[2]] if match else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """What follows a name that is not known: the nearest one, "" when nothing is close.

    >>> suggestion("recogniton", ["recognition", "report"]), suggestion("kick", ["ES", "NES"])
    ("; did you mean 'recognition'?", '')
    """
    close = nearest(name, known)
    return f"; did you mean '{close}'?" if close else ""


def choice_meant(wrong: Mapping[str, Any]) -> str:
    """What follows a value that is none of a few words: the nearest of them, "" without one.

    Args:
        wrong: of pydantic's ``ValidationError.errors()``, with its input.

    >>> expected = {"expected": "'chat', 'anthropic' or 'gemini'"}
    >>> choice_meant({"type": "literal_error", "input": "antropic", "ctx": expected})
    "; did you mean 'anthropic'?"
    >>> choice_meant({"type": "int_type", "input": "antropic"})
    ''
    """
    given = wrong.get("input")
    if wrong.get("type") != "literal_error" or not isinstance(given, str):
        return ""
    # Words as pydantic lists them; other values (numbers) resemble no text.
    words = re.findall(r"'([^']+)'", str(wrong.get("ctx", {}).get("expected", "")))
    return suggestion(given, words)


def wrong_option(wrong: Mapping[str, Any], fields: Mapping[str, Any]) -> tuple[str, str, str]:
    """An option's name, what is taken in words, and values that are taken ("" without examples).

    Args:
        wrong: of pydantic's ``ValidationError.errors()``. What follows the option's name in its
            "loc" is pydantic's own, of types that it tried, and of a type that is one of several
            its message tells of one alone.
        fields: of the pydantic model, with descriptions and examples where the type is no list of
            a few words.

    >>> from types import SimpleNamespace
    >>> thinking = SimpleNamespace(description="off, on or tokens", examples=["off", "on", 2048])
    >>> wrong_option({"loc": ("thinking", "int"), "msg": "no int"}, {"thinking": thinking})
    ('thinking', 'off, on or tokens', 'thinking=off, thinking=on or thinking=2048')
    >>> wrong_option({"loc": ("seed",), "msg": "no int"}, {})
    ('seed', 'no int', '')
    """
    name = str(wrong["loc"][0])
    field = fields.get(name)
    examples = (field and field.examples) or ()
    *most, last = [f"{name}={value}" for value in examples] or [""]
    taken = f"{', '.join(most)} or {last}" if most else last
    return name, (field and field.description) or str(wrong["msg"]), taken


class Suggestions:
    """The nearest names for many unknown ones, within a fixed number of comparisons.

    A column with another spelling in every row is one mistake: its first rows get a suggestion,
    and the table is still read in the time that reading takes.

    Args:
        known: the names there are.
        comparisons: how many names may be compared in all; afterwards nothing is suggested.

    >>> suggest = Suggestions(["tonic", "clonic"], comparisons=3)
    >>> suggest("tonik"), suggest("tonik"), suggest("klonic")
    ('tonic', 'tonic', None)
    """

    def __init__(self, known: Iterable[str], comparisons: int = 1_000_000) -> None:
        self._known = tuple(known)
        self._left = comparisons
        self._found: dict[str, str | None] = {}

    def __call__(self, name: str) -> str | None:
        """The nearest known name, None where none is close or no comparison is left."""
        if name not in self._found:
            self._left -= len(self._known)
            if self._left < 0:
                return None
            self._found[name] = nearest(name, self._known)
        return self._found[name]
