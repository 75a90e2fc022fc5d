"""The annotation of the public release as a Dataset."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3eval.dataset.lateral_values import fault_of
from s3eval.dataset.sheets import Line, Problems, Sheet, read_sheet
from s3eval.facts.videos import Annotation, Dataset, FeatureAnnotation, Lateralization, Video
from s3eval.vocabulary import DIAGNOSES, FEATURE_NAMES, HEARD
from s3eval_paper.release.layout import TIMES_FOLDER, TRUTH

__all__ = [
    "EXTRACTION_COLUMNS",
    "Truth",
    "clip_target",
    "extraction",
    "read_truth",
    "seconds",
    "video_name",
]

NOTHING = ("", "n/a", "na", "nan", "none")
#: Labelled so in the release: demonstration videos, in no fold, neither ES nor NES.
SAMPLE = "Sample"
_SPATIAL_COLUMNS = {
    "head_turning": (
        "left_right_head_turning",
        "start_time_for_head_turning",
        "end_time_for_head_turning",
    ),
    # "moverment" is how the release spells it.
    "arm_movement": (
        "left_right_arm_movement",
        "arm_movement_start_time",
        "arm_moverment_end_time",
    ),
    "onset_body_part": ("body_region_onset", "", ""),
}


@dataclass(frozen=True)
class Truth:
    """What is known about the release's videos.

    Attributes:
        dataset: videos and annotations, without files.
        targets: by (video, item) the true time's place in its Task-4 clip, seconds.
        extractions: what the release's judge read from the reference reports, by video.
    """

    dataset: Dataset
    targets: Mapping[tuple[str, str], float]
    extractions: Mapping[str, Mapping[str, Any]]


def read_truth(root: Path, problems: Problems) -> Truth:
    """Read the annotation as far as it is there; what is missing or malformed is named."""
    sheets = {role: _sheet(root, role, problems) for role in TRUTH}
    videos = _videos(sheets, problems)
    known = {v.name for v in videos}
    for sheet in sheets.values():
        if sheet.file not in (TRUTH["times"], TRUTH["folds"]):
            for line in sheet:
                if line.key not in known:
                    problems.drop(sheet.file, line.number, f"'{line.key}' is no annotated video")
    annotations = _annotations(videos, {r: s.by_key() for r, s in sheets.items()}, sheets, problems)
    dataset = Dataset(
        name="s3-release",
        videos=tuple(videos),
        annotations=annotations,
        description="The public release: annotations and recorded answers, without videos.",
    )
    return Truth(
        dataset,
        _targets(root, sheets["times"], known, problems),
        {
            line.key: facts
            for line in sheets["extractions"]
            if (facts := extraction(line, sheets["extractions"].file, problems)) is not None
        },
    )


def _known_columns(role: str) -> tuple[str, ...]:
    if role == "features":
        prefixes = ("", "justification_for_", "start_time_for_", "end_time_for_")
        return tuple(p + f for f in FEATURE_NAMES for p in prefixes)
    return {
        "folds": ("label", "patient_id", "fold"),
        "spatial": tuple(c for columns in _SPATIAL_COLUMNS.values() for c in columns if c),
        "times": ("target_time", "feature"),
        "sequence": ("event_sequence",),
        "reports": ("report",),
        "extractions": EXTRACTION_COLUMNS,
        "diagnosis": ("label",),
    }[role]


def _sheet(root: Path, role: str, problems: Problems) -> Sheet:
    shown = TRUTH[role]
    path = root / shown
    if path.is_file():
        return read_sheet(path, shown, problems, known=_known_columns(role))
    if role != "times" or not (root / TIMES_FOLDER).is_dir():
        problems.error(shown, 0, "the file is missing", "what it says is not scored")
    return Sheet(shown)


def video_name(key: str) -> str:
    """The video a row is about: an audio-only answer pairs with the video of the same stem.

    >>> video_name("A0003@x@y@sz_v1_1.wav"), video_name("videos/a.mp4")
    ('A0003@x@y@sz_v1_1.mp4', 'a.mp4')
    """
    name = key.replace("\\", "/").rsplit("/", 1)[-1]
    return name[:-4] + ".mp4" if name.lower().endswith(".wav") else name


def _videos(sheets: Mapping[str, Sheet], problems: Problems) -> list[Video]:
    """Every video the annotation names, the features' table first: it holds all of them."""
    folds, diagnosis = sheets["folds"].by_key(), sheets["diagnosis"].by_key()
    roles = ("features", "diagnosis", "reports", "spatial", "sequence")
    first = next((r for r in roles if sheets[r].lines), "features")
    names = [line.key for line in sheets[first]]
    names += [line.key for line in sheets["folds"] if line.key not in {*names}]
    return [_video(name, folds.get(name), diagnosis.get(name), sheets, problems) for name in names]


