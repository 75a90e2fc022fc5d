"""How the recorded answers of the public release are read: by protocol, and before a change.

Every recorded cell that holds an answer is read under `release` and under `paper`; what differs
is counted by kind (old reading -> new reading). The release keeps yes and no apart from the reason
given for it, so those answers are put together again ("no. The patient is awake."); what its
authors recorded is the old reading there, and for times, where there is one rule.

    python benchmarks/reading_changes.py RELEASE [--before CHECKOUT] [--examples 3]

``--before`` names a checkout of an older version, whose readers then give the old readings.
"""

from __future__ import annotations

import argparse
import csv
import inspect
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from s3eval.answers import (
    read_body_part,
    read_diagnosis,
    read_sequence,
    read_side,
    read_time,
    read_yes_no,
)

SIDES = ("head_turning_direction", "arm_movement_direction")
DIAGNOSES = ("prediction_with_report", "prediction_without_report")
FOLDERS = ("result/vlm_inference", "test_dataset/vlm_inference_test")
MERGED = re.compile(r"merge|_pre\.csv|_diff\.csv")
READERS = {
    "yes_no": read_yes_no,
    "na": lambda text: read_yes_no(text, na=True),
    "side": read_side,
    "body part": read_body_part,
    "time": read_time,
    "sequence": read_sequence,
    "diagnosis": read_diagnosis,
}


def answers(release: Path) -> Iterator[tuple[str, str]]:
    """(reader, text) of every recorded answer, windows and test split included."""
    csv.field_size_limit(sys.maxsize)
    for folder in FOLDERS:
        for path in sorted((release / folder).glob("*/*.csv")):
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as handle:
                rows = [*csv.DictReader(handle)]
            for row in rows:
                yield from of_row(path.name, row)


def of_row(file: str, row: dict[str, str]) -> Iterator[tuple[str, str]]:
    if file.startswith(("Task1_", "Task12_")) and not MERGED.search(file):
        for feature, label in row.items():
            if why := (row.get(f"justification_for_{feature}") or "").strip():
                kind = "na" if feature == "verbal_responsiveness" else "yes_no"
                yield kind, f"{label}. {why}"
        return
    kinds = {
        **dict.fromkeys(SIDES, "side"),
        **dict.fromkeys(DIAGNOSES, "diagnosis"),
        "onset_body_part": "body part",
        "timestamp": "time",
    }
    if file.startswith("Task5_"):
        kinds["event_sequence"] = "sequence"
    for column, kind in kinds.items():
        if text := (row.get(column) or "").strip():
            yield kind, text


def read(kind: str, text: str, protocol: str) -> object:
    reader = READERS[kind]
    knows = "protocol" in inspect.signature(reader).parameters
    return (reader(text, protocol=protocol) if knows else reader(text)).value


def recorded(kind: str, text: str) -> object:
    """What the release's authors made of an answer, where they kept the label apart."""
    if kind in ("yes_no", "na"):
        label = text.split(".", maxsplit=1)[0]
        return label if label in ("yes", "no", "na") else None
    minutes, seconds = text.split(":")[-2:]
    return float(60 * int(minutes) + int(seconds))


def older(release: Path, checkout: Path) -> list[object]:
    """The same answers, read by the readers of another checkout."""
    command = [sys.executable, __file__, str(release), "--dump"]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def shown(kind: str, value: object) -> str:
    if value is None:
        return "unreadable"
    return f"{len(value)} tokens" if isinstance(value, list) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("release", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--examples", type=int, default=0)
    parser.add_argument("--dump", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    known = [*answers(chosen.release)]
    if chosen.dump:
        for kind, text in known:
            print(json.dumps(read(kind, text, "paper")))
        return
    before = older(chosen.release, chosen.before) if chosen.before else None
    totals: Counter[str] = Counter()
    changes: dict[str, Counter[str]] = defaultdict(Counter)
    examples: dict[tuple[str, str], list[str]] = defaultdict(list)
    for number, (kind, text) in enumerate(known):
        totals[kind] += 1
        if before is not None:
            old = before[number]
        elif kind in ("yes_no", "na", "time"):
            old = recorded(kind, text)
        else:
            old = read(kind, text, "release")
        new = read(kind, text, "paper")
        if old != new:
            change = f"{shown(kind, old)} -> {shown(kind, new)}"
            changes[kind][change] += 1
            examples[kind, change].append(text)
    print(f"{'answers of':<12}{'read':>8}{'changed':>9}")
    for kind, total in totals.items():
        print(f"{kind:<12}{total:>8,}{sum(changes[kind].values()):>9,}")
        for change, count in changes[kind].most_common():
            print(f"    {count:>6,}  {change}")
            for text in examples[kind, change][: chosen.examples]:
                print(f"            {text[:160]!r}")


if __name__ == "__main__":
    main()
