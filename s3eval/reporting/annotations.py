"""The tables of how far two annotations agree, beside what publications print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3eval.published import publications
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.statistics.groups import FeatureAgreement, Likeness

__all__ = ["show_annotation_agreement"]

#: By (item, measure) what a publication prints.
_Printed = dict[tuple[str, str], str]


def show_annotation_agreement(
    kappas: Sequence[FeatureAgreement], alike: Sequence[Likeness], names: tuple[str, str]
) -> None:
    """Print Cohen's kappa of each feature, and how alike the frequencies of the features are.

    Numbers that an installed publication prints stand beside them.

    Args:
        kappas: empty where no video is annotated by both.
        alike: by diagnosis, and of both.
        names: of the two datasets.
    """
    printed: _Printed = {}
    for publication in publications():
        for place, one in publication.of_annotators().items():
            printed.setdefault(place, one.text)
    if kappas:
        _show_kappas(kappas, printed, names)
    else:
        echo("No video is annotated by both: no kappa.\n")
    _show_distributions([x for x in alike if x.features], printed)
    for x in alike:
        if x.group != "both" and x.features:
            _bars(x, names)


def _show_kappas(
    kappas: Sequence[FeatureAgreement], printed: _Printed, names: tuple[str, str]
) -> None:
    lines = [
        (
            k.feature,
            _number(k.kappa),
            "-" if k.low is None else f"{_number(k.low)} to {_number(k.high)}",
            printed.get((k.feature, "cohens_kappa"), ""),
            _number(k.agreement),
            _number(k.first_yes),
            _number(k.second_yes),
            k.videos,
            k.patients,
        )
        for k in kappas
    ]
    known = [k.kappa for k in kappas if k.kappa is not None]
    columns = ["feature", "kappa", "95 % interval", "published" if printed else "", "equal"]
    columns += ["yes in first", "yes in second", "videos", "patients"]
    print_table(f"{names[0]} and {names[1]} on the same videos", columns, lines, columns[1:])
    mean = _number(sum(known) / len(known)) if known else "-"
    beside = printed.get(("mean", "cohens_kappa"), "")
    beside = f" (published: {beside})" if beside else ""
    echo(f"Mean kappa {mean} over {len(known)} of {len(kappas)} features{beside}\n")


def _show_distributions(alike: Sequence[Likeness], printed: _Printed) -> None:
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
    ]
    columns = ["diagnosis", "Pearson r", "p", "cosine", "EMD", "videos first", "videos second"]
    title = "Feature frequencies" + (" (published in brackets)" if printed else "")
    print_table(title, columns, rows, columns[1:])


def _beside(value: float | None, digits: int, printed: str | None) -> str:
    return _number(value, digits) + (f" ({printed})" if printed else "")


def _bars(x: Likeness, names: tuple[str, str]) -> None:
    echo(f"{x.group}: share of videos with the feature, {names[0]} █ and {names[1]} ░")
    order = sorted(range(len(x.features)), key=lambda i: abs(x.first[i] - x.second[i]))
    for i in order:
        echo(f"  {x.features[i]:<26}{x.first[i]:>6.0%} {'█' * round(30 * x.first[i])}")
        echo(f"  {'':<26}{x.second[i]:>6.0%} {'░' * round(30 * x.second[i])}")
    echo()


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
