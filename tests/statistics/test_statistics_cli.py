"""The verbs of the statistics, as a user calls them."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from s3eval.cli import cli, main


def call(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def failed(capsys, *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stopped:
        main([str(a) for a in arguments])
    return stopped.value.code, capsys.readouterr().err


QUICK = ("--resamples", 100)


def test_compare_shows_and_writes(run_folder):
    _, runs = run_folder
    text = call("compare", runs, "--items", "tonic,mean", "--permutations", 199, *QUICK)
    assert "coin (first) against good (second), protocol paper" in text
    assert "wins/ties/losses" in text and "anywhere (corrected over 6 tests)" in text
    assert text.count("corrected over 3 tests") == 2, "three means, three of tonic"
    assert "Of 1 headline score " in text and "Of 1 item " in text
    facts = json.loads(
        call("compare", runs, "--items", "tonic", "--json", "-", "--permutations", 199, *QUICK)
    )
    assert facts["family"] == 3
    assert facts["families"] == {"headline": 0, "items": 3}
    assert {d["item"] for d in facts["differences"]} == {"tonic"}


@pytest.mark.parametrize(
    ("option", "name", "meant"),
    [
        ("--items", "tonik", "tonic"),
        ("--items", "tonic,head_turnin", "head_turning"),
        ("--metrics", "acuracy", "accuracy"),
        ("--tasks", "recogntion", "recognition"),
    ],
)
def test_compare_knows_which_names_these_runs_have(run_folder, capsys, option, name, meant):
    _, runs = run_folder
    code, error = failed(capsys, "compare", runs, option, name, "--permutations", 199, *QUICK)
    assert code == 2
    assert f"did you mean '{meant}'?" in error and "Try: one of " in error


def test_calibrate_knows_which_names_these_runs_have(run_folder, capsys):
    _, runs = run_folder
    for option, name, meant in (
        ("--items", "tonik", "tonic"),
        ("--tasks", "recogntion", "recognition"),
    ):
        code, error = failed(capsys, "calibrate", runs, option, name, *QUICK)
        assert code == 2 and f"did you mean '{meant}'?" in error


def test_compare_refuses_what_cannot_be_compared(run_folder, capsys, tmp_path):
    data, runs = run_folder
    assert failed(capsys, "compare", runs / "good") == (
        2,
        "Error: Expected two or more runs, but got one. Try: s3eval compare RUN RUN\n",
    )
    code, error = failed(capsys, "compare", runs, "--baseline", "god")
    assert code == 2 and "did you mean 'good'" in error
    (data / "features.csv").write_text((data / "features.csv").read_text() + "\n")
    code, error = failed(capsys, "compare", runs)
    assert code == 2 and "changed since" in error


def test_calibrate(run_folder, capsys):
    _, runs = run_folder
    text = call("calibrate", runs / "good", "--items", "tonic", "--curve", *QUICK)
    assert "AUROC" in text and "isotonic" in text and "reliability of recognition tonic" in text
    facts = json.loads(
        call("calibrate", runs / "good", "--windows", "noisy-or", "--json", "-", *QUICK)
    )
    assert {c["windows"] for c in facts} == {"noisy-or"}
    code, error = failed(capsys, "calibrate", runs / "good", "--test-folds", "9")
    assert code == 2 and "no fold 9" in error


def test_two_stage_saves_every_prediction(run_folder, tmp_path):
    data, runs = run_folder
    out = tmp_path / "two"
    chosen = ("--classifiers", "logistic-regression", "--no-tune", "--no-importances")
    text = call("two-stage", runs / "good", "--train", "own", "--out", out, *chosen, *QUICK)
    assert "always-ES" in text and "own readings" in text
    lines = (out / "good.own-readings.logistic-regression.csv").read_text().splitlines()
    assert lines[0] == "video,patient,fold,truth,predicted,probability,score"
    assert len(lines) == 1 + len(set(lines[1:])) > 100
    facts = json.loads(call("two-stage", "--data", data, "--json", "-", *chosen, *QUICK))
    assert facts[0]["trained_on"] == facts[0]["tested_on"] == "annotation"
    assert {s["metric"] for s in facts[0]["scores"]} == {"precision", "recall", "f1", "accuracy"}


def test_two_stage_goes_on_without_a_run_that_has_no_features(run_folder, capsys):
    from s3eval.running.runs import RunFacts, write_run
    from s3eval.task import Finding

    data, runs = run_folder
    digest = json.loads((runs / "good" / "run.json").read_text())["digest"]
    facts = RunFacts("told", ("sight",), ("report",), str(data), digest, source="recorded")
    video = (data / "videos.csv").read_text().splitlines()[1].split(",")[0]
    write_run(runs / "a-told", facts, [Finding("report", video, "report", "answered", "Jerks.")])
    chosen = ("--classifiers", "logistic-regression,svm", "--no-tune", "--no-importances", *QUICK)
    done = CliRunner().invoke(cli, ["two-stage", str(runs), *map(str, chosen)])
    assert done.exit_code == 0, done.output
    assert "without readings of features: a-told" in done.stderr
    assert done.stdout.count("good") and done.stdout.count("poor")
    code, error = failed(capsys, "two-stage", runs / "a-told", *chosen)
    assert code == 2 and "No run has readings of features" in error
    write_run(runs / "b-told", replace(facts, tasks=("gait",)), [
        Finding("gait", video, "gait", "answered", "yes"),
    ])  # fmt: skip
    code, error = failed(capsys, "two-stage", runs / "b-told", *chosen)
    assert code == 2 and "installed here provides them; not installed: 'gait'" in error


def test_two_stage_says_a_note_once(run_folder):
    data, runs = run_folder
    with (data / "videos.csv").open(newline="") as handle:
        folds = {row["video"]: row["fold"] for row in csv.DictReader(handle)}
    for name in ("good", "poor", "coin"):
        lines = (runs / name / "findings.jsonl").read_text().splitlines()
        kept = [line for line in lines if folds[json.loads(line)["video"]] == "0"]
        (runs / name / "findings.jsonl").write_text("\n".join(kept) + "\n")
    chosen = ("--classifiers", "logistic-regression,svm", "--no-tune", "--no-importances")
    text = call("two-stage", runs, *chosen, *QUICK)
    assert text.count("not tested") == 1
    assert "folds 1, 2, 3, 4 not tested, no video of it was read: all" in text


def test_two_stage_refuses_a_leaking_split(run_folder, tmp_path, capsys):
    data, _ = run_folder
    names = [line.split(",")[0] for line in (data / "videos.csv").read_text().splitlines()[1:]]
    split = tmp_path / "leaky.csv"
    split.write_text("video,fold\n" + "".join(f"{n},{i % 3}\n" for i, n in enumerate(names)))
    code, error = failed(capsys, "two-stage", "--data", data, "--folds", split)
    assert code == 2 and "on both sides" in error


def test_split_makes_checks_and_does_not_overwrite(run_folder, tmp_path, capsys):
    data, _ = run_folder
    out = tmp_path / "split.csv"
    facts = json.loads(call("data", "split", data, out, "--json", "-", "--seed", 2))
    assert facts["seed"] == 2 and not facts["problems"]
    assert "No patient is in two folds" in call("data", "split", data, out, "--check")
    assert failed(capsys, "data", "split", data, out)[0] == 2
    call("data", "split", data, out, "--force")
    leaky = tmp_path / "leaky.csv"
    lines = out.read_text().splitlines()[1:]
    patient = next(
        line.split(",")[1] for line in lines[1:]
        if sum(x.split(",")[1] == line.split(",")[1] for x in lines) > 1
    )  # fmt: skip
    first = next(i for i, x in enumerate(lines) if x.split(",")[1] == patient)
    lines[first] = lines[first][:-1] + "9"
    leaky.write_text("\n".join(lines) + "\n")
    with pytest.raises(SystemExit) as stopped:
        main(["data", "split", str(data), str(leaky), "--check"])
    assert stopped.value.code == 1
    assert f"patient {patient} is in folds" in capsys.readouterr().out


def test_agreement(run_folder, tmp_path):
    data, _ = run_folder
    text = call("data", "agreement", data, data, "--figure", tmp_path / "f.png", *QUICK)
    assert "Mean kappa 1.00 over 20 of 20 features" in text
    assert (tmp_path / "f.png").stat().st_size > 10_000
    facts = json.loads(call("data", "agreement", data, data, "--json", "-", *QUICK))
    assert [d["group"] for d in facts["distributions"]] == ["ES", "NES", "both"]


def test_readers_become_runs(run_folder, tmp_path, dataset):
    data, runs = run_folder
    rows = [
        f"{who},{v.name},recognition,tonic,{dataset.annotation(v.name).presence('tonic')}"
        for who in ("Dr. A", "Dr. B")
        for v in dataset.videos
    ]
    sheet = tmp_path / "r.csv"
    sheet.write_text("reader,video,task,item,answer\n" + "\n".join(rows) + "\n")
    text = call("data", "readers", sheet, data, tmp_path / "readers", *QUICK)
    assert "cohens_kappa" in text and "1.00" in text
    both = call("compare", tmp_path / "readers" / "dr-a", runs / "coin", "--items", "tonic", *QUICK)
    assert "dr-a (first) against coin (second)" in both
    facts = json.loads((tmp_path / "readers" / "dr-a" / "run.json").read_text())
    assert (facts["source"], facts["model"]) == ("recorded", "Dr. A")


def sweep(data: Path, out: Path, *more: object) -> dict:
    arguments = ("sweep", "-m", "always-yes", "-t", "recognition", "-d", data, "-o", out)
    return json.loads(call(*arguments, "--limit", 4, "--json", "-", *more, *QUICK))


def test_a_sweep_asks_nothing_twice(run_folder, tmp_path):
    data, _ = run_folder
    facts = sweep(data, tmp_path / "s", "--over", "fps=2,4,10")
    asked = [s["asked"]["answered"] for s in facts["settings"]]
    assert [s["label"] for s in facts["settings"]] == ["fps=2", "fps=4", "fps=10"]
    assert asked[0] == asked[1] == asked[2] > 0
    printed = {p["item"]: p["printed"] for p in facts["settings"][1]["published"]}
    assert printed == {"tonic": "0.61", "clonic": "0.64", "eye_blinking": "0.15",
                       "face_twitching": "0.33"}  # fmt: skip
    again = sweep(data, tmp_path / "s", "--over", "fps=2,4", "--over", "prompt=published,careful")
    told = {s["label"]: s["asked"] for s in again["settings"]}
    assert told["fps=2,prompt=published"]["answered"] == 0
    assert told["fps=2,prompt=published"]["reused"] == asked[0]
    assert told["fps=4,prompt=careful"]["answered"] == asked[0]
    assert {d["second"] for d in again["differences"]} == {"fps=2,prompt=published"}


def test_settings_that_differ_behind_a_dot_are_two(run_folder, tmp_path, capsys):
    data, _ = run_folder
    facts = sweep(data, tmp_path / "s", "--over", "fps=0.5,0.25")
    assert [Path(s["run"]).name for s in facts["settings"]] == ["fps=0.5", "fps=0.25"]
    assert {p.name for p in (tmp_path / "s" / "always-yes").iterdir()} == {"fps=0.5", "fps=0.25"}
    code, error = failed(
        capsys, "sweep", "-m", "always-yes", "-t", "recognition", "-d", data, "-o", tmp_path / "t",
        "--over", "model.file=a/x.toml,b/x.toml",
    )  # fmt: skip
    assert code == 2 and "would be called 'model.file=x'" in error


@pytest.mark.parametrize(
    ("task", "over", "said"),
    [
        ("recognition", "fps=.5,0.5", "The settings 'fps=.5' and 'fps=0.5' are the same"),
        ("recognition", "frames=3,03", "The settings 'frames=3' and 'frames=03' are the same"),
        ("recognition", "sampling.window_fps=2,2.0", "are the same"),
        ("recognition", "frames=2.5", "frames to be a whole number, but got '2.5'"),
        ("recognition", "fps=inf", "fps to be above 0"),
        ("recognition", "judge=lexicon,none", "a judge reads for none of the tasks"),
        ("report", "judge=lexicon,lexcon", "did you mean 'lexicon'"),
    ],
)
def test_values_that_are_no_two_settings_are_refused(
    run_folder, tmp_path, capsys, task, over, said
):
    data, _ = run_folder
    code, error = failed(
        capsys, "sweep", "-m", "always-yes", "-t", task, "-d", data, "-o", tmp_path / "s",
        "--over", over,
    )  # fmt: skip
    assert code == 2 and said in error
    assert not (tmp_path / "s").exists()


def test_a_sweep_over_judges_asks_once(run_folder, tmp_path):
    data, _ = run_folder
    facts = json.loads(
        call("sweep", "-m", "always-yes", "-t", "report", "-d", data, "-o", tmp_path / "s",
             "--limit", 2, "--over", "judge=lexicon,none", "--json", "-", *QUICK)
    )  # fmt: skip
    first, second = (s["asked"] for s in facts["settings"])
    new = first["answered"] + first["failed"] + first["skipped"]
    assert new > 0
    assert (second["answered"], second["reused"]) == (0, new)
    assert facts["differences"] == []


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_sweep_without_videos_says_why(run_folder, tmp_path, capsys, more):
    data, _ = run_folder
    table = data / "videos.csv"
    with table.open(newline="") as handle:
        rows = [{**row, "duration": ""} for row in csv.DictReader(handle)]
    with table.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    code, error = failed(
        capsys, "sweep", "-m", "motion", "-t", "recognition", "-d", data, "-o", tmp_path / "s",
        "--limit", 2, "--over", "fps=1,2", *more,
    )  # fmt: skip
    assert code == 2
    assert "Nothing can be asked about any of these videos" in error
    assert not (tmp_path / "s").exists()


def test_a_sweep_can_be_planned(run_folder, tmp_path, capsys):
    data, _ = run_folder
    text = call("sweep", "-m", "always-yes", "-t", "timing", "-d", data, "-o", tmp_path / "s",
                "--over", "clip=centred,full", "--dry-run")  # fmt: skip
    assert "clip=full" in text and not (tmp_path / "s").exists()
    code, error = failed(
        capsys, "sweep", "-m", "always-yes", "-t", "timing", "-d", data, "-o", tmp_path,
        "--over", "fsp=2",
    )  # fmt: skip
    assert code == 2 and "did you mean 'fps'" in error


def test_the_phrasing_is_part_of_an_answers_key():
    from s3eval.facts.clips import Clip, Sampling
    from s3eval.model import Model, Question
    from s3eval.running.keys import answer_key
    from s3eval.statistics.sweeps import PROMPTS, Rephrased

    class Echo(Model):
        uses_footage = False

        def answer(self, footage, question):
            return question.text

    asked = Question("tonic", "Tonic?")
    careful = Rephrased(Echo(), PROMPTS["careful"])
    (answer,) = careful.ask(None, [asked])
    assert answer.text == "Watch the whole clip closely before you answer. Tonic?"
    keys = {
        answer_key(dict(m.identity()), "x", Clip("v", 0, 1, Sampling()), asked)
        for m in (Echo(), careful, Rephrased(Echo(), PROMPTS["sceptical"]))
    }
    assert len(keys) == 3


def test_phrasings_come_from_files_too(tmp_path):
    from s3eval.errors import S3EvalError
    from s3eval.model import Question
    from s3eval.statistics.sweeps import phrasing

    path = tmp_path / "mine.toml"
    path.write_text('template = "{text} Think."\n[questions]\ntonic = "Stiff?"\n')
    assert phrasing(str(path)).put(Question("tonic", "Tonic?")).text == "Stiff? Think."
    assert phrasing(str(path)).put(Question("clonic", "Clonic?")).text == "Clonic? Think."
    path.write_text('template = "no place"\n')
    with pytest.raises(S3EvalError, match=r"Expected '\{text\}'"):
        phrasing(str(path))


def test_nothing_heavy_is_imported_for_help():
    code = (
        "import sys, s3eval.cli.compare, s3eval.cli.calibrate, s3eval.cli.two_stage, "
        "s3eval.cli.sweep, s3eval.cli.data_split, s3eval.cli.data_readers, "
        "s3eval.cli.data_agreement\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'pandas', 'torch', 'matplotlib', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
