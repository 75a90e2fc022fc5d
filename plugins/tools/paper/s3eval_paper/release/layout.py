"""Which file of the public release holds what: found by name, never by a list of models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from s3eval.dataset.sheets import Problems

__all__ = [
    "FIGURES",
    "RATINGS",
    "ROLES",
    "SPLITS",
    "TRUTH",
    "ModelFiles",
    "model_folders",
    "role_of",
]

#: Where the annotation stands, by what it says.
TRUTH: Mapping[str, str] = {
    "folds": "finetune/datasplit/all_folds.csv",
    "features": "result/ground_truth/task12_annotation.csv",
    "spatial": "result/ground_truth/task3_spatial_annotation.csv",
    "times": "result/ground_truth/Task4_time_annotation.csv",
    "sequence": "result/ground_truth/task5_sequence_annotation.csv",
    "reports": "result/ground_truth/task6_report_annotation.csv",
    "extractions": "result/ground_truth/task6_report_modified.csv",
    "diagnosis": "result/ground_truth/task7_annotation.csv",
}
#: Per-feature files that together say what ``times`` says, for releases without it.
TIMES_FOLDER = "result/ground_truth/task4_groundtruth"
#: Where recorded answers stand, by split.
SPLITS: Mapping[str, str] = {
    "test": "test_dataset/vlm_inference_test",
    "all": "result/vlm_inference",
}
#: Below which the release's own per-video figures of a split stand (interpretation scores of
#: its judge, Seizure-RQI of each report).
FIGURES: Mapping[str, tuple[str, ...]] = {
    "test": ("test_dataset",),
    "all": ("metrics", "result"),
}
#: The experts' ratings of single reports beside the metrics of each (Table 11).
RATINGS = "metrics/task6_compare_metrics_with_human/task6_all_score.csv"

#: What a model's folder may hold, and the task each belongs to.
ROLES: tuple[str, ...] = (
    "recognition",
    "justification",
    "head_turning",
    "arm_movement",
    "onset_body_part",
    "timing",
    "sequence",
    "report",
    "extraction",
    "diagnosis",
)
_SPATIAL = {"ht": "head_turning", "am": "arm_movement", "l": "onset_body_part"}
_NAME = re.compile(r"^task(\d{1,2})_(.+)\.csv$", re.IGNORECASE)


@dataclass(frozen=True)
class ModelFiles:
    """A model's folder: its files by role, and those set aside with the reason."""

    folder: Path
    files: Mapping[str, Path]
    ignored: Mapping[str, str] = field(default_factory=dict)


def role_of(name: str) -> tuple[str, str]:
    """The role a file name claims and why it is set aside: one of the two is "".

    >>> role_of("Task12_Qwen2.5-Omni-7B_all_merged.csv"), role_of("Task3_HT_X.csv")[0]
    (('recognition', ''), 'head_turning')
    >>> role_of("Task12_AF3_features_all.csv")[0], role_of("Task6_X_all_merged_modified.csv")[0]
    ('recognition?', 'extraction')
    >>> role_of("Task1_X_all_pre.csv")
    ('', "variant 'pre' is not the published one")
    """
    match = _NAME.match(name)
    if not match:
        return "", "not a task's CSV file"
    task, rest = match[1], match[2].lower()
    if task == "3":
        part = rest.split("_", 1)[0]
        if part in _SPATIAL:
            return _SPATIAL[part], ""
        return "", "Task 3 without HT, AM or L"
    # "llm_merge" is written, too.
    tail = re.sub(r"llm_?merged?$", "llmmerge", rest).rsplit("_", 1)[-1]
    return _by_tail(task, tail)


def _by_tail(task: str, tail: str) -> tuple[str, str]:
    merged, whole = tail in ("merge", "merged"), tail == "all"
    if task in ("1", "2", "12"):
        if tail == "llmmerge":
            return "justification", ""
        if merged:
            return "recognition", ""
        # One row a video (a model that needs no windows) or one a window: its rows will tell.
        return ("recognition?", "") if whole else ("", f"variant '{tail}' is not the published one")
    if task == "4" and not merged:
        return "timing", ""
    if task == "5":
        return ("sequence", "") if merged else ("", "answers by window; the merged file is scored")
    if task == "6":
        if tail == "modified":
            return "extraction", ""
        return ("report", "") if merged else ("", "answers by window; the merged file is scored")
    if task == "7" and not merged:
        return "diagnosis", ""
    return "", f"nothing is known of Task {task} '{tail}'"


def model_folders(root: Path, split: str, problems: Problems) -> Iterator[ModelFiles]:
    """The folders of a split's recorded answers, by name, with the file of every role.

    A role claimed by two files goes to the one whose name comes first; what is set aside and
    which roles are missing is added to ``problems``.
    """
    base = root / SPLITS[split]
    if not base.is_dir():
        return
    for folder in sorted(p for p in base.iterdir() if p.is_dir()):
        model_files = _files_of(folder)
        shown = folder.relative_to(root).as_posix()
        for name, why in model_files.ignored.items():
            problems.warn(f"{shown}/{name}", 0, f"set aside: {why}")
        if model_files.files:
            yield model_files
        else:
            problems.error(shown, 0, "no recorded answers in this folder")


def _files_of(folder: Path) -> ModelFiles:
    files: dict[str, Path] = {}
    ignored: dict[str, str] = {}
    maybe: list[Path] = []
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        role, why = role_of(path.name)
        if role == "recognition?":
            maybe.append(path)
        elif not role:
            ignored[path.name] = why
        elif role in files:
            ignored[path.name] = f"{files[role].name} is read for this already"
        else:
            files[role] = path
    for path in maybe:
        if "recognition" in files:
            ignored[path.name] = "answers by window; the merged file is scored"
        else:
            files["recognition"] = path
            # Without windows nothing was merged: the same file holds the justifications.
            files.setdefault("justification", path)
    if "recognition" not in files and "justification" in files:
        # The texts merged by a judge stand beside the yes and no they were merged under.
        files["recognition"] = files["justification"]
    return ModelFiles(folder, files, ignored)
