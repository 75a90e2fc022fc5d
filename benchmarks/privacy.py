"""What the privacy check finds, and what it takes for an identifier by mistake.

    python benchmarks/privacy.py                      the sixty sentences alone
    python benchmarks/privacy.py --release DIR        and the public release

The release's quoted names are redacted to [NAME]. Invented first names are put back in turn and
must be found; texts without [NAME] should pass unchanged. Prints counts only, never a text.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

from s3eval.privacy import Detector, find_detector, redact
from s3eval.privacy.words import first_names

MARK = "[NAME]"
SENTENCES = Path(__file__).parent.parent / "tests/privacy/data/sixty_sentences.jsonl"
# On the list of first names, and on no list.
LISTED = (
    "Anna",
    "Emeka",
    "Mateo",
    "Ingrid",
    "Priya",
    "Kwabena",
    "Hiroshi",
    "Fatima",
    "José",
    "Zoe",
)
UNLISTED = (
    *("Rosalind", "Thandeka", "Oisin", "Zdravko", "Eulalia"),
    *("Takoda", "Wilhelmina", "Ximeno", "Bertrand", "Yevdokia"),
)


def texts_of(release: Path) -> list[str]:
    """Reports and justifications of the annotation, each once, in a seeded order."""
    csv.field_size_limit(2**31 - 1)
    truth = release / "result" / "ground_truth"
    texts: list[str] = []
    for name in ("task6_report_annotation.csv", "task12_annotation.csv"):
        with (truth / name).open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                texts += [
                    text
                    for column, text in row.items()
                    if text and column and (column == "report" or column.startswith("justif"))
                ]
    texts = [*dict.fromkeys(texts)]
    random.Random(0).shuffle(texts)
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--release", type=Path)
    parser.add_argument("--sentences", type=Path, default=SENTENCES, help="kinds and identifiers")
    parser.add_argument("--texts", type=int, default=2000, help="how many without names")
    arguments = parser.parse_args()
    unlisted_but_listed = [n for n in UNLISTED if n.lower() in first_names()]
    if unlisted_but_listed:
        sys.exit(f"on the list after all: {unlisted_but_listed}")
    detector = find_detector()
    print(detector.name)
    show_sentences(arguments.sentences, detector)
    if arguments.release is not None:
        show_release(arguments.release, arguments.texts, detector)


def show_sentences(file: Path, detector: Detector) -> None:
    """Recall by kind on sentences with marked identifiers, and false alarms on the harmless."""
    removed: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    harmless = alarms = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        sentence = json.loads(line)
        text, kind = sentence["text"], sentence["kind"]
        redacted = redact(text, detector.find(text))
        for identifier in sentence["identifiers"]:
            marked[kind] += 1
            removed[kind] += identifier not in redacted
        if not sentence["identifiers"]:
            harmless += 1
            alarms += redacted != text
    for kind in marked:
        print(f"  {kind}: {removed[kind]} of {marked[kind]}")
    total, gone = marked.total(), removed.total()
    print(f"{gone} of {total} identifiers gone (recall {gone / total:.2f})")
    print(f"{alarms} of {harmless} harmless sentences changed by mistake")


def show_release(release: Path, most: int, detector: Detector) -> None:
    """Names put back into the release's texts, and what is changed in those without names."""
    texts = texts_of(release)
    named = [t for t in texts if MARK in t]
    for label, names, lower in (
        ("listed names", LISTED, False),
        ("listed names in small letters", LISTED, True),
        ("names on no list", UNLISTED, False),
        ("names on no list in small letters", UNLISTED, True),
    ):
        removed = 0
        for text, name in itertools.product(named, names):
            spelt = name.lower() if lower else name
            put_back = text.replace(MARK, spelt)
            removed += spelt not in redact(put_back, detector.find(put_back))
        print(f"{label}: gone from {removed} of {len(named) * len(names)} texts")
    plain = [t for t in texts if MARK not in t][:most]
    begun = time.perf_counter()
    wrong = sum(bool(detector.find(t)) for t in plain)
    each = (time.perf_counter() - begun) / max(1, len(plain)) * 1000
    words = sum(len(t.split()) for t in plain)
    print(f"{wrong} of {len(plain)} texts ({words:,} words) changed by mistake; {each:.0f} ms each")


if __name__ == "__main__":
    main()
