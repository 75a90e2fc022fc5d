"""Claim 1: what the models are weak at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval_paper.claims.claim import (
    CONTRADICTED,
    SUPPORTED,
    UNTESTABLE,
    UNTOLD,
    Claim,
    Table,
    Verdict,
    around,
    by_interval,
    by_majority,
    rounded,
)
from s3eval_paper.claims.margins import CENTRED, WEAK

if TYPE_CHECKING:
    from s3eval.statistics.table import ScoreRow
    from s3eval_paper.release.runs import Recorded

__all__ = ["centred", "weaknesses"]


@dataclass(frozen=True)
class _Field:
    metric: str
    words: str
    best: float


_FIELDS: Mapping[str, _Field] = {
    "spatial": _Field("f1", "laterality and onset (Task 3), F1", 1.0),
    "timing": _Field("mae", "timing (Task 4), mean error in seconds", 0.0),
    "sequence": _Field("temporal_f1", "sequencing (Task 5), Temporal F1 as the text has it", 1.0),
    "report": _Field("rqi", "reporting (Task 6), Seizure-RQI", 100.0),
}
_WORDS: Mapping[Verdict, str] = {SUPPORTED: "weak", CONTRADICTED: "not weak", UNTOLD: "not told"}


def weaknesses(runs: Sequence[Recorded], scores: Mapping[str, Sequence[ScoreRow]]) -> Claim:
    """Claim 1: each field's scores against a level that would be of use.

    Args:
        runs: the recorded answers on the test set.
        scores: by model its rows under the protocol `paper`.
    """
    rows: list[tuple[str, ...]] = []
    verdicts: dict[str, Verdict] = {}
    blind: Counter[str] = Counter()
    put_aside = centred(runs)
    for task, field in _FIELDS.items():
        task_verdicts: list[Verdict] = []
        for model, mine in scores.items():
            known = [r for r in mine if (r.task, r.metric) == (task, field.metric)]
            items = [r for r in known if r.item != "mean" and r.chance_value is not None]
            asked = [r for r in items if r.item not in put_aside.get(task, {})]
            each = [_weak(r, field.best) for r in asked]
            task_verdicts += each
            blind.update(r.mark for r in asked)
            shown = next((r for r in known if r.item == "mean"), items[0] if items else None)
            if shown is not None:
                count = Counter(each)
                rows.append(_row(field, model, shown, len(items), len(asked), count))
        verdicts[task] = by_majority(task_verdicts) if task_verdicts else UNTESTABLE
    tested = [v for v in verdicts.values() if v != UNTESTABLE]
    verdict = _overall(tested)
    columns = (
        *("what", "model", "score", "best blind answer", "useful from", "scores tested"),
        *("shown weak", "shown not weak", "not told", "videos", "patients"),
    )
    return Claim(
        "1",
        "Models are weak at laterality, timing, sequencing and faithful reporting",
        "“systematic weaknesses in laterality reasoning, temporal localization, symptom "
        "sequencing, and clinically faithful reporting” (Abstract)",
        verdict,
        f"A score is of use from {WEAK.value:.0%} of the way from the best answer given without "
        f"looking to a perfect one ({WEAK.source}). It is shown weak if the whole 95 % interval "
        "of its lead over that answer lies below this level, shown not weak if the whole interval "
        "lies above. A field is weak if more than half of its scores are shown weak. Supported if "
        "every field that can be tested is weak, contradicted if one is shown not to be. An item "
        f"whose clips have the event at one second in {CENTRED.value:.0%} of cases or more is not "
        f"tested: {CENTRED.source}.",
        _finding_text(verdicts, blind, put_aside),
        (Table("Scores against a useful level, by patient", columns, tuple(rows)),),
    )


def _overall(tested: Sequence[Verdict]) -> Verdict:
    if not tested:
        return UNTESTABLE
    if CONTRADICTED in tested:
        return CONTRADICTED
    return SUPPORTED if all(v == SUPPORTED for v in tested) else UNTOLD


def _weak(row: ScoreRow, best: float) -> Verdict:
    """Whether the lead over the best blind answer is below what would be of use."""
    assert row.chance_value is not None
    useful = WEAK.value * abs(best - row.chance_value)
    lead = by_interval(row.above_low, row.above_high, useful)
    return {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED}.get(lead, UNTOLD)


def _row(
    field: _Field, model: str, shown: ScoreRow, items: int, tested: int, count: Counter[Verdict]
) -> tuple[str, ...]:
    blind = shown.chance_value
    level = None if blind is None else blind + WEAK.value * (field.best - blind)
    return (
        field.words,
        model,
        around(shown),
        f"{rounded(blind)} ({shown.chance_name})",
        rounded(level) if tested else "-",
        f"{tested} of {items}",
        *(str(count[v]) for v in (SUPPORTED, CONTRADICTED, UNTOLD)),
        str(shown.videos),
        str(shown.patients),
    )


def _finding_text(
    verdicts: Mapping[str, Verdict],
    blind: Counter[str],
    put_aside: Mapping[str, Mapping[str, float]],
) -> str:
    parts = []
    words = {SUPPORTED: "shown weak", CONTRADICTED: "shown not weak", UNTOLD: "cannot be told"}
    for task, verdict in verdicts.items():
        name = _FIELDS[task].words.split(" (")[0]
        parts.append(f"{name}: {words.get(verdict, 'not testable')}")
    text = f"{'; '.join(parts)}. "
    total = sum(blind.values())
    text += (
        f"Of the {total} scores tested {blind['above']} are clearly above the best answer given "
        "without looking; that alone would not show weakness, since few patients can hide an "
        "advantage, so the interval has to exclude a useful level. "
    )
    for task, items in put_aside.items():
        least = min(items.values())
        text += (
            f"{_FIELDS[task].words.split(' (')[0].capitalize()}: {len(items)} items are not "
            f"tested, since in {least:.0%} or more of their clips the event stands at the same "
            "second; always answering that second is almost never wrong and no model could beat "
            "it (`s3eval run --task-option timing.placement=random` asks fairly). "
        )
    return text.strip()


def centred(runs: Sequence[Recorded]) -> dict[str, dict[str, float]]:
    """By task the items whose clips mostly have the event at one place, with how many do.

    Read from the findings: ``detail["target"]`` is the true time's place in the clip, seconds.
    """
    places: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        for f in run.findings:
            target = f.detail.get("target")
            if isinstance(target, float | int):
                places.setdefault((f.task, f.item), []).append(float(target))
    shares: dict[str, dict[str, float]] = {}
    for (task, item), targets in places.items():
        share = Counter(targets).most_common(1)[0][1] / len(targets)
        if share >= CENTRED.value:
            shares.setdefault(task, {})[item] = share
    return shares
