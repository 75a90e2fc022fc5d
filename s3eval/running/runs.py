"""A run on disk: one model, some tasks, one dataset, one protocol.

A run folder holds ``run.json`` (the facts), ``findings.jsonl`` (one line a finding),
``scores.json`` and, for runs that asked a model, ``answers.sqlite`` (every answer, durable).
Recorded answers of others (the public release, human readers) are runs too: ``source`` says so,
and everything downstream works on them alike.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any, Literal, get_args

from s3eval.errors import S3EvalError, nearest
from s3eval.task import Finding, FindingState, TruthContext
from s3eval.terminal import cut
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

__all__ = [
    "SCORES_JUDGE",
    "Run",
    "RunFacts",
    "StoredFindings",
    "dataset_folder",
    "open_run",
    "open_runs",
    "relative_dataset",
    "write_json",
    "write_run",
    "write_text",
]

RUN_FORMAT = 1


#: The key among a run's options of the judge that `s3eval score` was told to read by.
SCORES_JUDGE = "judge_of_scores"


@dataclass(frozen=True)
class RunFacts:
    """Everything that determines a run's findings, and nothing that does not.

    Attributes:
        model: its name; ``identity`` what the adapter says it is (checkpoint, revision...).
        senses: what the model perceives.
        tasks: task names, in order.
        dataset: the dataset folder as given; ``digest`` of its tables.
        dataset_relative: the same seen from the run's folder, so that it is found from anywhere;
            "" for a format that is no folder.
        protocol: the protocol the run was first scored by.
        profile: name of the sampling profile.
        source: "asked" (answers.sqlite is the truth) or "recorded" (findings.jsonl is).
        looks: the model's ``uses_footage``; one that does not is known by video names.
        selection: which videos of the dataset, as ``Dataset.select`` takes them; "outside" where
            files outside the dataset folder were allowed.
        options: of the model, the tasks and the judge; under `SCORES_JUDGE` the judge that the
            scores in the folder were read by, where that is not the run's own.
    """

    model: str
    senses: tuple[str, ...]
    tasks: tuple[str, ...]
    dataset: str
    digest: str = ""
    dataset_relative: str = ""
    protocol: str = "paper"
    profile: str = "standard"
    source: Literal["asked", "recorded"] = "asked"
    looks: bool = True
    identity: Mapping[str, Any] = field(default_factory=dict)
    judge: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    selection: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def truth_context(self, task: str, dataset: Dataset | None = None) -> TruthContext:
        """What the truth of a task's items depends on in this run, about this dataset."""
        protocol: Any = self.protocol
        senses: Any = frozenset(self.senses)
        options: Mapping[str, Any] = self.options.get("tasks") or {}
        known = {} if dataset is None else dataset.patient_facts
        return TruthContext(protocol, senses, options.get(task, {}), known)


#: Answers are kept apart from what was made of them.
_MADE_AGAIN = "the command that made it with --replace: answers are kept, findings made anew"


