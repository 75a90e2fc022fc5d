"""Claims 4 and 5: the second stage, its 0.96, and its lead over direct diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
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
from s3eval_paper.claims.claim import TUNED, Claim, Table, Verdict, around, said
from s3eval_paper.claims.rediagnosis import Depth, Diagnosed

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.statistics.table import ScoreRow
    from s3eval_paper.release.runs import Recorded


def two_stage_score(diagnosed: Sequence[Diagnosed]) -> Claim:
    """Claim 4: the second stage on the fine-tuned model's features, and the printed rows."""
    mine = [d for d in diagnosed if d.way == "two-stage" and d.model == TUNED]
    rule = (
        "Supported if the second stage on the fine-tuned model's recorded features reaches 0.96 "
        "(its interval holds 0.96) and is clearly above always answering ES."
    )
    says = (
        "“a two-stage neuro-symbolic framework achieves an F1 score of 0.96 on epileptic "
        "versus non-epileptic seizure classification” (Abstract; Tables 2, 32)"
    )
    title = "Two-stage classification reaches F1 0.96"
    if not mine:
        why = f"The release has no recorded Task-1 answers of {TUNED}."
        return Claim(4, title, says, "not testable from the release", rule, why)
    best = max(mine, key=lambda d: d.rows["f1"].value or 0.0)
    f1 = best.rows["f1"]
    reached = f1.high is not None and f1.high >= 0.96 and f1.mark == "above"
    top = [d for d in diagnosed if d.model == "annotation" and d.rows["f1"].value is not None]
    above = sum(d.rows["f1"].mark == "above" for d in mine)
    annotation = max((d.rows["f1"].value or 0.0 for d in top), default=None)
    finding = (
        f"With whole patients held out, the best of {len(mine)} second stages on {TUNED}'s "
        f"recorded features has F1 {around(f1)} ({best.classifier}, trained on "
        f"{best.trained_on}); always answering ES has {said(f1.chance.get('always-ES'))}. "
        f"{above} of the {len(mine)} are clearly above their best chance line. The clinicians' own "
        f"annotated features give up to {said(annotation)}: that is what recognizing all 20 "
        "features without a fault could reach, not what a model's readings do. Which features the "
        "published classifier was trained on is not said, and its folds cannot be made again. "
    )
    finding += _made_again(diagnosed)
    implied = implied_rows()
    finding += _on_implied(implied, top[0].rows["f1"] if top else f1)
    tables = (
        _stage_table([*top, *mine], "Second stages on annotated and fine-tuned features"),
        _implied_table(implied),
    )
    verdict: Verdict = "supported" if reached else "not supported"
    return Claim(4, title, says, verdict, rule, finding, tables)


def _made_again(diagnosed: Sequence[Diagnosed]) -> str:
    """Which printed rows come out of patient folds cut within the test set."""
    own = [d for d in diagnosed if d.way == "two-stage" and d.trained_on == "own readings"]
    again = [
        d
        for d in own
        if d.printed
        and all(abs((d.rows[m].value or 0.0) - float(p)) < 0.0101 for m, p in d.printed.items())
    ]
    if not again:
        return ""
    told = "; ".join(
        f"{d.model}: {', '.join(said(d.rows[m].value) for m in d.printed)} against the printed "
        f"{', '.join(d.printed.values())}, on {d.rows['f1'].videos} videos where always answering "
        f"ES has F1 {said(d.rows['f1'].chance.get('always-ES'))}"
        for d in again
    )
    return (
        "Trained on the model's own readings in folds cut within the test set, the printed row "
        f"comes out to 0.01 for {told}. "
    )


def implied_share(
    precision: float, recall: float, accuracy: float, half: float = 0.005
) -> tuple[float, float]:
    """Between which shares of ES three printed scores of one set of videos can lie.

    With P, R and the share s of positives, accuracy is 1 - s ((1 - R) + R (1 - P) / P); solved
    for s at the ends of what rounding to two decimals allows, cut to [0, 1].

    >>> [round(s, 2) for s in implied_share(0.68, 1.0, 0.68)]
    [0.65, 0.71]
    """

    def share(p: float, r: float, a: float) -> float:
        per_positive = (1 - r) + r * (1 - p) / p if p > 0 else float("inf")
        return (1 - a) / per_positive if per_positive > 0 else 1.0

    # Falling precision and rising accuracy lower the share; recall does either.
    recalls = (max(0.0, recall - half), min(1.0, recall + half))
    low = min(share(max(0.0, precision - half), r, min(1.0, accuracy + half)) for r in recalls)
    high = max(share(min(1.0, precision + half), r, accuracy - half) for r in recalls)
    return max(0.0, min(1.0, low)), max(0.0, min(1.0, high))


def implied_rows() -> list[tuple[str, dict[str, float], tuple[float, float]]]:
    """Every printed two-stage row of Table 2 with the share of ES that it implies."""
    from s3eval_paper.tables import cells

    rows: dict[str, dict[str, float]] = {}
    for c in cells("2"):
        if c.item == "two_stage":
            rows.setdefault(c.model, {})[c.metric] = c.value
    return [
        (model, row, implied_share(row["precision"], row["recall"], row["accuracy"]))
        for model, row in rows.items()
    ]


def _always(share: float) -> float:
    return 2 * share / (1 + share)


