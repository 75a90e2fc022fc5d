"""Claims 4, 5 and 9: the second stage, its 0.96, its lead, and what a report adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

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
    rounded,
)
from s3eval_paper.claims.drawing import Drawn, Draws, shared, tallies_of
from s3eval_paper.claims.implied import implied_rows, implied_table, implied_text, quoted
from s3eval_paper.claims.rediagnosis import Depth, Diagnosed
from s3eval_paper.claims.tuning import tuned_and_base
from s3eval_paper.tables import cells

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.task import Finding
    from s3eval_paper.release.runs import Recorded

__all__ = ["report_gain", "two_stage_gain", "two_stage_score"]

OWN = "own readings"


def two_stage_score(diagnosed: Sequence[Diagnosed]) -> Claim:
    """Claim 4: the second stage on the quoted model's own readings of the other folds."""
    model, printed = quoted()
    mine = [d for d in diagnosed if d.way == "two-stage" and d.model == model]
    as_published = [d for d in mine if d.trained_on == OWN and d.folds == "published"]
    top = [d for d in diagnosed if d.model == "annotation" and d.rows["f1"].value is not None]
    verdict: Verdict = UNTESTABLE
    if as_published:
        f1 = as_published[0].rows["f1"]
        verdict = UNTOLD
        if f1.high is not None and f1.high < printed:
            verdict = CONTRADICTED
        elif f1.mark == "above" and f1.high is not None and f1.high >= printed:
            verdict = SUPPORTED
    finding = (
        "The paper trained its classifier on what the first stage itself reads (Table 32's "
        "caption, Section 4.6). "
    )
    if verdict == UNTESTABLE:
        finding += (
            f"{model}'s readings of the other folds, on which it was trained, are not in this "
            "release, so that the claim cannot be tested as the paper did it. "
        )
    if mine:
        best = max(mine, key=lambda d: d.rows["f1"].value or 0.0)
        f1 = best.rows["f1"]
        finding += (
            f"What can be tried: the best of {len(mine)} second stages on its readings of the "
            f"test set has F1 {around(f1)} ({best.classifier}, trained on {best.trained_on}, "
            f"{f1.videos} videos of {f1.patients} patients); always answering ES has "
            f"{rounded(f1.chance.get('always-ES'))} on the same videos, from which it cannot be "
            "told apart. "
            if f1.mark != "above"
            else ""
        )
    if top:
        annotation = max(d.rows["f1"].value or 0.0 for d in top)
        finding += (
            f"The clinicians' own annotated features give up to {rounded(annotation)}: what "
            "recognizing all 20 features without a fault could reach, not what a model's readings "
            "do. "
        )
    finding += _made_again(diagnosed)
    implied = implied_rows()
    finding += implied_text(implied)
    rows = [*top, *mine]
    tables = [implied_table(implied)]
    if rows:
        tables.insert(0, _stage_table(rows, "Second stages on annotated and read features"))
    return Claim(
        "4",
        f"Two-stage classification reaches F1 {printed:.2f}",
        "“a two-stage neuro-symbolic framework achieves an F1 score of 0.96 on epileptic versus "
        "non-epileptic seizure classification” (Abstract; Tables 2, 32)",
        verdict,
        "On the quoted model's own readings, trained on its readings of the other published "
        "folds: supported if the interval holds the printed F1 and the second stage is clearly "
        "above always answering ES; contradicted if the interval lies below the printed F1. Not "
        "testable where the release lacks those readings.",
        finding.strip(),
        tuple(tables),
    )


def _made_again(diagnosed: Sequence[Diagnosed]) -> str:
    """Which printed rows come out of patient folds cut within the test set."""
    own = [d for d in diagnosed if d.way == "two-stage" and d.trained_on == OWN]
    again = [
        d
        for d in own
        if d.printed
        and all(abs((d.rows[m].value or 0.0) - float(p)) < 0.0101 for m, p in d.printed.items())
    ]
    if not again:
        return ""
    comparisons = "; ".join(
        f"{d.model}: {', '.join(rounded(d.rows[m].value) for m in d.printed)} against the printed "
        f"{', '.join(d.printed.values())}, on {d.rows['f1'].videos} videos where always answering "
        f"ES has F1 {rounded(d.rows['f1'].chance.get('always-ES'))}"
        for d in again
    )
    return (
        "Trained on the model's own readings in folds cut within the test set, the printed row "
        f"comes out to 0.01 for {comparisons}. "
    )


