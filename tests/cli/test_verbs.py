"""The command line as people meet it: output, errors in one line, exit codes, resuming."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from s3eval.cli import main


@pytest.fixture
def s3eval(capsys):
    """Run a verb in this process; gives (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as done:
            main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        code = done.value.code
        return (code if isinstance(code, int) else 0), out, err

    return run


@pytest.fixture
def run_of(s3eval, dataset_folder, tmp_path):
    """Run recognition with scripted models on the small dataset."""

    def run(*more: object, models: str = "always-yes") -> tuple[int, str, str]:
        return s3eval(
            *("run", "-m", models, "-t", "recognition", "-d", dataset_folder),
            *("-o", tmp_path / "runs", "--resamples", 50, *more),
        )

    return run


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def test_a_run_scores_shows_chance_and_counts(run_of, tmp_path):
    code, out, _ = run_of(models="always-yes,always-no")
    assert code == 0
    tonic = next(line for line in out.splitlines() if line.startswith("tonic"))
    # One of four videos is tonic: always-yes has precision 1/4, recall 1, F1 0.40.
    assert "0.40 ≤ chance" in tonic
    assert "4/4" in tonic
    assert (tmp_path / "runs" / "always-no" / "scores.json").is_file()


def test_the_json_says_what_the_table_says(run_of):
    code, out, _ = run_of("--json", "-")
    assert code == 0
    rows = {(r["item"], r["metric"]): r for r in json.loads(out)[0]["scores"]}
    assert rows["tonic", "f1"]["value"] == pytest.approx(0.4)
    assert rows["tonic", "f1"]["asked"] == rows["tonic", "f1"]["scored"] == 4
    assert rows["tonic", "recall"]["value"] == 1.0


def test_the_same_command_again_asks_nothing_and_scores_equal(run_of, tmp_path):
    run_of()
    scores = (tmp_path / "runs" / "always-yes" / "scores.json").read_bytes()
    code, _, err = run_of()
    assert code == 0
    assert "0 answered, 140 already there" in err or " already there" in err
    assert (tmp_path / "runs" / "always-yes" / "scores.json").read_bytes() == scores


def test_dry_run_asks_and_writes_nothing(run_of, tmp_path):
    code, out, _ = run_of("--dry-run", "--limit", 1)
    assert code == 0
    # 70 s in 30-s windows with 5 s overlap: 3 clips of 20 questions.
    assert [c for c in out.splitlines()[2].split() if c.isdigit()][:2] == ["1", "3"]
    assert not (tmp_path / "runs").exists()


def test_selection_by_fold_and_name(run_of, s3eval, tmp_path):
    _, _, err = run_of("--folds", "1")
    assert "2 videos" in err
    code, out, _ = s3eval("show", tmp_path / "runs" / "always-yes", "--resamples", 20)
    assert code == 0
    assert "2/2" in out


def test_options_from_a_file_and_flags_win(s3eval, dataset_folder, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text(
        f'model = ["always-no"]\ntasks = ["recognition"]\ndata = "{dataset_folder}"\n'
        f'out = "{tmp_path / "runs"}"\nlimit = 3\nresamples = 20\n'
    )
    code, _, err = s3eval("run", "--config", config, "--limit", 1)
    assert code == 0
    assert "always-no: 1 video," in err
    # As an editor of Windows saves it.
    config.write_bytes(b"\xef\xbb\xbf" + config.read_bytes().replace(b"\n", b"\r\n"))
    assert s3eval("run", "--config", config, "--limit", 1)[0] == code
    config.write_text(config.read_text(encoding="utf-8-sig") + "limmit = 2\n")
    code, _, err = s3eval("run", "--config", config)
    assert code == 2
    assert "did you mean 'limit'" in one_line(err)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "-m", "alwas-yes"], "did you mean 'always-yes'"),
        (["run", "-t", "recogniton"], "did you mean 'recognition'"),
        (["run", "-d", "nowhere"], "No such folder (nowhere)"),
        (["run", "--videos", "aa"], "Unknown video 'aa'"),
        (["run", "--folds", "7"], "No video is selected"),
        (["run", "--folds", "first"], "whole numbers"),
        (["run", "--model-option", "batch"], "key=value"),
        (["run", "--model-option", "bach=1"], "bach"),
        (["run", "--profile", "standart"], "did you mean 'standard'"),
        (["run", "--reuse", "nowhere"], "No answers to reuse"),
    ],
)
def test_wrong_input_is_one_line_with_the_way_out(
    s3eval, dataset_folder, tmp_path, arguments, expected
):
    defaults = {"-m": "always-yes", "-t": "recognition", "-d": str(dataset_folder)}
    defaults["-o"] = str(tmp_path / "runs")
    given = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    flat = [x for pair in {**defaults, **given}.items() for x in pair]
    code, _, err = s3eval("run", *flat)
    assert code == 2
    assert expected in one_line(err)
    assert not (tmp_path / "runs" / "always-yes" / "scores.json").exists()


