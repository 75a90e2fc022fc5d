"""The release's recorded answers as findings, one run a model and split.

What the findings hold, beside the value:

- recognition, per feature: "yes", "no", "na".
- justification, per feature: the merged text; ``detail["presence"]`` is the answer beside it,
  ``detail["interpretation"]`` the recorded judge's score in [0, 1], where there is one.
- spatial: head_turning and arm_movement "left"/"right", onset_body_part the words as recorded
  (the published average counts "fail" as a wrong label: see its finding's ``detail["raw"]``).
- timing, per seen feature, start and end: seconds in the video. ``detail`` has ``target`` (the
  true time's place in the clip), ``predicted_in_clip`` and ``clip_start`` (None where the
  annotation has no time: the value is then the clip's own clock); error = |predicted_in_clip -
  target|.
- sequence, item "sequence": the merged tokens, repeats kept; ``detail["senses"]`` says which
  features the reference holds.
- report, item "report": the merged report; ``detail["extraction"]`` is what the release's judge
  read from it and ``detail["reference_extraction"]`` what it read from the reference (fields of
  ``ReportFacts``; features as told, repeats kept).
- diagnosis: items "with_report" and "video_only", "ES"/"NES".

``detail["raw"]`` is the recorded cell where it is not the value. A cell that holds no answer
("fail", nothing) is a finding without value and with the reason; never a default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from s3eval.dataset.sheets import Line, Problems, Sheet, read_sheet
from s3eval.task import Finding, FindingState
from s3eval.vocabulary import FEATURE_NAMES, HEARD, SEEN, Sense
from s3eval_paper.release.cells import clock, es_or_nes, label, short
from s3eval_paper.release.figures import recorded_scores
from s3eval_paper.release.layout import (
    ModelFiles,
    model_folders,
)
from s3eval_paper.release.truth import (
    EXTRACTION_COLUMNS,
    Truth,
    clip_target,
    extraction,
    video_name,
)
from s3eval_paper.tables import model_name

__all__ = ["Recorded", "read_runs"]

#: A cell that holds no answer.
_NO_ANSWER = frozenset({"", "fail", "failed", "error", "none", "null", "nan"})
_BLANK = frozenset({"", "n/a", "na", "nan", "none", "null", "<na>", "#n/a"})
_WINDOW = re.compile(r"_segment_(\d+)(\.\w+)$")


@dataclass(frozen=True)
class Recorded:
    """One model's recorded answers.

    Attributes:
        model: in the published spelling, ``folder`` as the release names it.
        split: "test" or "all".
        senses: what the model was given ("omni" in the name hears too; audio models only hear).
        files: the files read, relative to the release, by role.
        findings: as described above, in file order.
        left_out: rows of those files that could not be used, by file.
    """

    model: str
    folder: str
    split: str
    senses: tuple[Sense, ...]
    files: Mapping[str, str]
    findings: tuple[Finding, ...]
    left_out: Mapping[str, int]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks with findings, in the paper's order."""
        return tuple(dict.fromkeys(f.task for f in self.findings))


@dataclass(frozen=True)
class _Context:
    root: Path
    truth: Truth
    problems: Problems
    known: frozenset[str]


def read_runs(
    root: Path,
    truth: Truth,
    split: str,
    problems: Problems,
    models: Callable[[str], bool] = lambda name: True,
) -> list[Recorded]:
    """Read every model's folder of a split, by name.

    Args:
        models: which to read, by the published spelling.
    """
    context = _Context(root, truth, problems, frozenset(v.name for v in truth.dataset.videos))
    scores = recorded_scores(root, split, problems)
    runs: dict[str, Recorded] = {}
    for files in model_folders(root, split, problems):
        name = model_name(files.folder.name)
        if not models(name):
            continue
        run = _run(context, files, split, scores.get(name, {}))
        if name in runs:
            what = f"'{name}' is {runs[name].folder} already; this folder keeps its own name"
            problems.warn(files.folder.relative_to(root).as_posix(), 0, what)
            run = replace(run, model=run.folder)
        runs[run.model] = run
    return [*runs.values()]


def _run(
    context: _Context, files: ModelFiles, split: str, scores: Mapping[tuple[str, str], float]
) -> Recorded:
    folder = files.folder.relative_to(context.root).as_posix()
    senses = _senses(files.folder.name)
    readers: dict[str, Callable[[_Context, Sheet], Iterator[Finding]]] = {
        "recognition": _recognition,
        "justification": partial(_justification, scores=scores),
        "head_turning": partial(_side, item="head_turning"),
        "arm_movement": partial(_side, item="arm_movement"),
        "onset_body_part": _body_part,
        "timing": _timing,
        "sequence": partial(_sequence, senses=senses),
        "report": partial(_report, extracted=_extractions(context, files)),
        "diagnosis": _diagnosis,
    }
    findings: list[Finding] = []
    for role, reader in readers.items():
        if role in files.files:
            findings += reader(context, _sheet(context, files.files[role], role))
        elif senses != ("hearing",) or role in ("recognition", "justification"):
            context.problems.warn(folder, 0, f"no file with recorded answers: {role}")
    return Recorded(
        model_name(files.folder.name),
        files.folder.name,
        split,
        senses,
        {role: _shown(context, path) for role, path in files.files.items()},
        tuple(findings),
        {f: n for f, n in context.problems.left_out.items() if f.startswith(f"{folder}/")},
    )