@dataclass(frozen=True, repr=False)
class Run:
    """A run folder, read.

    Attributes:
        subgroup: what its findings are a part of the run's by ("camera foot"), "" for all.

    >>> Run(Path("runs/motion"), RunFacts("motion", ("sight",), ("timing",), "data"), {})
    <Run 'motion': model motion, tasks timing, 0 findings>
    """

    path: Path
    facts: RunFacts
    findings: Mapping[str, Sequence[Finding]]
    subgroup: str = ""

    def __repr__(self) -> str:
        # Not every finding: a notebook shows this.
        count = sum(len(task_findings) for task_findings in self.findings.values())
        tasks = ", ".join(self.facts.tasks)
        return f"<Run {self.name!r}: model {self.facts.model}, tasks {tasks}, {count} findings>"

    @property
    def name(self) -> str:
        """The folder's name, by which tables call the run, and the subgroup's."""
        return f"{self.path.name} ({self.subgroup})" if self.subgroup else self.path.name


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole or not at all: to a neighbour first, then renamed. Sorted keys."""
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    # A name of its own: another process may be writing the same file.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_run(path: str | Path, facts: RunFacts, findings: Iterable[Finding] | None = None) -> Path:
    """Write (or update) a run folder; findings are sorted, so equal runs are equal bytes."""
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    recorded = {k: v for k, v in asdict(facts).items() if k != "dataset_relative" or v}
    write_json(folder / "run.json", {"format": RUN_FORMAT, **recorded})
    if findings is not None:
        ordered = sorted(findings, key=lambda f: (f.task, f.video, f.item))
        lines = [json.dumps(asdict(f), ensure_ascii=False, sort_keys=True) for f in ordered]
        write_text(folder / "findings.jsonl", "".join(line + "\n" for line in lines))
    return folder


def _where_runs_lie(folder: Path, depth: int = 3, like: str = "") -> str:
    """What to name instead of a folder without a run: its runs, or the folders that hold some.

    Args:
        depth: how many levels below the folder are looked into.
        like: a name that is none of its runs.
    """
    runs = sorted(p.parent.name for p in folder.glob("*/run.json"))
    if runs:
        close = nearest(like, runs) if like else None
        if close is not None:
            runs = [close, *(run for run in runs if run != close)]
        return f"one of {f'the runs in {folder}' if like else 'its runs'}: {', '.join(runs[:5])}"
    # An imported dataset has its runs below runs/SPLIT.
    for level in range(2, depth + 1):
        below = folder.glob("*/" * level + "run.json")
        if holding := {p.parent.parent.relative_to(folder).as_posix() for p in below}:
            return f"a folder with runs in it: {', '.join(sorted(holding)[:5])}"
    return "s3eval run --help"


def open_run(path: str | Path) -> Run:
    """Read a run folder.

    Raises:
        S3EvalError: no run there, or a file in it that cannot be read.
    """
    folder = Path(path)
    if not (folder / "run.json").is_file():
        if not folder.exists():
            above = next((p for p in folder.parents if p.is_dir()), Path())
            fix = _where_runs_lie(above, 2, folder.name)
            raise S3EvalError("No such folder", where=folder, fix=fix)
        raise S3EvalError("No run in this folder", where=folder, fix=_where_runs_lie(folder))
    try:
        # An editor may have put a byte order mark in front.
        raw = json.loads((folder / "run.json").read_text(encoding="utf-8-sig"))
        if not isinstance(raw, dict):
            raise ValueError(f"run.json holds {type(raw).__name__}, not the facts of a run")
        _refuse_later(raw, folder)
        _refuse_other_types(raw)
        known = {f.name for f in fields(RunFacts)}
        values: dict[str, Any] = {k: v for k, v in raw.items() if k in known}
        values["senses"], values["tasks"] = tuple(raw["senses"]), tuple(raw["tasks"])
        facts = RunFacts(**values)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise S3EvalError(
            "This run cannot be read", where=folder, why=str(error), fix=_MADE_AGAIN
        ) from error
    return Run(folder, facts, StoredFindings(folder / "findings.jsonl"))


def _refuse_other_types(raw: Mapping[str, Any]) -> None:
    """A run's facts may have been edited by hand, or written by something else.

    Raises:
        TypeError: one is not what it says, which would only show where it is used.
    """
    for one in fields(RunFacts):
        value = raw.get(one.name)
        wanted, is_right = _TYPES[str(one.type).partition("[")[0]]
        if one.name in raw and not is_right(value):
            raise TypeError(f"expected '{one.name}' to be {wanted}, but got {_short(value)}")
    for name, known in (("protocol", PROTOCOLS), ("source", ("asked", "recorded"))):
        if raw.get(name, known[0]) not in known:
            raise TypeError(f"expected '{name}' among {', '.join(known)}, got {_short(raw[name])}")
    selection, options = raw.get("selection", {}), raw.get("options", {})
    for name, kind in (("videos", str), ("folds", int)):
        some = selection.get(name)
        if some is not None and not _are(kind)(some):
            raise TypeError(f"expected '{name}' of 'selection' to be a list, got {_short(some)}")
    if not isinstance(selection.get("limit"), (int, type(None))):
        raise TypeError(f"expected 'limit' to be a count, got {_short(selection['limit'])}")
    for name in ("model", "tasks", "judge", SCORES_JUDGE):
        if not isinstance(options.get(name), (dict, type(None))):
            raise TypeError(f"expected '{name}' of 'options' to be a table")
    for name in ("judge", SCORES_JUDGE):
        if judge := options.get(name):
            _refuse_no_judge(name, judge)


def _refuse_no_judge(name: str, judge: Mapping[str, Any]) -> None:
    if not isinstance(judge.get("name"), str):
        raise TypeError(f"expected 'name' of '{name}' to be text, got {_short(judge.get('name'))}")
    if not isinstance(judge.get("options"), dict):
        got = _short(judge.get("options"))
        raise TypeError(f"expected 'options' of '{name}' to be a table, got {got}")


def _short(value: Any) -> str:
    return cut(repr(value), 60)


def _are(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(one, kind) for one in value)


#: By the annotation of a field what it holds, in words, and whether a value is that.
_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("text", lambda value: isinstance(value, str)),
    "Literal": ("text", lambda value: isinstance(value, str)),
    "tuple": ("a list of names", _are(str)),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "int": ("a whole number", lambda value: type(value) is int and value >= 0),
    "Mapping": ("a table", lambda value: isinstance(value, dict)),
}


def _refuse_later(raw: Mapping[str, Any], folder: Path) -> None:
    version = raw.get("format", RUN_FORMAT)
    if type(version) is not int:
        raise TypeError(f"expected 'format' to be a whole number, but got {_short(version)}")
    if version > RUN_FORMAT:
        raise S3EvalError(
            f"This run has format {version}, and this version reads up to {RUN_FORMAT}",
            where=folder,
            fix="pip install --upgrade s3eval-core",
        )


def relative_dataset(dataset: str, run: Path) -> str:
    """The dataset folder as seen from a run's folder; "" where it is no folder here."""
    path = Path(dataset)
    if not path.is_dir():
        return ""
    try:
        return os.path.relpath(path.resolve(), run.resolve())
    except ValueError:  # another drive
        return ""


