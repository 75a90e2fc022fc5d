"""Writing the folder format; `s3eval.dataset.folder` reads it."""

from __future__ import annotations

from pathlib import Path

from s3eval.dataset.folder import FORMAT, LATERALIZATION_ITEMS, TABLES
from s3eval.dataset.tables import table_text
from s3eval.facts.videos import Dataset
from s3eval.vocabulary import FEATURE_NAMES

__all__ = ["write_folder"]

#: Written only where there is something in them.
FURTHER = ("items.csv", "facts.csv", "patients.csv")


def write_folder(dataset: Dataset, path: str | Path) -> Path:
    """Write the tables of a dataset into a folder; videos are neither copied nor touched.

    The same dataset gives the same bytes. ``open_folder`` gives it back.
    """
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    toml = f"format = {FORMAT}\nname = {_quoted(dataset.name)}\n"
    if dataset.description:
        toml += f"description = {_quoted(dataset.description)}\n"
    (folder / "dataset.toml").write_text(toml, encoding="utf-8", newline="\n")
    for file, rows in _rows(dataset).items():
        if file in FURTHER and not rows:
            continue
        required, optional = TABLES[file]
        columns = _columns(file, (*required, *optional))
        (folder / file).write_text(table_text(columns, rows), encoding="utf-8", newline="\n")
    return folder


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _columns(file: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    if file == "videos.csv":
        return ("video", "file", "patient", *columns[3:])
    return columns


def _rows(dataset: Dataset) -> dict[str, list[tuple[object, ...]]]:
    rows: dict[str, list[tuple[object, ...]]] = {file: [] for file in TABLES}
    for v in dataset.videos:
        a = dataset.annotations[v.name]
        times = (v.duration, a.seizure_start, a.seizure_end)
        rows["videos.csv"].append((v.name, v.file, v.patient, v.diagnosis, v.fold, *times))
        for name in [f for f in FEATURE_NAMES if f in a.features]:
            f = a.features[name]
            rows["features.csv"].append((v.name, name, f.presence, f.start, f.end, f.justification))
        for item in [i for i in LATERALIZATION_ITEMS if i in a.lateralization]:
            where = a.lateralization[item]
            rows["lateralization.csv"].append((v.name, item, where.value, where.start, where.end))
        if a.sequence is not None:
            steps = list(enumerate(a.sequence, start=1)) or [(0, "")]
            rows["sequences.csv"] += [(v.name, position, name) for position, name in steps]
        if a.report is not None:
            rows["reports.csv"].append((v.name, a.report))
        rows["items.csv"] += [(v.name, name, value) for name, value in sorted(a.items.items())]
        rows["facts.csv"] += [(v.name, name, value) for name, value in sorted(v.facts.items())]
    for patient, facts in sorted(dataset.patient_facts.items()):
        rows["patients.csv"] += [(patient, name, value) for name, value in sorted(facts.items())]
    return rows
