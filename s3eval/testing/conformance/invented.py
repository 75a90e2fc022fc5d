"""An invented dataset without files: what tasks are checked with where the author gives none."""

from __future__ import annotations

from typing import Any

from s3eval.facts.videos import Annotation, Dataset, FeatureAnnotation, Lateralization, Video
from s3eval.vocabulary import FEATURE_NAMES

__all__ = ["invented_dataset"]

_REPORTS = {
    "ES": "The patient stares, then the head turns to the left. Later there is clonic jerking of "
    "the left arm. Afterwards the patient is confused.",
    "NES": "The eyes are closed and both arms shake asynchronously. Pelvic thrusting follows.",
}
# By diagnosis: feature, second of its start, what is seen.
_SHOWN = {
    "ES": (
        ("blank_stare", 6.0, "The eyes are open and stare."),
        ("head_turning", 27.0, "The head turns forcefully to the left."),
        ("ictal_vocalization", 28.0, "The patient groans."),
        ("clonic", 54.0, "The left arm jerks rhythmically."),
    ),
    "NES": (
        ("close_eyes", 2.0, "The eyes are squeezed shut."),
        ("asynchronous_movement", 12.0, "Both arms shake at different rates."),
        ("pelvic_thrusting", 26.0, "The hips move back and forth."),
    ),
}
_VIDEOS = 12


def invented_dataset() -> Dataset:
    """Twelve videos of six patients with everything annotated that the paper's tasks ask about.

    Folds 0 (three patients) and 1 to 3; no two patients' times are the same; nobody exists.

    >>> data = invented_dataset()
    >>> len(data), len(set(data.patients.values())), data.video("P0@0").diagnosis
    (12, 6, 'ES')
    """
    videos, annotations = [], {}
    for i in range(_VIDEOS):
        patient = i // 2
        diagnosis = "ES" if patient % 2 == 0 else "NES"
        name = f"P{patient}@{i % 2}"
        fold = 0 if patient < 3 else patient - 2
        seconds = 125.0 + 3 * i
        videos.append(Video(name, f"P{patient}", "", diagnosis, fold, seconds))
        annotations[name] = _annotation(name, diagnosis, float(i))
    return Dataset("invented", tuple(videos), annotations, digest="invented", digest_covers="all")


def _annotation(name: str, diagnosis: str, later: float) -> Annotation:
    absent = FeatureAnnotation("no", None, None, "Nothing of the kind is seen.")
    features: dict[str, FeatureAnnotation] = dict.fromkeys(FEATURE_NAMES, absent)
    features["verbal_responsiveness"] = FeatureAnnotation("na")
    for feature, start, text in _SHOWN[diagnosis]:
        features[feature] = FeatureAnnotation("yes", start + later, start + later + 20, text)
    left = int(later) % 2 == 0
    side, part = ("left", "left arm") if left else ("right", "face")
    sides: dict[str, Any] = {
        "head_turning": Lateralization(side, 27.0 + later, 47.0 + later),
        "arm_movement": Lateralization(side, 54.0 + later, 74.0 + later),
        "onset_body_part": Lateralization(part),
    }
    return Annotation(
        name,
        features,
        sides,
        tuple(feature for feature, _, _ in _SHOWN[diagnosis]),
        _REPORTS[diagnosis],
        seizure_start=2.0 + later,
        seizure_end=100.0 + later,
    )
