"""docs/readers.md does what it says: its commands run in order, readers and raters are played."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

import s3eval_view.cli.view as view
from click.testing import CliRunner

from s3eval.cli import cli
from s3eval.terminal import echo

PAGE = Path(__file__).parents[5] / "docs" / "readers.md"


REPORTS = (
    "The patient sleeps, then the head turns to the left and both arms jerk rhythmically.",
    "A nurse enters the room.",
    "Blank stare, lip smacking, afterwards the right arm is held stiff.",
    "The whole body shakes; the eyes are closed and the pelvis thrusts.",
)


def commands() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line]
    assert all(line.startswith("$ s3eval ") for line in lines)
    return [shlex.split(line[len("$ s3eval ") :]) for line in lines]


def plays(asking: Any, number: int) -> Any:
    """What stands for serving: a person who answers all that the pages ask."""

    def show(app: Any, token: str, port: int, opens_browser: bool, what: str = "") -> None:
        root = f"http://127.0.0.1:8000/{token}/"
        for step in range(200):
            page = asking(app, root).text
            if "Everything is answered" in page:
                break
            place = int(re.search(r'data-place="(\d+)"', page).group(1))
            if "data-rating" in page:
                body = {"place": place, "rating": 1 + (place + number) % 5, "seconds": 9}
                assert asking(app, f"{root}rating", "POST", json=body).status_code == 200
                continue
            questions = re.findall(r'<li class="question[^>]*data-number="(\d+)"', page)
            texts = re.findall(r'<p class="words">', page)
            assert len(questions) == len(texts) > 0
            keys = re.findall(r'class="title">([^<]*)<', page)
            for question, key in zip(questions, keys, strict=True):
                said = "yes" if (len(key) + number + step) % 3 else "no"
                text = REPORTS[(step + number) % 4] if key == "report" else said
                body = {"place": place, "number": int(question), "text": text, "seconds": 2.5}
                told = asking(app, f"{root}answer", "POST", json=body)
                assert told.json()["problems"] == {}
        else:
            raise AssertionError("the session did not end")
        echo(what)

    return show


@pytest.mark.slow
def test_the_commands_of_the_page_run_in_order(tmp_path, monkeypatch, asking):
    monkeypatch.chdir(tmp_path)
    outputs: dict[str, str] = {}
    for number, arguments in enumerate(commands()):
        monkeypatch.setattr(view, "show", plays(asking, number))
        done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        assert done.exit_code == 0, (arguments, done.output)
        outputs[" ".join(arguments[:2])] = done.output
    assert "R1" in outputs["show study/readers"] and "R2" in outputs["show study/readers"]
    assert "cohens_kappa" in outputs["data agreement"]
    assert "ICC(2,1)" in outputs["judge ratings"]
    assert "rqi" in outputs["judge validate"]
    assert "motion" in outputs["compare study/readers/R1"]
    kept = sorted(p.name for p in (tmp_path / "study" / "readers" / "R1").iterdir())
    assert {"run.json", "answers.sqlite", "reader.jsonl", "scores.json"} <= {*kept}