def _senses(folder: str) -> tuple[Sense, ...]:
    """What a model was given, by the release's own rule: its name."""
    name = folder.lower()
    if "omni" in name:
        return ("sight", "hearing")
    return ("hearing",) if "audio" in name or name.startswith("af3") else ("sight",)


def _shown(context: _Context, path: Path) -> str:
    return path.relative_to(context.root).as_posix()


_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "head_turning": ("head_turning_direction",),
    "arm_movement": ("arm_movement_direction",),
    "onset_body_part": ("onset_body_part",),
    "timing": ("feature", "timestamp"),
    "sequence": ("feature_list",),
    "report": ("report",),
    "extraction": EXTRACTION_COLUMNS,
    "diagnosis": ("prediction_with_report", "prediction_without_report"),
}


def _sheet(context: _Context, path: Path, role: str) -> Sheet:
    """The file's rows, those of unannotated videos left out (Task-4 clips have names apart)."""
    wide = role in ("recognition", "justification")
    features = tuple(p + f for f in FEATURE_NAMES for p in ("", "justification_for_"))
    columns = features if wide else _COLUMNS[role]
    # Diagnosis and the feature tables may lack columns; the others are useless without.
    needed = () if wide or role == "diagnosis" else columns
    shown = _shown(context, path)
    alone = columns[0] if len(columns) == 1 else ""
    sheet = read_sheet(path, shown, context.problems, required=needed, known=columns, alone=alone)
    if role == "timing":
        return sheet
    kept = []
    for line in sheet:
        name = video_name(line.key)
        if name in context.known or (wide and _WINDOW.sub(r"\2", name) in context.known):
            kept.append(Line(name, line.number, line.cells, line.broken))
        else:
            context.problems.drop(shown, line.number, f"'{line.key}' is no annotated video")
    return Sheet(shown, sheet.columns, tuple(kept))


def _finding(
    context: _Context,
    sheet: Sheet,
    line: Line,
    column: str,
    place: tuple[str, str],
    value: object,
    **detail: object,
) -> Finding:
    """A finding of a cell: answered when there is a value, else failed or unreadable."""
    task, item = place
    raw = line[column]
    if value is not None:
        if raw != value and isinstance(value, str):
            detail["raw"] = raw
        return Finding(task, line.key, item, "answered", value, "", 1, 1, None, detail)
    state: FindingState
    if column in line.broken:
        state, reason = "failed", "bytes that are not UTF-8"
    elif raw.lower() in _NO_ANSWER:
        state, reason = "failed", f"recorded as '{raw}'" if raw else "nothing recorded"
    else:
        state, reason = "unreadable", f"recorded as '{short(raw)}'"
    if column not in line.broken:
        context.problems.warn(sheet.file, line.number, f"no answer in '{column}': {reason}")
    return Finding(task, line.key, item, state, None, reason, 1, 0, None, {**detail, "raw": raw})


def _recognition(context: _Context, sheet: Sheet) -> Iterator[Finding]:
    sheet = _merged(context, sheet)
    for line in sheet:
        for feature in FEATURE_NAMES:
            if feature in sheet.columns:
                value = label(line[feature], feature)
                yield _finding(context, sheet, line, feature, ("recognition", feature), value)


def _merged(context: _Context, sheet: Sheet) -> Sheet:
    """A file with one row a window, merged by any-yes; any other file as it is."""
    if not any(_WINDOW.search(line.key) for line in sheet):
        return sheet
    groups: dict[str, list[Line]] = {}
    for line in sheet:
        groups.setdefault(_WINDOW.sub(r"\2", line.key), []).append(line)
    what = f"answers of {len(sheet.lines)} windows merged to {len(groups)} videos by any-yes"
    context.problems.warn(sheet.file, 0, what)
    order = ("yes", "no", "na")
    lines = []
    for name, windows in groups.items():
        cells = {}
        for feature in (f for f in FEATURE_NAMES if f in sheet.columns):
            labels = {label(w[feature], feature) for w in windows}
            cells[feature] = next((v for v in order if v in labels), windows[0][feature])
        lines.append(Line(name, windows[0].number, cells))
    return Sheet(sheet.file, sheet.columns, tuple(lines))


