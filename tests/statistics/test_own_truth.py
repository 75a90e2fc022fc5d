"""A task whose truth is no feature: it depends on the task's options and on facts of patients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

import s3eval
from s3eval import Annotation, Answer, Dataset, Inquiry, Item, Model, Question, Reading, Video
from s3eval.cli import main
from s3eval.dataset import write_folder
from s3eval.errors import S3EvalError
from s3eval.metrics.tallies import macro, mean
from s3eval.plugins import Plugin
from s3eval.reporting.scores import text_of
from s3eval.specs import ModelSpec, TaskSpec
from s3eval.task import Task
from s3eval.tasks.combining import lone_finding
from s3eval.tasks.counts import counts_of
from s3eval.tasks.items import asked_of, by_item, truths_of
from s3eval.testing.plugins import beside_installed

LENGTHS = ("long", "short")
AGES = ("child", "adult")
ASKED = {"length": LENGTHS, "age": AGES, "ward": ("a", "b"), "seconds": ()}


class Stay(Task):
    """How long a seizure is by a limit that the user gives, and how old the patient is."""

    headline = "f1"
    options: ClassVar = {"limit": "seconds from which a seizure is long"}

    def inquiries(self, video: Any, annotation: Any, context: Any) -> Any:
        (clip, *_) = context.profile.windows(video.name, video.duration)
        yield Inquiry(self.name, clip, tuple(Question(k, f"{k}?", c) for k, c in ASKED.items()))

    def read(self, question: Question, answer: Answer, protocol: Any = "paper") -> Reading:
        return Reading(answer.text if question.choices else float(answer.text))

    def combine(self, video: str, pieces: Any, context: Any) -> Any:
        for piece in pieces:
            labels = piece.question.choices
            yield lone_finding(self.name, piece.question.key, piece, labels[0] if labels else "")

    def items(self) -> list[Item]:
        labelled = [Item(k, labels=c, positive=c[0], macro=True) for k, c in ASKED.items() if c]
        return [*labelled, Item("seconds", "number", unit="s")]

    def truth(self, video: Any, annotation: Any, item: str, context: Any) -> Any:
        if item == "age":
            return context.facts(video).get("age_group")
        if item == "ward":
            return None
        seconds = annotation.seizure_end - annotation.seizure_start
        limit = float(context.options.get("limit", 30))
        return seconds if item == "seconds" else LENGTHS[seconds < limit]

    def tallies(self, findings: Any, context: Any) -> Any:
        for item, some in by_item(findings).items():
            truths = truths_of(self, asked_of(some, context), context)
            scored = [f for f in some if f.video in truths]
            videos, given = [f.video for f in scored], [f.value for f in scored]
            true, counts = [truths[v] for v in videos], counts_of(some, len(scored))
            if item == "seconds":
                off = [abs(a - b) for a, b in zip(true, given, strict=True)]
                yield mean(self.name, item, "mae", videos, off, counts=counts)
            else:
                yield from macro(self.name, item, videos, true, given, counts=counts)


class First(Model):
    """The first answer offered, surer for later videos."""

    uses_footage = False

    def answer(self, watched: Any, question: Question) -> Answer:
        if not question.choices:
            return Answer.of("40")
        first, second = question.choices
        return Answer.of(first, probabilities={first: 0.8, second: 0.2}, mass=1.0)


@pytest.fixture(autouse=True)
def installed() -> Any:
    """The task and the model."""
    task = TaskSpec("stay", adapter=f"{__name__}:Stay")
    model = ModelSpec("first", adapter=f"{__name__}:First", sees=True)
    with (
        beside_installed(Plugin("task", task, "stays", "1.0")),
        beside_installed(Plugin("model", model, "stays", "1.0")),
    ):
        yield


def scored(tmp_path: Path, limit: int) -> Any:
    """Six videos of 10, 20, ... 60 seconds, each of a patient; every second one is a child."""
    videos = tuple(
        Video(f"v{i}", f"p{i}", f"v{i}.mp4", fold=i % 2, duration=70.0) for i in range(6)
    )
    notes = {
        v.name: Annotation(v.name, seizure_start=0.0, seizure_end=10.0 * (i + 1))
        for i, v in enumerate(videos)
    }
    facts = {f"p{i}": {"age_group": AGES[i % 2]} for i in range(6)}
    data = write_folder(Dataset("d", videos, notes, patient_facts=facts), tmp_path / "data")
    return s3eval.evaluate(
        model="first",
        tasks=["stay"],
        data=str(data),
        out=tmp_path / f"runs-{limit}",
        task_options={"stay": {"limit": limit}},
        resamples=20,
    )


def row_of(runs: Any, item: str, metric: str = "f1") -> Any:
    return next(r for r in runs[0].rows if (r.item, r.metric) == (item, metric))


def test_chance_follows_the_options_of_the_task(tmp_path: Path) -> None:
    """Of six videos three are long by 40 s, five by 20 s."""
    for limit, n in ((40, 3), (20, 5)):
        row = row_of(scored(tmp_path, limit), "length", "accuracy")
        assert row.value == n / 6
        random = row.chance["prevalence-matched random"]
        assert random == pytest.approx((n / 6) ** 2 + (1 - n / 6) ** 2)


def test_calibration_follows_the_options_of_the_task(tmp_path: Path) -> None:
    for limit, n in ((40, 3), (20, 5)):
        runs = scored(tmp_path, limit)
        known = s3eval.calibrate(runs[0].run.path, resamples=100, test_folds="all").calibrations
        positives = {c.item: c.positives for c in known}
        assert positives == {"length": n, "age": 3}


def test_runs_whose_options_give_another_truth_are_not_compared(tmp_path: Path) -> None:
    """They were compared by the truth of the first, by which the second is right elsewhere."""
    folders = [scored(tmp_path, limit)[0].run.path for limit in (40, 20)]
    with pytest.raises(S3EvalError, match="not compared in stay: by their options 'length'"):
        s3eval.compare([folders[0], folders[1].rename(tmp_path / "other")], permutations=20)


def test_a_sweep_over_such_an_option_says_that_settings_are_not_compared(
    tmp_path: Path, capsys: Any
) -> None:
    scored(tmp_path, 40)
    words = ["-m", "first", "-t", "stay", "-d", str(tmp_path / "data"), "-o", str(tmp_path / "sw")]
    with pytest.raises(SystemExit) as end:
        main(["sweep", *words, "--over", "task.stay.limit=40,20", "--resamples", "100"])
    shown = capsys.readouterr()
    assert (end.value.code or 0) == 0, shown.err
    assert "are not compared in stay: by their options 'length'" in shown.err
    assert "(+0." not in shown.out.replace("(+0.00): against", "")


def test_truth_from_facts_of_patients(tmp_path: Path) -> None:
    runs = scored(tmp_path, 40)
    row = row_of(runs, "age", "accuracy")
    assert (row.value, row.scored) == (0.5, 6)


def test_items_without_the_headline_or_annotation_are_named(tmp_path: Path) -> None:
    runs = scored(tmp_path, 40)
    alone = text_of(runs)
    (line,) = [x for x in alone.splitlines() if x.startswith("seconds ")]
    assert f"{row_of(runs, 'seconds', 'mae').value:.2f} [" in line
    together = text_of([runs[0], replace(runs[0])])
    assert "not measured by f1, see --details: seconds (mae)" in together
    assert "stay: 6 of 24 without annotation (ward)" in [str(m) for m in runs[0].missing]