def _video(
    name: str,
    fold: Line | None,
    diagnosis: Line | None,
    sheets: Mapping[str, Sheet],
    problems: Problems,
) -> Video:
    label = None
    for line, file in ((diagnosis, sheets["diagnosis"].file), (fold, sheets["folds"].file)):
        if line is None or label:
            continue
        value = line["label"].upper()
        if value in DIAGNOSES:
            label = value
        elif line["label"] != SAMPLE:
            problems.error(file, line.number, f"label '{line['label']}' is neither ES nor NES")
    number = None
    if fold is not None:
        try:
            number = int(float(fold["fold"]))
        except ValueError:
            problems.error(sheets["folds"].file, fold.number, f"fold '{fold['fold']}' is no number")
    return Video(name, name.split("@", 1)[0], "", label, number)


def _annotations(
    videos: list[Video],
    lines: Mapping[str, Mapping[str, Line]],
    sheets: Mapping[str, Sheet],
    problems: Problems,
) -> dict[str, Annotation]:
    made: dict[str, Annotation] = {}
    timed_no = 0
    for video in videos:
        row = lines["features"].get(video.name)
        features: dict[str, FeatureAnnotation] = {}
        if row is not None:
            features, odd = _features(row, sheets["features"], problems)
            timed_no += odd
        events, report = lines["sequence"].get(video.name), lines["reports"].get(video.name)
        made[video.name] = Annotation(
            video.name,
            features=features,
            lateralization=_lateral(lines["spatial"].get(video.name), sheets["spatial"], problems),
            sequence=_sequence(events, sheets["sequence"], problems) if events else None,
            report=(report["report"] or None) if report else None,
        )
    if timed_no:
        what = f"{timed_no} features marked no carry times, which are not read"
        problems.warn(sheets["features"].file, 0, what)
    return made


def _features(
    line: Line, sheet: Sheet, problems: Problems
) -> tuple[dict[str, FeatureAnnotation], int]:
    features: dict[str, FeatureAnnotation] = {}
    timed_no = 0
    for name in FEATURE_NAMES:
        if name not in sheet.columns:
            continue
        presence = line[name].lower()
        if not presence and name == "verbal_responsiveness":
            presence = "na"  # Nobody spoke to the patient.
        if presence not in ("yes", "no", "na"):
            shown = f"'{line[name]}'" if presence else "nothing"
            problems.error(sheet.file, line.number, f"{shown} for {name} is not yes, no or na")
            continue
        cells = [line[f"{side}_time_for_{name}"] for side in ("start", "end")]
        start, end = (_time(c, sheet.file, line.number, name, problems) for c in cells)
        # "no" to a call is itself an event; for other features it means there is none to time.
        if presence != "yes" and name not in HEARD[:1]:
            timed_no += start is not None or end is not None
            start = end = None
        features[name] = FeatureAnnotation(presence, start, end, line[f"justification_for_{name}"])
    return features, timed_no


def seconds(text: str) -> float | None:
    """Seconds of a time as the release writes it; None for none.

    ``12:30:00`` is 12 min 30 s: a spreadsheet read minutes and seconds as hours and minutes. Only
    where the last part is not 00 are the first hours.

    >>> seconds("00:12:00"), seconds("1:05"), seconds("0:01:59"), seconds("N/A")
    (12.0, 65.0, 119.0, None)

    Raises:
        ValueError: it is no time.
    """
    if text.lower() in NOTHING:
        return None
    parts = [float(p) for p in text.split(":")]
    if len(parts) == 3 and parts[2] == 0:
        parts = parts[:2]
    if not 1 <= len(parts) <= 3 or any(not 0 <= p < 10000 for p in parts):
        raise ValueError(text)
    total = 0.0
    for part in parts:
        total = total * 60 + part
    return total


