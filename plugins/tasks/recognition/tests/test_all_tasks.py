"""What holds for each of the seven tasks, as far as they are installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from s3eval.dataset import Annotation, FeatureAnnotation, Lateralization, Video
from s3eval.errors import S3EvalError
from s3eval.facts.clips import PROFILES, profile
from s3eval.plugins import discover
from s3eval.running.loading import load_task, load_tasks
from s3eval.task import PlanContext, ScoringContext

NUMBERS = {
    "recognition": 1,
    "justification": 2,
    "spatial": 3,
    "timing": 4,
    "sequence": 5,
    "report": 6,
    "diagnosis": 7,
}
INSTALLED = [t for t in NUMBERS if t in discover().names("task")]
HEAVY = ("numpy", "scipy", "sklearn", "torch", "pandas", "pydantic", "sacrebleu", "av", "rapidfuzz")
VIDEO = Video("P@v", "P", duration=130.0)
KNOWN = Annotation(
    "P@v",
    features={"tonic": FeatureAnnotation("yes", 40.0, 50.0, "stiff")},
    lateralization={
        "head_turning": Lateralization("left", 40.0, 50.0),
        "onset_body_part": Lateralization("head"),
    },
    sequence=("tonic",),
    report="The patient stiffens.",
    seizure_start=35.0,
    seizure_end=90.0,
)


def plan(name, senses=("sight", "hearing"), sampling="standard", **options):
    context = PlanContext(profile(sampling), frozenset(senses), frozenset({name}), options=options)
    return list(load_task(name).inquiries(VIDEO, KNOWN, context))


@pytest.mark.parametrize("name", INSTALLED)
def test_listed_with_its_number(name):
    spec = discover().get("task", name).spec
    assert spec.number == NUMBERS[name]
    assert load_task(name).name == name
    assert load_task(name).headline


@pytest.mark.parametrize("name", INSTALLED)
def test_importing_a_task_imports_nothing_heavy(name):
    module = discover().get("task", name).spec.adapter.split(":")[0]
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("sampling", PROFILES)
@pytest.mark.parametrize("name", INSTALLED)
def test_planning_is_deterministic_and_inside_the_video(name, sampling):
    made = plan(name, sampling=sampling)
    assert made == plan(name, sampling=sampling)
    assert made
    for inquiry in made:
        assert inquiry.task == name
        assert 0 <= inquiry.clip.start < inquiry.clip.end <= VIDEO.duration
        keys = [q.key for q in inquiry.questions]
        assert len(keys) == len(set(keys)) > 0
        assert all(q.text and q.max_tokens > 0 for q in inquiry.questions)


@pytest.mark.parametrize("senses", [("sight",), ("hearing",), ()])
@pytest.mark.parametrize("name", INSTALLED)
def test_nothing_is_asked_that_the_senses_do_not_allow(name, senses):
    for inquiry in plan(name, senses):
        assert {q.sense for q in inquiry.questions} <= set(senses)


@pytest.mark.parametrize("name", INSTALLED)
def test_an_unknown_option_is_refused(name):
    with pytest.raises(S3EvalError, match="takes no option 'colour'"):
        load_tasks([name]).check_options({name: {"colour": "red"}})


@pytest.mark.parametrize("name", INSTALLED)
def test_no_findings_no_scores_no_error(name):
    from s3eval.dataset import Dataset

    task = load_task(name)
    for protocol in ("paper", "release"):
        context = ScoringContext(Dataset("d", (), {}), protocol)
        assert all(t.value is None for t in task.tallies([], context))
        assert not any(task.baselines([], context).values())
        assert list(task.combine("v", [], context)) == []


@pytest.mark.parametrize("name", INSTALLED)
def test_all_failed_is_no_score(name):
    """Whatever fails, no task makes a value of it."""
    from s3eval.dataset import Dataset
    from s3eval.model import Answer
    from s3eval.task import Piece, Reading

    task = load_task(name)
    pieces = [
        Piece(i, q, Answer.failed("out of memory"), Reading(None, "out of memory"))
        for i in plan(name)
        for q in i.questions
    ]
    data = Dataset("d", (VIDEO,), {VIDEO.name: KNOWN})
    context = ScoringContext(data, "paper")
    found = list(task.combine(VIDEO.name, pieces, context))
    assert found
    assert all(f.state == "failed" and f.value is None and f.reason for f in found)
    made = list(task.tallies(found, context))
    assert {t.value for t in made if t.metric != "coverage"} <= {None}
    assert {t.value for t in made if t.metric == "coverage"} <= {0.0, None}
