"""Names with a spelling mistake are refused at once, with the one that was meant."""

from __future__ import annotations

import pytest

from s3eval.cli import main
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.facts.clips import profile


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dataset.toml").write_text('format = 1\nname = "two"\n')
    (tmp_path / "videos.csv").write_text("video,patient,duration\na,p1,9\nb,p2,9\n")
    return tmp_path


def failed(capsys, *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stopped:
        main([str(a) for a in arguments])
    return stopped.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "meant"),
    [
        (["--judge", "lexcon"], "lexicon"),
        (["--sampling", "window_fp=2"], "window_fps"),
        (["--profile", "standart"], "standard"),
        (["--videos", "aa"], "a"),
        (["--executor", "locl"], "local"),
    ],
)
def test_a_run_refuses_a_misspelt_name_before_it_asks(folder, capsys, more, meant):
    fixed = ("-m", "always-yes", "-t", "recognition", "-d", folder, "-o", folder / "runs")
    code, error = failed(capsys, "run", *fixed, *more)
    assert code == 2
    assert f"did you mean '{meant}'?" in error
    assert not (folder / "runs" / "always-yes" / "run.json").exists()


@pytest.mark.parametrize(
    ("model", "task", "option", "meant"),
    [
        pytest.param(
            *("hf", "recognition", ["--model-option", "dtype=bfloat"], "bfloat16"),
            marks=pytest.mark.torch,
        ),
        ("server", "recognition", ["--model-option", "media=frame"], "frames"),
        ("always-yes", "timing", ["--task-option", "timing.placement=randm"], "random"),
    ],
)
def test_a_misspelt_value_of_an_option_suggests_the_nearest(
    folder, capsys, model, task, option, meant
):
    fixed = ("-m", model, "-t", task, "-d", folder, "-o", folder / "runs")
    code, error = failed(capsys, "run", *fixed, *option)
    assert code == 2
    assert f"did you mean '{meant}'?" in error


def test_a_misspelt_value_of_a_judge_s_option_suggests_the_nearest(folder, capsys):
    out = folder.parent / "runs"
    ask = ("-m", "always-yes", "-t", "report", "-d", folder, "-o", out)
    judge = ("--judge", "gpt", "--allow-remote", "--judge-option", "format=antropic")
    code, error = failed(capsys, "run", *ask, *judge)
    assert code == 2
    assert "did you mean 'anthropic'?" in error and "antropic" not in error
    code, error = failed(capsys, "run", *ask, *judge[:-1], "format=qqqq")
    assert "Input should be 'chat', 'anthropic' or 'gemini'" in error and "mean" not in error


def test_scoring_refuses_a_misspelt_judge_even_where_none_reads(folder, capsys):
    out = folder.parent / "runs"
    ask = ("-m", "always-yes", "-t", "recognition", "-d", folder, "-o", out, "--resamples", "20")
    with pytest.raises(SystemExit) as done:
        main(["run", *map(str, ask)])
    assert not done.value.code
    code, error = failed(capsys, "score", out, "--judge", "lexcon")
    assert code == 2 and "did you mean 'lexicon'?" in error


def test_a_file_is_no_dataset(tmp_path, capsys):
    (tmp_path / "videos.csv").write_text("video,patient\n", encoding="utf-8")
    error = failed(capsys, "data", "check", tmp_path / "videos.csv")[1]
    assert "A dataset is a folder, and this is a file" in error and "synth" not in error


def test_a_folder_that_is_not_there_is_called_so(tmp_path, capsys):
    assert "No such folder" in failed(capsys, "show", tmp_path / "nothing")[1]
    assert "No run in this folder" in failed(capsys, "show", tmp_path)[1]
    run = tmp_path / "imported" / "test" / "model"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}", encoding="utf-8")
    assert "a folder with runs in it: test" in failed(capsys, "show", tmp_path / "imported")[1]
    assert "a folder with runs in it: imported/test" in failed(capsys, "show", tmp_path)[1]


@pytest.mark.parametrize("verb", ["show", "compare"])
def test_a_run_that_is_not_there_is_told_with_those_that_are(folder, capsys, verb):
    out = folder.parent / "runs"
    for model in ("always-yes", "always-no"):
        ask = ("-m", model, "-t", "recognition", "-d", folder, "-o", out, "--resamples", "100")
        with pytest.raises(SystemExit):
            main(["run", *map(str, ask)])
    code, error = failed(capsys, verb, out / "always-noo?seed=3")
    assert code == 2
    assert f"Try: one of the runs in {out}: always-no, always-yes" in error
    # A folder higher up is missing too.
    assert f"one of the runs in {out}: " in failed(capsys, verb, out / "other" / "always-no")[1]
    # The folder that holds the runs is misspelt.
    assert "a folder with runs in it: runs" in failed(capsys, verb, out.parent / "rnus" / "x")[1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("folder:", "No path follows 'folder:'. Try: folder:PATH"),
        ("s3-release:", "No path follows 's3-release:'. Try: s3-release:PATH"),
        ("", "No dataset is named. Try: its folder"),
    ],
)
def test_no_path_is_not_the_current_folder(folder, capsys, monkeypatch, given, told):
    monkeypatch.chdir(folder)
    assert told in failed(capsys, "data", "check", given)[1]
    ask = ("-m", "always-no", "-t", "recognition", "-o", folder / "runs", "-d", given)
    assert told in failed(capsys, "run", *ask)[1]


@pytest.mark.parametrize("value", ["two", -1, 0, float("nan"), float("inf"), True, None])
def test_a_sampling_value_is_a_number_above_nothing(value):
    with pytest.raises(S3EvalError, match="window_fps"):
        profile("standard").changed(window_fps=value)


def test_frames_are_whole_and_an_overlap_may_be_nothing():
    with pytest.raises(S3EvalError, match="whole number"):
        profile("standard").changed(window_frames=2.5)
    assert profile("standard").changed(overlap_seconds=0).overlap_seconds == 0
    with pytest.raises(UnknownNameError):
        profile("standard").changed(name="another")


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (["list", "modles"], "models"),
        (["show", "runs", "--protocol", "papper"], "paper"),
    ],
)
def test_a_misspelt_choice_suggests_the_nearest(capsys, command, meant):
    code, error = failed(capsys, *command)
    assert code == 2
    assert f"Did you mean '{meant}'?" in error


def test_a_choice_that_resembles_none_suggests_none(capsys):
    code, error = failed(capsys, "list", "zzzzzz")
    assert code == 2
    assert "is not one of" in error and "Did you mean" not in error


def test_a_run_into_a_file_says_that_a_folder_is_needed(folder, capsys):
    (folder / "out").write_text("")
    fixed = ("-m", "always-yes", "-t", "recognition", "-d", folder, "-o", folder / "out")
    code, error = failed(capsys, "run", *fixed)
    assert code == 2
    assert "A file stands where a folder is needed" in error and "Try: another folder" in error


def test_a_run_is_not_compared_with_itself(folder, capsys):
    out = folder.parent / "compared"
    with pytest.raises(SystemExit) as done:
        main(["run", "-m", "always-yes", "-t", "recognition", "-d", str(folder), "-o", str(out)])
    assert not done.value.code
    code, error = failed(capsys, "compare", out / "always-yes", out / "." / "always-yes")
    assert code == 2
    assert "The same run is given twice" in error
