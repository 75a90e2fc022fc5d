"""Every terminal and none: code pages, narrow ones, closed outputs, text that is a command."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from s3eval.reporting.tables import print_table
from s3eval.terminal import encodable, json_text, visible

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "s3eval"]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize("verb", [["list", "features"], ["--help"], ["run", "--help"]])
def test_no_code_page_ends_a_command(encoding: str, verb: list[str]) -> None:
    done = run(*verb, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    # Where a stream says ASCII, click writes its own help in UTF-8.
    assert done.stdout.decode("utf-8" if encoding == "ascii" else encoding)


def test_json_on_a_code_page_is_still_the_same_json() -> None:
    plain = json.loads(run("list", "features", "--json", "-").stdout)
    ascii_only = run("list", "features", "--json", "-", PYTHONIOENCODING="ascii").stdout
    assert json.loads(ascii_only.decode("ascii")) == plain
    told = json_text(["größer \ud800 \x9b2J", float("nan")], "cp1252")
    assert json.loads(told) == ["größer \ud800 \x9b2J", None]
    assert "\x9b" not in told


@pytest.mark.parametrize("closed", ["out", "err", "both"])
@pytest.mark.parametrize("verb", ["list features", "list features --json -", "--help"])
def test_closed_outputs_change_nothing(closed: str, verb: str) -> None:
    ends = {"out": ">&-", "err": "2>&-", "both": ">&- 2>&-"}[closed]
    line = f"{' '.join(COMMAND)} {verb} {ends}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_difference_found(
    tmp_path: Path, dataset_folder: Path, unbuffered: str
) -> None:
    """The output is dropped; the exit code is that of the command, here and for errors."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "videos.csv").write_text("video,patient\nv,\n")
    for folder, expected in ((dataset_folder, 0), (tmp_path / "bad", 1)):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [*COMMAND, "data", "check", str(folder)],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (expected, b"")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", ["0", "20", "40", "80"])
def test_figures_stand_beside_their_row_on_narrow_terminals(monkeypatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.stdout", Terminal())
    names = ["item", "f1", "", "chance", "precision", "recall", "accuracy", "n"]
    cells = [["verbal_responsiveness", "0.67 [0.00, 1.00]", "~", "0.50", 0.5, 1, 0.5, "82/82"]]
    print_table("Scores", names, [*cells, ["mean", *cells[0][1:]]], right=names[4:])
    shown = re.sub(r"\x1b\[[0-9;]*m", "", sys.stdout.getvalue())  # type: ignore[attr-defined]
    assert max(map(len, shown.splitlines())) <= max(int(columns), 20) or columns == "0"
    assert re.search(r"mean +0\.67", shown)
    assert "82/82" in shown and "…" not in shown


def test_text_from_data_is_shown_and_never_obeyed(monkeypatch) -> None:
    hostile = "x\x1b]0;owned\x07\x9b2J\u202e\u2028[/b]:bomb:\r\n"
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setenv("TERM", "dumb")
        print_table(hostile, [hostile], [[hostile]])
        shown = stream.getvalue()
        assert not set("\x1b\x07\x9b\u202e\u2028\r") & set(re.sub(r"\x1b\[[0-9;]*m", "", shown))
        assert "[/b]:bomb:" in shown
    assert visible("小明 größer 👩‍⚕️ سلام") == "小明 größer 👩‍⚕️ سلام"
    assert encodable("≤ 3 – 小", "latin-1") == "<= 3 - \\u5c0f"


def test_a_hostile_cell_reaches_no_stream_of_the_check(dataset_folder: Path) -> None:
    path = dataset_folder / "features.csv"
    path.write_text(path.read_text() + "x\x1b]0;owned\x07\x1b[2J,tonic,yes,,,\n")
    for more in ([], ["--json", "-"]):
        done = run("data", "check", dataset_folder, *more)
        assert done.returncode == 1
        assert b"\x1b" not in done.stdout + done.stderr and b"owned" in done.stdout
    done = run("run", "-m", "always-yes", "-t", "recognition", "-d", dataset_folder, "-o", "none")
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr and b"owned" in done.stderr


def test_json_on_standard_output_stands_alone_whatever_else_is_printed() -> None:
    import click

    from s3eval.cli.common import json_option, write_json_output

    @click.command()
    @json_option
    def verb(json_file: str | None) -> None:
        print("a library says something")
        click.echo("a plugin, too")
        write_json_output({"a": 1}, json_file)

    from click.testing import CliRunner

    done = CliRunner().invoke(verb, ["--json", "-"])
    assert json.loads(done.stdout) == {"a": 1}
    assert "a library says something" in done.stderr and "a plugin, too" in done.stderr


def test_all_that_the_command_line_prints_goes_through_one_function() -> None:
    """click.echo and print know nothing of control characters."""
    direct = re.compile(r"\bclick\.s?echo\(|\bclick\.secho\(|^\s*print\(|sys\.std(out|err)\.write")
    found = [
        f"{path.name}: {line.strip()}"
        for folder in ("cli", "reporting")
        for path in sorted((ROOT / "s3eval" / folder).glob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if direct.search(line) and "sys.stdout.write(text)" not in line
    ]
    assert found == []
