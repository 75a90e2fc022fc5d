"""The model that gives answers made elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval import Answer, Model, S3EvalError
from s3eval.errors import refuse_unknown
from s3eval.facts.option_files import option_file

if TYPE_CHECKING:
    from s3eval import Clip, Footage, ModelSpec, Question
    from s3eval.vocabulary import Sense

__all__ = ["AnswersModel", "key_of", "write_answers"]


def key_of(clip: Clip, question: Question) -> str:
    """What names a question about a clip in the file of answers."""
    return json.dumps([clip.video, clip.start, clip.end, question.key, question.text])


def write_answers(path: Path, answers: Mapping[str, str], senses: Sequence[str], made: str) -> None:
    """Write the file that `AnswersModel` reads.

    Args:
        answers: by `key_of`.
        senses: of the model that answered.
        made: what tells these answers from others, e.g. a digest.
    """
    facts = {"senses": sorted(senses), "made": made, "answers": dict(sorted(answers.items()))}
    path.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


class AnswersModel(Model):
    """Looks its answers up; a question without one was not answered there."""

    uses_footage = False

    def __init__(self, answers: Mapping[str, str], senses: frozenset[Sense], made: str) -> None:
        self._answers = answers
        self._senses = senses
        self._made = made

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The file; there is no other option.

        Raises:
            S3EvalError: another option is given, or no file that is there.
        """
        refuse_unknown(f"option of '{spec.name}'", options, ("file",))
        if "file" not in options:
            raise S3EvalError(
                f"Model '{spec.name}' needs the file it answers from",
                fix=f"--model {spec.name}:FILE",
            )
        return {"file": option_file(options["file"], "file", f"model '{spec.name}'")}

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> AnswersModel:
        """Read the answers.

        Raises:
            S3EvalError: no file is named, or it is not one of `write_answers`.
        """
        path = Path(cls.checked_options(spec, options)["file"])
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            return cls(facts["answers"], frozenset(facts["senses"]), str(facts["made"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise S3EvalError(
                "Expected a file of answers of lmms-eval",
                where=path,
                why=type(error).__name__,
                fix=f"--model {spec.name}:FILE",
            ) from error

    @property
    def senses(self) -> frozenset[Sense]:
        """Those of the model that answered."""
        return self._senses

    def identity(self) -> Mapping[str, Any]:
        """Which answers these are."""
        return {"made": self._made}

    def ask(self, watched: Footage, questions: Sequence[Question]) -> Iterator[Answer]:
        """Each answer as it was given."""
        for question in questions:
            text = self._answers.get(key_of(watched.clip, question))
            if text is None:
                yield Answer.failed("lmms-eval was not asked this")
            elif not text:
                yield Answer.failed("the model gave no text")
            else:
                yield Answer.of(text)
