"""Values of lateralization.csv and items.csv are held against the labels there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3eval.api.checking import check_dataset
from s3eval.cli import main
from s3eval.dataset import Dataset, Video, open_folder
from s3eval.dataset.folder import read_folder
from s3eval.dataset.validity import check_facts, unusual_places
from s3eval.errors import S3EvalError
from s3eval.facts.videos import Annotation, Lateralization
from s3eval.plugins import Plugin
from s3eval.specs import TaskSpec
from s3eval.task import Item, Task
from s3eval.testing.plugins import beside_installed


def lateral(folder: Path, *rows: str) -> list[str]:
    (folder / "lateralization.csv").write_text("\n".join(["video,item,value", *rows]) + "\n")
    return [f"{p.level} {p}" for p in read_folder(folder)[1]]


def test_another_case_is_read_as_the_label(dataset_folder):
    rows = ("a,arm_movement,Left", "a,head_turning,RIGHT", "a,onset_body_part,Left  Arm")
    assert lateral(dataset_folder, *rows) == []
    note = open_folder(dataset_folder).annotation("a")
    values = {item: where.value for item, where in note.lateralization.items()}
    assert values == {
        "arm_movement": "left",
        "head_turning": "right",
        "onset_body_part": "left arm",
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a,arm_movement,lft", "'lft' of 'arm_movement' (video 'a') (did you mean 'left'?)"),
        ("a,head_turning,west", "'west' of 'head_turning' (video 'a') (one of left, right)"),
    ],
)
def test_a_side_that_is_none_is_refused(dataset_folder, row, expected):
    problems = lateral(dataset_folder, row)
    assert len(problems) == 1
    assert problems[0].startswith("error lateralization.csv:2: unknown value")
    assert expected in problems[0]
    with pytest.raises(S3EvalError, match="s3eval data check"):
        open_folder(dataset_folder)


def test_both_sides_and_none_are_told_and_kept(dataset_folder):
    assert lateral(dataset_folder, "a,head_turning,Both", "b,head_turning,N/A") == [
        "warning lateralization.csv:2: 'Both' of 'head_turning' is not asked about (video 'a') "
        "(asked is left or right)",
        "warning lateralization.csv:3: 'head_turning' has no value (video 'b') "
        "(leave the row out where it is not known)",
    ]
    assert (
        open_folder(dataset_folder).annotation("a").lateralization["head_turning"].value == "Both"
    )


def test_a_body_part_that_is_not_listed_is_told_and_kept(dataset_folder):
    assert lateral(dataset_folder, "a,onset_body_part,left hand", "b,onset_body_part,") == [
        "warning lateralization.csv:2: unknown value 'left hand' of 'onset_body_part' is kept as a "
        "label that no answer can be (video 'a') (did you mean 'left arm'?)",
        "warning lateralization.csv:3: 'onset_body_part' has no value (video 'b') "
        "(leave the row out where it is not known)",
    ]
    note = open_folder(dataset_folder).annotation("a")
    assert note.lateralization["onset_body_part"].value == "left hand"


def test_other_formats_are_held_to_the_same_values():
    def dataset(item: str, value: object) -> Dataset:
        note = Annotation("v", lateralization={item: Lateralization(value)})  # type: ignore[arg-type]
        return Dataset("d", (Video("v", "p"),), {"v": note})

    wrong = [str(p) for p in check_facts(dataset("arm_movement", "Left"))]
    assert wrong == [
        "lateralization: unknown value 'Left' of 'arm_movement', did you mean 'left'? (video 'v')"
    ]
    assert "is no text" in str(check_facts(dataset("arm_movement", 3))[0])
    unusual = dataset("onset_body_part", "amrs")
    assert check_facts(unusual) == []
    assert "did you mean 'arms'" in str(unusual_places(unusual)[0])


class Severity(Task):
    """A task of one's own, about items.csv."""

    name = "severity"

    def items(self):
        return [Item("severity", labels=("mild", "severe")), Item("score", "number")]

    def inquiries(self, video, annotation, context):
        return ()

    def read(self, question, answer, protocol="paper"):
        raise NotImplementedError

    def combine(self, video, pieces, context):
        return ()

    def tallies(self, findings, context):
        return ()


