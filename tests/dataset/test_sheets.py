"""CSV files of others: read as far as possible, every fault with its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3eval.dataset.sheets import Problems, Sheet, read_sheet


def read(tmp_path: Path, content: bytes, **more) -> tuple[Sheet, list[str], Problems]:
    (tmp_path / "a.csv").write_bytes(content)
    problems = Problems()
    sheet = read_sheet(tmp_path / "a.csv", "a.csv", problems, **more)
    return sheet, [str(p) for p in problems.all], problems


def test_rows_by_key_with_the_row_a_spreadsheet_shows(tmp_path: Path) -> None:
    content = 'file_name,label\nv1.mp4,"one\ntwo"\nv2.mp4, yes \n'.encode("utf-8-sig")
    sheet, said, _ = read(tmp_path, content, known=("label",))
    assert [(line.key, line.number) for line in sheet] == [("v1.mp4", 3), ("v2.mp4", 4)]
    assert sheet.by_key()["v2.mp4"]["label"] == "yes"
    assert said == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "a.csv: the file is empty (it needs a header and rows)"),
        (b"file_name,label\n", "a.csv: the file has no rows"),
        (b"name,label\nv,yes\n", "a.csv:1: column file_name or video_name is missing"),
        (b"file_name,other\nv,yes\n", "a.csv:1: column label is missing (found: file_name, other)"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes, expected: str) -> None:
    sheet, said, _ = read(tmp_path, content, required=("label",))
    assert not sheet.lines
    assert said[0].startswith(expected)


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (b'file_name,label\nv,"yes\nw,no\nx,no\n', 4),
        (b'file_name,label\nv,"yes\nw,"no"\nx,no\n', 3),
    ],
    ids=["to the end", "to the next quotation"],
)
def test_an_open_quotation_mark_swallows_no_rows_unseen(
    tmp_path: Path, content: bytes, last: int
) -> None:
    sheet, said, problems = read(tmp_path, content, known=("label",))
    assert said[0].startswith(
        f"a.csv:2: a quotation mark is not closed: rows 2 to {last} are read as one"
    )
    assert problems.left_out == {"a.csv": 1}
    assert [line.key for line in sheet] == (["x"] if last == 3 else [])


def test_a_duplicated_video_keeps_the_first_and_counts_the_others(tmp_path: Path) -> None:
    content = b"file_name,label\nv,yes\nw,no\nv,no\nv,no\n"
    sheet, said, problems = read(tmp_path, content, known=("label",))
    assert [line["label"] for line in sheet] == ["yes", "no"]
    assert said == [
        f"a.csv:{row}: 'v' stands in row 2 already; the first one is kept" for row in (4, 5)
    ]
    assert problems.left_out == {"a.csv": 2}


def test_unknown_columns_are_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    _, said, _ = read(tmp_path, b"file_name,lable,x9\nv,a,b\n", known=("label",))
    assert said[0] == "a.csv:1: unknown column 'lable', not read (did you mean 'label'?)"
    assert said[1].startswith("a.csv:1: unknown column 'x9', not read")


def test_a_byte_that_is_not_utf8_loses_its_cell_only(tmp_path: Path) -> None:
    content = b"file_name,label,why\nv,yes,caf\xe9\nw,no,fine\n"
    sheet, said, problems = read(tmp_path, content, known=("label", "why"))
    first, second = sheet
    assert first["label"] == "yes" and first["why"] == "" and first.broken == {"why"}
    assert second["why"] == "fine"
    assert said == ["a.csv:2: bytes that are not UTF-8 in 'why'; it is not read"]
    assert problems.left_out == {}


def test_a_byte_that_is_not_utf8_in_the_name_loses_the_row(tmp_path: Path) -> None:
    sheet, said, problems = read(tmp_path, b"file_name,label\nv\xff,yes\nw,no\n", known=("label",))
    assert [line.key for line in sheet] == ["w"]
    assert said == ["a.csv:2: bytes that are not UTF-8 in column 'file_name'; the row is left out"]
    assert problems.left_out == {"a.csv": 1}


def test_a_row_with_too_many_cells_and_one_without_a_name_are_left_out(tmp_path: Path) -> None:
    content = b"file_name,label\nv,yes,oops\n,no\nw,no\n\n"
    sheet, said, problems = read(tmp_path, content, known=("label",))
    assert [line.key for line in sheet] == ["w"]
    assert said[0].startswith("a.csv:2: 3 cells for 2 columns")
    assert said[1] == "a.csv:3: nothing in column 'file_name'; the row is left out"
    assert problems.left_out == {"a.csv": 2}


def test_the_only_other_column_is_read_whatever_its_name(tmp_path: Path) -> None:
    sheet, said, _ = read(
        tmp_path, b"video_name,direction\nv,left\n", required=("side",), alone="side"
    )
    assert next(iter(sheet))["side"] == "left"
    assert said == ["a.csv:1: column 'direction' is read as 'side'"]


def test_a_column_that_appears_twice_is_named(tmp_path: Path) -> None:
    _, said, _ = read(tmp_path, b"file_name,label,label\nv,yes,no\n", known=("label",))
    assert "column 'label' appears twice" in said[0]


def test_a_cell_beyond_the_readers_default_limit_is_read(tmp_path: Path) -> None:
    long = "tonic," * 40_000
    sheet, said, _ = read(tmp_path, f'file_name,label\nv,"{long}"\n'.encode(), known=("label",))
    assert len(next(iter(sheet))["label"]) == len(long) and said == []
