"""Sequences and texts of several runs beside the annotation, for some videos."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from rapidfuzz.distance import LCSseq

from s3eval_view.report.evidence import words

if TYPE_CHECKING:
    from s3eval_view.report.evidence import Evidence

__all__ = ["Beside", "Step", "align", "beside", "choose_videos", "differing"]

#: What is shown of an endless list or text; how much is left out is said.
MOST_STEPS, MOST_CHARACTERS = 40, 2500


@dataclass(frozen=True)
class Step:
    """One step of an alignment: ``kind`` is "both", "missing", "extra" or "more"."""

    kind: str
    text: str


@dataclass(frozen=True)
class Beside:
    """One item of one video: the annotation, and what each run says (``steps`` of a list)."""

    item: str
    kind: str
    truth: str
    runs: tuple[tuple[str, str, tuple[Step, ...]], ...]


def align(predicted: Sequence[str], truth: Sequence[str]) -> tuple[Step, ...]:
    """The answered sequence laid along the annotated one, so that most tokens meet.

    What is there in both is the longest common subsequence, whose length the LCS ratio counts.

    >>> [(s.kind, s.text) for s in align(["tonic", "clonic"], ["head_turning", "tonic"])]
    [('missing', 'head turning'), ('both', 'tonic'), ('extra', 'clonic')]
    """
    answered, annotated = [str(t) for t in predicted], [str(t) for t in truth]
    steps: list[Step] = []
    for op in LCSseq.opcodes(annotated, answered):
        missed, given = annotated[op.src_start : op.src_end], answered[op.dest_start : op.dest_end]
        if op.tag == "equal":
            steps += [Step("both", words(t)) for t in given]
        elif op.tag == "delete":
            steps += [Step("missing", words(t)) for t in missed]
        else:
            steps += [Step("extra", words(t)) for t in given]
    if len(steps) > MOST_STEPS:
        left = len(steps) - MOST_STEPS
        steps = [*steps[:MOST_STEPS], Step("more", f"{left} further steps not shown")]
    return tuple(steps)


def differing(voices: Sequence[str]) -> tuple[int, int]:
    """How many pairs of voices differ, and how many pairs there are.

    >>> differing(["yes", "yes", "no"])
    (2, 3)
    """
    pairs = list(combinations(voices, 2))
    return sum(a != b for a, b in pairs), len(pairs)


def choose_videos(evidence: Evidence, count: int = 3, seed: int = 0) -> list[str]:
    """The videos about whose labels runs and annotation differ most; chance decides ties.

    The measure is the share of pairs of voices (each run with an answer, and the annotation) that
    differ, averaged over the labels of a video. Only videos with a list or a text are taken where
    there are such.
    """
    voices: dict[tuple[str, str, str], list[str]] = {}
    truths: dict[tuple[str, str, str], str] = {}
    shown: set[str] = set()
    for task in evidence.specs:
        for run in evidence.runs:
            for known in run.known(task):
                finding = known.finding
                texts = known.item.kind in ("list", "text")
                if texts and "justification" not in _offers(evidence, task):
                    shown.add(finding.video)
                if known.item.kind != "label":
                    continue
                key = task, finding.item, finding.video
                if finding.state == "answered":
                    voices.setdefault(key, []).append(str(finding.value))
                if known.truth is not None:
                    truths[key] = str(known.truth)
    shares: dict[str, list[float]] = {}
    for key, labels in voices.items():
        heard = [*labels, *([truths[key]] if key in truths else [])]
        differ, pairs = differing(heard)
        if pairs:
            shares.setdefault(key[2], []).append(differ / pairs)
    # Enough labels that one odd answer does not decide.
    most = max(map(len, shares.values()), default=0)
    means = {v: sum(s) / len(s) for v, s in shares.items() if len(s) >= most / 2}
    candidates = sorted(shown & {*means}) or sorted(means) or sorted(shown)
    random.Random(seed).shuffle(candidates)
    return sorted(candidates, key=lambda v: -means.get(v, 0.0))[:count]


def _offers(evidence: Evidence, task: str) -> tuple[str, ...]:
    return evidence.specs[task].provides


def beside(evidence: Evidence, video: str) -> list[Beside]:
    """The lists and texts about a video that more than the justification of labels are."""
    comparisons = []
    for kind in ("list", "text"):
        for task, item in evidence.kinds(kind):
            if "justification" in _offers(evidence, task):
                continue
            answers, truth = [], None
            for run in evidence.runs:
                for known in run.known(task):
                    if (known.finding.video, known.finding.item) == (video, item):
                        truth = known.truth if known.truth is not None else truth
                        answers.append((run.label, *_answer(known.finding, known.truth, kind)))
            if answers:
                comparisons.append(
                    Beside(f"{words(task)}: {words(item)}", kind, _text(truth), tuple(answers))
                )
    return comparisons


def _answer(finding: Any, truth: Any, kind: str) -> tuple[str, tuple[Step, ...]]:
    if finding.state != "answered":
        reason = f": {finding.reason}" if finding.reason else ""
        return f"({finding.state}{reason})", ()
    if kind == "list" and isinstance(finding.value, (list, tuple)):
        return _text(finding.value), align(finding.value, list(truth or ()))
    return _text(finding.value), ()


def _text(value: Any) -> str:
    if value is None:
        return "(not annotated)"
    if isinstance(value, (list, tuple)):
        return ", ".join(words(str(t)) for t in value) or "(empty)"
    text = str(value)
    if len(text) > MOST_CHARACTERS:
        return text[:MOST_CHARACTERS] + f" … ({len(text) - MOST_CHARACTERS} further characters)"
    return text