def _on_implied(
    implied: Sequence[tuple[str, dict[str, float], tuple[float, float]]], f1: ScoreRow
) -> str:
    always = f1.chance.get("always-ES") or 0.0
    test = always / (2 - always)  # F1 = 2s / (1 + s), solved for the share of ES
    high = [(m, row, ends) for m, row, ends in implied if ends[0] > test + 0.02]
    if not high:
        return ""
    names = ", ".join(m for m, _, _ in high)
    beaten = sum(row["f1"] > round(_always(ends[1]), 2) for _, row, ends in high)
    others = len(implied) - len(high)
    return (
        f"The printed rows themselves tell why: precision, recall and accuracy of one set of "
        f"videos fix its share of ES. {others} of the {len(implied)} printed two-stage rows imply "
        f"about {test:.0%}, as in the test set, and have F1 0.80-0.83, that of always answering "
        f"ES. The {len(high)} with F1 of {min(r['f1'] for _, r, _ in high):.2f} and more ({names}) "
        f"imply at least {min(e[0] for _, _, e in high):.0%}: they were scored on other, mostly "
        f"epileptic videos, where always answering ES scores as high ({beaten} of {len(high)} "
        "exceed what that line can reach there). This holds if each row was scored on one set of "
        "videos; means over folds would loosen it."
    )


def _implied_table(implied: Sequence[tuple[str, dict[str, float], tuple[float, float]]]) -> Table:
    columns = ("model", "P", "R", "F1", "accuracy", "implied share of ES", "always-ES F1 there")
    cells = [
        (
            model,
            *(said(row[m]) for m in ("precision", "recall", "f1", "accuracy")),
            f"{ends[0]:.2f} to {ends[1]:.2f}",
            f"{_always(ends[0]):.2f} to {_always(ends[1]):.2f}",
        )
        for model, row, ends in implied
    ]
    return Table("What the printed two-stage rows of Table 2 imply", columns, tuple(cells))


def _stage_table(rows: Sequence[Diagnosed], title: str) -> Table:
    columns = ("features of", "classifier", "trained on", "F1 (ES)", "always-ES", "mark", "videos")
    cells = [
        (
            d.model,
            d.classifier,
            d.trained_on,
            around(d.rows["f1"]),
            said(d.rows["f1"].chance.get("always-ES")),
            d.rows["f1"].mark,
            str(d.rows["f1"].videos),
        )
        for d in rows
    ]
    return Table(title, columns, tuple(cells))


def two_stage_gain(
    dataset: Dataset, test: Sequence[Recorded], diagnosed: Sequence[Diagnosed], depth: Depth
) -> Claim:
    """Claim 5: the second stage against the direct answer, on the same videos."""
    rows: list[Difference] = []
    for run in test:
        direct = [f for f in run.findings if (f.task, f.item) == ("diagnosis", "video_only")]
        stages = [d for d in diagnosed if d.model == run.model and d.trained_on == "annotation"]
        if direct and stages:
            staged = _as_findings(stages[0])
            name = f"{run.model} two-stage"
            rows += compare_runs(
                {name: {"diagnosis": staged}, "direct": {"diagnosis": direct}},
                dataset,
                load_tasks(["diagnosis"]),
                Judging("paper"),
                Choice(metrics=("f1",)),
                Resampling(depth.resamples, 9999, depth.seed),
            )
    rows = corrected(rows)
    better = [r for r in rows if outcome(r) == r.first]
    verdict: Verdict = "not testable from the release"
    if rows:
        verdict = "supported" if len(better) * 2 > len(rows) else "not supported"
    ways = [d for d in diagnosed if d.way == "video only"]
    below = sum(d.rows["f1"].mark == "not above" for d in ways)
    finding = (
        f"{sum((r.difference or 0) > 0 for r in rows)} of {len(rows)} recorded models score higher "
        f"with the second stage than when asked directly, {len(better)} of them shown by a paired "
        f"test. What is gained on is little: {below} of {len(ways)} direct "
        "diagnoses are not better than always answering ES, and the line of always answering ES "
        "(0.81 on the test fold) alone exceeds the paper's average of 0.70 for direct diagnosis."
    )
    named = [
        (
            r.first,
            *(said(v) for v in (r.first_value, r.second_value, r.difference)),
            f"{said(r.low)} to {said(r.high)}",
            said(r.p_holm, 3),
            str(r.videos),
        )
        for r in rows
    ]
    columns = ("model", "two-stage", "direct", "difference", "95 % interval", "p (Holm)", "videos")
    return Claim(
        5,
        "The second stage beats direct diagnosis",
        "“the proposed two-stage seizure classification consistently outperforms direct "
        "end-to-end MLLM classification … from 0.70 to 0.86” (Section 4.6)",
        verdict,
        "Supported if for most recorded models the second stage (first classifier, trained on "
        "annotation) is shown better in F1 than the direct answer on the same videos (paired "
        "permutation by patient, Holm).",
        finding,
        (Table("Two-stage against direct diagnosis, F1 (ES)", columns, tuple(named)),),
    )


def _as_findings(stage: Diagnosed) -> list[Any]:
    from s3eval.task import Finding

    return [
        Finding("diagnosis", p.video, "video_only", "answered", p.predicted, "", 1, 1)
        for p in stage.predictions
    ]
