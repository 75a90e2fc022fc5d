"""docs/findings.md: the release's recorded answers scored honestly, and the claims' worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from s3eval_paper.claims.claim import Claim, Table, around, rounded
from s3eval_paper.claims.rediagnosis import (
    METRICS,
    OWN,
    PUBLISHED,
    Depth,
    Diagnosed,
    FiveFold,
    five_folds,
    own_readings,
    rediagnose,
)
from s3eval_paper.claims.verdicts import claims

__all__ = ["Findings", "find", "markdown"]


@dataclass(frozen=True)
class Findings:
    """All that is found on a release.

    Attributes:
        videos, patients, es: of the test set (fold 0 with a diagnosis).
        models: recorded on the test set.
    """

    videos: int
    patients: int
    es: int
    models: tuple[str, ...]
    diagnosed: Sequence[Diagnosed]
    claims: Sequence[Claim]
    five_folds: Sequence[FiveFold]
    depth: Depth

    def as_json(self) -> dict[str, Any]:
        """Everything but the single predictions, JSON-able."""
        rows = []
        for d in self.diagnosed:
            facts: Mapping[str, Any] = asdict(d)
            rows.append({k: v for k, v in facts.items() if k != "predictions"})
        return {
            "videos": self.videos,
            "patients": self.patients,
            "es": self.es,
            "models": list(self.models),
            "diagnosed": rows,
            "claims": [asdict(c) for c in self.claims],
            "five_folds": [asdict(f) for f in self.five_folds],
            "depth": asdict(self.depth),
        }


def find(
    release: str | Path,
    depth: Depth | None = None,
    step: Callable[[str], None] = lambda words: None,
    jobs: int = 1,
) -> Findings:
    """Compute the findings of a release.

    Args:
        release: its folder.
        step: told what is begun, for a display of progress.
        jobs: processes; with more than one, what takes longest runs beside all else.

    Raises:
        S3EvalError: no release there, or no recorded answers or folds in it.
    """
    from s3eval.errors import S3EvalError
    from s3eval.running.loading import load_tasks
    from s3eval.statistics.table import rows_of_findings
    from s3eval_paper.release.ratings import read_ratings
    from s3eval_paper.release.reading import read_release

    depth = depth or Depth()
    step("reading the release")
    contents = read_release(release)
    dataset, recorded = contents.dataset, contents.runs
    test = [r for r in recorded if r.split == "test"]
    if not test:
        raise S3EvalError("This release has no recorded answers on the test set", where=release)
    scores = {}
    step("scores against blind answers")
    for run in test:
        by_task: dict[str, list[Any]] = {}
        for f in run.findings:
            if f.task in ("spatial", "timing", "sequence", "report"):
                by_task.setdefault(f.task, []).append(f)
        scores[run.model] = rows_of_findings(
            by_task, dataset, "paper", load_tasks(by_task), depth.resamples, depth.seed
        )
    with _beside(jobs) as begin:
        own = begin(_own_readings, contents.root, depth)
        folds = begin(_five_folds, contents.root, depth)
        step("second stages of every model")
        diagnosed = rediagnose(dataset, recorded, depth, own)
        step("second stages over five folds")
        made_again = folds()
    rated = read_ratings(contents.root, contents.problems)
    fold = [v for v in dataset.videos if v.fold == 0 and v.diagnosis]
    return Findings(
        videos=len(fold),
        patients=len({v.patient for v in fold}),
        es=sum(v.diagnosis == "ES" for v in fold),
        models=tuple(r.model for r in test),
        diagnosed=diagnosed,
        claims=claims(dataset, recorded, scores, diagnosed, depth, rated, step),
        five_folds=made_again,
        depth=depth,
    )


def _five_folds(root: Path, depth: Depth) -> list[FiveFold]:
    """Table 32 again, from the folder: a dataset does not pass between processes."""
    from s3eval_paper.release.reading import read_release

    return five_folds(read_release(root, splits=()).dataset, depth)


def _own_readings(root: Path, depth: Depth) -> dict[str, list[Diagnosed]]:
    from s3eval_paper.release.reading import read_release

    contents = read_release(root)
    return own_readings(contents.dataset, contents.runs, depth)


@contextmanager
def _beside(jobs: int) -> Iterator[Callable[..., Callable[[], Any]]]:
    """Hand out ``begin(work, ...)``, which gives what waits for the work's result.

    With more than one process the work runs beside all else, otherwise when it is waited for.
    """
    if jobs < 2:
        yield partial
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs) as pool:
        yield lambda work, *arguments: pool.submit(work, *arguments).result


def markdown(findings: Findings) -> str:
    """The findings as a Markdown page; the same findings give the same bytes."""
    parts = [
        "# What the release's recorded answers show\n",
        "<!-- Generated by `s3eval findings RELEASE --out docs/findings.md`; do not edit. -->\n",
        f"The public release holds recorded answers of {len(findings.models)} models on the test "
        f"set: {', '.join(findings.models)}. The test set is {findings.videos} diagnosed videos of "
        f"{findings.patients} patients, {findings.es} of them ES, so **always answering ES** has "
        f"F1 {rounded(2 * findings.es / (findings.videos + findings.es))} and accuracy "
        f"{rounded(findings.es / findings.videos)} without a look at a video. Intervals are 95 %, "
        f"from {findings.depth.resamples} draws of whole patients (seed {findings.depth.seed}); "
        "[statistics.md](statistics.md) says how. A claim is **supported** or **contradicted** "
        "where the rule printed with it says so, **cannot be told with these patients** where the "
        "sample allows both, and **not testable from the release** where what it needs is not in "
        "this part of it. Nothing here needs a video or a model: the "
        "command above makes this page from the release alone.\n",
        "Marks: **above** is clearly better than the best chance level (the interval of the paired "
        "advantage is above 0), **unclear** is better but within chance's reach, **not above** is "
        "not better than an answer given without looking.\n",
        "## The claims\n",
        _table(
            Table(
                "",
                ("", "claim", "verdict"),
                tuple((c.number, c.title, f"**{c.verdict}**") for c in findings.claims),
            )
        ),
    ]
    parts += [_claim(c) for c in findings.claims]
    parts += [
        "## Table 2 again: Task 7 and two-stage diagnosis\n",
        "Positive class ES; “printed” is the paper's cell. The printed two-stage column was "
        "trained on the models' own readings (Table 32's caption); its folds are not released. "
        "Here a second stage is trained on the annotated features of the other four folds, or on "
        "the model's own readings, as named.\n",
        *(_way(findings.diagnosed, way) for way in ("video only", "video and report", "two-stage")),
        _table_32(findings.five_folds),
        _untestable(findings),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _claim(claim: Claim) -> str:
    tables = "\n".join(_table(t) for t in claim.tables)
    return (
        f"### {claim.number}. {claim.title}\n\n"
        f"{claim.says}\n\n**{claim.verdict[0].upper()}{claim.verdict[1:]}.** {claim.finding}\n\n"
        f"*Rule:* {claim.rule}\n\n{tables}"
    )


def _table(table: Table) -> str:
    lines = [f"{table.title}:\n"] if table.title else []
    lines.append("| " + " | ".join(table.columns) + " |")
    lines.append("|" + " --- |" * len(table.columns))
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in r) + " |" for r in table.rows]
    return "\n".join(lines) + "\n"


def _way(diagnosed: Sequence[Diagnosed], way: str) -> str:
    mine = [d for d in diagnosed if d.way == way]
    staged = way == "two-stage"
    columns = ["model", *(("classifier", "trained on", "folds") if staged else ())]
    for metric in METRICS:
        columns += ["F1" if metric == "f1" else metric, "printed"]
    columns += ["always-ES F1", "mark", "videos", "patients"]
    rows = []
    for d in mine:
        cells = [d.model, *((d.classifier, d.trained_on, d.folds) if staged else ())]
        for metric in METRICS:
            cells += [around(d.rows[metric]), d.printed.get(metric, "")]
        f1 = d.rows["f1"]
        videos = f"{f1.videos} of {d.asked}" if f1.videos != d.asked else str(f1.videos)
        cells += [rounded(f1.chance.get("always-ES")), f1.mark, videos, str(f1.patients)]
        rows.append(tuple(cells))
    notes = [
        f"- {d.model}: {d.note}."
        for d in mine
        if d.note and not (staged and d.classifier != mine[0].classifier)
    ]
    title = {"video only": "Without report", "video and report": "With report"}.get(
        way, "Two-stage"
    )
    text = f"### {title}\n\n" + _table(Table("", tuple(columns), tuple(rows)))
    return text + ("\n" + "\n".join(dict.fromkeys(notes)) + "\n" if notes else "")


def _table_32(by_classifier: Sequence[FiveFold]) -> str:
    """Tables 32 and 33 again: every published fold held out once, annotated features."""
    from s3eval_paper.tables import cells

    printed: dict[str, list[str]] = {}
    for c in cells("32"):
        if c.metric.startswith("f1_fold"):
            printed.setdefault(c.item.replace("_", "-"), []).append(c.printed)
    folds = list(by_classifier[0].by_fold) if by_classifier else []
    rows = []
    for f in by_classifier:
        known = [v for v in f.by_fold.values() if v is not None]
        spread = (
            f"{rounded(sum(known) / len(known))} ({rounded(min(known))} to {rounded(max(known))})"
        )
        published = ", ".join(printed.get(f.classifier, ()))
        rows.append((f.classifier, *(rounded(f.by_fold[k]) for k in folds), spread, published))
    if by_classifier:
        always = ("always ES", *(rounded(v) for v in by_classifier[0].always.values()), "", "")
        rows.append(always)
    columns = ("classifier", *(f"fold {k}" for k in folds), "mean (range)", "printed, folds 1-5")
    text = (
        "## Tables 32 and 33 again: five folds, annotated features\n\n"
        "Each published fold held out once, whole patients, trained on the annotation of the "
        "other four: what a second stage reaches when the 20 features are known without a fault. "
        "The print numbers the folds 1-5, and has the first stage's own readings behind it "
        "(Table 32's caption), so that the two are not of the same features.\n\n"
        + _table(Table("F1 (ES) by held-out fold", columns, tuple(rows)))
    )
    first = by_classifier[0] if by_classifier else None
    if first is None or not first.impurity:
        return text
    importances = {c.item: c.printed for c in cells("33")}
    top = [
        (name, f"{value:.3f}", f"{first.permutation.get(name, 0.0):.3f}", importances.get(name, ""))
        for name, value in list(first.impurity.items())[:8]
    ]
    columns = ("feature", "impurity", "permutation (held out)", "printed (impurity)")
    title = f"Importances, {first.classifier}, mean over the folds"
    return text + "\n" + _table(Table(title, columns, tuple(top)))


def _untestable(findings: Findings) -> str:
    parts = [
        "## What this release does not let one test\n",
        "- Agreement of annotators and epileptologists (kappa 0.84, Tables 5 and 31): their "
        "separate annotations are not in it. `s3eval data agreement` computes it from two folders.",
        "- Clinicians against models (Tables 26-28): the clinicians' answers are not in it. "
        "`s3eval data readers` takes such answers as a CSV.",
        "- Sampling rates and full videos (Tables 29 and 30): answers at other settings are not in "
        "it. `s3eval sweep` makes them, given the videos.",
        "- Probabilities and calibration: only words were recorded. `s3eval calibrate` reads runs "
        "of models whose token probabilities can be seen.",
    ]
    return "\n".join([*parts, *_cut_within(findings.diagnosed)]) + "\n"


def _cut_within(diagnosed: Sequence[Diagnosed]) -> Iterator[str]:
    """Whose second stage could not be trained on its readings of the other published folds."""
    own = [d for d in diagnosed if d.way == "two-stage" and d.trained_on == OWN]
    cut = {d.model: d for d in own if d.folds != PUBLISHED}
    whole = dict.fromkeys(d.model for d in own if d.folds == PUBLISHED)
    if not cut:
        return
    patients = sorted({d.rows["f1"].patients for d in cut.values()})
    among = f"{patients[0]} to {patients[-1]}" if len(patients) > 1 else f"{patients[0]}"
    yield (
        f"- A second stage trained on the readings of the other published folds by "
        f"{', '.join(cut)}: this part of the release has none of theirs to train on. Their rows "
        "“own readings” are of folds cut by patient within the test fold instead, and learn from "
        f"a part of its {among} patients. "
        + (
            f"Those of {', '.join(whole)} are trained on the other published folds."
            if whole
            else "No model's are trained on the other published folds."
        )
    )
