"""Rewards that pay for what is clinically right and not for what merely looks alike.

Answers are read as evaluations read them (protocol ``paper``): what names both sides, takes
itself back or repeats the question says nothing. Free text is read by the offline judge, so that
it is judged by its facts. Each is a product with `guards`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from s3eval.judge import FeatureAnswers, ReportFacts
from s3eval_finetune.rewards.guards import brief, guard, long_enough
from s3eval_finetune.rewards.solutions import Solution, read

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["better", "choice", "interpretation", "ordered_pairs", "report_quality", "timely"]

#: Seconds off at which a timestamp still earns a third: the tolerance of `within_5s`.
TOLERANCE = 5.0
#: Words an answer may have, by the number of its task; beyond them it earns less.
WORDS = {1: 5, 2: 60, 3: 5, 4: 5, 5: 60, 6: 100, 7: 5}
#: Words of Task 7's JSON, which holds a description.
DESCRIBED = 120
#: Words that a reason has at the least.
LEAST = 5


def better(text: str, asked: Solution) -> float:
    """The better reward for a task: `choice` (1, 3, 7), `interpretation` (2), `timely` (4),
    `ordered_pairs` (5) or `report_quality` (6).

    In [0, 1], higher is better. What cannot be read earns 0.
    """
    if asked.number == 2:
        return interpretation(text, asked)
    if asked.number == 4:
        return timely(text, asked)
    if asked.number == 5:
        return ordered_pairs(text, asked)
    return report_quality(text, asked) if asked.number == 6 else choice(text, asked)


def choice(text: str, asked: Solution) -> float:
    """1 for the annotated answer, unequivocally given and no longer than asked (1, 3 and 7).

    >>> choice("left or right", Solution(3, "head_turning", "right"))
    0.0
    """
    right = read(text, asked, "paper").value == asked.value
    most = DESCRIBED if "JSON" in asked.prompt else WORDS[asked.number]
    return brief(text, most) if right else 0.0


def timely(text: str, asked: Solution) -> float:
    """exp(-|answered - true| / 5 s): the middle of the clip, unseen, earns a third on average.

    >>> round(timely("00:15", Solution(4, "tonic", 10.0)), 2)
    0.37
    """
    answer = read(text, asked, "paper").value
    if answer is None:
        return 0.0
    off = math.exp(-abs(float(answer) - float(asked.value)) / TOLERANCE)
    return off * brief(text, WORDS[4])


def interpretation(text: str, asked: Solution) -> float:
    """The Semiology Interpretation Score through the offline judge (Task 2), guarded.

    0 where the yes or no is not the annotated one (`s3eval.metrics.interpretation`). A text the
    judge cannot read earns 0: it gives no reason. Of an absent sign the judge asks one question,
    which any words answer, so a reason of fewer than five words earns less.
    """
    from s3eval.answers.yes_no import split_yes_no
    from s3eval.metrics.interpretation import interpretation_score
    from s3eval.tasks.questions import questions

    stated, reason = split_yes_no(text, na=asked.value == "na" or "NA" in asked.prompt)
    if stated.value != asked.value or not reason:
        return 0.0
    keys = [question.key for question in questions(asked.item)]
    given, wanted = (_answers(asked.item, t) for t in (reason, asked.reason))
    score = interpretation_score(str(stated.value), str(asked.value), given, wanted, keys)
    worth = guard(text, asked.prompt, asked.reason, WORDS[2]) * long_enough(reason, LEAST)
    return (score or 0.0) * worth


def ordered_pairs(text: str, asked: Solution) -> float:
    """The F1 of ordered pairs averaged with that of the signs, less for every repeat (Task 5).

    The F1 of pairs alone is 1 for any single sign where a single one was right, since neither
    side has a pair; with fewer than two true signs it is therefore that of the signs. The
    repetition penalty is the share of signs told that are not told again.

    >>> round(ordered_pairs("tonic", Solution(5, "sequence", ("tonic", "clonic"))), 2)
    0.33
    """
    from s3eval.metrics.sequence import temporal_f1_paper

    answer = read(text, asked, "paper").value
    if answer is None:
        return 0.0
    truth = list(asked.value)
    if not answer or not truth:
        return float(not answer and not truth)
    signs = _f1(answer, truth)
    pairs = temporal_f1_paper(answer, truth) if len(truth) > 1 else signs
    once = len({*answer}) / len(answer)
    return (signs + pairs) / 2 * once * brief(text, WORDS[5])


def report_quality(text: str, asked: Solution) -> float:
    """Seizure-RQI / 100 times the precision of the signs told (Task 6), guarded.

    Both of what the offline judge reads, protocol ``paper``. The index takes 5 % off for a sign
    that is not there, so that naming every sign would pay; the precision halves it.
    """
    from s3eval.metrics.rqi import seizure_rqi
    from s3eval.metrics.signs import sign_counts

    answer = read(text, asked, "paper").value
    if not isinstance(answer, str):
        return 0.0
    given, wanted = _facts(answer), _kept_facts(str(asked.value))
    if given is None or wanted is None:
        return 0.0
    index = seizure_rqi(given, wanted).score / 100
    # None where no sign is told: then there is none that is not there.
    precise = sign_counts(given, wanted).precision
    worth = guard(answer, asked.prompt, str(asked.value), WORDS[6])
    return min(1.0, index) * (1.0 if precise is None else precise) * worth


def _f1(answer: Sequence[str], truth: Sequence[str]) -> float:
    given, wanted = {*answer}, {*truth}
    return 2 * len(given & wanted) / (len(given) + len(wanted))


@lru_cache(maxsize=65536)
def _answers(feature: str, text: str) -> FeatureAnswers | None:
    (reply,) = _judge().answer_questions([(feature, text)])
    return reply if isinstance(reply, FeatureAnswers) else None


@lru_cache(maxsize=65536)
def _kept_facts(text: str) -> ReportFacts | None:
    return _facts(text)


def _facts(text: str) -> ReportFacts | None:
    (reply,) = _judge().read_reports([text])
    return reply if isinstance(reply, ReportFacts) else None


def _judge() -> Any:
    from s3eval_finetune.samples.narratives import offline_judge

    return offline_judge()
