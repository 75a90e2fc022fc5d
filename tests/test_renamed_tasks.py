"""Nothing outside a task knows it by name: all of them under other names give the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import s3eval
from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Lateralization, Video
from s3eval.judging.load import load_judge
from s3eval.plugins import Registry, installed
from s3eval.running.evaluate import Evaluation, Outcome, evaluate
from s3eval.running.loading import load_tasks
from s3eval.running.settings import Settings
from s3eval.statistics.calibration import calibrate
from s3eval.statistics.comparing import Judging, Resampling, compare_runs
from s3eval.statistics.features import read_by
from s3eval.statistics.readers import ReaderAnswer, agreement, differences_of_numbers, findings_of
from s3eval.statistics.scored import score_all
from s3eval.statistics.two_stage import Setup, two_stage
from s3eval.task import Finding, TruthContext
from s3eval.vocabulary import FEATURE_NAMES

TASKS = ("recognition", "justification", "spatial", "timing", "sequence", "report", "diagnosis")
NEW = {name: f"other-{i}" for i, name in enumerate(TASKS)}
OLD = {new: name for name, new in NEW.items()}


def renamed_registry() -> Registry:
    """What is installed, every task under a name that says nothing."""
    known = installed()
    plugins = tuple(
        replace(p, spec=replace(p.spec, name=NEW[p.spec.name]))
        if p.kind == "task" and p.spec.name in NEW
        else p
        for p in known.plugins
    )
    return replace(known, plugins=plugins)


def small_dataset() -> Dataset:
    videos, notes = [], {}
    for i in range(20):
        name, diagnosis = f"P{i % 10}@{i}", "ES" if i % 2 else "NES"
        videos.append(Video(name, f"P{i % 10}", diagnosis=diagnosis, fold=i % 5, duration=50.0))
        features = {
            f: FeatureAnnotation(
                "yes" if (i * 7 + k) % 3 else "no", 5.0, 20.0, "Stiff, then the arms jerk."
            )
            for k, f in enumerate(FEATURE_NAMES)
        }
        side = {"head_turning": Lateralization("left" if i % 3 else "right", 5.0, 9.0)}
        notes[name] = Annotation(
            name, features, side, ("tonic", "clonic"), "Stiffens, then jerks.", 3.0, 40.0
        )
    return Dataset("small", tuple(videos), notes)


@dataclass(frozen=True)
class Evaluated:
    """What the tasks made of a model, under one set of names."""

    outcome: Outcome
    rows: list[dict[str, Any]]
    registry: Registry
    names: Mapping[str, str]

    def old(self, rows: Iterator[Any] | list[Any]) -> list[Any]:
        """Records with the tasks' own names."""
        facts = [r if isinstance(r, dict) else asdict(r) for r in rows]
        return [{**f, "task": OLD.get(f["task"], f["task"])} for f in facts]

    def findings(self, task: str) -> list[Finding]:
        return list(self.outcome.run.findings[self.names[task]])


def spoken(findings: Mapping[str, Any]) -> dict[str, list[Finding]]:
    """Findings in which texts, times and sequences are answered too."""
    values: dict[str, Any] = {"sequence": ["tonic", "clonic"], "report": "Stiffens, then jerks."}
    made = {}
    for name, found in findings.items():
        kind = OLD.get(name, name)
        value = values.get(kind, "Stiff, then the arms jerk.")
        made[name] = [
            f
            if f.state == "answered"
            else replace(f, state="answered", value=12.0 if kind == "timing" else value, reason="")
            for f in found
        ]
    return made


