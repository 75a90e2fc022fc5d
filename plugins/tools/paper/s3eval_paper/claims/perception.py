"""Claims 1 and 3: what the models are weak at, and what fine-tuning changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.running.loading import load_tasks
from s3eval.statistics.comparing import (
    Choice,
    Difference,
    Judging,
    Resampling,
    compare_runs,
    corrected,
    outcome,
)
from s3eval_paper.claims.claim import BASE, TUNED, Claim, Table, Verdict, around, said
from s3eval_paper.claims.rediagnosis import Depth

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.statistics.table import ScoreRow
    from s3eval_paper.release.runs import Recorded

_WEAK = {
    "spatial": ("f1", "laterality and onset (Task 3), F1"),
    "timing": ("mae", "timing (Task 4), mean error in seconds"),
    "sequence": ("temporal_f1", "sequencing (Task 5), Temporal F1 as the paper defines it"),
    "report": ("rqi", "reporting (Task 6), Seizure-RQI"),
}


def weaknesses(scores: Mapping[str, Sequence[ScoreRow]]) -> Claim:
    """Claim 1: the four fields' scores against their best chance lines."""
    counts: dict[str, dict[str, int]] = {}
    rows = []
    for task, (metric, words) in _WEAK.items():
        for model, mine in scores.items():
            known = [r for r in mine if (r.task, r.metric) == (task, metric) and r.mark]
            items = [r for r in known if r.item != "mean"] or known
            if not items:
                continue
            here = {m: sum(r.mark == m for r in items) for m in ("above", "unclear", "not above")}
            total = counts.setdefault(task, dict.fromkeys(here, 0))
            for mark, n in here.items():
                total[mark] += n
            shown = next((r for r in known if r.item == "mean"), items[0])
            line = f"{said(shown.chance_value)} ({shown.chance_name})"
            figures = (around(shown), line, str(len(items)), *(str(n) for n in here.values()))
            rows.append((words, model, *figures))
    weak = [t for t, n in counts.items() if n["above"] * 2 < sum(n.values())]
    tested = sum(sum(n.values()) for n in counts.values())
    above = sum(n["above"] for n in counts.values())
    verdict: Verdict = "not testable from the release"
    if counts:
        verdict = "supported" if len(weak) == len(counts) else "not supported"
    names = ", ".join(_WEAK[t][1].split(" (")[0] for t in weak) or "none of them"
    columns = (
        *("what", "model", "score (mean)", "best chance line", "scores"),
        *("clearly above", "unclear", "not above"),
    )
    return Claim(
        1,
        "Models are weak at laterality, timing, sequencing and faithful reporting",
        "“systematic weaknesses in laterality reasoning, temporal localization, symptom "
        "sequencing, and clinically faithful reporting” (Abstract)",
        verdict,
        "Supported if, in each of the four fields, fewer than half of the recorded models' scores "
        "are clearly above the best answer given without looking (interval of the paired "
        "advantage above 0).",
        f"Of {tested} scores {above} are clearly above their best chance line. Fewer than half "
        f"are in: {names}. The weakness is real, and for many scores deeper than the tables show: "
        "they print no chance line, and several models score no better than a fixed answer. "
        "Task 4's clips have the event in their middle, so that answering the middle is almost "
        "never wrong and no model can beat it: its errors in seconds say little about localization "
        "(`s3eval run --task-option timing.placement=random` asks fairly).",
        (Table("Scores against their best chance line, by patient", columns, tuple(rows)),),
    )


def _compared(rows: Sequence[Difference], first: str, second: str, title: str) -> Table:
    columns = ("score", first, second, "difference", "95 % interval", "p (Holm)", "videos", "shown")
    cells = [
        (
            f"{r.task} {r.item} {r.metric}",
            said(r.first_value),
            said(r.second_value),
            said(r.difference),
            f"{said(r.low)} to {said(r.high)}" if r.low is not None else r.note,
            said(r.p_holm, 3),
            str(r.videos),
            outcome(r) if r.better else "-",
        )
        for r in rows
    ]
    return Table(title, columns, tuple(cells))


def fine_tuning(dataset: Dataset, test: Sequence[Recorded], depth: Depth) -> Claim:
    """Claim 3: the fine-tuned model against its base, task by task."""
    by_model = {r.model: _by_task(r.findings) for r in test if r.model in (BASE, TUNED)}
    rule = (
        "Supported if, task by task (as in the paper without Task 3), the fine-tuned model's "
        "headline score is shown better than its base model's on at least half of the tasks and "
        "worse on none (paired permutation by patient, Holm)."
    )
    says = (
        "“seizure-specific fine-tuning substantially improves performance across tasks” "
        "(Abstract; Table 3: on average 12 % by SFT, 15 % by GRPO)"
    )
    title = "Fine-tuning improves performance across tasks"
    if len(by_model) < 2:
        why = f"The release has no recorded answers of both {BASE} and {TUNED}."
        return Claim(3, title, says, "not testable from the release", rule, why)
    runs = {TUNED: by_model[TUNED], BASE: by_model[BASE]}
    settings = Resampling(depth.resamples, 9999, depth.seed)
    tasks = load_tasks(dict.fromkeys(task for mine in runs.values() for task in mine))
    rows = compare_runs(runs, dataset, tasks, Judging("paper"), Choice(), settings)
    means = [r for r in rows if _is_headline(r) and r.difference is not None]
    means = corrected(means)
    counted = [r for r in means if r.task != "spatial"]
    better = [r for r in counted if outcome(r) == TUNED]
    worse = [r for r in counted if outcome(r) == BASE]
    good = len(better) * 2 >= len(counted) and not worse and bool(counted)
    grpo = any("grpo" in r.model for r in test)
    finding = (
        f"On what both models answered, {len(better)} of {len(counted)} headline scores are shown "
        f"better after fine-tuning and {len(worse)} worse; for the others 24 patients cannot "
        "tell. "
    )
    spatial = [r for r in means if r.task == "spatial"]
    if spatial and spatial[0].first_value is not None:
        finding += (
            f"Laterality (left out of the paper's average) goes from "
            f"{said(spatial[0].second_value)} to {said(spatial[0].first_value)}. "
        )
    finding += (
        "Table 3's Task 7 figure is the mean of three columns of Table 2, the two-stage one "
        "among them. "
        + ("" if grpo else "No answers of the GRPO variant are in this part of the release.")
    )
    table = _compared(means, TUNED, BASE, "Headline scores on what both answered, protocol paper")
    return Claim(3, title, says, "supported" if good else "not supported", rule, finding, (table,))


def _is_headline(row: Difference) -> bool:
    return row.item in ("mean", "sequence", "report", "video_only", "with_report")


def _by_task(findings: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for f in findings:
        found.setdefault(f.task, []).append(f)
    return found
