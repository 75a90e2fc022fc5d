"""The one reader of CSV: what spreadsheets write is read, everything else is told by row."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from s3eval.dataset.csv_file import CsvFile, read_csv_file
from s3eval.dataset.folder import read_folder
from s3eval.errors import S3EvalError, nearest
from s3eval.toml_file import read_toml
from s3eval.vocabulary import FEATURE_NAMES


def rows(content: bytes, **more) -> tuple[CsvFile, list[tuple[int, list[str], str]]]:
    read = CsvFile(content, "a.csv", ("video", "report"), **more)
    return read, [(r.number, [*r.cells.values()], r.fault) for r in read]


@pytest.mark.parametrize(
    "content",
    [
        b"video,report\nv,stiff\n",
        b"\xef\xbb\xbfvideo,report\r\nv,stiff\r\n",
        b"video,report\rv,stiff\r",
        b"video;report\nv;stiff\n",
        b"video\treport\nv\tstiff\n",
        b"video,report,,\r\nv,stiff,,\r\n,,,\r\n",
        b"\nvideo,report\n\n v , stiff \n",
        b'\xef\xbb\xbf"video","report"\n"v","stiff"',
        b"video,report\nv\xc2\xa0,stiff\n",
    ],
    ids=["plain", "windows", "cr", "semicolon", "tab", "trailing", "blank", "quoted", "nbsp"],
)
def test_what_spreadsheets_write_is_read_alike(content: bytes) -> None:
    read, found = rows(content)
    assert read.columns == ("video", "report")
    assert [cells for _, cells, _ in found] == [["v", "stiff"]]
    assert read.problems == []


def test_a_header_of_commas_stays_with_commas_whatever_the_text_holds() -> None:
    _, found = rows(b"video,report\nv,stiff; then limp; then still\n")
    assert found == [(2, ["v", "stiff; then limp; then still"], "")]


def test_the_delimiter_line_of_a_spreadsheet_is_no_header_and_counts_as_a_row() -> None:
    assert rows(b"sep=;\nvideo;report\nv;a,b\n")[1] == [(3, ["v", "a,b"], "")]


def test_line_separators_of_unicode_are_text() -> None:
    text = "a\u2028b\u0085c\x0bd"
    assert rows(f"video,report\nv,{text}\n".encode())[1] == [(2, ["v", text], "")]


def test_a_cell_of_a_million_characters_is_read_and_one_of_twenty_million_is_told() -> None:
    assert len(rows(b"video,report\nv," + b"x" * 1_000_000 + b"\n")[1][0][1][1]) == 1_000_000
    _, found = rows(b"video,report\nv," + b"x" * 20_000_000 + b"\nw,y\n")
    assert found[0] == (2, [], "a cell has more than 16,000,000 characters")
    assert found[1][1] == ["w", "y"]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_an_open_quotation_mark_in_the_last_row_is_told(end: bytes) -> None:
    assert rows(b'video,report\nv,"stiff' + end)[1] == [(2, [], "a quotation mark is not closed")]


def test_rows_behind_an_open_quotation_mark_are_read_where_all_is_to_be_told_at_once() -> None:
    content = b'video,report\nv,"stiff\nw,limp\nx,"a ""b"" c"\n'
    _, found = rows(content, resume=True)
    assert found[0][2] == "a quotation mark is not closed: rows 2 to 4 are read as one"
    assert [cells for _, cells, fault in found if not fault] == [["w", "limp"], ["x", 'a "b" c']]
    assert [number for number, _, _ in found] == [2, 3, 4]
    assert len(rows(content)[1]) == 1


def test_text_of_several_lines_is_no_open_quotation_mark() -> None:
    assert rows(b'video,report\nv,"one\ntwo, ""three"""\nw,x\n')[1] == [
        (3, ["v", 'one\ntwo, "three"'], ""),
        (4, ["w", "x"], ""),
    ]


def test_bytes_that_are_no_text_are_told_of_every_row_and_the_others_read() -> None:
    read = CsvFile(b"video,report\nv,\xfcber\nw,a\x00b\nx,fine\n", "a.csv")
    assert [(r.number, r.broken) for r in read] == [
        (2, (("report", "byte 0xFC is not UTF-8"),)),
        (3, (("report", "a NUL byte is no text"),)),
        (4, ()),
    ]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b",,,\n\n", "the file is empty"),
        ("video,report\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04 and so on", "a workbook of a spreadsheet"),
        (b"vid\xe9o,report\n", "byte 0xE9 is not UTF-8"),
    ],
)
def test_files_that_are_no_table_say_why(content: bytes, what: str) -> None:
    read, found = rows(content)
    assert not found and not read.columns
    assert what in str(read.problems[0])


