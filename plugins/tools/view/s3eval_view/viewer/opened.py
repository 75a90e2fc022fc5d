"""The runs that are shown, read again when their files change: a run in progress is followed."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import dataset_of
from s3eval.errors import S3EvalError
from s3eval.running.loading import LoadedTasks, load_tasks
from s3eval.running.materials import material_of
from s3eval.running.runs import Run, open_runs
from s3eval.running.scoring import combine_all
from s3eval.task import TruthContext
from s3eval_view.report.cells import stem
from s3eval_view.report.evidence import Known, unique_labels
from s3eval_view.server.media import Recording, identifier

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.scoring import Material
    from s3eval.task import Finding

__all__ = ["Opened", "RunFolder", "Shown", "ShownRun"]

#: What decides what is shown of a run.
_FILES = ("run.json", "findings.jsonl", "scores.json")
#: How many answers a run in progress may have for its findings to be combined at every look.
_MOST_PROVISIONAL = 200_000


@dataclass(frozen=True, eq=False)
class ShownRun:
    """One run.

    Attributes:
        key: what stands for it in addresses: letters, digits and hyphens.
        label: its name, unique among those shown.
        run: as read.
        selected, dataset: the videos it is about, and the whole of the dataset.
        tasks: of its findings or, without any yet, of its facts.
        is_provisional: whether findings were combined here from the answers so far, because the
            run has not written them: it is in progress or was cut short.
    """

    key: str
    label: str
    run: Run
    selected: Dataset
    dataset: Dataset
    tasks: LoadedTasks
    findings: Mapping[str, Sequence[Finding]]
    is_provisional: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether a model's answers are kept, with the clips they are about."""
        return self.run.facts.source == "asked" and (self.run.path / "answers.sqlite").is_file()

    def truth_context(self, task: str) -> TruthContext:
        """What the truth of an item depends on in this run."""
        facts = self.run.facts
        options: Mapping[str, Any] = facts.options.get("tasks") or {}
        senses: Any = frozenset(facts.senses)
        protocol: Any = facts.protocol
        return TruthContext(protocol, senses, options.get(task, {}))

    @cached_property
    def by_video(self) -> Mapping[str, Sequence[Known]]:
        """Asked findings with their item and truth, by video; tasks in the paper's order."""
        found: dict[str, list[Known]] = {}
        for name in self.task_names:
            task, context = self.tasks.by_name[name], self.truth_context(name)
            items = {item.name: item for item in task.items()}
            for finding in self.findings.get(name, ()):
                item = items.get(finding.item) or task.item(finding.item)
                if item is None or finding.state == "skipped":
                    continue
                truth = None
                if finding.video in self.dataset.annotations:
                    video = self.dataset.video(finding.video)
                    annotation = self.dataset.annotation(finding.video)
                    truth = task.truth(video, annotation, finding.item, context)
                found.setdefault(finding.video, []).append(Known(finding, item, truth))
        return found

    @cached_property
    def task_names(self) -> tuple[str, ...]:
        """Its tasks by the paper's number, others after them."""
        from s3eval.plugins import installed

        specs = {n: installed().get("task", n).spec for n in self.tasks.by_name}
        return tuple(sorted(specs, key=lambda n: (specs[n].number or 99, n)))

    @cached_property
    def stored_scores(self) -> Mapping[tuple[str, str, str], Mapping[str, Any]]:
        """The rows of scores.json by (task, item, metric); {} where it has none."""
        try:
            text = (self.run.path / "scores.json").read_text(encoding="utf-8")
            rows = json.loads(text)["scores"]
            return {(r["task"], r["item"], r["metric"]): r for r in rows}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def material(self, videos: Sequence[str] | None = None, with_pieces: bool = True) -> Material:
        """What its findings are made of, of some videos only or of all."""
        selected = self.selected if videos is None else self.selected.select(videos)
        protocol: Any = self.run.facts.protocol
        return material_of(self.run, selected, self.dataset, protocol, with_pieces=with_pieces)


@dataclass(frozen=True)
class RunFolder:
    """A run that cannot be shown, and why."""

    name: str
    why: str


