"""The runs that are shown, read again when their files change: a run in progress is followed."""

from __future__ import annotations

import json
import threading
import time
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
from s3eval.vocabulary import FEATURE_NAMES
from s3eval_view.report.cells import stem
from s3eval_view.report.evidence import Known, unique_labels
from s3eval_view.report.made import facts_of_run
from s3eval_view.server.media import Recording, identifier

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.scoring import Material
    from s3eval.task import Finding

__all__ = ["Opened", "RunFolder", "Shown", "ShownRun"]

#: What decides what is shown of a run.
_FILES = ("run.json", "findings.jsonl", "scores.json")
#: Seconds that the findings of a run in progress may be old.
FRESH = 15.0
#: Of how many videos a run's answers are kept as read.
_MATERIALS = 8
_PLACE = {name: place for place, name in enumerate(FEATURE_NAMES)}


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
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _kept: dict[str, Material] = field(default_factory=dict, repr=False)

    @property
    def is_asked(self) -> bool:
        """Whether a model's answers are kept, with the clips they are about."""
        return self.run.facts.source == "asked" and (self.run.path / "answers.sqlite").is_file()

    @cached_property
    def by_video(self) -> Mapping[str, Sequence[Known]]:
        """Asked findings with their item and truth, by video; tasks in the paper's order."""
        by_video: dict[str, list[Known]] = {}
        for name in self.task_names:
            task = self.tasks.by_name[name]
            context = self.run.facts.truth_context(name, self.dataset)
            items = {item.name: item for item in task.items()}
            for finding in sorted(
                self.findings.get(name, ()), key=lambda f: _PLACE.get(f.item, 99)
            ):
                item = items.get(finding.item) or task.item(finding.item)
                if item is None or finding.state == "skipped":
                    continue
                truth = None
                if finding.video in self.dataset.annotations:
                    video = self.dataset.video(finding.video)
                    annotation = self.dataset.annotation(finding.video)
                    truth = task.truth(video, annotation, finding.item, context)
                by_video.setdefault(finding.video, []).append(Known(finding, item, truth))
        return by_video

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

    @cached_property
    def made(self) -> Sequence[tuple[str, str]]:
        """How it was made, (what, value); kept, since all stored answers are read for it."""
        return facts_of_run(self.run, self.dataset)

    def material(self, with_pieces: bool = True) -> Material:
        """What its findings are made of."""
        protocol: Any = self.run.facts.protocol
        return material_of(self.run, self.selected, self.dataset, protocol, with_pieces=with_pieces)

    def material_about(self, video: str) -> Material:
        """What its findings about one video are made of; kept for the videos looked at last.

        A page of frames asks for it sixty times, and where a file was copied since the run its
        content is hashed each time.
        """
        with self._lock:
            kept = self._kept.pop(video, None)
            if kept is None:
                protocol: Any = self.run.facts.protocol
                selected = self.selected.select([video])
                kept = material_of(self.run, selected, self.dataset, protocol)
            self._kept[video] = kept
            while len(self._kept) > _MATERIALS:
                del self._kept[next(iter(self._kept))]
            return kept


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
        recordings: dict[str, Recording] = {}
        for one in self.runs:
            for video in one.selected.videos:
                recording = Recording(one.dataset, video)
                recordings.setdefault(identifier(one.dataset, video.name), recording)
        return recordings

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
    _read_at: dict[Path, float] = field(default_factory=dict, repr=False)
    _datasets: dict[tuple[str, bool], Dataset] = field(default_factory=dict, repr=False)

    def now(self) -> Shown:
        """The runs as they are now."""
        with self._lock:
            folders = [folder for path in self.paths for folder in _folders(path)]
            signature = tuple((f, self._state(f)) for f in folders)
            if self._shown is None or signature != self._signature:
                self._shown = self._read(folders)
                self._signature = signature
            return self._shown

    def _state(self, folder: Path) -> tuple[Any, ...]:
        """What changes when a run's files do.

        A run in progress changes with every answer; combining them anew for every page would
        keep a machine busy that is asking a model. Its findings may be `FRESH` seconds old.
        """
        signature = _signature(folder)
        kept = self._kept.get(folder)
        if kept is None or not kept[1].is_provisional or kept[0][0] != signature[0]:
            return signature
        is_fresh = time.monotonic() - self._read_at.get(folder, 0.0) < FRESH
        return kept[0] if is_fresh else signature

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
            state = self._state(folder)
            kept = self._kept.get(folder)
            if kept is None or kept[0] != state or kept[1].label != label:
                try:
                    key = stem(label, [one.key for one in runs])
                    kept = state, self._opened(folder, key, label)
                except S3EvalError as error:
                    problems.append(RunFolder(label, str(error)))
                    continue
                self._kept[folder] = kept
                self._read_at[folder] = time.monotonic()
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
        tasks = load_tasks(dict.fromkeys([*run.facts.tasks, *run.findings]))
        return ShownRun(key, label, run, selected, whole, tasks, run.findings, provisional)


def _folders(path: Path) -> list[Path]:
    if (path / "run.json").is_file():
        return [path]
    return sorted(p.parent for p in path.glob("*/run.json")) or [path]


def _signature(folder: Path) -> tuple[Any, ...]:
    """The states of a run's files, and of its answers, which count while there are no findings."""
    answers: tuple[Any, ...] = ()
    if not (folder / "findings.jsonl").is_file():
        answers = tuple(_file_state(folder / n) for n in ("answers.sqlite", "answers.sqlite-wal"))
    return tuple(_file_state(folder / name) for name in _FILES), answers


def _file_state(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns
