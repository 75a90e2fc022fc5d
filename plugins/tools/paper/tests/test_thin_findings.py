"""Verdicts and sentences on releases that lack a part: the invented one, with files removed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from s3eval_paper.claims import page, with_report
from s3eval_paper.claims.claim import CONTRADICTED, UNTESTABLE, Claim
from s3eval_paper.claims.diagnosis import two_stage_gain, two_stage_score
from s3eval_paper.claims.implied import quoted
from s3eval_paper.claims.rediagnosis import PUBLISHED, Depth, Diagnosed, rediagnose
from s3eval_paper.claims.tuning import fine_tuning
from s3eval_paper.claims.with_report import mean_printed, printed_changes, report_gain
from s3eval_paper.release.reading import Release, read_release

MINI = Path(__file__).parent / "fixtures" / "mini-release"
DEPTH = Depth(resamples=50, classifiers=("logistic-regression",), tune=False)


def on_test_set(release: Release) -> list[Any]:
    return [r for r in release.runs if r.split == "test"]


def without(root: Path, models: Sequence[str]) -> Release:
    """The invented release without these models' answers on the whole dataset."""
    there = Path(shutil.copytree(MINI, root / "release"))
    for name in models:
        shutil.rmtree(there / "result/vlm_inference" / name)
    return read_release(there)


def second_stages(release: Release) -> tuple[Claim, list[Diagnosed], str]:
    """Claim 5, what it rests on, and the page's line on who could not be trained as published."""
    diagnosed = rediagnose(release.dataset, release.runs, DEPTH)
    claim = two_stage_gain(release.dataset, on_test_set(release), diagnosed, DEPTH)
    untestable = page._untestable(SimpleNamespace(diagnosed=diagnosed))  # type: ignore[arg-type]
    lines = [x for x in untestable.splitlines() if x.startswith("- A second stage")]
    return claim, diagnosed, "".join(lines)


def test_the_page_names_who_was_trained_on_which_folds(tmp_path: Path) -> None:
    _, diagnosed, line = second_stages(without(tmp_path, ["Qwen3-Omni-30B"]))
    cut, _, rest = line.partition(": this part")
    own = [d for d in diagnosed if d.trained_on == "own readings"]
    assert {d.folds == PUBLISHED for d in own} == {True, False}
    for d in own:
        assert (d.model in cut, d.model in rest) == (d.folds != PUBLISHED, d.folds == PUBLISHED)


def test_only_models_trained_as_the_paper_trained_are_counted(tmp_path: Path) -> None:
    whole, _, _ = second_stages(read_release(MINI))
    assert "of 2 models (InternVL3.5-8B, Qwen3-Omni-30B)" in whole.finding
    assert whole.verdict != UNTESTABLE and "Not counted" not in whole.finding
    thin, _, _ = second_stages(without(tmp_path, ["Qwen3-Omni-30B"]))
    assert "of 1 models (InternVL3.5-8B) score higher" in thin.finding
    assert "Not counted: Qwen3-Omni-30B (1 of 2 models)" in thin.finding
    assert thin.verdict == UNTESTABLE and "not told by one" in thin.finding
    assert [len(t.rows) for t in thin.tables] == [1, 1, 2]


def test_without_readings_of_other_folds_nobody_was_trained_as_the_paper_trained(
    tmp_path: Path,
) -> None:
    claim, _, line = second_stages(without(tmp_path, ["InternVL3_5-8B", "Qwen3-Omni-30B"]))
    assert claim.verdict == UNTESTABLE
    assert claim.finding.startswith("No recorded model has both")
    assert "Not counted: InternVL3.5-8B, Qwen3-Omni-30B (2 of 2 models)" in claim.finding
    assert "No model's are trained on the other published folds" in line


def test_a_figure_that_the_papers_own_table_does_not_give_is_contradicted() -> None:
    release = read_release(MINI, ["test"])
    for runs in (on_test_set(release), []):
        claim = report_gain(release.dataset, runs, DEPTH)
        assert claim.verdict == CONTRADICTED and "not the 21.12%" in claim.finding
    changes = [*printed_changes().values()]
    assert not mean_printed(changes).holds_claimed
    assert mean_printed([c for c in changes if c.value > 0]).holds_claimed
    assert "only where the models that fall are left out" in claim.finding


def test_an_average_over_models_is_not_told_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    release = read_release(MINI, ["test"])
    runs = [r for r in on_test_set(release) if "diagnosis" in r.tasks]
    assert len(runs) == 2
    monkeypatch.setattr(with_report, "CLAIMED", mean_printed([*printed_changes().values()]).value)
    verdicts = [report_gain(release.dataset, runs[:n], DEPTH) for n in range(3)]
    assert [c.verdict == UNTESTABLE for c in verdicts] == [True, True, False]
    assert "not told by one" in verdicts[1].finding and "of 2 untuned" in verdicts[2].finding


def test_improvements_that_nobody_recorded_are_not_counted() -> None:
    release = read_release(MINI, ["test"])
    average, every, _ = fine_tuning(release.dataset, on_test_set(release), DEPTH)
    assert average.verdict == UNTESTABLE and "Not compared" in average.finding
    assert every.verdict == CONTRADICTED, "by the print"
    assert "0 of 0" not in every.finding and "not testable from the release" in every.finding


@pytest.mark.parametrize(
    ("mark", "told"), [("above", "above which it clearly is"), ("unclear", "cannot be told apart")]
)
def test_the_best_second_stage_is_told_whatever_it_shows(mark: str, told: str) -> None:
    model, _ = quoted()
    f1 = SimpleNamespace(
        value=0.9, low=0.8, high=0.95, mark=mark, chance={"always-ES": 0.8}, videos=9, patients=5
    )
    rows: Any = {"f1": f1}
    finding = two_stage_score([Diagnosed(model, "two-stage", rows, {}, 9, "knn", "annotation")])
    assert "has F1 0.90 [0.80, 0.95] (knn, trained on annotation" in finding.finding
    assert told in finding.finding
