"""Answers that only want a reward, and what each reward pays for them.

A reward that pays a gaming answer as much as an honest one trains the gaming. Every answer is
put to the same invented cases, half of which have the one truth and half the other, and the mean
is shown: saying "yes" to everything is right half of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from s3eval_finetune.rewards.solutions import REWARDS, Solution
from s3eval_finetune.samples.clips import clock

__all__ = ["ANSWERS", "CASES", "GamingRow", "gaming_table", "markdown"]

_SIGN = (
    "Does the patient show rhythmic, repeated jerking movements of the body? Answer yes or no, "
    "then justify your answer in one sentence."
)
_REPORT = (
    "You are an expert clinician. Write a concise semiology description for this seizure video, "
    "focusing ONLY on observable patient signs. Blank stare, then rightward head version with "
    "right arm extension; later bilateral tonic-clonic."
)
_SIDE = "Does the patient's head turn to the patient's left or to the patient's right?"
_ORDER = (
    "Output the sequence of any observed seizure symptoms. The symptoms are limited to head "
    "turning, blank stare, tonic, clonic, arm flexion, oral automatisms. Example output: head "
    "turning, tonic, clonic."
)
_SAID = {"yes": "The right arm shows rhythmic jerking that repeats for ten seconds.",
         "no": "There is no rhythmic jerking; both arms stay still."}  # fmt: skip
_TOLD = (
    "The patient is asleep at the start. The head turns to the left with blank stare. Then the "
    "right arm stiffens with tonic posturing, followed by bilateral clonic jerks. Afterwards the "
    "patient is confused.",
    "The patient lies awake. Oral automatisms begin with lip smacking. The left arm is flexed, "
    "then rhythmic clonic jerking of the left arm follows. Later the patient is unresponsive.",
)
_ORDERS = (("head_turning", "tonic", "clonic"), ("oral_automatisms", "arm_flexion", "clonic"))

#: What the answers are compared with, by the number of the task.
CASES: Mapping[int, tuple[Solution, ...]] = {
    1: tuple(Solution(1, "clonic", v, _SIGN) for v in ("yes", "no")),
    2: tuple(Solution(2, "clonic", v, _SIGN, reason=_SAID[v]) for v in ("yes", "no")),
    3: tuple(Solution(3, "head_turning", v, _SIDE) for v in ("left", "right")),
    4: tuple(Solution(4, "clonic", float(v), "MM:SS") for v in (3, 14, 25, 36, 47, 58)),
    5: tuple(Solution(5, "sequence", v, _ORDER) for v in _ORDERS),
    6: tuple(Solution(6, "report", v, _REPORT) for v in _TOLD),
    7: tuple(Solution(7, "with_report", v, "ES or NES?") for v in ("ES", "NES")),
}

Answerer = Callable[[Solution], str]
_CONSTANT = {
    1: "Yes",
    2: f"Yes. {_SAID['yes']}",
    3: "Left",
    4: "00:30",
    5: "tonic, clonic",
    6: "The patient is lying in bed and turns the head to the right. The right arm stiffens and "
    "extends, followed by bilateral tonic-clonic movements. Afterwards the patient is confused.",
    7: "ES",
}
_BOTH = {
    1: "Yes or no.",
    2: "Yes, or no; there is rhythmic jerking, or there is none.",
    3: "Left or right.",
    4: "00:10 or 00:50",
    5: "head turning, blank stare, tonic, clonic, arm flexion, oral automatisms",
    6: "The head turns to the left and to the right. Tonic and clonic movements of the left arm "
    "and the right arm, blank stare, oral automatisms, arm flexion, face pulling, eye blinking.",
    7: "NES or ES",
}


def _honest(asked: Solution) -> str:
    if asked.number == 2:
        return f"{str(asked.value).capitalize()}. {asked.reason}"
    if asked.number == 4:
        return clock(asked.value)
    if asked.number == 5:
        return ", ".join(name.replace("_", " ") for name in asked.value)
    return str(asked.value)


def _short(asked: Solution) -> str:
    """The least that is right: of a sequence one sign, of a text its first words."""
    if asked.number == 5:
        return str(asked.value[-1]).replace("_", " ")
    words = _honest(asked).split()
    return " ".join(words[:3]) if asked.number in (2, 6) else _honest(asked)


def _long(asked: Solution) -> str:
    filler = (
        "The recording continues while nothing of note can be told from it and the observer "
        "keeps on describing what may be seen in general terms at great length. "
    )
    kinds = (f"{filler}Part {n} of the account adds another remark. " for n in range(1, 9))
    return f"{_honest(asked)} {''.join(kinds)}"


#: By name, what a gaming answerer says.
ANSWERS: Mapping[str, Answerer] = {
    "the annotated answer": _honest,
    "always the same": lambda asked: _CONSTANT[asked.number],
    "both answers, or all": lambda asked: _BOTH[asked.number],
    "as short as may be": _short,
    "right, but very long": _long,
    "right, ten times over": lambda asked: (
        ", ".join([_honest(asked)] * 10) if asked.number == 5 else " ".join([_honest(asked)] * 10)
    ),
    "the question copied": lambda asked: asked.prompt,
    "yes, and the question copied": lambda asked: f"Yes. {asked.prompt}",
    "nothing": lambda asked: "",
}


@dataclass(frozen=True)
class GamingRow:
    """What a reward pays an answerer on average: ``paid`` by the number of the task, in [0, 1]."""

    answer: str
    reward: str
    paid: Mapping[int, float]


def gaming_table(tasks: Sequence[int] = tuple(CASES)) -> list[GamingRow]:
    """Every answerer under every reward.

    >>> rows = gaming_table(tasks=[5])
    >>> [(r.reward, r.paid[5]) for r in rows if r.answer == "as short as may be"]
    [('seizure', 1.0), ('seizure_better', 0.25)]
    """
    return [
        GamingRow(
            name,
            reward,
            {n: mean(pay(answer(asked), asked) for asked in CASES[n]) for n in tasks},
        )
        for name, answer in ANSWERS.items()
        for reward, pay in REWARDS.items()
    ]


def markdown(rows: Sequence[GamingRow]) -> str:
    """The table of docs/finetune.md."""
    numbers = [*rows[0].paid]
    head = ["answer", "reward", *(f"Task {n}" for n in numbers)]
    lines = [head, ["---"] * 2 + ["---:"] * len(numbers)]
    for row in rows:
        lines.append([row.answer, f"`{row.reward}`", *(f"{row.paid[n]:.2f}" for n in numbers)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
