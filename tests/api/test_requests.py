"""What is asked of models, understood before anything is loaded or asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3eval import Dataset, Video
from s3eval.api.asking import asking_by
from s3eval.api.judges import JudgeChoice
from s3eval.api.requests import requested
from s3eval.dataset import write_folder
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.permission import Permission
from s3eval.plugins import installed

JUDGING = JudgeChoice()


@pytest.fixture
def folder(tmp_path) -> Path:
    videos = tuple(Video(f"v{i}", f"p{i}", duration=40.0, fold=i % 2) for i in range(4))
    return write_folder(Dataset("d", videos, {}), tmp_path / "data")


def test_a_request_has_the_settings_that_were_given(folder):
    request = requested(
        ["timing", "recognition", "timing"],
        folder,
        JUDGING,
        seed=3,
        repeat=2,
        combination="first",
        sampling={"window_fps": 1},
        model_options={"temperature": 0.5},
        serve="vllm",
        folds=[1],
        limit=1,
        replace=True,
        wait=False,
        asking=asking_by(replicas=2),
    )
    settings = request.settings
    assert settings.tasks == ("timing", "recognition")
    assert settings.data == str(folder)
    assert dict(settings.model_options) == {"temperature": 0.5, "serve": "vllm"}
    assert (settings.repeats.count, settings.repeats.combination, settings.repeats.seed) == (
        2,
        "first",
        3,
    )
    assert settings.selection == {"folds": [1], "limit": 1}
    assert [v.name for v in request.dataset.videos] == ["v1"]
    assert len(request.whole) == 4
    assert (request.replace_run, request.wait) == (True, False)


def test_a_folder_is_named_by_its_path_so_that_the_run_finds_it_from_elsewhere(folder):
    assert requested("timing", f"folder:{folder}", JUDGING).settings.data == str(folder)
    assert requested("timing", folder, JUDGING).settings.data == str(folder)


def test_how_questions_are_put_reaches_the_evaluation(folder, tmp_path):
    asking = asking_by(replicas=2, retry=1, max_failures=7, frame_memory=5, decoders=1)
    request = requested("recognition", folder, JUDGING, asking=asking)
    spec = installed().get("model", "always-yes").spec
    work = request.evaluation(spec, tmp_path / "run", None)
    assert (work.executor, work.executor_options) == ("replicas", {"count": 2})
    assert (work.failures.retry, work.failures.most) == (1, 7)
    assert (work.limits.memory, work.limits.decoders) == (5 << 20, 1)
    usual = requested("recognition", folder, JUDGING).evaluation(spec, tmp_path / "run", None)
    assert usual.executor == "local" and usual.failures.most is None


def test_a_dataset_that_is_open_is_not_opened_again(folder):
    from s3eval import open_dataset

    opened = open_dataset(folder)
    request = requested("all", opened, JUDGING, videos=("v2",))
    assert request.whole is opened
    assert request.settings.data == str(folder)
    assert request.settings.tasks == installed().names("task")
    assert request.settings.selection == {"videos": ["v2"]}


def test_files_outside_are_read_only_where_that_was_said(folder):
    assert "outside" not in requested("recognition", folder, JUDGING).settings.selection
    allowed = requested("recognition", folder, JUDGING, outside=True)
    assert allowed.whole.outside and allowed.settings.selection == {"outside": True}


def test_a_judge_is_part_of_it_only_where_a_task_wants_one(folder):
    assert requested("recognition", folder, JUDGING).settings.judge == ""
    assert requested("report", folder, JUDGING).settings.judge == JUDGING.name
    named = JudgeChoice("none", True, {}, Permission(False))
    assert requested("recognition", folder, named).settings.judge == "none"


@pytest.mark.parametrize(
    ("tasks", "more", "message"),
    [
        ("recogniton", {}, "did you mean 'recognition'"),
        ((), {}, "No task is named"),
        ("recognition", {"protocol": "papper"}, "did you mean 'paper'"),
        ("recognition", {"task_options": {"timing": {"a": 1}}}, "task in --task-option"),
        ("recognition", {"asking": asking_by(executor="locl")}, "did you mean 'local'"),
        ("recognition", {"videos": ["w1"]}, "Unknown video"),
        ("recognition", {"folds": [7]}, "No video is selected .*none in folds 7"),
        ("recognition", {"combination": "last"}, "Unknown combination"),
    ],
)
def test_what_cannot_be_asked_is_refused(folder, tasks, more, message):
    with pytest.raises(S3EvalError, match=message):
        requested(tasks, folder, JUDGING, **more)


def test_a_dataset_that_is_not_there_is_refused_after_the_names(tmp_path):
    with pytest.raises(UnknownNameError):
        requested("recogniton", tmp_path / "none", JUDGING)
    with pytest.raises(S3EvalError, match="none"):
        requested("recognition", tmp_path / "none", JUDGING)