@pytest.fixture(scope="module", params=["paper", "release"])
def both(request, tmp_path_factory) -> tuple[Evaluated, Evaluated]:
    dataset, made = small_dataset(), []
    for names, registry in ((dict(zip(TASKS, TASKS, strict=True)), installed()),
                            (NEW, renamed_registry())):  # fmt: skip
        out = tmp_path_factory.mktemp("run")
        settings = Settings("prevalence", tuple(names.values()), "small", protocol=request.param)
        work = Evaluation(settings, dataset, out)
        outcome = evaluate(work, registry)
        findings = spoken(outcome.run.findings)
        judge = load_judge("lexicon")
        combined = replace(outcome.combined, findings=findings)
        run = replace(outcome.run, findings=findings)
        (scored,) = score_all([run], [outcome.material], judge, [combined], resamples=100)
        assert not scored.faults
        one = Evaluated(
            replace(outcome, run=run), [asdict(r) for r in scored.rows], registry, names
        )
        made.append(one)
    return made[0], made[1]


def test_questions_findings_scores_and_chance_are_the_same(both):
    one, two = both
    assert one.outcome.asked.answered == two.outcome.asked.answered > 0
    for task in TASKS:
        assert two.old(two.findings(task)) == one.old(one.findings(task))
    assert len(one.rows) > 100
    assert {row["task"] for row in one.rows} == set(TASKS)
    assert any(row["chance"] for row in one.rows)
    assert two.old(two.rows) == one.rows


def test_calibration_is_the_same(both):
    found = []
    for one in both:
        tasks = load_tasks(one.names.values(), one.registry).by_name
        every = [f for task in TASKS for f in one.findings(task)]
        dataset = one.outcome.material.dataset
        folds = {v.name: v.fold or 0 for v in dataset.videos}
        made = calibrate("r", every, tasks, dataset, lambda _: TruthContext(), folds, resamples=100)
        found.append(sorted(one.old(made), key=lambda c: (c["task"], c["item"])))
    assert found[0] == found[1]
    assert {c["task"] for c in found[0]} >= {"recognition", "diagnosis"}


def test_two_stage_finds_its_features(both):
    found = []
    for one in both:
        tasks = load_tasks(one.names.values(), one.registry)
        (name,) = tasks.providing("features")
        assert name == one.names["recognition"]
        dataset = one.outcome.material.dataset
        read = read_by("r", one.outcome.run.findings[name])
        folds = {v.name: v.fold or 0 for v in dataset.videos}
        setup = Setup("logistic-regression", tune=False)
        found.append(asdict(two_stage(read, read, dataset, folds, setup)))
    assert found[0] == found[1]


def test_comparison_is_the_same(both):
    found = []
    for one in both:
        tasks = load_tasks(one.names.values(), one.registry)
        dataset, findings = one.outcome.material.dataset, one.outcome.run.findings
        turned = {"yes": "no", "no": "yes", "ES": "NES", "NES": "ES"}
        other = {
            task: [replace(f, value=turned.get(f.value, f.value) if isinstance(f.value, str)
                           else f.value) for f in mine]
            for task, mine in findings.items()
        }  # fmt: skip
        rows = compare_runs(
            {"a": findings, "b": other}, dataset, tasks, Judging(), settings=Resampling(100, 199)
        )
        found.append(one.old(rows))
    assert found[0] == found[1]
    assert {r["family"] for r in found[0]} == {"headline", "items"}


def test_readers_are_the_same(both):
    found = []
    for one in both:
        tasks = load_tasks(one.names.values(), one.registry).by_name
        answers = [
            ReaderAnswer(who, video, one.names[task], item, text, 1)
            for who, minute in (("A", 12), ("B", 15))
            for video in ("P0@0", "P1@1")
            for task, item, text in (
                ("recognition", "tonic", "yes" if video == "P0@0" else "no"),
                ("timing", "start", f"0:{minute}"),
                ("spatial", "head_turning", "the left"),
                ("sequence", "sequence", "tonic, clonic"),
                ("diagnosis", "video_only", "NES"),
            )
        ]
        read = findings_of(answers, tasks)
        assert {f.state for mine in read.values() for f in mine} == {"answered"}
        tallies = [*agreement(read, tasks), *differences_of_numbers(read, tasks)]
        facts = [(t.task, t.item, t.metric, t.value, t.unit) for t in tallies]
        found.append(sorted(str((OLD.get(task, task), *rest)) for task, *rest in facts))
        found[-1] += [str(one.old(mine)) for mine in read.values()]
    assert found[0] == found[1]