def _time(text: str, file: str, row: int, name: str, problems: Problems) -> float | None:
    try:
        return seconds(text)
    except ValueError:
        problems.error(file, row, f"'{text}' for {name} is no time")
        return None


def _lateral(line: Line | None, sheet: Sheet, problems: Problems) -> dict[str, Lateralization]:
    labels: dict[str, Lateralization] = {}
    for item, (column, begin, end) in _SPATIAL_COLUMNS.items():
        if line is None or (value := line[column].lower()) in NOTHING:
            continue
        fault = fault_of(item, value)
        if fault is not None and fault[0] == "error":
            what = f"{item} '{line[column]}' is neither left nor right; it is not read"
            problems.warn(sheet.file, line.number, what)
            continue
        if fault is not None:
            # It stays: the published averages run over every label that occurs.
            problems.warn(sheet.file, line.number, f"unusual {item} '{line[column]}', kept")
        times = (
            _time(line[c], sheet.file, line.number, item, problems) if c else None
            for c in (begin, end)
        )
        labels[item] = Lateralization(value, *times)
    return labels


def _sequence(line: Line, sheet: Sheet, problems: Problems) -> tuple[str, ...]:
    from s3eval.answers.listing import split_sequence

    events = tuple(split_sequence(line["event_sequence"]))
    for name in dict.fromkeys(events):
        if name not in FEATURE_NAMES:
            problems.warn(sheet.file, line.number, f"'{name}' is no feature, kept in the sequence")
    return events


def clip_target(name: str, feature: str) -> tuple[str, str]:
    """The video and item of a Task-4 clip's name.

    >>> clip_target("P1@d@r@sz_v1_1_head_turning.mp4", "head_turning")
    ('P1@d@r@sz_v1_1.mp4', 'head_turning')
    """
    video = video_name(name)
    return re.sub(rf"_{re.escape(feature)}(\.\w+)$", r"\1", video), feature


def _targets(
    root: Path, sheet: Sheet, known: set[str], problems: Problems
) -> dict[tuple[str, str], float]:
    rows = [(sheet.file, line, line["feature"]) for line in sheet]
    folder = root / TIMES_FOLDER
    if not rows and folder.is_dir():
        for path in sorted(folder.glob("*_timestamps.csv")):
            shown = path.relative_to(root).as_posix()
            one = read_sheet(path, shown, problems, required=("target_time",))
            rows += [(shown, line, path.stem.removesuffix("_timestamps")) for line in one]
    targets: dict[tuple[str, str], float] = {}
    for shown, line, feature in rows:
        video, item = clip_target(line.key, feature)
        if video not in known:
            problems.drop(shown, line.number, f"'{line.key}' belongs to no annotated video")
            continue
        try:
            targets[video, item] = float(line["target_time"])
        except ValueError:
            problems.drop(shown, line.number, f"target_time '{line['target_time']}' is no number")
    return targets


EXTRACTION_COLUMNS = (
    "structural_completeness",
    "event_sequence",
    "localizing_features",
    "content_analysis",
    "report_length",
)


def extraction(line: Line, file: str, problems: Problems) -> dict[str, Any] | None:
    """What the release's judge read from a report, as JSON-able fields of ``ReportFacts``.

    Returns:
        {"sections", "features", "localizing", "off_topic", "hazard", "words"}, or None (and a
        problem) when the recorded JSON cannot be read.
    """
    try:
        sections = json.loads(line["structural_completeness"] or "[]")
        events = json.loads(line["event_sequence"] or "[]")
        localizing = json.loads(line["localizing_features"] or "{}")
        content = json.loads(line["content_analysis"] or "{}")
        return {
            "sections": [str(s) for s in sections],
            "features": [str(e) for e in events],
            "localizing": {str(k): str(v) for k, v in localizing.items()},
            "off_topic": bool(content.get("includes_non_seizure", False)),
            "hazard": bool(content.get("has_safety_issues", False)),
            "words": int(float(line["report_length"] or 0)),
        }
    except (ValueError, TypeError, AttributeError) as error:
        problems.drop(file, line.number, f"the recorded extraction cannot be read: {error}")
        return None
