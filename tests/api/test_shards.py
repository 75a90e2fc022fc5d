"""Four shards merged are the run that one command makes; a run's failures are asked again."""

from __future__ import annotations

import json
import shutil

import pytest

from s3eval.cli import main
from s3eval.errors import S3EvalError
from s3eval.running.shards import Shard

FILES = ("run.json", "run.toml", "findings.jsonl", "scores.json")


def s3eval(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main([*map(str, arguments)])
    return int(done.value.code or 0)


def asking(data, out, *more: object) -> tuple[object, ...]:
    models = ("-m", "prevalence", "-m", "always-yes")
    tasks = ("-t", "recognition,timing,report")
    return ("run", *models, *tasks, "-d", data, "-o", out, "--resamples", 50, *more)


def same_runs(one, other, models=("prevalence", "always-yes")) -> None:
    for model in models:
        for file in FILES:
            first, second = (out / model / file for out in (one, other))
            assert first.read_bytes() == second.read_bytes(), (model, file)


def test_merged_shards_equal_one_run_byte_for_byte(dataset_folder, tmp_path, capsys):
    assert s3eval(*asking(dataset_folder, tmp_path / "whole")) == 0
    for number in (3, 1, 4, 2):
        assert s3eval("merge", tmp_path / "parts", "--resamples", 100) == 2
        assert s3eval(*asking(dataset_folder, tmp_path / "parts", "--shard", f"{number}/4")) == 0
    told = capsys.readouterr()
    assert f"When every shard is done: s3eval merge {tmp_path / 'parts'}" in told.out
    assert "1 of 4 shards are not finished" in told.err and "with 2/4 first" in told.err
    assert s3eval("merge", tmp_path / "parts", "--resamples", 100) == 0
    # The same draws as the shards' command would have made.
    assert s3eval(*asking(dataset_folder, tmp_path / "whole", "--resamples", 100)) == 0
    same_runs(tmp_path / "whole", tmp_path / "parts")
    # Once more changes nothing.
    assert s3eval("merge", tmp_path / "parts", "--resamples", 100) == 0
    same_runs(tmp_path / "whole", tmp_path / "parts")


def test_a_selection_is_divided_and_put_together_again(dataset_folder, tmp_path):
    some = ("--folds", 0, "--seed", 3)
    assert s3eval(*asking(dataset_folder, tmp_path / "whole", *some, "--resamples", 100)) == 0
    for number in (1, 2):
        part = asking(dataset_folder, tmp_path / "parts", *some, "--shard", f"{number}/2")
        assert s3eval(*part) == 0
    assert s3eval("merge", tmp_path / "parts", "--resamples", 100) == 0
    same_runs(tmp_path / "whole", tmp_path / "parts")
    selection = json.loads((tmp_path / "parts" / "always-yes" / "run.json").read_text())[
        "selection"
    ]
    assert selection == {"folds": [0]}


def test_shards_of_different_runs_are_refused(dataset_folder, tmp_path, capsys):
    assert s3eval(*asking(dataset_folder, tmp_path, "--shard", "1/2")) == 0
    assert s3eval(*asking(dataset_folder, tmp_path, "--shard", "2/2", "--seed", 1)) == 0
    assert s3eval("merge", tmp_path) == 2
    assert "The shards in this folder differ in seed" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "shards" / "2-of-2")
    assert s3eval(*asking(dataset_folder, tmp_path, "--shard", "2/3")) == 0
    assert s3eval("merge", tmp_path) == 2
    assert "parts of different runs" in capsys.readouterr().err


def test_what_is_no_shard_is_refused(dataset_folder, tmp_path, capsys):
    for wrong in ("0/4", "5/4", "2", "a/b", "1/0", "-1/4"):
        with pytest.raises(S3EvalError, match="Expected a shard as I/N"):
            Shard.parse(wrong)
    assert s3eval(*asking(dataset_folder, tmp_path, "--shard", "1/40")) == 2
    assert "4 videos are selected, fewer than 40 shards" in capsys.readouterr().err
    assert s3eval("merge", tmp_path) == 2
    assert "No shards in this folder" in capsys.readouterr().err


