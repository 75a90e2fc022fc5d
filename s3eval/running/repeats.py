"""The same question asked several times: which answer counts, and how stable answers are.

With a temperature above 0 a model's answers are drawn; asked again it may say something else.
The repetitions of a question are combined into one answer by a named combination before windows
are combined into findings, and the share of repetitions that agree is told beside the scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.model import Answer, Question
from s3eval.task import Finding, Reading

if TYPE_CHECKING:
    from s3eval.running.loading import Findings

__all__ = [
    "COMBINATIONS",
    "DETAIL",
    "ONCE",
    "Combination",
    "Repeats",
    "agreement",
    "combined_answer",
    "repeats_of",
    "with_stability",
]

Combination = Literal["majority", "self-consistency", "first"]
COMBINATIONS: tuple[Combination, ...] = get_args(Combination)
#: Under this key a finding's detail holds how many repetitions there were, and how many agree.
DETAIL = "repeats"


@dataclass(frozen=True)
class Repeats:
    """How often each question is asked, and which answer then counts.

    Attributes:
        count: how often, at least 1.
        combination: "majority": what most repetitions say (the earlier one of a tie).
            "self-consistency": the choice with the largest mean probability over all repetitions,
            each having thought anew; the majority where there are no probabilities. "first": the
            first one, the others tell about stability only.
        seed: of the draws.

    Raises:
        S3EvalError: a count below 1, an unknown combination.

    >>> [q.repeat for q in Repeats(3).questions(Question("tonic", "Tonic?"))]
    [0, 1, 2]
    """

    count: int = 1
    combination: Combination = "majority"
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int) or self.count < 1:
            raise S3EvalError(f"Expected repeat to be at least 1, but got {self.count!r}")
        if self.combination not in COMBINATIONS:
            raise UnknownNameError(
                "combination of repetitions",
                str(self.combination),
                COMBINATIONS,
                fix=f"one of {', '.join(COMBINATIONS)}",
            )

    def questions(self, question: Question) -> tuple[Question, ...]:
        """The question in all its repetitions; asked once it is as it was, and so is its key."""
        if self.count == 1:
            return (question,)
        return tuple(replace(question, repeat=n, seed=self.seed) for n in range(self.count))

    def check(self, temperature: float, name: str) -> None:
        """Refuse to ask a model again that always says the same.

        Raises:
            S3EvalError: more than one repetition at temperature 0.
        """
        if self.count > 1 and not temperature > 0:
            raise S3EvalError(
                f"'{name}' gives the same answer each time, so that asking {self.count} times "
                "tells nothing",
                why="its temperature is 0",
                fix="--model-option temperature=0.7 where the model takes it, or --repeat 1",
            )

    def as_options(self) -> dict[str, Any]:
        """What a run records of it; nothing where each question is asked once."""
        if self.count == 1:
            return {}
        return {"repeat": {"count": self.count, "combination": self.combination}}


#: Each question once.
ONCE = Repeats()


def repeats_of(options: Mapping[str, Any], seed: int) -> Repeats:
    """The repetitions that a run recorded among its options.

    >>> repeats_of({}, 0) == ONCE
    True
    """
    recorded = options.get("repeat")
    if not isinstance(recorded, Mapping):
        return ONCE
    return Repeats(recorded["count"], recorded["combination"], seed)


def combined_answer(
    answers: Sequence[tuple[Answer, Reading]], combination: Combination
) -> tuple[Answer, Reading]:
    """The one of several answers to a question that counts.

    Its probabilities and mass are the means over the repetitions that have them.

    Args:
        answers: in the order of the repetitions, each with what it says; at least one.

    >>> said = [(Answer.of(text), Reading(text)) for text in ("no", "yes", "yes")]
    >>> combined_answer(said, "majority")[0].text, combined_answer(said, "first")[0].text
    ('yes', 'no')
    """
    if len(answers) == 1 or combination == "first":
        return answers[0]
    means = _mean_probabilities([answer for answer, _ in answers])
    chosen = _majority(answers)
    if combination == "self-consistency" and means:
        best = max(means, key=lambda choice: means[choice])
        chosen = next((a for a in answers if _says(a, best)), chosen)
    answer, reading = chosen
    if means:
        masses = [a.mass for a, _ in answers if a.mass is not None]
        mass = sum(masses) / len(masses) if masses else None
        answer = replace(answer, probabilities=means, mass=mass)
    return answer, reading


def _says(pair: tuple[Answer, Reading], choice: str) -> bool:
    """Whether an answer is this choice: by its reading, or by its own probabilities."""
    answer, reading = pair
    if not reading.readable or not answer.probabilities:
        return False
    own = max(answer.probabilities, key=lambda c: answer.probabilities[c])
    return str(reading.value).lower() == choice.lower() or own == choice


def _majority(answers: Sequence[tuple[Answer, Reading]]) -> tuple[Answer, Reading]:
    readable = [pair for pair in answers if pair[1].readable]
    if not readable:
        return next((p for p in answers if p[0].status == "answered"), answers[0])
    counts = Counter(_comparable(reading.value) for _, reading in readable)
    most = max(counts.values())
    return next(p for p in readable if counts[_comparable(p[1].value)] == most)


def _mean_probabilities(answers: Sequence[Answer]) -> dict[str, float]:
    known = [a.probabilities for a in answers if a.probabilities]
    if not known:
        return {}
    choices = dict.fromkeys(c for given in known for c in given)
    return {c: sum(given.get(c, 0.0) for given in known) / len(known) for c in choices}


def _comparable(value: Any) -> str:
    return repr(value)


def agreement(values: Sequence[str]) -> int:
    """How many of several values are the most frequent one.

    >>> agreement(["yes", "no", "yes"])
    2
    """
    return max(Counter(values).values(), default=0)


def with_stability(findings: Findings, repeated: Sequence[Findings]) -> dict[str, list[Finding]]:
    """The findings, each with how many repetitions come to the same by themselves.

    Args:
        findings: of all repetitions together.
        repeated: those of each repetition alone, items left out whose texts a judge merges.
    """
    alone = [
        {(f.task, f.video, f.item): f for task_findings in one.values() for f in task_findings}
        for one in repeated
    ]
    return {
        task: [_with_agreement(f, [one.get((f.task, f.video, f.item)) for one in alone])
               for f in task_findings]
        for task, task_findings in findings.items()
    }  # fmt: skip


def _with_agreement(finding: Finding, alone: Sequence[Finding | None]) -> Finding:
    there = [f for f in alone if f is not None]
    if len(there) < 2:
        return finding
    # What cannot be read agrees with what cannot be read: it is as stable.
    outcomes = [_comparable(f.value) if f.state == "answered" else f.state for f in there]
    counted = {"count": len(outcomes), "agree": agreement(outcomes)}
    return replace(finding, detail={**finding.detail, DETAIL: counted})
