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
    # Second stages need more patients than are drawn here; the next test has them.
    values = [run_cell(code, namespace) for code in blocks() if "two_stage" not in code]
    frame, by_item, accuracies = values[0], values[1], values[2]
    assert set(frame.item) > {"tonic", "clonic"}
    assert {"video", "patient", "state", "value", "truth", "probability", "readable"} <= {
        *frame.columns
    }
    assert len(frame) == 2 * frame.item.nunique()
    assert len(by_item)
    assert "mean" in set(accuracies.item)
    assert namespace["done"].errors == ()
    assert {"model", "judge"} == {*namespace["listing"].plugins}
    assert (namespace["written"].folder / namespace["written"].first).is_file()
    runs = namespace["runs"]
    assert "motion" in repr(runs)
    assert "<table>" in runs._repr_html_()
    assert "<script" not in runs._repr_html_()


def test_the_page_s_second_stage_runs_on_annotation(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    from s3eval.dataset import FeatureAnnotation, write_folder
    from s3eval.vocabulary import FEATURE_NAMES

    monkeypatch.chdir(tmp_path)
    videos, notes = [], {}
    for i in range(24):
        name, is_es = f"P{i:02d}@1", bool(i % 2)
        videos.append(s3eval.Video(name, f"P{i:02d}", diagnosis="ES" if is_es else "NES"))
        shown = {
            f: FeatureAnnotation("yes" if (place + i // 2) % 3 == is_es else "no")
            for place, f in enumerate(FEATURE_NAMES)
        }
        notes[name] = s3eval.Annotation(name, shown)
    write_folder(s3eval.Dataset("invented", tuple(videos), notes), Path("demo/data"))
    (code,) = [block for block in blocks() if "two_stage" in block]
    namespace: dict[str, Any] = {"s3eval": s3eval}
    frame = run_cell(code, namespace)
    assert [*frame.columns] == ["video", "fold", "truth", "predicted"]
    assert sorted(frame.video) == sorted(v.name for v in videos)
    found = namespace["diagnosed"]
    assert "random-forest" in repr(found) and "<table>" in found._repr_html_()
    assert found.as_json()[0]["scores"]


def test_every_name_of_the_face_is_there():
    for name in s3eval.__all__:
        assert getattr(s3eval, name) is not None, name
    assert {"open_dataset", "evaluate", "open_runs", "score", "compare"} <= {*s3eval.__all__}