def _justification(
    context: _Context, sheet: Sheet, scores: Mapping[tuple[str, str], float]
) -> Iterator[Finding]:
    from s3eval.metrics.text import left_out

    if any(_WINDOW.search(line.key) for line in sheet):
        context.problems.warn(sheet.file, 0, "texts by window are not merged here: not scored")
        return
    for line in sheet:
        for feature in FEATURE_NAMES:
            column = f"justification_for_{feature}"
            if column not in sheet.columns:
                continue
            text = None if left_out(line[column]) else line[column]
            detail: dict[str, object] = {"presence": label(line[feature], feature)}
            if (line.key, feature) in scores:
                detail["interpretation"] = scores[line.key, feature]
            place = ("justification", feature)
            yield _finding(context, sheet, line, column, place, text, **detail)


def _side(context: _Context, sheet: Sheet, item: str) -> Iterator[Finding]:
    from s3eval.answers.side import read_side

    column = f"{item}_direction"
    for line in sheet:
        answer = line[column].lower()
        plain = answer in ("left", "right")
        value = answer if plain else read_side(line[column], protocol="release").value
        yield _finding(context, sheet, line, column, ("spatial", item), value)


def _body_part(context: _Context, sheet: Sheet) -> Iterator[Finding]:
    item = "onset_body_part"
    for line in sheet:
        answer = line[item].lower()
        value = None if answer in _NO_ANSWER | _BLANK else answer
        finding = _finding(context, sheet, line, item, ("spatial", item), value)
        if answer in _BLANK:
            # Read as an empty cell when the tables were made, and dropped; "fail" was not.
            finding = replace(finding, detail={"raw": ""})
        yield finding


def _timing(context: _Context, sheet: Sheet) -> Iterator[Finding]:
    wanted = {*SEEN, "start", "end"} - {"occur_during_sleep"}
    heard = sum(line["feature"] in HEARD for line in sheet)
    if heard:
        what = f"{heard} clips of heard features, which are in no published table, are not read"
        context.problems.warn(sheet.file, 0, what)
    for line in sheet:
        if line["feature"] in HEARD:
            continue
        video, item = clip_target(line.key, line["feature"])
        target = context.truth.targets.get((video, item))
        if video not in context.known or target is None or item not in wanted:
            what = f"'{line.key}' is no annotated clip of '{item}'"
            context.problems.drop(sheet.file, line.number, what)
            continue
        seconds = clock(line["timestamp"])
        annotated = context.truth.dataset.annotation(video).features.get(item)
        start = annotated.start if annotated else None
        clip = None if start is None else start - target
        named = Line(video, line.number, line.cells, line.broken)
        detail = {"target": target, "predicted_in_clip": seconds, "clip_start": clip}
        value = None if seconds is None else seconds + (clip or 0.0)
        yield _finding(context, sheet, named, "timestamp", ("timing", item), value, **detail)


def _sequence(context: _Context, sheet: Sheet, senses: Sequence[Sense]) -> Iterator[Finding]:
    from s3eval.answers.listing import split_sequence

    for line in sheet:
        column = "feature_list"
        # Whatever stands there is scored as tokens (protocol, Task 5): "fail" is a wrong sequence.
        value = None if column in line.broken else split_sequence(line[column])
        if line[column].lower() in _NO_ANSWER - {""}:
            what = f"no answer in '{column}': recorded as '{line[column]}', scored as a token"
            context.problems.warn(sheet.file, line.number, what)
        place = ("sequence", "sequence")
        yield _finding(context, sheet, line, column, place, value, senses=list(senses))


def _extractions(context: _Context, files: ModelFiles) -> dict[str, Mapping[str, object]]:
    path = files.files.get("extraction")
    if path is None:
        return {}
    sheet = _sheet(context, path, "extraction")
    extracted = {line.key: extraction(line, sheet.file, context.problems) for line in sheet}
    return {name: facts for name, facts in extracted.items() if facts is not None}


def _report(
    context: _Context, sheet: Sheet, extracted: Mapping[str, Mapping[str, object]]
) -> Iterator[Finding]:
    from s3eval.metrics.text import left_out

    for line in sheet:
        text = None if left_out(line["report"]) else line["report"]
        detail: dict[str, object] = {}
        if line.key in extracted:
            detail["extraction"] = extracted[line.key]
        if line.key in context.truth.extractions:
            detail["reference_extraction"] = context.truth.extractions[line.key]
        yield _finding(context, sheet, line, "report", ("report", "report"), text, **detail)


def _diagnosis(context: _Context, sheet: Sheet) -> Iterator[Finding]:
    for item, column in (
        ("with_report", "prediction_with_report"),
        ("video_only", "prediction_without_report"),
    ):
        if column not in sheet.columns:
            context.problems.error(sheet.file, 1, f"column '{column}' is missing")
            continue
        for line in sheet:
            value = es_or_nes(line[column])
            yield _finding(context, sheet, line, column, ("diagnosis", item), value)
