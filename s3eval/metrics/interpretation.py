"""The Semiology Interpretation Score of a justification (Task 2; paper, 3.2.2 and Appendix C)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s3eval.judge import FeatureAnswers

__all__ = ["FIRST_SHARE", "NOT_ASKED", "interpretation_score"]

#: The part of the score the first question carries; the others share the rest equally.
FIRST_SHARE = 0.7
#: Stands for the answer to a question that a leading "no" made needless; equal on both sides.
NOT_ASKED = "not asked"


def interpretation_score(
    predicted_presence: str,
    true_presence: str,
    predicted: FeatureAnswers | None,
    truth: FeatureAnswers | None,
    questions: Sequence[str],
) -> float | None:
    """How alike two justifications of one feature of one video are.

    0 if the yes/no answers differ; 0 if the answers to the first question differ; otherwise 0.7
    for the first question and 0.3 shared equally by the others (1.0 for a single question).
    Answers of several of a list compare as sets. When the first answer is "no" the others
    are not asked and count as equal on both sides.

    Args:
        predicted_presence, true_presence: "yes", "no" or "na".
        predicted, truth: what the judge read from each justification; None where it could not.
        questions: keys of the feature's questions, in order, the first one leading; none for
            occur_during_sleep, whose score is whether the yes/no answers agree. A question that
            was not asked because a leading one was answered "no" holds `NOT_ASKED`.

    Returns:
        in [0, 1], higher is better; None when the presences agree but a judge's answer that is
        needed is missing: an unread text has no score.

    Source: paper, Section 3.2.2 and Appendix C; Tables 14 and 20, column S.

    >>> from s3eval.judge import FeatureAnswers
    >>> a = FeatureAnswers("head_turning", {"forced": "yes", "side": "left"})
    >>> b = FeatureAnswers("head_turning", {"forced": "yes", "side": "right"})
    >>> interpretation_score("yes", "yes", a, b, ["forced", "side"])
    0.7
    >>> interpretation_score("yes", "no", a, b, ["forced", "side"])
    0.0
    """
    if predicted_presence != true_presence:
        return 0.0
    if not questions:
        return 1.0
    if predicted is None or truth is None:
        return None
    first, *rest = questions
    predicted_answers, true_answers = predicted.answers, truth.answers
    if first not in predicted_answers or first not in true_answers:
        return None
    if not _same(predicted_answers[first], true_answers[first]):
        return 0.0
    if not rest or _token(predicted_answers[first]) in ("no", NOT_ASKED):
        return 1.0
    if any(key not in answers for key in rest for answers in (predicted_answers, true_answers)):
        return None
    equal = sum(_same(predicted_answers[key], true_answers[key]) for key in rest)
    return FIRST_SHARE + (1 - FIRST_SHARE) * equal / len(rest)


def _same(predicted: str | Sequence[str], truth: str | Sequence[str]) -> bool:
    return _tokens(predicted) == _tokens(truth)


def _tokens(answer: str | Sequence[str]) -> frozenset[str]:
    return frozenset([_token(answer)] if isinstance(answer, str) else map(_token, answer))


def _token(answer: str | Sequence[str]) -> str:
    return " ".join(str(answer).lower().split())