def test_every_video_is_in_exactly_one_shard():
    names = [f"v{i}" for i in range(11)]
    parts = [Shard(number, 4).part(names) for number in range(1, 5)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert {len(part) for part in parts} <= {2, 3}


def test_a_changed_setting_is_named_when_a_run_is_continued(dataset_folder, tmp_path, capsys):
    assert s3eval(*asking(dataset_folder, tmp_path)) == 0
    assert "changed since" not in capsys.readouterr().err
    assert s3eval(*asking(dataset_folder, tmp_path)) == 0
    assert "changed since" not in capsys.readouterr().err
    assert s3eval(*asking(dataset_folder, tmp_path, "--seed", 2, "--protocol", "release")) == 0
    assert "always-yes: changed since this run: protocol: paper → release; seed: 0 → 2" in (
        capsys.readouterr().err
    )
    again = ("--seed", 2, "--protocol", "release", "--sampling", "window_seconds=20")
    assert s3eval(*asking(dataset_folder, tmp_path, *again)) == 0
    told = capsys.readouterr().err
    assert "options.sampling.window_seconds: none → 20" in told
    assert "profile: standard → standard(window_seconds=20)" in told


def test_retry_asks_what_failed_with_the_settings_of_the_run(tmp_path, capsys):
    tiny_dataset = pytest.importorskip("s3eval_synth.testing").tiny_dataset
    data = tmp_path / "data"
    tiny_dataset(data, videos=2, seconds=6.0)
    lost = sorted((data / "videos").glob("*.mp4"))[0]
    lost.rename(tmp_path / "lost.mp4")
    run = ("run", "-m", "motion", "-t", "recognition", "-d", data, "--resamples", 100)
    more = ("--seed", 4, "--sampling", "window_fps=6", "-o", tmp_path / "runs")
    assert s3eval(*run, *more) == 3
    assert s3eval("retry", tmp_path / "runs" / "motion", "--resamples", 100) == 3
    (tmp_path / "lost.mp4").rename(lost)
    capsys.readouterr()
    assert s3eval("retry", tmp_path / "runs" / "motion", "--resamples", 100) == 0
    assert "already there" in capsys.readouterr().err
    assert s3eval(*run, *more[:-1], tmp_path / "whole") == 0
    same_runs(tmp_path / "whole", tmp_path / "runs", ["motion"])


def test_recorded_options_that_the_model_refuses_are_refused(dataset_folder, tmp_path, capsys):
    def edited(run) -> None:
        settings = (run / "run.toml").read_text()
        (run / "run.toml").write_text(settings + "\n[model-option]\nspeed = 3\n")

    runs, parts = tmp_path / "runs", tmp_path / "parts"
    asked = ("run", "-m", "always-yes", "-t", "recognition", "-d", dataset_folder)
    assert s3eval(*asked, "-o", runs) == 0
    assert s3eval(*asked, "-o", parts, "--shard", "1/1") == 0
    edited(runs / "always-yes")
    edited(next(parts.glob("shards/*/always-yes")))
    capsys.readouterr()
    for again in (("retry", runs / "always-yes"), ("merge", parts)):
        assert s3eval(*again) == 2
        told = (
            "The options recorded in run.toml: Model 'always-yes' takes no options, but got speed"
        )
        assert told in capsys.readouterr().err


def test_a_recorded_run_or_a_shard_is_not_asked_again(dataset_folder, tmp_path, capsys):
    assert s3eval(*asking(dataset_folder, tmp_path, "--shard", "1/2")) == 0
    assert s3eval("retry", tmp_path / "shards" / "1-of-2" / "always-yes") == 2
    assert "This run is a shard" in capsys.readouterr().err