def test_a_value_of_an_item_is_held_against_the_labels_of_an_installed_task(
    dataset_folder, monkeypatch
):
    spec = TaskSpec("severity", adapter="my_tasks:Severity")
    load = TaskSpec.load
    monkeypatch.setattr(
        TaskSpec, "load", lambda self: Severity if self.name == "severity" else load(self)
    )
    (dataset_folder / "items.csv").write_text(
        "video,item,value\na,severity,mild\nb,severity,Severe\nc,severity,so so\nd,score,7\n"
        "d,ward,north\n"
    )
    assert not any(p.file == "items.csv" for p in check_dataset(dataset_folder).problems)
    with beside_installed(Plugin("task", spec, "s3eval-task-severity", "1")):
        problems = check_dataset(dataset_folder).problems
    assert [f"{p.level} {p}" for p in problems if p.file == "items.csv"] == [
        "warning items.csv:3: value 'Severe' of 'severity' of video 'b' is no label of task "
        "'severity' (mild, severe) (did you mean 'severe'?)",
        "warning items.csv:4: value 'so so' of 'severity' of video 'c' is no label of task "
        "'severity' (mild, severe)",
    ]


def test_an_item_that_only_resembles_one_of_a_task_is_told_once(dataset_folder, monkeypatch):
    spec = TaskSpec("severity", adapter="my_tasks:Severity")
    load = TaskSpec.load
    monkeypatch.setattr(
        TaskSpec, "load", lambda self: Severity if self.name == "severity" else load(self)
    )
    items = dataset_folder / "items.csv"
    items.write_text("video,item,value\na,ward,north\na,severty,mild\nb,severty,mild\n")
    with beside_installed(Plugin("task", spec, "s3eval-task-severity", "1")):
        told = [str(p) for p in check_dataset(dataset_folder).problems if p.file == "items.csv"]
        # Beside the item that it resembles it is another one.
        items.write_text(items.read_text() + "b,severity,mild\n")
        beside = [p for p in check_dataset(dataset_folder).problems if p.file == "items.csv"]
    assert told == [
        "items.csv:3: no installed task has an item 'severty' (2 videos) "
        "(did you mean 'severity' of task 'severity'?)"
    ]
    assert beside == []


def refused(folder: Path, videos: str) -> list[str]:
    (folder / "videos.csv").write_text(videos)
    return [str(p) for p in read_folder(folder)[1]]


HEADER = "video,patient,diagnosis,fold,duration\n"


def test_a_refused_row_is_told_once_and_what_others_say_of_its_video_is_still_checked(
    dataset_folder,
):
    path = dataset_folder / "features.csv"
    path.write_text(path.read_text() + "b,clonic,maybe,,,\n")
    (dataset_folder / "patients.csv").write_text("patient,fact,value\np1,age,9\n")
    videos = f"{HEADER}a,p1,ES,0,70\nb,,ES,0,30\nc,p2,NES,1,45\nd,p3,NES,1,20\n"
    assert refused(dataset_folder, videos) == [
        "videos.csv:3: video and patient must not be empty (the split goes by patient)",
        "features.csv:9: unknown present 'maybe' (one of yes, no, na)",
    ]


@pytest.mark.parametrize(
    "row", ["b,p1,ES,0,30,x", "b,p1,\udce9,0,30"], ids=["too many cells", "not UTF-8"]
)
def test_a_row_refused_for_its_form_is_told_once_too(dataset_folder, row):
    (dataset_folder / "videos.csv").write_bytes(
        f"{HEADER}a,p1,ES,0,70\n{row}\nc,p2,NES,1,45\nd,p3,NES,1,20\n".encode(
            errors="surrogateescape"
        )
    )
    problems = [str(p) for p in read_folder(dataset_folder)[1]]
    assert len(problems) == 1
    assert problems[0].startswith("videos.csv:3: ")


