"""What explains a figure that differs, on invented cells and on the release with faults put in."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from s3eval_paper.explaining import _edited_items, shifted
from s3eval_paper.omissions import Line, omissions
from s3eval_paper.release.ratings import match_printed, read_ratings
from s3eval_paper.release.reading import read_release
from s3eval_paper.release.stored import Stored, read_stored
from s3eval_paper.reproduction import Compared, equal_as_printed, reproduce
from s3eval_paper.tables import Cell, cells

from s3eval.dataset.sheets import Problems
from s3eval.facts.tally import Tally, ratio
from s3eval.testing.paths import release_dir

MINI = Path(__file__).parent / "fixtures" / "mini-release"
release = pytest.mark.skipif(release_dir() is None, reason="the public release is not here")


def compared(
    printed: str, computed: float, item: str = "a", table: str = "14", model: str = "m"
) -> Compared:
    cell = Cell(table, "all", model, item, "rouge", printed)
    status = "match" if equal_as_printed(computed, cell) else "unexplained"
    return Compared(cell, computed, 9, 0, status)


def line(item: str, values: list[float], without: int | None, kept: bool, model: str = "m") -> Line:
    rows = np.column_stack([values, np.ones(len(values))])
    videos = tuple(f"v{n}" for n in range(len(values)))
    tally = Tally("justification", item, "rouge", videos, rows, ratio)
    shown = values if without is None else [v for n, v in enumerate(values) if n != without]
    mean = sum(shown) / len(shown)
    stored = (Stored(repr(mean), "kept.csv", len(shown), single=True),) if kept else ()
    return Line(compared(f"{mean:.2f}", tally.value or 0.0, item, model=model), tally, stored)


def draws(items: int, videos: int = 40) -> list[list[float]]:
    return np.random.default_rng(3).random((items, videos)).tolist()


@pytest.mark.parametrize("kept", [True, False])
def test_one_video_left_out_is_found_by_what_it_mends(kept: bool) -> None:
    values = [[*row[:7], 3.0, *row[8:]] for row in draws(4)]
    lines = [line(f"i{n // 2}", row, 7, kept, f"m{n % 2}") for n, row in enumerate(values)]
    (found,) = omissions(lines)
    assert found.videos == ("v7",) and len(found.mended) == 4
    assert ("every digit" in found.evidence) == kept


def test_one_models_cells_do_not_show_that_a_video_was_left_out() -> None:
    values = [[*row[:7], 3.0, *row[8:]] for row in draws(4)]
    alone = [line(f"i{n}", row, 7, kept=False) for n, row in enumerate(values)]
    assert not omissions(alone)
    shared = [line("i9", row, 7, False, f"m{n}") for n, row in enumerate(values)]
    (found,) = omissions([*shared, alone[0]])
    assert {c.item for c in found.mended} == {"i9"}


def test_a_figure_kept_to_all_digits_that_the_omission_does_not_give_is_not_mended_by_it() -> None:
    values = [[*row[:7], 3.0, *row[8:]] for row in draws(4)]
    *lines, last = [line(f"i{n}", row, 7, kept=True) for n, row in enumerate(values)]
    nearly = Stored(repr(float(last.stored[0].text) + 1e-5), "kept.csv", 39, single=True)
    (found,) = omissions([*lines, Line(last.compared, last.tally, (nearly,))])
    assert {c.item for c in found.mended} == {"i0", "i1", "i2"}


def test_another_number_of_texts_shows_no_edit() -> None:
    first, second = (line(f"i{n}", row, None, False) for n, row in enumerate(draws(2, 9)))
    then = [
        Line(x.compared, x.tally, (Stored("0.123456789", "kept.csv", pairs, single=True),))
        for x, pairs in ((first, 9), (second, 8))
    ]
    assert _edited_items(then, ()) == {"i0": {"m"}}


def test_no_video_is_found_where_the_texts_were_changed() -> None:
    lines = [line(f"i{n}", row, None, kept=True) for n, row in enumerate(draws(4))]
    other = [
        Line(compared(f"{(x.tally.value or 0) + 0.07:.2f}", x.tally.value or 0.0, f"i{n}"), x.tally)
        for n, x in enumerate(lines)
    ]
    assert not omissions(lines) and not omissions(other)


def test_a_row_printed_one_column_off_is_a_shift_and_a_stray_equal_is_none() -> None:
    computed = [0.11, 0.22, 0.33, 0.44, 0.55, 0.66]
    printed = ["0.11", "0.33", "0.44", "0.55", "0.66", "0.99"]
    row = [compared(p, v, f"i{n}") for n, (p, v) in enumerate(zip(printed, computed, strict=True))]
    found = shifted(row)
    assert {c.item for c in found} == {"i1", "i2", "i3", "i4"}
    assert all("one column too far left" in r.evidence for r in found.values())
    assert not shifted(row[:3] + row[5:])


def test_invented_answers_are_explained_by_nothing() -> None:
    found = reproduce(read_release(MINI, ["test"]), "test")
    assert not found.count("explained") and found.count("unexplained") > 300


@release
@pytest.mark.release
@pytest.mark.slow
def test_answers_of_another_model_are_not_excused(tmp_path: Path) -> None:
    there = Path(shutil.copytree(release_dir(), tmp_path / "release"))  # type: ignore[arg-type]
    base = there / "result/vlm_inference"
    names = ("Qwen2.5-Omni-7B", "InternVL3_5-38B")
    for name in names:
        (base / name).rename(base / f"was-{name}")
    for name, other in zip(names, reversed(names), strict=True):
        (base / f"was-{other}").rename(base / name)
        for path in list((base / name).iterdir()):
            path.rename(path.with_name(path.name.replace(other, name)))
    found = reproduce(read_release(there, ["all"]), "all")
    causes = Counter(
        c.cause
        for c in found.compared
        if c.cause and c.cell.model in ("Qwen2.5-Omni-7B", "InternVL3.5-38B")
    )
    assert not causes
    assert found.count("unexplained") > 250


# What is there under another name is read.


def test_scores_of_a_file_named_by_its_fold_are_read(tmp_path: Path) -> None:
    there = Path(shutil.copytree(MINI, tmp_path / "release"))
    (scores,) = there.rglob("*__per_video_feature_scores.csv")
    scores.rename(scores.with_name("InternVL3_5-8B__fold0_video_feature_scores.csv"))
    before = reproduce(read_release(MINI, ["test"]), "test").compared
    assert [c.computed for c in reproduce(read_release(there, ["test"]), "test").compared] == [
        c.computed for c in before
    ]


def test_scores_and_indices_of_the_whole_dataset_lie_under_metrics(tmp_path: Path) -> None:
    there = Path(shutil.copytree(MINI, tmp_path / "release"))
    (scores,) = there.rglob("*__per_video_feature_scores.csv")
    (there / "metrics/middle_results").mkdir(parents=True)
    shutil.move(scores, there / "metrics/middle_results" / scores.name)
    found = reproduce(read_release(there, ["all"]), "all").compared
    mine = [
        c for c in found if (c.cell.model, c.cell.metric) == ("InternVL3.5-8B", "interpretation")
    ]
    assert mine and all(c.computed is not None for c in mine)


def test_yes_and_no_are_read_beside_the_merged_texts_where_they_stand_alone(tmp_path: Path) -> None:
    there = Path(shutil.copytree(MINI, tmp_path / "release"))
    folder = there / "result/vlm_inference/InternVL3_5-8B"
    (folder / "Task12_InternVL3_5-8B_all_merged.csv").unlink()

    def table_13(root: Path) -> list[float | None]:
        found = reproduce(read_release(root, ["all"]), "all", ["InternVL3.5-8B"]).compared
        return [c.computed for c in found if c.cell.table == "13"]

    assert table_13(there) == table_13(MINI)
    assert None not in table_13(there)


# Table 11, by an invented file of the release's header.

HEADER = ("model", "file_name", "bleu_corpus", "rouge1_f1", "rougeL_f1", "berts_f1", "rqi", "human")
TABLE = ("bleu", "rouge1", "rouge_l", "bertscore", "rqi", "expert")


def rating_file(root: Path, backwards: bool = False) -> Path:
    """A file that gives the print, of invented videos; 19 patients."""
    reports: dict[tuple[str, str], dict[str, str]] = {}
    for c in cells("11"):
        reports.setdefault((c.model, c.item), {})[c.metric] = c.printed
    lines = [
        (
            m.replace(".5-", "_5-"),
            f"P{min(int(i), 19)}@1-1-2000@R@sz_v{i}_1.mp4",
            *map(v.get, TABLE),
        )
        for (m, i), v in reports.items()
    ]
    path = root / "metrics/task6_compare_metrics_with_human/task6_all_score.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([HEADER, *(reversed(lines) if backwards else lines)])
    return path


@pytest.mark.parametrize("backwards", [False, True])
def test_table_11_is_compared_where_its_file_is(tmp_path: Path, backwards: bool) -> None:
    there = Path(shutil.copytree(MINI, tmp_path / "release"))
    path = rating_file(there, backwards)
    found = [
        c for c in reproduce(read_release(there, ["test"]), "test").compared if c.cell.table == "11"
    ]
    assert Counter(c.status for c in found) == {"match": 360}
    text = path.read_text(encoding="utf-8").splitlines()
    cells_ = text[1].split(",")
    text[1] = ",".join([*cells_[:-1], "9.9"])
    path.write_text("\n".join(text), encoding="utf-8")
    found = [
        c for c in reproduce(read_release(there, ["test"]), "test").compared if c.cell.table == "11"
    ]
    (wrong,) = (c for c in found if c.status == "unexplained")
    assert wrong.cell.metric == "expert", "a rating is compared, not looked for"


def test_without_the_file_table_11_says_which_is_missing() -> None:
    found = reproduce(read_release(MINI, ["test"]), "test").compared
    (reason,) = {c.reason for c in found if c.cell.table == "11"}
    assert "task6_all_score.csv" in reason


def reasons_of_table_11(root: Path) -> dict[str, set[str]]:
    """By model why its cells of Table 11 are skipped."""
    reasons: dict[str, set[str]] = {}
    for c in reproduce(read_release(root, ["test"]), "test").compared:
        if c.cell.table == "11" and c.status == "skipped":
            reasons.setdefault(c.cell.model, set()).add(c.reason)
    return reasons


def test_a_report_without_a_row_says_what_the_file_lacks(tmp_path: Path) -> None:
    there = Path(shutil.copytree(MINI, tmp_path / "release"))
    path = rating_file(there)
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    first, second, third = dict.fromkeys(line.split(",")[0] for line in lines)
    names = [c.model for c in cells("11")]
    printed = dict(zip((first, second, third), dict.fromkeys(names), strict=True))
    kept = [line.replace(second, "another-model", 1) for line in lines]
    last = max(n for n, line in enumerate(kept) if line.startswith(third))
    del kept[last]
    number = kept[0].split(",")
    kept[0] = ",".join([*number[:-1], "good"])
    path.write_text("\n".join([header, *kept]), encoding="utf-8")
    reasons = reasons_of_table_11(there)
    assert not any("is not in this part" in r for of in reasons.values() for r in of)
    (no_number,) = reasons[printed[first]]
    assert "has no number in 'human' for this report" in no_number
    (no_row,) = reasons[printed[second]]
    assert f"no row of {printed[second]}" in no_row and "another-model" in no_row
    (too_few,) = reasons[printed[third]]
    assert f"none of the 19 rows of {printed[third]}" in too_few


def test_ratings_name_videos_and_patients(tmp_path: Path) -> None:
    rating_file(tmp_path)
    problems = Problems()
    rated = read_ratings(tmp_path, problems)
    assert not problems.all
    assert len({r.patient for r in rated}) == 19 and len({r.video for r in rated}) == 20
    printed = {
        ("InternVL3.5-38B", "1"): [c for c in cells("11", "InternVL3.5-38B") if c.item == "1"]
    }
    assert match_printed(printed, rated)["InternVL3.5-38B", "1"].patient == "P1"


def test_a_report_without_a_row_takes_no_other_reports_row(tmp_path: Path) -> None:
    path = rating_file(tmp_path)
    text = path.read_text(encoding="utf-8").splitlines()
    members: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells("11"):
        members.setdefault((cell.model, cell.item), []).append(cell)
    whole = match_printed(members, read_ratings(tmp_path, Problems()))
    path.write_text("\n".join([text[0], *text[2:]]), encoding="utf-8")
    less = match_printed(members, read_ratings(tmp_path, Problems()))
    assert len(whole) == 60 and len(less) == 59
    assert all(row == whole[place] for place, row in less.items())


def test_kept_metrics_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/task6_report_rqi.csv").write_bytes(b'\x00\xff"garbage,,,\n')
    problems = Problems()
    assert not read_stored(tmp_path, "all", problems).figures
    assert [p.file for p in problems.all] == ["metrics/task6_report_rqi.csv"]