def test_a_column_without_a_name_is_told_once_where_it_holds_something() -> None:
    read, found = rows(b"video,,report\nv,1,stiff\nw,,limp\nx,2,still\n")
    assert [cells for _, cells, _ in found] == [["v", "stiff"], ["w", "limp"], ["x", "still"]]
    assert [str(p) for p in read.problems] == [
        "a.csv:1: column 2 has no name in the header and is not read (its first cell stands in "
        "row 2)"
    ]


def test_what_is_no_regular_file_is_told(tmp_path: Path) -> None:
    assert "no regular file" in str(read_csv_file(tmp_path, "a.csv").problems[0])
    assert "no such file" in str(read_csv_file(tmp_path / "b", "a.csv").problems[0])


def test_all_that_is_wrong_with_a_table_is_told_in_one_go(dataset_folder: Path) -> None:
    path = dataset_folder / "features.csv"
    rows_before = path.read_text().count("\n")
    path.write_bytes(
        path.read_bytes()
        + b'd,clonic,no,,,"open\nd,tonik,no,,,\nd,figure4,no,,,caf\xe9\nz,tonic,no,,,\n'
    )
    said = [str(p) for p in read_folder(dataset_folder)[1]]
    for row, what in enumerate(("a quotation mark", "unknown feature", "byte 0xE9", "video 'z'")):
        assert any(s.startswith(f"features.csv:{rows_before + 1 + row}: {what}") for s in said), (
            said
        )


def test_names_that_do_not_match_in_thousands_of_rows_are_told_at_once(tmp_path: Path) -> None:
    names = [
        f"A{i // 6:04}@1-1-2000@{i * 2654435761 % 2**32:08X}@sz_v{i % 6}_1" for i in range(438)
    ]
    (tmp_path / "videos.csv").write_text(
        "video,patient\n" + "".join(f"{n},{n[:5]}\n" for n in names)
    )
    (tmp_path / "features.csv").write_text(
        "video,feature,present\n"
        + "".join(f"{n}.mp4,{f},no\n" for n in names for f in FEATURE_NAMES)
    )
    begun = time.process_time()
    _, problems = read_folder(tmp_path)
    wrong = [p for p in problems if p.file == "features.csv"]
    assert len(wrong) == 8760
    assert wrong[-1].fix == f"did you mean '{names[-1]}'?"
    # Comparing every name with every other in Python took more than a minute.
    assert time.process_time() - begun < 20


def test_very_many_wrong_rows_are_counted(tmp_path: Path) -> None:
    (tmp_path / "videos.csv").write_text("video,patient\nv,p\n")
    (tmp_path / "reports.csv").write_text("video,report\n" + "w,x\n" * 30_000)
    problems = read_folder(tmp_path)[1]
    assert len(problems) < 21_000
    assert any("10001 more problems, not listed" in str(p) for p in problems)


def test_the_nearest_name_takes_long_names_and_many_of_them() -> None:
    begun = time.process_time()
    assert nearest("x" * 1_000_000, (f"name {i}" for i in range(10**7))) is None
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a" + b".a" * 50_000 + b" = 1", "dotted key of more than 32 parts"),
        (b"a = " + b"[" * 50_000, "nested too deeply"),
        (b"a = {b = " * 20_000, "line 1"),
        (b"x = 1\nname = caf\xe9\n", "line 2: byte 0xE9"),
        (b"a = 1 # " + b"x" * 1_000_000, "larger than 1,000,000 bytes"),
    ],
)
def test_toml_that_nobody_writes_is_refused_in_no_time(
    tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    begun = time.process_time()
    with pytest.raises(S3EvalError, match=why):
        read_toml(tmp_path / "a.toml")
    assert time.process_time() - begun < 5


def test_toml_as_an_editor_saves_it_is_read(tmp_path: Path) -> None:
    text = '\ufeffname = "ward"\r\nnote = """\r\n' + "." * 80 + '\r\nA. B.\r\n"""\r\n'
    (tmp_path / "a.toml").write_bytes(text.encode())
    assert read_toml(tmp_path / "a.toml")["name"] == "ward"
