"""A model that knows the annotation gets full marks in all seven tasks, through the engine.

The strongest check that questions, clips, reading, joining and scores fit together: any of them
off by a window, a side or a second, and the oracle loses points.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Lateralization, Video
from s3eval.model import Answer, Model
from s3eval.plugins import Plugin, Registry, discover
from s3eval.running.evaluate import Evaluation, evaluate
from s3eval.running.loading import load_tasks
from s3eval.running.scoring import tally_findings
from s3eval.running.settings import Settings
from s3eval.specs import ModelSpec
from s3eval.vocabulary import FEATURE_NAMES, HEARD

TASKS = ("recognition", "justification", "spatial", "timing", "sequence", "report", "diagnosis")
pytestmark = pytest.mark.skipif(
    not {*TASKS} <= {*discover().names("task")}, reason="needs all seven task packages"
)
REPORTS = {
    "P1": "The patient stares, then the head turns to the left. Later there is clonic jerking of "
    "the left arm. Afterwards the patient is confused.",
    "P2": "The eyes are closed and both arms shake asynchronously. Pelvic thrusting follows.",
}


def event(start: float, end: float, text: str) -> FeatureAnnotation:
    return FeatureAnnotation("yes", start, end, text)


def dataset() -> Dataset:
    es = {
        "blank_stare": event(6.0, 20.0, "The eyes are open and stare."),
        "head_turning": event(27.0, 52.0, "The head turns forcefully to the left."),
        "clonic": event(54.0, 118.0, "The left arm jerks rhythmically."),
        "ictal_vocalization": event(28.0, 33.0, "The patient groans."),
    }
    nes = {
        "close_eyes": event(2.0, 70.0, "The eyes are squeezed shut."),
        "asynchronous_movement": event(12.0, 60.0, "Both arms shake at different rates."),
        "pelvic_thrusting": event(26.0, 40.0, "The hips move back and forth."),
        "verbal_responsiveness": event(50.0, 55.0, "Asked, the patient answers coherently."),
    }

    def annotated(name: str, shown: dict[str, FeatureAnnotation], **more: Any) -> Annotation:
        absent = FeatureAnnotation("no", None, None, "Nothing of the kind is seen.")
        features = {f: shown.get(f, absent) for f in FEATURE_NAMES}
        if "verbal_responsiveness" not in shown:
            features["verbal_responsiveness"] = FeatureAnnotation("na")
        order = sorted(shown, key=lambda f: shown[f].start or 0.0)
        report = REPORTS[name.split("@", maxsplit=1)[0]]
        return Annotation(name, features, sequence=tuple(order), report=report, **more)

    videos = (
        Video("P1@v", "P1", diagnosis="ES", fold=0, duration=125.0),
        Video("P2@v", "P2", diagnosis="NES", fold=0, duration=75.0),
    )
    return Dataset(
        "oracle",
        videos,
        {
            "P1@v": annotated(
                "P1@v",
                es,
                lateralization={
                    "head_turning": Lateralization("left", 27.0, 52.0),
                    "arm_movement": Lateralization("left", 54.0, 118.0),
                    "onset_body_part": Lateralization("eyes"),
                },
                seizure_start=6.0,
                seizure_end=118.0,
            ),
            "P2@v": annotated(
                "P2@v",
                nes,
                lateralization={
                    "head_turning": Lateralization("right", 20.0, 22.0),
                    "onset_body_part": Lateralization("arms"),
                },
                seizure_start=2.0,
                seizure_end=70.0,
            ),
        },
    )


class Oracle(Model):
    """Says of each clip what the annotation says of it."""

    uses_footage = False

    def __init__(self, known: Dataset):
        self.known = known

    def answer(self, footage: Any, question: Any) -> str | Answer:
        clip = footage.clip
        note, video = self.known.annotation(clip.video), self.known.video(clip.video)
        key = question.key
        if key in FEATURE_NAMES and "yes" in question.choices:
            return self.present(note.features[key], clip)
        if key in note.lateralization:
            return note.lateralization[key].value
        if key in ("video_only", "with_report"):
            return json.dumps({"description": "…", "answer": video.diagnosis})
        if key == "report":
            return str(note.report)
        if key == "sequence":
            return ", ".join(self.onsets(note, clip)).replace("_", " ") or "None"
        which = {"seizure_start": note.seizure_start, "seizure_end": note.seizure_end}
        at = which.get(key) or note.features[key.removesuffix("_onset")].start
        minutes, seconds = divmod(round(at - clip.start), 60)
        return f'```json\n{{"timestamp": "{minutes:02}:{seconds:02}"}}\n```'

    @staticmethod
    def present(feature: FeatureAnnotation, clip: Any) -> str:
        if feature.presence == "na":
            return "NA. Nobody speaks to the patient."
        if feature.start is None or feature.end is None:
            return f"No. {feature.justification}"
        shown = feature.start < clip.end and feature.end > clip.start
        return f"Yes. {feature.justification}" if shown else "No. Not in this part."

    @staticmethod
    def onsets(note: Annotation, clip: Any) -> list[str]:
        return [
            f
            for f in note.sequence or ()
            if clip.start <= (note.features[f].start or 0.0) < clip.end
        ]


def run(tmp_path, model: Model, options: Mapping[str, Mapping[str, Any]] | None = None):
    known = discover()
    spec = ModelSpec("oracle", adapter="nowhere:Oracle", sees=True, hears=True)
    registry = Registry((*known.plugins, Plugin("model", spec, "tests", "0")))
    data = dataset()
    settings = Settings("oracle", TASKS, "in memory", task_options=options or {})
    work = Evaluation(settings, data, tmp_path / "run")
    outcome = evaluate(work, registry, load=lambda plugin, options: model)
    return outcome, data


@pytest.mark.parametrize("protocol", ["paper", "release"])
@pytest.mark.parametrize("placement", ["centred", "random", "full-video"])
def test_the_oracle_gets_full_marks(tmp_path, protocol, placement):
    outcome, data = run(tmp_path, Oracle(dataset()), {"timing": {"placement": placement}})
    assert (outcome.asked.failed, outcome.asked.skipped) == (0, 0)
    judge = None
    if "lexicon" in discover().names("judge"):
        from s3eval.judging.load import load_judge

        judge = load_judge("lexicon")
    made = tally_findings(outcome.run.findings, data, protocol, load_tasks(TASKS), judge).tallies
    values = {(t.task, t.item, t.metric): t.value for t in made}

    seen = {f for a in data.annotations.values() for f in a.sequence or ()}
    for feature in FEATURE_NAMES:
        expected = 1.0 if feature in seen else 0.0  # F1 of a feature nobody shows is 0
        if (feature, protocol) == ("verbal_responsiveness", "release"):
            assert values["recognition", feature, "accuracy"] == 1.0
        else:
            assert values["recognition", feature, "f1"] == expected, feature
        assert values["recognition", feature, "accuracy"] == 1.0, feature
        if feature not in HEARD[:1]:
            assert values["justification", feature, "rouge"] is not None
    for feature in seen - {"verbal_responsiveness"}:
        assert values["justification", feature, "coverage"] == 1.0
    for item in ("head_turning", "arm_movement", "onset_body_part"):
        assert values["spatial", item, "accuracy"] == 1.0, item
    assert values["timing", "mean", "mae"] <= 0.5  # MM:SS has no half seconds
    assert values["timing", "mean", "within_5s"] == values["timing", "mean", "coverage"] == 1.0
    assert values["sequence", "sequence", "edit_distance"] == 0.0
    assert values["sequence", "sequence", "lcs_ratio"] == 1.0
    assert values["sequence", "sequence", "temporal_f1"] == 1.0
    assert values["report", "report", "bleu"] == pytest.approx(100.0)
    assert values["report", "report", "rouge_l"] == 1.0
    assert (
        values["diagnosis", "video_only", "f1"] == values["diagnosis", "with_report", "f1"] == 1.0
    )
    if judge is not None and protocol == "paper":
        assert values["report", "report", "rqi"] == pytest.approx(100.0)


def test_recognition_and_justification_are_asked_once(tmp_path):
    outcome, _ = run(tmp_path, Oracle(dataset()))
    wanted = outcome.plan.count()
    others = sum(n for t, n in wanted.items() if t not in ("justification", "together"))
    assert wanted["recognition"] == wanted["justification"] > 0
    assert wanted["together"] == others
    assert outcome.asked.answered == wanted["together"]


def test_a_model_that_always_fails_has_no_scores(tmp_path):
    class Broken(Model):
        uses_footage = False

        def answer(self, footage, question):
            raise RuntimeError("out of memory")

    outcome, data = run(tmp_path, Broken())
    findings = [f for found in outcome.run.findings.values() for f in found]
    assert findings
    assert {f.state for f in findings} == {"failed"}
    made = tally_findings(outcome.run.findings, data, "paper", load_tasks(TASKS)).tallies
    assert {t.value for t in made if t.metric != "coverage"} == {None}
    assert all(t.counts.failed == t.counts.asked for t in made if t.counts.asked)
