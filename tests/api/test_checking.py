"""A dataset is checked from Python as `s3eval data check` does it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from s3eval import check_dataset, open_dataset
from s3eval.cli import cli
from s3eval.errors import S3EvalError

VIDEOS = "video,patient,duration\n" + "".join(f"v{i},p{i},30\n" for i in range(9))
FEATURES = "video,feature,present,start,end\n" + "".join(f"v{i},tonic,yes,9,4\n" for i in range(8))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "videos.csv").write_text(VIDEOS)
    (tmp_path / "features.csv").write_text(FEATURES + "v8,tonic,yes,1,99\n")
    return tmp_path


def test_the_verb_prints_what_the_function_finds(folder):
    done = check_dataset(folder, files=False)
    arguments = ["data", "check", str(folder), "--no-files"]
    shown = CliRunner().invoke(cli, [*arguments, "--json", "-"])
    assert json.loads(shown.stdout) == done.as_json()
    assert shown.exit_code == 1 and done.errors
    printed = CliRunner().invoke(cli, arguments).output.splitlines()
    assert printed[: len([*done.lines(5)])] == [*done.lines(5)]
    assert len([*done.lines(5)]) < len([*done.lines()]) == len(done.problems)


def test_a_folder_may_be_named_with_its_format_as_in_a_run(folder):
    done = check_dataset(f"folder:{folder}", files=False)
    assert done.problems == check_dataset(folder, files=False).problems
    arguments = ["data", "check", f"folder:{folder}", "--no-files"]
    assert CliRunner().invoke(cli, arguments).exit_code == 1
    with pytest.raises(S3EvalError, match=r"No such folder \(elsewhere\)"):
        check_dataset("folder:elsewhere")


def test_errors_are_those_that_keep_a_dataset_from_opening(folder):
    done = check_dataset(folder, files=False)
    assert {p.level for p in done.errors} == {"error"}
    assert len(done.dataset) == 9
    assert f"{len(done.errors)} errors" in repr(done)
    (folder / "features.csv").write_text("video,feature,present,start,end\n")
    assert not check_dataset(folder, files=False).errors
    assert open_dataset(folder)


def test_files_are_looked_for_only_when_asked_and_with_progress(folder):
    (folder / "features.csv").unlink()
    steps = []

    class Shown:
        def __init__(self, label, total):
            steps.append((label, total))

        def __enter__(self):
            return steps.append

        def __exit__(self, *error):
            return None

    done = check_dataset(folder, files=False)
    assert not any("has no file" in p.what for p in done.problems)
    done = check_dataset(folder, progress=Shown)
    assert sum("has no file" in p.what for p in done.problems) == 9
    assert steps[0] == ("checking files", 9)


def test_private_text_is_looked_for_only_when_asked(folder):
    pytest.importorskip("presidio_analyzer", reason="pip install 's3eval-core[phi]' brings it")
    (folder / "features.csv").unlink()
    (folder / "reports.csv").write_text("video,report\nv1,Seen on 3 May 2021 with the left arm.\n")
    before = {p.what for p in check_dataset(folder, files=False).problems}
    after = {p.what for p in check_dataset(folder, files=False, private_text=True).problems}
    assert before < after


def test_what_is_no_dataset_is_an_error(tmp_path):
    with pytest.raises(S3EvalError, match="No such folder"):
        check_dataset(tmp_path / "nothing")
