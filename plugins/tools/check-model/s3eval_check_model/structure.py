"""Whether what is shown reaches the answers, and nothing else does: no right answers needed.

These lines hold for a model that knows nothing, a checkpoint of random weights included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.facts.examination import Examination
from s3eval.facts.footage import Footage
from s3eval.model import Answer, Question
from s3eval.plugin_calls import call_plugin
from s3eval.running.model_check import CheckLine
from s3eval_check_model.asking import (
    Answered,
    Subject,
    ask,
    footage_of,
    is_declined,
    probabilities_of,
)
from s3eval_check_model.scenes import Scene, all_scenes, changing_scenes, still_scenes

__all__ = [
    "batch_line",
    "budget_line",
    "examine",
    "examine_clip",
    "footage_line",
    "mass_line",
    "reversal_line",
    "sharing_line",
    "sound_line",
    "template_line",
]

#: Differences of probabilities that count as none, by the precision of the weights.
_ROUNDING = {"float32": 1e-3, "": 1e-3}
_ROUNDING_BELOW = 0.05
#: Below this median mass the answers begin with something else than a choice.
_LITTLE_MASS, _ENOUGH_MASS = 0.1, 0.5


def rounding(dtype: str) -> float:
    """How far probabilities may differ without meaning that something else was computed.

    >>> rounding("float32"), rounding("bfloat16")
    (0.001, 0.05)
    """
    return _ROUNDING.get(dtype, _ROUNDING_BELOW)


def examine(subject: Subject, folder: Path) -> tuple[Examination | None, str]:
    """What the model tells of its own workings on two drawn clips, or why it cannot.

    The one whose logits differ more counts.
    """
    examinations: list[Examination] = []
    for scene in (still_scenes()[3], changing_scenes()[0]):
        footage = footage_of(scene, folder, subject.senses)
        questions = [q for q in _questions(scene, subject) if q.choices]
        if not questions:
            continue
        given, why = examine_clip(subject, footage, questions)
        if why:
            return None, why
        if given is None:
            return None, "this model does not tell"
        examinations.append(given)
    if not examinations:
        return None, "there was nothing to ask"
    return max(examinations, key=lambda e: e.difference or 0.0), ""


def examine_clip(
    subject: Subject, footage: Footage, questions: Sequence[Question]
) -> tuple[Examination | None, str]:
    """What the model tells of a clip, None where it tells nothing; and why it refuses it, or ""."""
    what = f"examine() of model '{subject.spec.name}'"
    try:
        given = call_plugin(
            what, subject.package, partial(subject.model.examine, footage, questions)
        )
    except (MachineError, StopRunError):
        raise
    except S3EvalError as error:
        return None, str(error)
    return given, ""


def _questions(scene: Scene, subject: Subject) -> list[Question]:
    return [a.question for a in scene.asked if a.question.sense in subject.senses]


def _line(name: str, question: str, verdict: str, result: str, cause: str = "") -> CheckLine:
    return CheckLine(name, question, verdict, result, cause)  # type: ignore[arg-type]


def template_line(examined: Examination | None, why: str) -> CheckLine:
    """Whether the prompt around the clip is what a chat needs."""
    name, question = "template", "is the prompt a chat with the clip, the question and a turn?"
    if examined is None or examined.prompt_faults is None:
        return _line(name, question, "cannot tell", why or "the prompt is not seen from here")
    if examined.prompt_faults:
        cause = "the checkpoint's chat template or tokenizer is not the one it was trained with"
        return _line(name, question, "fail", "; ".join(examined.prompt_faults), cause)
    return _line(name, question, "pass", "the question once, the clip's place, the model's turn")


def sharing_line(examined: Examination | None, why: str) -> CheckLine:
    """Whether questions that share a clip get the logits of independent calls."""
    name, question = "sharing", "does sharing a clip equal asking independently?"
    if examined is None or not (examined.sharing or examined.sharing_reason):
        return _line(name, question, "cannot tell", why or "this model does not tell")
    if examined.sharing == "independent":
        result = f"every question is asked with the whole prompt: {examined.sharing_reason}"
        return _line(name, question, "pass", result)
    if examined.difference is None:
        return _line(name, question, "cannot tell", examined.sharing_reason)
    result = (
        f"{examined.sharing}: logits differ by at most {examined.difference:.2g} at "
        f"{examined.dtype} ({examined.allowed:.2g} allowed)"
    )
    if examined.difference <= examined.allowed:
        return _line(name, question, "pass", result)
    cause = (
        "a question leaves something behind in the clip's cache, or positions after the clip are "
        "wrong: --model-option sharing=independent"
    )
    return _line(name, question, "fail", examined.sharing_reason or result, cause)


def budget_line(examined: Examination | None, refusal: str, what: str) -> CheckLine:
    """Whether the largest clip of the sampling profile fits.

    Args:
        refusal: why the model refuses the clip, "" where it does not.
        what: the clip in words.
    """
    name, question = "budget", "is the largest clip within the token budget?"
    if refusal:
        cause = "fewer frames or pixels (--sampling, max_pixels), or a larger max_media_tokens"
        return _line(name, question, "fail", f"{what} is refused: {refusal}", cause)
    if examined is None or examined.fits is None:
        return _line(name, question, "cannot tell", "this model does not count tokens")
    limits = [n for n in (examined.token_budget, examined.context) if n is not None]
    result = f"{what} takes {examined.clip_tokens:,} tokens of {min(limits):,}"
    if examined.fits:
        return _line(name, question, "pass", result)
    cause = "the processor makes other sizes than expected (its version, min_pixels, max_pixels)"
    return _line(name, question, "fail", result, cause)


def footage_line(answered: Sequence[Answered]) -> CheckLine:
    """Whether answers to one question differ between clips.

    Of a model that sees, frames alone: clips with the same sound are compared, and what is heard
    has a line of its own.
    """
    name, question = "footage", "do answers change with the footage?"
    sees = any(one.asked.question.sense == "sight" for one in answered)
    beeps = {scene.name: scene.beep for scene in all_scenes()}
    alike: dict[tuple[Question, bool], list[Answer]] = {}
    for one in answered:
        asked = one.asked.question
        if asked.sense == "sight" or not sees:
            alike.setdefault((asked, sees and beeps[one.scene]), []).append(one.answer)
    known = [
        (q, [a for a in answers if a.status == "answered"]) for (q, _), answers in alike.items()
    ]
    known = [(q, answers) for q, answers in known if len(answers) > 1]
    if not known:
        failed = next((a.answer.reason for a in answered if a.answer.reason), "no answers")
        return _line(name, question, "cannot tell", failed)
    spread = max(_spread(answers, q) for q, answers in known)
    texts = max(len({a.text for a in answers}) for _, answers in known)
    result = (
        f"up to {texts} different texts for one question, probabilities up to {spread:.2g} apart"
    )
    if spread > 1e-6 or texts > 1:
        return _line(name, question, "pass", result)
    cause = "the clip does not reach the model, or the first clip is kept for all others"
    return _line(name, question, "fail", "the same answers about every clip", cause)


def _spread(answers: Sequence[Answer], question: Question) -> float:
    rows = [p for p in (probabilities_of(a, question) for a in answers) if p]
    return float(np.ptp(np.array(rows), axis=0).max()) if len(rows) > 1 else 0.0


def batch_line(subject: Subject, folder: Path, dtype: str) -> CheckLine:
    """Whether an answer depends on which questions are asked beside and before it."""
    name, question = "batch", "do answers stay the same whatever is asked beside them?"
    worst, wrong, count, declined = 0.0, "", 0, ""
    for scene in (still_scenes()[1], changing_scenes()[1]):
        footage = footage_of(scene, folder, subject.senses)
        questions = _questions(scene, subject)
        together = ask(subject.model, footage, questions)
        if any(a.status == "failed" for a in together):
            return _line(name, question, "cannot tell", together[0].reason or together[-1].reason)
        declined = declined or next((a.reason for a in together if a.reason), "")
        for way, others in _otherwise(subject, footage, questions):
            for q, one, other in zip(questions, together, others, strict=True):
                difference, differs = _apart(q, one, other, rounding(dtype))
                worst = max(worst, difference)
                count += one.status == "answered" or differs
                if differs and not wrong:
                    wrong = f"'{q.key}' is answered otherwise {way}"
    if not count:
        return _line(name, question, "cannot tell", declined or "there was nothing to ask")
    result = f"{count} answers compared, probabilities at most {worst:.2g} apart"
    if not wrong:
        return _line(name, question, "pass", result)
    cause = (
        "questions leave something behind in a cache, padding of a batch is attended to, or the "
        "model samples (temperature)"
    )
    return _line(name, question, "fail", f"{wrong}; {result}", cause)


def _otherwise(
    subject: Subject, footage: Footage, questions: Sequence[Question]
) -> Iterator[tuple[str, list[Answer]]]:
    """The same questions asked in other ways, answers in the order of ``questions``."""
    yield "when asked again", ask(subject.model, footage, questions)
    yield "in the reverse order", ask(subject.model, footage, questions[::-1])[::-1]
    yield "alone", [ask(subject.model, footage, [q])[0] for q in questions]
    twice = ask(subject.model, footage, [*questions, *questions])
    yield "a second time beside the first", twice[len(questions) :]


def _apart(question: Question, one: Answer, other: Answer, allowed: float) -> tuple[float, bool]:
    """How far two answers are apart, and whether that is more than rounding."""
    if one.status != other.status:
        return 1.0, True
    first, second = probabilities_of(one, question), probabilities_of(other, question)
    if not first or not second:
        return 0.0, one.text != other.text
    difference = max(abs(a - b) for a, b in zip(first, second, strict=True))
    ordered = sorted(first, reverse=True)
    is_tie = ordered[0] - ordered[1] <= 2 * allowed
    return difference, difference > allowed or (one.text != other.text and not is_tie)


def reversal_line(subject: Subject, folder: Path, dtype: str, blocked: str = "") -> CheckLine:
    """Whether the same frames in the reverse order get other answers.

    Args:
        blocked: why it could say nothing, "" where it can.
    """
    name, question = "reversal", "does the order of frames reach the answers?"
    if blocked:
        return _line(name, question, "cannot tell", blocked)
    if "sight" not in subject.senses:
        return _line(name, question, "cannot tell", "the model does not see")
    scene = changing_scenes()[0]
    footage = footage_of(scene, folder, subject.senses)
    turned = replace(footage, frames=np.ascontiguousarray(footage.frames[::-1]))
    questions = _questions(scene, subject)
    cause = "frames are averaged, sorted or given without positions in time (position ids)"
    return _compared(name, question, subject, (footage, turned), questions, dtype, cause)


def sound_line(subject: Subject, folder: Path, dtype: str, blocked: str = "") -> CheckLine:
    """Whether another sound under the same frames gets other answers.

    Args:
        blocked: why it could say nothing, "" where it can.
    """
    name, question = "sound", "does the sound reach the answers?"
    if blocked:
        return _line(name, question, "cannot tell", blocked)
    if "hearing" not in subject.senses:
        return _line(name, question, "cannot tell", "the model does not hear")
    scene = next(s for s in still_scenes() if s.beep)
    footage = footage_of(scene, folder, subject.senses)
    if footage.sound is None:
        return _line(name, question, "cannot tell", "the drawn clip has no sound")
    silent = replace(footage, sound=np.zeros_like(footage.sound))
    questions = [q for q in _questions(scene, subject) if q.sense == "hearing"]
    cause = "the sound is left out (the processor's audio part, the template's place for audio)"
    return _compared(name, question, subject, (footage, silent), questions, dtype, cause)


def _compared(
    name: str,
    question: str,
    subject: Subject,
    clips: tuple[Footage, Footage],
    questions: Sequence[Question],
    dtype: str,
    cause: str,
) -> CheckLine:
    """The verdict on whether a difference of two clips reaches the answers."""
    first, second = (ask(subject.model, clip, questions) for clip in clips)
    for asked, answer in zip((*questions, *questions), (*first, *second), strict=True):
        if answer.status == "failed" or is_declined(answer, asked):
            return _line(name, question, "cannot tell", answer.reason)
        if answer.status == "skipped":
            return _line(name, question, "fail", answer.reason, cause)
    pairs = list(zip(questions, first, second, strict=True))
    texts = sum(a.text != b.text for _, a, b in pairs)
    spread = max(_spread((a, b), q) for q, a, b in pairs)
    result = f"{texts} of {len(pairs)} texts differ, probabilities are up to {spread:.2g} apart"
    scored = all(probabilities_of(a, q) for q, a, _ in pairs)
    # Rounding differs too where frames come in another order; without it, nothing does.
    limit = 1e-6 if dtype in ("float32", "") else 1e-2
    if texts or spread > limit:
        return _line(name, question, "pass", result)
    if scored and spread <= 1e-6:
        return _line(name, question, "fail", "the answers are the same", cause)
    return _line(name, question, "cannot tell", result)


def mass_line(answered: Sequence[Answered]) -> CheckLine:
    """Whether the probability lies on the choices where the answers start."""
    name, question = "mass", "do answers start with one of the choices?"
    known = [
        (one.answer.mass, one.answer.text)
        for one in answered
        if one.answer.mass is not None and one.asked.question.choices
    ]
    if not known:
        why = next((a.answer.reason for a in answered if a.answer.reason), "")
        why = why or "the model gives no probabilities"
        return _line(name, question, "cannot tell", why)
    middle = float(np.median([mass for mass, _ in known]))
    result = f"the choices have {middle:.0%} of the probability (median of {len(known)})"
    if middle >= _ENOUGH_MASS:
        return _line(name, question, "pass", result)
    if middle >= _LITTLE_MASS:
        return _line(name, question, "cannot tell", result)
    begins = min(known)[1][:24]
    cause = (
        f"answers begin with something else, e.g. {begins!r}: the template's turn, or a model "
        "that thinks first (thinking=off)"
    )
    return _line(name, question, "fail", result, cause)
