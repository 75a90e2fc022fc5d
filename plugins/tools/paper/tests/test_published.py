"""The paper's tables through the core's hook: tasks are known by number, whatever their names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from s3eval_paper.published import PaperTables
from s3eval_paper.tables import cells

from s3eval.published import Printed, publication_of
from s3eval.specs import TaskSpec
from s3eval.statistics.ratings import agreements

PAPER = PaperTables()
TASK = TaskSpec("any name", adapter="m:t")


def task(number: int) -> TaskSpec:
    return replace(TASK, number=number)


def test_the_core_finds_the_paper_by_any_spelling_of_a_model():
    publication, model = publication_of("qwen3_vl-8b-instruct")
    assert isinstance(publication, PaperTables) and model == "Qwen3-VL-8B"


@pytest.mark.parametrize(
    ("number", "split", "table"),
    [(n, "test", str(18 + n)) for n in range(1, 7)]
    + [(n, "all", str(12 + n)) for n in range(1, 7)]
    + [(7, "test", "2")],
)
def test_each_task_has_its_table(number, split, table):
    found = PAPER.of_model("InternVL3.5-8B", task(number), split)
    printed = [c.printed for c in cells(table, "InternVL3.5-8B", split)]
    assert sorted(p.text for p in found.values()) == sorted(printed)
    assert {p.where for p in found.values()} == {f"Table {table}"}


def test_rouge_has_the_tasks_name():
    found = PAPER.of_model("InternVL3.5-8B", task(6))
    assert ("report", "rouge1") in found and ("report", "rouge") not in found


def test_tasks_of_others_have_no_table():
    assert PAPER.of_model("InternVL3.5-8B", task(0)) == {}
    assert PAPER.of_model("InternVL3.5-8B", task(7), "all") == {}
    assert PAPER.of_setting(task(0), {"fps": "4"}) == {}


def test_settings_of_tables_29_and_30():
    assert PAPER.of_setting(task(1), {"fps": "4.0"})["tonic", "f1"] == Printed("0.61", "Table 29")
    assert PAPER.of_setting(task(1), {"fps": "3"}) == {}
    assert PAPER.of_setting(task(1), {"fps": "4", "judge": "lexicon"}) == {}
    full = PAPER.of_setting(task(4), {"clip": "full"})
    assert full["tonic", "mae"] == Printed("12.07", "Table 30, Qwen3-VL-8B")
    assert full == PAPER.of_setting(task(4), {"clip": "full-video"})
    assert PAPER.of_setting(task(4), {"clip": "random"}) == {}


def test_table_10_comes_from_table_11():
    found = {a.metric: a for a in agreements(PAPER.ratings(), resamples=0)}
    printed = PAPER.of_ratings()
    assert len(printed) == 20
    for (metric, statistic), cell in printed.items():
        assert f"{found[metric].values[statistic]:.2f}" == cell.text, (metric, statistic)


def test_annotators_are_tables_5_and_31_and_the_mean_of_the_text():
    found = PAPER.of_annotators()
    kappas = [float(p.text) for (_, m), p in found.items() if m == "cohens_kappa"]
    mean = float(found["mean", "cohens_kappa"].text)
    features = [k for k in kappas if k != mean]
    assert len(features) == 20
    assert sum(features) / 20 == pytest.approx(mean, abs=0.005)
    assert found["ES", "pearson"].text == "0.893" and ("both", "cosine") in found
