"""Showing scenes to a loaded model and asking about them, as a run does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.footage import Footage
from s3eval.footage.decoding import decode
from s3eval.model import Answer, Model, Question
from s3eval.plugin_calls import described, is_out_of_memory, plugin_output
from s3eval.running.boundary import checked_answer
from s3eval.vocabulary import NOTHING_THERE, Sense
from s3eval_check_model.encoding import write_scene
from s3eval_check_model.scenes import SECONDS, Asked, Scene

if TYPE_CHECKING:
    from s3eval.specs import ModelSpec

__all__ = [
    "FRAME_DISTANCE",
    "SAMPLING",
    "Answered",
    "Subject",
    "ask",
    "footage_of",
    "is_declined",
    "memory_ran_out",
    "probabilities_of",
    "shown",
]

#: Two frames a second; a scene is 16 frames.
SAMPLING = Sampling(fps=2.0, max_frames=60)
FRAME_DISTANCE = 0.5
_OUT_OF_MEMORY = "memory ran out"


@dataclass(frozen=True)
class Subject:
    """The model that is checked: its spec, the loaded model, what it perceives, its package."""

    spec: ModelSpec
    model: Model
    senses: frozenset[Sense]
    package: str = ""


@dataclass(frozen=True)
class Answered:
    """A scene's question with what the model answered."""

    scene: str
    asked: Asked
    answer: Answer


def footage_of(scene: Scene, folder: Path, senses: frozenset[Sense]) -> Footage:
    """A scene as the decoder gives it.

    Args:
        folder: where its video file is written.

    Raises:
        S3EvalError: it cannot be decoded.
    """
    path = folder / f"{scene.name}.mp4"
    if not path.is_file():
        write_scene(scene, path)
    clip = Clip(scene.name, 0.0, float(SECONDS), SAMPLING)
    (footage,) = decode(path, [clip], sight="sight" in senses, sound="hearing" in senses)
    if not isinstance(footage, Footage):
        raise S3EvalError("A drawn scene cannot be decoded", where=scene.name, why=footage.reason)
    return footage


def ask(model: Model, footage: Footage, questions: Sequence[Question]) -> list[Answer]:
    """Watch a clip once and ask about it; what goes wrong are failed answers.

    Raises:
        StopRunError, MachineError: asking cannot go on.
    """
    answers: list[Answer] = []
    watched: Any = None
    try:
        with plugin_output():
            watched = model.watch(model.prepare(footage))
            given = iter(model.ask(watched, list(questions)))
            for question in questions:
                answers.append(checked_answer(next(given), question))
            model.release(watched)
    except (StopRunError, MachineError, KeyboardInterrupt):
        raise
    except StopIteration:
        reason = "the model gave fewer answers than questions"
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        reason = _OUT_OF_MEMORY if is_out_of_memory(error) else described(error)
    else:
        return answers
    return [*answers, *(Answer.failed(reason) for _ in questions[len(answers) :])]


def is_declined(answer: Answer, question: Question) -> bool:
    """Whether a model left a question out for a reason of its own, which says nothing of the clip.

    That the clip has nothing to see or to hear is no such reason: a drawn clip has both, so that
    this is an answer, and a wrong one.
    """
    return answer.status == "skipped" and answer.reason != NOTHING_THERE[question.sense]


def memory_ran_out(answers: Sequence[Answer]) -> bool:
    """Whether memory was the reason that a clip could not be asked about."""
    return any(a.status == "failed" and _OUT_OF_MEMORY in a.reason.lower() for a in answers)


def probabilities_of(answer: Answer, question: Question) -> tuple[float, ...]:
    """The probabilities of the question's choices in their order, () without them."""
    if not all(choice in answer.probabilities for choice in question.choices):
        return ()
    return tuple(answer.probabilities[choice] for choice in question.choices)


def shown(subject: Subject, scenes: Sequence[Scene], folder: Path) -> Iterator[list[Answered]]:
    """Each scene's questions with their answers; what the model cannot perceive is not asked."""
    for scene in scenes:
        asked = [a for a in scene.asked if a.question.sense in subject.senses]
        if asked:
            footage = footage_of(scene, folder, subject.senses)
            answers = ask(subject.model, footage, [a.question for a in asked])
            yield [Answered(scene.name, a, b) for a, b in zip(asked, answers, strict=True)]
