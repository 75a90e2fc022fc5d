"""Models that never look: constant answers, draws by prevalence, and replay from a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval import Answer, Model, Question, S3EvalError
from s3eval.facts.option_files import option_file
from s3eval_model_baselines.options import clip_of, typed_options, whole_number
from s3eval_model_baselines.tables import PrevalenceTable, ReplayTable

if TYPE_CHECKING:
    from s3eval import ModelSpec

__all__ = ["AlwaysNo", "AlwaysYes", "Prevalence", "Replay"]

YES_NO = ("yes", "no")


def offered(question: Question) -> tuple[str, ...]:
    """The answers a question offers; a feature's question offers yes and no even unsaid."""
    from s3eval.vocabulary import FEATURE_NAMES

    if question.choices:
        return question.choices
    return YES_NO if question.key in FEATURE_NAMES else ()


class _Constant(Model):
    """Always the same place among the offered answers."""

    uses_footage = False
    word: ClassVar[str]
    place: ClassVar[int]

    def answer(self, footage: Any, question: Question) -> Answer:
        """``word`` where it is offered, else the first (last) answer; free text is skipped."""
        choices = offered(question)
        if not choices:
            return Answer.skipped(f"always-{self.word} answers only questions that offer answers")
        named = [c for c in choices if c.lower() == self.word]
        chosen = named[0] if named else choices[self.place]
        return Answer.of(chosen, probabilities={c: float(c == chosen) for c in choices}, mass=1.0)


class AlwaysYes(_Constant):
    """Yes to everything; the first answer where yes is not offered (left, ES, head).

    >>> from s3eval import Question
    >>> [a.text for a in AlwaysYes().ask(None, [Question("tonic", "?", ("yes", "no"))])]
    ['yes']
    """

    word = "yes"
    place = 0


class AlwaysNo(_Constant):
    """No to everything; the last answer where no is not offered (right, NES, full body)."""

    word = "no"
    place = -1


class Prevalence(Model):
    """Draws each answer with the frequency it has in a table: the informed coin.

    One draw a (seed, video, question), the same in every window of a video: with a draw a
    window, any-yes over ten windows would nearly always end in yes, whatever the prevalence.

    Options:
        seed: another draw (default 0).
        file: a CSV ``item,answer,count`` instead of the release's training folds 1-4.
    """

    uses_footage = False

    def __init__(self, seed: int = 0, table: PrevalenceTable | None = None) -> None:
        self.seed = seed
        self.table = table or PrevalenceTable.built_in()

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The seed as a whole number, and a file that is there."""
        file = partial(option_file, option="file", of=f"model '{spec.name}'")
        return typed_options(spec.name, options, {"seed": whole_number, "file": file})

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Prevalence:
        """Read the options and the table."""
        chosen = cls.checked_options(spec, options)
        table = PrevalenceTable.read(Path(chosen["file"])) if "file" in chosen else None
        return cls(chosen.get("seed", 0), table)

    def identity(self) -> Mapping[str, Any]:
        """The seed and the table's content."""
        return {"seed": self.seed, "table": self.table.digest}

    def answer(self, footage: Any, question: Question) -> Answer:
        """A draw among the offered answers."""
        choices = offered(question)
        if not choices:
            return Answer.skipped("prevalence answers only questions that offer answers")
        # Task 7 asks the same thing under two keys; its answers name it.
        asked = "diagnosis" if {*choices} == {"ES", "NES"} else question.key
        shares = self.table.shares(asked, choices)
        if shares is None:
            return Answer.skipped(f"no prevalence known for '{question.key}'")
        clip = clip_of(footage)
        at = _uniform(self.seed, clip.video if clip else "", question.key, choices)
        return Answer.of(_draw(shares, at), probabilities=shares, mass=1.0)


class Replay(Model):
    """Gives the answers of a file: another tool's, a reader's, or an earlier run's.

    Options:
        file: CSV or JSONL with ``video``, ``item``, ``answer`` and, where windows differ,
            ``start`` (seconds). A row with a start goes before one without.
    """

    uses_footage = False

    def __init__(self, table: ReplayTable) -> None:
        self.table = table

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The file; it must be named, and be there."""
        file = partial(option_file, option="file", of=f"model '{spec.name}'")
        chosen = typed_options(spec.name, options, {"file": file})
        if "file" not in chosen:
            raise S3EvalError(
                f"Model '{spec.name}' needs the file it answers from",
                fix="--model-option file=answers.csv",
            )
        return chosen

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Replay:
        """Read the file whole; every fault in it is named with its row."""
        return cls(ReplayTable.read(Path(cls.checked_options(spec, options)["file"])))

    def identity(self) -> Mapping[str, Any]:
        """The file's content, not its name."""
        return {"file_sha256": self.table.digest}

    def answer(self, footage: Any, question: Question) -> Answer:
        """The recorded text, unchanged; skipped where the file has none."""
        clip = clip_of(footage)
        if clip is None:
            return Answer.skipped("replay was not told which clip this is")
        text = self.table.find(clip.video, question.key, clip.start)
        if text is None:
            return Answer.skipped("the file has no answer for this video and item")
        return Answer.of(text)


def _uniform(seed: int, video: str, key: str, choices: Sequence[str]) -> float:
    """A number in [0, 1) fixed by its arguments, on every machine and Python."""
    parts = "\x1f".join([str(seed), video, key, *choices])
    return int.from_bytes(hashlib.sha256(parts.encode()).digest()[:8], "big") / 2**64


def _draw(shares: Mapping[str, float], at: float) -> str:
    total = 0.0
    for choice, share in shares.items():
        total += share
        if at < total:
            return choice
    return max(shares, key=lambda c: shares[c])
