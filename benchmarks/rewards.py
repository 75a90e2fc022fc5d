"""Rewards a second on one core, each task by itself and all together: python benchmarks/rewards.py

Every answer is another one, so that nothing is answered from memory; the annotated side repeats,
as it does for the answers of a group. Exits with 1 where fewer than 500 a second are given.
"""

from __future__ import annotations

import sys
import time
from itertools import cycle

from s3eval_finetune.rewards.gaming import ANSWERS, CASES
from s3eval_finetune.rewards.solutions import REWARDS

WANTED, COUNT = 500, 1000


def answers(number: int, count: int) -> list[tuple[str, object]]:
    """Different answers: honest, gaming and partly right ones, each with a number in it."""
    made = []
    for n, (case, answer) in zip(
        range(count),
        cycle((c, a) for c in CASES[number] for a in ANSWERS.values()),
        strict=False,
    ):
        text = answer(case)
        made.append((text if number in (1, 3, 4, 7) else f"{text} Noted {n}.", case))
    return made


def rate(name: str, work: list[tuple[str, object]]) -> float:
    """Rewards a second of processor time."""
    reward = REWARDS[name]
    start = time.process_time()
    for text, case in work:
        reward(text, case)  # type: ignore[arg-type]
    return len(work) / (time.process_time() - start)


def main() -> int:
    """Print the rates."""
    slow = 0
    for name in REWARDS:
        whole = []
        for number in CASES:
            work = answers(number, COUNT)
            rate(name, work[:20])
            speed = rate(name, work[20:])
            whole.append(1 / speed)
            slow += speed < WANTED
            print(f"{name:15} Task {number}: {speed:8.0f} a second")
        print(f"{name:15} all tasks alike: {len(whole) / sum(whole):.0f} a second")
    print(f"{'each' if not slow else 'not every one'} reaches {WANTED} a second")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