#: Where a word that is also a task's name may stand in the core as a literal, and what it is there.
ANSWER_KEY = "a key that models write in JSON answers"
COLUMN = "a column of a table of the dataset folder, or a table's heading"
OFFER = "what a task offers (`TaskSpec.provides`), by which others find it whatever its name"
FIELD = "a field of Video or Annotation"
TEXT_KIND = "the kind of a text, part of the judges' published prompts"
MODULE = "a module of readers of answers, by the form that it reads"
ALLOWED: dict[tuple[str, str], str] = {
    ("answers/__init__.py", "diagnosis"): MODULE,
    ("answers/__init__.py", "report"): MODULE,
    ("answers/diagnosis.py", "diagnosis"): ANSWER_KEY,
    ("answers/listing.py", "sequence"): ANSWER_KEY,
    ("answers/sections.py", "diagnosis"): "a heading by which answers announce themselves",
    ("answers/sections.py", "sequence"): "a heading by which answers announce themselves",
    ("answers/wording.py", "sequence"): "a word of what is said about an order",
    ("answers/yes_no.py", "diagnosis"): "a word by which answers announce themselves",
    ("answers/yes_no.py", "justification"): ANSWER_KEY,
    ("dataset/folder.py", "diagnosis"): COLUMN,
    ("dataset/folder.py", "justification"): COLUMN,
    ("dataset/folder.py", "report"): COLUMN,
    ("dataset/folder_rows.py", "diagnosis"): COLUMN,
    ("dataset/folder_rows.py", "justification"): COLUMN,
    ("dataset/folder_rows.py", "report"): COLUMN,
    ("dataset/report_tables.py", "justification"): COLUMN,
    ("dataset/report_tables.py", "report"): COLUMN,
    ("dataset/validity.py", "report"): FIELD,
    ("dataset/validity.py", "sequence"): FIELD,
    ("judging/extractions.py", "report"): TEXT_KIND,
    ("judging/prompts.py", "justification"): TEXT_KIND,
    ("judging/prompts.py", "report"): TEXT_KIND,
    ("reporting/annotations.py", "diagnosis"): COLUMN,
    ("reporting/judges.py", "justification"): OFFER,
    ("reporting/judges.py", "report"): OFFER,
    ("statistics/judge_comparison.py", "justification"): OFFER,
    ("statistics/judge_comparison.py", "report"): OFFER,
    ("statistics/splits.py", "diagnosis"): COLUMN,
    ("statistics/subgroups.py", "diagnosis"): FIELD,
    ("statistics/two_stage_scores.py", "diagnosis"): "what a second stage gives; no task is asked",
    ("testing/conformance/judges.py", "justification"): TEXT_KIND,
    ("testing/conformance/judges.py", "report"): TEXT_KIND,
    ("testing/conformance/task_baselines.py", "diagnosis"): FIELD,
    (
        "testing/conformance/model_subject.py",
        "report",
    ): "the name of a question of its own; any would do",
}


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Strings of a module that are code: docstrings and bare strings are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value


def test_no_task_is_named_in_the_core():
    root = Path(s3eval.__file__).parent
    found = [
        (str(path.relative_to(root)), line, text)
        for path in sorted(root.rglob("*.py"))
        for line, text in literals(path)
        if text in TASKS
    ]
    unexplained = [(p, line, t) for p, line, t in found if (p, t) not in ALLOWED]
    assert unexplained == []
    named = {(p, t) for p, _, t in found}
    assert sorted(set(ALLOWED) - named) == [], "an exception that nothing needs any more"