def test_debug_shows_the_traceback(s3eval, dataset_folder, tmp_path):
    arguments = ["run", "-m", "nobody", "-t", "recognition", "-d", str(dataset_folder)]
    code, _, err = s3eval(*arguments, "-o", str(tmp_path), "--debug")
    assert code == 2
    assert "Traceback (most recent call last)" in err
    assert "Unknown model 'nobody'" in err


def test_an_unknown_verb_suggests_the_nearest(s3eval):
    code, _, err = s3eval("lst")
    assert code == 2
    assert "Did you mean 'list'?" in err


def test_every_verb_has_help_with_examples(s3eval):
    from s3eval.cli import VERBS
    from s3eval.cli.data import VERBS as DATA
    from s3eval.cli.judge import VERBS as JUDGE

    verbs = [(v,) for v in VERBS if v not in ("data", "judge")]
    verbs += [("data", v) for v in DATA] + [("judge", v) for v in JUDGE]
    for verb in verbs:
        code, out, err = s3eval(*verb, "--help")
        assert code == 0, (verb, err)
        assert "xample" in out, verb


def test_scoring_again_under_the_other_protocol_asks_nobody(run_of, s3eval, tmp_path):
    run_of()
    run = tmp_path / "runs" / "always-yes"
    answers = (run / "answers.sqlite").read_bytes()
    code, out, _ = s3eval("score", run, "--protocol", "release", "--resamples", 20)
    assert code == 0
    assert "protocol 'release'" in out
    assert json.loads((run / "scores.json").read_text())["protocol"] == "release"
    assert (run / "answers.sqlite").read_bytes() == answers


def test_a_run_on_a_dataset_that_changed_since_is_refused(run_of, s3eval, dataset_folder, tmp_path):
    run_of()
    table = dataset_folder / "features.csv"
    table.write_text(table.read_text().replace("d,tonic,no", "d,tonic,yes"))
    code, _, err = s3eval("show", tmp_path / "runs")
    assert code == 2
    assert "changed since this run" in one_line(err)


def test_a_folder_without_a_run_names_the_runs_below(run_of, s3eval, tmp_path):
    run_of()
    code, _, err = s3eval("score", tmp_path)
    assert code == 2
    assert "No run in this folder" in one_line(err)


def test_failed_answers_make_exit_code_3_and_are_told(s3eval, dataset_folder, tmp_path):
    # `motion` looks, and the videos of this dataset are not there.
    code, _, err = s3eval(
        *("run", "-m", "motion", "-t", "recognition", "-d", dataset_folder),
        *("-o", tmp_path / "runs", "--resamples", 20),
    )
    assert code == 3
    assert "failed" in err
    assert "Ask them again: s3eval retry " in err


def test_a_full_disk_says_so(tmp_path, dataset_folder):
    """A real full device: /dev/full refuses every write."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = subprocess.run(
        [sys.executable, "-m", "s3eval", "list", "--json", "/dev/full"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ},
    )
    assert done.returncode == 4
    assert "No space left on device" in one_line(done.stderr)


@pytest.fixture
def on_terminal(monkeypatch):
    """Print a table on a terminal of 80 columns; gives its lines without colours."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def lines(*table: object, **more: object) -> list[str]:
        from s3eval.reporting.tables import print_table

        terminal = Terminal()
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setenv("COLUMNS", "80")
        print_table(*table, **more)  # type: ignore[arg-type]
        return re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()

    return lines


def test_a_table_on_80_columns_loses_no_letter_and_no_column(on_terminal):
    name = "P01@1-1-2000@RECORDER99AA@seizure_event_v2_1"
    columns = ["file_name", *(f"measure {i}" for i in range(6)), ""]
    lines = on_terminal("Scores", columns, [[name, *["100.00"] * 6, ""]], right=columns[1:-1])
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    body = lines[next(i for i, line in enumerate(lines) if "─" in line) + 1 :]
    assert "".join(line.split()[0] for line in body if line.strip()) == name
    assert "".join(lines).count("100.00") == 6


def test_what_a_file_says_is_no_markup(on_terminal):
    shown = "".join(on_terminal("[a]", ["[b]", "x"], [["[/b] [red]", "[NAME] [Errno 111]"]]))
    for text in ("[a]", "[b]", "[/b] [red]", "[NAME] [Errno 111]"):
        assert text in shown


def test_every_verb_has_json(s3eval):
    from s3eval.cli import VERBS
    from s3eval.cli.data import VERBS as DATA
    from s3eval.cli.judge import VERBS as JUDGE

    verbs = [[v] for v in VERBS if v not in ("data", "judge")]
    verbs += [["data", v] for v in DATA] + [["judge", v] for v in JUDGE]
    assert [v for v in verbs if "--json FILE" not in s3eval(*v, "--help")[1]] == []