@dataclass(frozen=True, eq=False)
class Shown:
    """All runs at one moment.

    Attributes:
        runs: that can be shown.
        problems: those that cannot.
    """

    runs: tuple[ShownRun, ...]
    problems: tuple[RunFolder, ...] = ()

    def run(self, key: str) -> ShownRun:
        """The run of that key.

        Raises:
            S3EvalError: there is none.
        """
        for one in self.runs:
            if one.key == key:
                return one
        raise S3EvalError("There is no such run here", fix="the list of runs names them")

    @cached_property
    def recordings(self) -> Mapping[str, Recording]:
        """The videos that these runs are about, by identifier."""
        found: dict[str, Recording] = {}
        for one in self.runs:
            for video in one.selected.videos:
                recording = Recording(one.dataset, video)
                found.setdefault(identifier(one.dataset, video.name), recording)
        return found

    def about(self, key: str) -> list[ShownRun]:
        """The runs that are about a video."""
        recording = self.recording(key)
        name, digest = recording.video.name, recording.dataset.digest
        return [
            one
            for one in self.runs
            if one.dataset.digest == digest and name in one.selected.patients
        ]

    def recording(self, key: str) -> Recording:
        """The video of that identifier.

        Raises:
            S3EvalError: there is none.
        """
        if key not in self.recordings:
            raise S3EvalError("There is no such video here", fix="the list of videos names them")
        return self.recordings[key]

    @cached_property
    def keys(self) -> Mapping[tuple[str, str], str]:
        """The identifier of a video by (dataset's digest, name)."""
        return {(r.dataset.digest, r.video.name): key for key, r in self.recordings.items()}


@dataclass
class Opened:
    """The runs of some paths; `now` reads again what has changed.

    Attributes:
        paths: run folders, and folders of runs: new runs in those appear by themselves.
        data: where the dataset is, when it moved.
    """

    paths: Sequence[Path]
    data: str | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _signature: tuple[Any, ...] = ()
    _shown: Shown | None = None
    _kept: dict[Path, tuple[Any, ShownRun]] = field(default_factory=dict, repr=False)
    _datasets: dict[tuple[str, bool], Dataset] = field(default_factory=dict, repr=False)

    def now(self) -> Shown:
        """The runs as they are now."""
        with self._lock:
            folders = [folder for path in self.paths for folder in _folders(path)]
            signature = tuple((f, _signature(f)) for f in folders)
            if self._shown is None or signature != self._signature:
                self._shown = self._read(folders)
                self._signature = signature
            return self._shown

    def refuse_nothing(self) -> None:
        """Raise where there is no run to show.

        Raises:
            S3EvalError: with the reason of the first run that cannot be shown.
        """
        shown = self.now()
        if not shown.runs:
            raise S3EvalError(
                "There is no run to show", why="; ".join(p.why for p in shown.problems[:3])
            )

    def _read(self, folders: Sequence[Path]) -> Shown:
        labels = unique_labels([folder.parts for folder in folders])
        runs: list[ShownRun] = []
        problems: list[RunFolder] = []
        for folder, label in zip(folders, labels, strict=True):
            state = _signature(folder)
            kept = self._kept.get(folder)
            if kept is None or kept[0] != state or kept[1].label != label:
                try:
                    key = stem(label, [one.key for one in runs])
                    kept = state, self._opened(folder, key, label)
                except S3EvalError as error:
                    problems.append(RunFolder(label, str(error)))
                    continue
                self._kept[folder] = kept
            runs.append(kept[1])
        return Shown(tuple(runs), tuple(problems))

    def _opened(self, folder: Path, key: str, label: str) -> ShownRun:
        (run,) = open_runs([folder])
        selected, whole = dataset_of(run, self.data, self._datasets)
        provisional = run.facts.source == "asked" and not (folder / "findings.jsonl").is_file()
        if provisional and (folder / "answers.sqlite").is_file():
            tasks = load_tasks(run.facts.tasks)
            bare = ShownRun(key, label, run, selected, whole, tasks, {}, True)
            (combined,) = combine_all([bare.material()])
            return ShownRun(key, label, run, selected, whole, tasks, combined.findings, True)
        tasks = load_tasks(run.findings or run.facts.tasks)
        return ShownRun(key, label, run, selected, whole, tasks, run.findings, provisional)


def _folders(path: Path) -> list[Path]:
    if (path / "run.json").is_file():
        return [path]
    return sorted(p.parent for p in path.glob("*/run.json")) or [path]


def _signature(folder: Path) -> tuple[Any, ...]:
    """What changes when the run's files do; answers count only while there are no findings."""
    names = list(_FILES)
    if not (folder / "findings.jsonl").is_file():
        names += ["answers.sqlite", "answers.sqlite-wal"]
    facts: list[Any] = []
    for name in names:
        try:
            state = (folder / name).stat()
        except OSError:
            facts.append(None)
        else:
            facts.append((state.st_size, state.st_mtime_ns))
    return tuple(facts)
