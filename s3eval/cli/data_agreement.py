"""``s3eval data agreement``: two annotations against each other (Tables 5 and 31, Figure 7).

Runs of human readers, who answered without being annotators, are held against each other too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, resamples_option, seed_option, write_json_output
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.statistics.groups import FeatureAgreement, Likeness

EPILOG = """\b
Examples:
  s3eval data agreement epileptologists annotators
  s3eval data agreement epileptologists annotators --figure figure7.png
  s3eval data agreement readers/R1 readers/R2      runs, of readers or of models

Kappa needs videos that both annotated; the distributions may be of different videos.
"""


@click.command("agreement", epilog=EPILOG)
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    help="Draw the distributions into this file, as in the paper's Figure 7.",
)
@resamples_option
@seed_option
@json_option
def command(
    sources: tuple[str, ...],
    figure: Path | None,
    resamples: int,
    seed: int,
    json_file: str | None,
) -> None:
    """Show how far two annotations (dataset folders), or two or more runs, agree.

    SOURCES are the folders. A folder of runs stands for all of them.
    """
    if all(_is_run(source) for source in sources):
        if figure:
            raise S3EvalError("--figure draws distributions of annotations, not of runs")
        _agreement_of_runs(sources, resamples, seed, json_file)
        return
    if len(sources) != 2:
        raise S3EvalError(f"Expected two datasets, or runs, but got {len(sources)} folders")
    _agreement_of_datasets(*sources, figure, resamples, seed, json_file)


def _is_run(source: str) -> bool:
    folder = Path(source)
    return (folder / "run.json").is_file() or any(folder.glob("*/run.json"))


def _agreement_of_runs(
    sources: Sequence[str], resamples: int, seed: int, json_file: str | None
) -> None:
    from s3eval.api.agreement import agreement_of_runs
    from s3eval.reporting.agreement import agreement_records, show_agreement

    found = agreement_of_runs(sources, resamples, seed)
    records = agreement_records(found.tallies, found.intervals)
    if write_json_output({"runs": list(found.runs), "agreement": records}, json_file):
        return
    if found.tallies:
        show_agreement(found.tallies, found.intervals)
    else:
        echo("These runs share no answered labels or numbers: no agreement to tell.")


def _agreement_of_datasets(
    first: str, second: str, figure: Path | None, resamples: int, seed: int, json_file: str | None
) -> None:
    from s3eval.api.datasets import open_dataset
    from s3eval.statistics.groups import distributions, feature_agreement

    one, two = open_dataset(first), open_dataset(second)
    kappas = feature_agreement(one, two, resamples, seed)
    alike = distributions(one, two)
    if not kappas and not any(x.features for x in alike):
        raise S3EvalError("Neither shared videos nor features of both diagnoses to compare")
    if figure:
        from s3eval.statistics.group_figure import draw

        draw(alike, (one.name, two.name), figure)
    facts = {"features": [asdict(k) for k in kappas], "distributions": [asdict(x) for x in alike]}
    if not write_json_output(facts, json_file):
        _show(kappas, alike, (one.name, two.name))


def _said(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _show(
    kappas: Sequence[FeatureAgreement], alike: Sequence[Likeness], names: tuple[str, str]
) -> None:
    from s3eval.published import publications

    printed: dict[tuple[str, str], str] = {}
    for publication in publications():
        for place, one in publication.of_annotators().items():
            printed.setdefault(place, one.text)
    if kappas:
        lines = [
            (
                k.feature,
                _said(k.kappa),
                "-" if k.low is None else f"{_said(k.low)} to {_said(k.high)}",
                printed.get((k.feature, "cohens_kappa"), ""),
                _said(k.agreement),
                _said(k.first_yes),
                _said(k.second_yes),
                k.videos,
                k.patients,
            )
            for k in kappas
        ]
        known = [k.kappa for k in kappas if k.kappa is not None]
        columns = ["feature", "kappa", "95 % interval", "published" if printed else "", "equal"]
        columns += ["yes in first", "yes in second", "videos", "patients"]
        print_table(f"{names[0]} and {names[1]} on the same videos", columns, lines, columns[1:])
        mean = _said(sum(known) / len(known)) if known else "-"
        beside = printed.get(("mean", "cohens_kappa"), "")
        beside = f" (published: {beside})" if beside else ""
        echo(f"Mean kappa {mean} over {len(known)} of {len(kappas)} features{beside}\n")
    else:
        echo("No video is annotated by both: no kappa.\n")
    rows = [
        (
            x.group,
            _beside(x.pearson, 3, printed.get((x.group, "pearson"))),
            "-" if x.p is None else f"{x.p:.2g}",
            _beside(x.cosine, 3, printed.get((x.group, "cosine"))),
            _beside(x.emd, 5, printed.get((x.group, "earth_movers_distance"))),
            x.first_videos,
            x.second_videos,
        )
        for x in alike
        if x.features
    ]
    columns = ["diagnosis", "Pearson r", "p", "cosine", "EMD", "videos first", "videos second"]
    title = "Feature frequencies" + (" (published in brackets)" if printed else "")
    print_table(title, columns, rows, columns[1:])
    for x in alike:
        if x.group != "both" and x.features:
            _bars(x, names)


def _beside(value: float | None, digits: int, printed: str | None) -> str:
    return _said(value, digits) + (f" ({printed})" if printed else "")


def _bars(x: Likeness, names: tuple[str, str]) -> None:
    echo(f"{x.group}: share of videos with the feature, {names[0]} █ and {names[1]} ░")
    order = sorted(range(len(x.features)), key=lambda i: abs(x.first[i] - x.second[i]))
    for i in order:
        echo(f"  {x.features[i]:<26}{x.first[i]:>6.0%} {'█' * round(30 * x.first[i])}")
        echo(f"  {'':<26}{x.second[i]:>6.0%} {'░' * round(30 * x.second[i])}")
    echo()