def dataset_folder(facts: RunFacts, run: Path) -> Path | None:
    """The folder of a run's dataset: as given, seen from here, or as seen from the run."""
    given = Path(facts.dataset)
    if given.exists():
        return given
    if facts.dataset_relative and (run / facts.dataset_relative).is_dir():
        return Path(os.path.normpath(run.resolve() / facts.dataset_relative))
    return None


def open_runs(paths: Iterable[str | Path]) -> list[Run]:
    """Read several runs; a folder that holds runs stands for all of them."""
    runs: list[Run] = []
    for path in paths:
        folder = Path(path)
        inner = sorted(p.parent for p in folder.glob("*/run.json"))
        runs += [open_run(p) for p in inner] if inner else [open_run(folder)]
    return runs


class StoredFindings(Mapping[str, Sequence[Finding]]):
    """The findings of a run folder by task, read when the first is asked for.

    Raises:
        S3EvalError: then, where the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _findings(self) -> dict[str, list[Finding]]:
        return _read_findings(self._path)

    def __getitem__(self, task: str) -> Sequence[Finding]:
        return self._findings[task]

    def __iter__(self) -> Iterator[str]:
        return iter(self._findings)

    def __len__(self) -> int:
        return len(self._findings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and dict(self) == dict(other)

    def __hash__(self) -> int:
        return hash(self._path)

    def __repr__(self) -> str:
        return f"StoredFindings({str(self._path)!r})"


def _read_findings(path: Path) -> dict[str, list[Finding]]:
    findings: dict[str, list[Finding]] = {}
    if path.is_file():
        decode = json.JSONDecoder().decode
        with path.open(encoding="utf-8") as handle:
            for row, line in enumerate(handle, 1):
                if line.strip():
                    try:
                        finding = _finding(decode(line))
                    except (ValueError, TypeError, RecursionError) as error:
                        where = f"{path}:{row}"
                        raise S3EvalError(
                            "This run cannot be read", where=where, why=str(error), fix=_MADE_AGAIN
                        ) from error
                    findings.setdefault(finding.task, []).append(finding)
    return findings


_STATES = get_args(FindingState)
#: Texts that occur in thousands of findings; each is held in memory once.
_NAMES = ("task", "video", "item", "state")


def _finding(facts: Any) -> Finding:
    if not isinstance(facts, dict):
        raise TypeError(f"expected a finding, but got {type(facts).__name__}")
    for name in (*_NAMES, "reason"):
        if not isinstance(facts.get(name, ""), str):
            raise TypeError(f"expected the {name} of a finding to be text")
    facts.update((name, intern(facts[name])) for name in _NAMES if name in facts)
    finding = Finding(**facts)
    if finding.state not in _STATES:
        raise TypeError(f"expected a state among {', '.join(_STATES)}, but got '{finding.state}'")
    if not isinstance(finding.detail, dict):
        raise TypeError("expected the detail of a finding to be a mapping")
    missing = finding.detail.get("missing", ())
    if not isinstance(missing, (list, tuple)) or not all(isinstance(w, dict) for w in missing):
        raise TypeError("expected 'missing' of a finding to list windows")
    for name in ("pieces", "readable"):
        if type(getattr(finding, name)) is not int:
            raise TypeError(f"expected the {name} of a finding to be a count")
    if not isinstance(finding.probability, (int, float, type(None))):
        raise TypeError("expected the probability of a finding to be a number")
    if finding.probability is not None and not math.isfinite(finding.probability):
        # The first version stored what a model gave.
        finding = replace(finding, probability=None)
    return finding