def _stage_table(rows: Sequence[Diagnosed], title: str) -> Table:
    columns = ("features of", "classifier", "trained on", "F1 (ES)", "always-ES", "mark", "videos")
    cells = [
        (
            d.model,
            d.classifier,
            d.trained_on,
            around(d.rows["f1"]),
            rounded(d.rows["f1"].chance.get("always-ES")),
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
    on_own, average = _gains(dataset, test, diagnosed, depth, OWN)
    on_annotation, second_average = _gains(dataset, test, diagnosed, depth, "annotation")
    shown = [r for r in on_own if outcome(r) == r.first]
    worse = [r for r in on_own if outcome(r) == r.second]
    verdict: Verdict = UNTESTABLE
    if on_own and average:
        verdict = by_interval(average.low, average.high)
        if verdict == SUPPORTED and 2 * len(shown) <= len(on_own):
            verdict = UNTOLD
    finding = "No recorded model has both a direct answer and readings for a second stage."
    if average:
        finding = (
            f"On the models' own readings, as the paper trained (Table 32's caption, Section 4.6), "
            f"{sum((r.difference or 0) > 0 for r in on_own)} of {len(on_own)} models score higher "
            f"with the second stage than when asked directly; their mean F1 goes from "
            f"{rounded(_mean(on_own, 'second_value'), 3)} to "
            f"{rounded(_mean(on_own, 'first_value'), 3)}, "
            f"a gain of {around(average)} ({average.videos} videos, {average.patients} patients); "
            f"{len(shown)} are shown better by a paired test after Holm and {len(worse)} worse. "
        )
    if second_average:
        up = sum((r.difference or 0) > 0 for r in on_annotation)
        finding += (
            f"Trained on the annotation instead, {up} of {len(on_annotation)} score higher, with a "
            f"mean gain of {around(second_average)}. "
        )
    ways = [d for d in diagnosed if d.way == "video only"]
    below = sum(d.rows["f1"].mark == "not above" for d in ways)
    if ways:
        always = ways[0].rows["f1"].chance.get("always-ES")
        finding += (
            f"What is gained on is little: {below} of {len(ways)} direct diagnoses are no better "
            f"than always answering ES ({rounded(always)} on the test fold)."
        )
    tables = tuple(
        _gain_table(rows, f"Two-stage against direct diagnosis, F1 (ES), trained on {training}")
        for rows, training in ((on_own, OWN), (on_annotation, "annotation"))
        if rows
    )
    return Claim(
        "5",
        "The second stage beats direct diagnosis",
        "“the proposed two-stage seizure classification consistently outperforms direct "
        "end-to-end MLLM classification … from 0.70 to 0.86” (Section 4.6)",
        verdict,
        "On the models' own readings first (first classifier): supported if the interval of the "
        "mean gain in F1 over models is above 0 and more than half of the models are shown better "
        "on the same videos (paired permutation by patient, Holm); contradicted if the interval "
        "of the mean gain is below 0.",
        finding.strip(),
        tables,
    )


def _gains(
    dataset: Dataset,
    test: Sequence[Recorded],
    diagnosed: Sequence[Diagnosed],
    depth: Depth,
    training: str,
) -> tuple[list[Difference], Drawn | None]:
    """By model the second stage against the direct answer, and the mean gain over models."""
    rows: list[Difference] = []
    pairs: list[tuple[list[Finding], list[Finding]]] = []
    for run in test:
        direct = [f for f in run.findings if (f.task, f.item) == ("diagnosis", "video_only")]
        stages = [
            d
            for d in diagnosed
            if (d.model, d.way, d.trained_on) == (run.model, "two-stage", training)
        ]
        answered = [f for f in direct if f.value is not None]
        if not answered or not stages:
            continue
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
        first, second = shared([staged, answered], "diagnosis")
        pairs.append((first, second))
    key = ("diagnosis", "video_only", "f1")
    mean = _mean_change(dataset, pairs, key, key, depth, lambda a, b: a - b)
    return corrected(rows), mean


def _mean_change(
    dataset: Dataset,
    pairs: Sequence[tuple[list[Finding], list[Finding]]],
    key: tuple[str, str, str],
    other: tuple[str, str, str],
    depth: Depth,
    change: Callable[[Any, Any], Any],
) -> Drawn | None:
    """The mean over models of a change between two scores, patients drawn for all together."""
    made = [(tallies_of(dataset, a).get(key), tallies_of(dataset, b).get(other)) for a, b in pairs]
    known = [(a, b) for a, b in made if a is not None and b is not None]
    if not known:
        return None
    every = [t for pair in known for t in pair]
    draws = Draws.of(dataset, every, depth.resamples, depth.seed)
    first, second = draws.values([a for a, _ in known]), draws.values([b for _, b in known])
    return draws.around(np.mean(change(first, second), axis=0), every)


def _mean(rows: Sequence[Difference], name: str) -> float | None:
    known = [v for r in rows if (v := getattr(r, name)) is not None]
    return sum(known) / len(known) if known else None


def _gain_table(rows: Sequence[Difference], title: str) -> Table:
    named = [
        (
            r.first,
            *(rounded(v) for v in (r.first_value, r.second_value, r.difference)),
            f"{rounded(r.low)} to {rounded(r.high)}",
            rounded(r.p, 3),
            rounded(r.p_holm, 3),
            str(r.videos),
            str(r.patients),
        )
        for r in rows
    ]
    columns = ("model", "two-stage", "direct", "difference", "95 % interval", "p", "p (Holm)")
    return Table(title, (*columns, "videos", "patients"), tuple(named))


def _as_findings(stage: Diagnosed) -> list[Finding]:
    from s3eval.task import Finding

    return [
        Finding("diagnosis", p.video, "video_only", "answered", p.predicted, "", 1, 1)
        for p in stage.predictions
    ]


def report_gain(dataset: Dataset, test: Sequence[Recorded], depth: Depth) -> Claim:
    """Claim 9: how much better a diagnosis is with the report, on average."""
    tuned, _ = tuned_and_base()
    printed = {(c.model, c.item): c.value for c in cells("2") if c.metric == "f1"}
    models = [m for m, item in printed if item == "with_report" and m not in tuned]
    shares = [printed[m, "with_report"] / printed[m, "video_only"] - 1 for m in models]
    rows, pairs, verdicts = [], [], []
    for run in test:
        both = [f for f in run.findings if f.task == "diagnosis" and f.value is not None]
        parts = [[f for f in both if f.item == item] for item in ("with_report", "video_only")]
        common = {f.video for f in parts[0]} & {f.video for f in parts[1]}
        if run.model in tuned or not common:
            continue
        with_report, video_only = ([f for f in part if f.video in common] for part in parts)
        pairs.append((with_report, video_only))
        one = _mean_change(dataset, pairs[-1:], *_WAYS, depth, _relative)
        if one:
            verdicts.append(by_interval(one.low, one.high))
            rows.append((run.model, around(one), str(one.videos), str(one.patients)))
    mean = _mean_change(dataset, pairs, *_WAYS, depth, _relative)
    claimed = 0.2112
    verdict: Verdict = UNTESTABLE
    if mean:
        verdict = by_interval(mean.low, mean.high)
        if mean.high is not None and mean.high < claimed:
            verdict = CONTRADICTED
    finding = (
        f"The mean of the relative changes that Table 2 itself prints is "
        f"{sum(shares) / len(shares):.1%} over its {len(shares)} untuned models"
        f" ({sum(s > 0 for s in shares)} rise), not the {claimed:.2%} of the text."
    )
    if mean:
        finding = (
            f"On the recorded answers the mean change of {len(rows)} untuned models is "
            f"{around(mean)} ({mean.videos} videos, {mean.patients} patients); "
            f"{sum(v == SUPPORTED for v in verdicts)} of them are shown to gain. {finding}"
        )
    columns = ("model", "relative change of F1 (ES)", "videos", "patients")
    return Claim(
        "9",
        "Reports improve the diagnosis by 21.12 %",
        "“Report-augmented inputs yield an average F1 improvement of 21.12%” (Section 4.3, Table "
        "2)",
        verdict,
        "Supported if the interval of the mean relative improvement over the untuned models is "
        "above 0 and does not lie below the claimed figure; contradicted if it lies below the "
        "claimed figure or below 0.",
        finding,
        (Table("F1 with the report against without, same videos", columns, tuple(rows)),)
        if rows
        else (),
    )


_WAYS = (("diagnosis", "with_report", "f1"), ("diagnosis", "video_only", "f1"))


def _relative(first: Any, second: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(second > 0, first / second - 1, np.nan)
