"""The folder format: read, written back, and every wrong cell named with file and row."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3eval.dataset import open_folder, write_folder
from s3eval.dataset.checks import check
from s3eval.dataset.folder import read_folder
from s3eval.errors import S3EvalError


def problems(folder: Path) -> list[str]:
    return [str(p) for p in read_folder(folder)[1]]


def test_what_is_written_comes_back_equal_and_in_equal_bytes(dataset_folder, tmp_path):
    first = open_folder(dataset_folder)
    once, again = tmp_path / "once", tmp_path / "again"
    write_folder(first, once)
    second = open_folder(once)
    write_folder(second, again)
    assert second.videos == first.videos
    assert dict(second.annotations) == dict(first.annotations)
    for file in once.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()


def test_times_may_be_seconds_or_minutes_and_seconds(dataset_folder):
    note = open_folder(dataset_folder).annotation("c")
    assert note.features["pelvic_thrusting"].start == 3.0


def test_a_text_with_commas_survives(dataset_folder):
    note = open_folder(dataset_folder).annotation("a")
    assert note.features["tonic"].justification == "stiff, all limbs"
    assert note.report == "Stiffens, then jerks."


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("features.csv", "b,tonic,no", "b,tonik,no", "features.csv:5: unknown feature 'tonik'"),
        ("features.csv", "b,tonic,no", "b,tonic,nope", "features.csv:5: unknown present 'nope'"),
        ("features.csv", "b,tonic,no", "bb,tonic,no", "features.csv:5: video 'bb' is not in"),
        ("features.csv", "22,60", "22,sixty", "features.csv:3: end 'sixty' is no time"),
        ("features.csv", "video,feature,present", "video,feature,presence", "features.csv:1: "),
        ("videos.csv", "a,p1,ES,0", "a,p1,ES,zero", "videos.csv:2: fold 'zero' is no whole number"),
        (
            "videos.csv",
            "a,p1,ES,0",
            "a,p1,ES,-1",
            "videos.csv:2: fold '-1' is no whole number from 0",
        ),
        ("videos.csv", "b,p1", "a,p1", "videos.csv:3: video 'a' is listed twice"),
        ("videos.csv", "b,p1", "b,", "videos.csv:3: video and patient must not be empty"),
        ("sequences.csv", "a,2,", "a,1,", "sequences.csv:3: position 1 of video 'a'"),
        ("reports.csv", "a,", "z,", "reports.csv:2: video 'z' is not in videos.csv"),
        ("dataset.toml", "format = 1", "format = 9", "dataset.toml: format 9"),
    ],
)
def test_each_mistake_is_named_with_file_and_row(dataset_folder, file, old, new, expected):
    path = dataset_folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(p.startswith(expected) for p in problems(dataset_folder)), problems(dataset_folder)
    with pytest.raises(S3EvalError, match="s3eval data check"):
        open_folder(dataset_folder)


def test_a_byte_that_is_not_utf8_is_found_at_its_line(dataset_folder):
    path = dataset_folder / "reports.csv"
    path.write_bytes(path.read_bytes() + b"b,caf\xe9\n")
    assert any("reports.csv:3: byte" in p for p in problems(dataset_folder))


def test_a_row_with_too_many_cells_is_named(dataset_folder):
    path = dataset_folder / "features.csv"
    path.write_text(path.read_text() + "d,clonic,no,,,it shakes, then stops\n")
    assert any("features.csv:9: 7 cells for 6 columns" in p for p in problems(dataset_folder))


def test_an_open_quotation_mark_is_named_where_it_begins(dataset_folder):
    path = dataset_folder / "features.csv"
    rows = path.read_text().count("\n")
    path.write_text(path.read_text() + 'd,clonic,no,,,"it shakes\nd,tonic,no,,,\n')
    expected = f"features.csv:{rows + 1}: a quotation mark is not closed"
    assert any(p.startswith(expected) for p in problems(dataset_folder)), problems(dataset_folder)


def test_an_unknown_column_is_a_warning_with_a_suggestion(dataset_folder):
    path = dataset_folder / "videos.csv"
    path.write_text(path.read_text().replace("diagnosis", "diagnossis", 1))
    assert any("did you mean 'diagnosis'" in p for p in problems(dataset_folder))
    assert len(open_folder(dataset_folder)) == 4


@pytest.mark.parametrize("empty", ["nowhere", "."])
def test_an_empty_or_absent_folder_says_how_to_make_one(tmp_path, empty):
    with pytest.raises(S3EvalError, match="s3eval data synth"):
        open_folder(tmp_path / empty)


def test_an_empty_table_is_an_error(dataset_folder):
    (dataset_folder / "videos.csv").write_text("")
    assert any("videos.csv: the file is empty" in p for p in problems(dataset_folder))


def test_only_videos_csv_is_needed(tmp_path):
    (tmp_path / "videos.csv").write_text("video,patient\nx,p\n")
    dataset = open_folder(tmp_path)
    assert dataset.annotation("x").features == {}
    assert dataset.annotation("x").sequence is None


def test_the_correct_dataset_has_no_findings(dataset_folder):
    assert problems(dataset_folder) == []
    assert check(open_folder(dataset_folder)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("features.csv", "5,20", "25,20", "'tonic' of video 'a' ends at 20 s before it starts"),
        ("features.csv", "22,60", "22,90", "'clonic' of video 'a' ends at 90 s, after its end"),
        ("features.csv", "a,clonic,yes,22,60", "a,clonic,yes,,", "present but has no start"),
        ("features.csv", "a,figure4,no,,", "a,figure4,no,3,", "absent but has times"),
        ("sequences.csv", "a,1,tonic\na,2,clonic", "a,1,clonic\na,2,tonic", "has 'clonic'"),
        ("sequences.csv", "a,2,clonic", "a,2,figure4", "names 'figure4', annotated 'no'"),
        ("videos.csv", "b,p1,ES,0", "b,p1,ES,1", "patient 'p1' stands in folds 0, 1"),
        ("videos.csv", "b,p1,ES,0", "b,p1,NES,0", "patient 'p1' has videos of ES and NES"),
    ],
)
def test_each_rule_of_the_paper_finds_its_violation(dataset_folder, file, old, new, expected):
    path = dataset_folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    found = [str(p) for p in check(open_folder(dataset_folder))]
    assert any(expected in p for p in found), found


def test_selection_keeps_order_and_refuses_unknown_videos(dataset_folder):
    dataset = open_folder(dataset_folder)
    assert [v.name for v in dataset.select(folds=[1]).videos] == ["c", "d"]
    assert [v.name for v in dataset.select(videos=["d", "a"], limit=1).videos] == ["a"]
    with pytest.raises(S3EvalError, match="Unknown video 'aa'"):
        dataset.select(videos=["aa"])
