"""docs/python.md does what it says: its code runs, in order, as in a notebook."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import s3eval

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def run_cell(code: str, namespace: dict[str, Any]) -> Any:
    """Run a cell; its last expression is its value, as a notebook shows it."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(PAGE), "exec"), namespace)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), str(PAGE), "eval"), namespace)


@pytest.mark.slow
def test_the_page_s_code_runs_on_drawn_videos(tmp_path, monkeypatch, capsys):
    pytest.importorskip("pandas")
    from s3eval.cli import cli

    monkeypatch.chdir(tmp_path)
    draw = ["data", "synth", "demo/data", "--patients", "2", "--videos", "2", "--seed", "0"]
    cli.main(draw, standalone_mode=False)
    namespace: dict[str, Any] = {}
    values = [run_cell(code, namespace) for code in blocks()]
    frame, by_item, accuracies = values[0], values[1], values[2]
    assert set(frame.item) > {"tonic", "clonic"}
    assert {"video", "patient", "state", "value", "truth", "probability", "readable"} <= {
        *frame.columns
    }
    assert len(frame) == 2 * frame.item.nunique()
    assert len(by_item)
    assert "mean" in set(accuracies.item)
    runs = namespace["runs"]
    assert "motion" in repr(runs)
    assert "<table>" in runs._repr_html_()
    assert "<script" not in runs._repr_html_()


def test_every_name_of_the_face_is_there():
    for name in s3eval.__all__:
        assert getattr(s3eval, name) is not None, name
    assert {"open_dataset", "evaluate", "open_runs", "score", "compare"} <= {*s3eval.__all__}