def test_where_a_refused_name_cannot_be_told_that_is_said(dataset_folder):
    videos = f'{HEADER}a,p1,ES,0,70\n"b,p1,ES,0,30\nc,p2,NES,1,45\nd,p3,NES,1,20\n'
    told = [p for p in refused(dataset_folder, videos) if "'b'" in p]
    assert told == [
        "features.csv:5: video 'b' is not in videos.csv "
        "(its row there may be one that was refused, see above)"
    ]


@pytest.mark.parametrize("videos", ["", "video;patient\n\x00", "name,patient\na,p1\n"])
def test_an_unreadable_list_of_videos_is_one_mistake(dataset_folder, videos):
    (dataset_folder / "patients.csv").write_text("patient,fact,value\np1,age,9\n")
    problems = refused(dataset_folder, videos)
    assert problems
    assert all(p.startswith("videos.csv") for p in problems), problems


def test_a_name_that_is_in_no_row_is_still_an_error(dataset_folder):
    videos = f"{HEADER}a,p1,ES,0,70\nb,,ES,0,30\nc,p2,NES,1,45\n"
    assert any("video 'd' is not in videos.csv" in p for p in refused(dataset_folder, videos))


def shown(capsys, folder: Path) -> list[str]:
    with pytest.raises(SystemExit):
        main(["data", "check", str(folder), "--no-files"])
    return capsys.readouterr().out.splitlines()


def test_the_last_line_counts_in_words_and_agrees_with_the_lines(dataset_folder, capsys):
    videos = f"{HEADER}a,p1,ES,0,70\n" + "".join(f"x{n},,,,\n" for n in range(7))
    (dataset_folder / "videos.csv").write_text(videos)
    for file in ("features.csv", "sequences.csv"):
        (dataset_folder / file).unlink()
    lines = shown(capsys, dataset_folder)
    errors = [line for line in lines if line.startswith("error ")]
    assert len(errors) == 6
    assert errors[-1] == "error    ... and 2 more like these, rows 8 to 9"
    assert lines[-1].endswith(": 1 video, 7 errors, 0 warnings")
    (dataset_folder / "videos.csv").write_text(f"{HEADER}a,p1,ES,0,70\nb,,,,\n")
    assert shown(capsys, dataset_folder)[-1].endswith(": 1 video, 1 error, 0 warnings")


def test_a_duration_of_nothing_is_told_and_not_believed(dataset_folder):
    path = dataset_folder / "videos.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index("duration")
    cells = lines[1].split(",")
    cells[at] = "0"
    path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")
    data, problems = read_folder(dataset_folder)
    assert [p.level for p in problems if "no video lasts" in p.what] == ["warning"]
    assert data.videos[0].duration is None


def test_a_decimal_comma_and_text_without_quotes_say_what_to_write(dataset_folder):
    (dataset_folder / "dataset.toml").write_text("format = 1\nname = my ward\n")
    path = dataset_folder / "features.csv"
    path.write_text(path.read_text().replace("a,tonic,yes,5,", 'a,tonic,yes,"7,8",'))
    problems = [str(p) for p in read_folder(dataset_folder)[1]]
    assert problems[0].endswith('text needs quotes, name = "..."')
    assert "features.csv:2: start '7,8' is no time (write a decimal point: 7.8)" in problems


@pytest.mark.parametrize(
    "name",
    ["features (1).csv", "Copy of features.csv", "features - Kopie.csv", "features-copy.csv"],
)
def test_a_copy_of_a_table_is_told_not_to_be_read(dataset_folder, name):
    (dataset_folder / name).write_text("")
    (dataset_folder / "features_backup.csv").write_text("")
    assert [f"{p.level} {p}" for p in check_dataset(dataset_folder, files=False).problems] == [
        f"warning {name}: the file is not read (it looks like a copy, only 'features.csv' is read)"
    ]
