"""A reader's session: planned like a run, stored like a run, blind, resumable.

The folder is a run folder. ``run.json`` says who (``reader:NAME``), what was asked and how it was
shown; ``answers.sqlite`` holds each answer under the key that a model's would have, with the
seconds it took; ``reader.jsonl`` keeps every answer in the order given, corrected ones too.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from s3eval.api.judges import DEFAULT_JUDGE
from s3eval.errors import S3EvalError
from s3eval.facts.clips import MAX_SECONDS, profile
from s3eval.model import Answer
from s3eval.plugin_calls import call_plugin
from s3eval.plugins import installed
from s3eval.running.keys import AnswerKeys
from s3eval.running.loading import load_tasks
from s3eval.running.plan import make_plan
from s3eval.running.runs import RunFacts, open_run, relative_dataset, write_run
from s3eval.running.store import AnswerStore, StoredAnswer
from s3eval.version import __version__
from s3eval_view.study.asks import Ask, asks_of
from s3eval_view.study.journal import Journal, check_pseudonym, seconds_of

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.loading import LoadedTasks
    from s3eval.vocabulary import Protocol, Sense

__all__ = ["CANNOT_TELL", "ReaderSession", "Saved", "Study"]

#: The longest answer that is taken, in characters.
LONGEST = 20_000
CANNOT_TELL = "the reader cannot tell"


@dataclass(frozen=True)
class Study:
    """What a reader is asked; the same study again goes on where it stopped.

    Attributes:
        reader: a pseudonym.
        tasks: names, in order.
        data: the dataset as the user called it.
        shown: the sampled frames that a model gets, or the whole video where the clip is that.
        hears: whether sound is played, and asked about.
        seed: of the order (with the pseudonym) and of what tasks draw.
        profile, sampling: of the frames; ``task_options`` and ``selection`` as of a run.
    """

    reader: str
    tasks: tuple[str, ...]
    data: str
    shown: Literal["frames", "video"] = "frames"
    hears: bool = False
    seed: int = 0
    profile: str = "standard"
    sampling: Mapping[str, Any] = field(default_factory=dict)
    task_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    selection: Mapping[str, Any] = field(default_factory=dict)
    protocol: Protocol = "paper"

    @property
    def senses(self) -> frozenset[Sense]:
        """What the reader perceives."""
        both: frozenset[Sense] = frozenset({"sight", "hearing"})
        return both if self.hears else frozenset({"sight"})

    @property
    def all_sampling(self) -> dict[str, Any]:
        """Changes to the profile: who sees whole videos has one window a video."""
        whole = {"window_seconds": MAX_SECONDS} if self.shown == "video" else {}
        return {**whole, **self.sampling}


@dataclass(frozen=True)
class Saved:
    """An answer that is on the disk.

    Attributes:
        text: as given; "" for one that the reader could not tell.
        is_answered: False where the reader could not tell.
        problems: by task why the answer cannot be read, {} where it can.
    """

    text: str
    is_answered: bool
    problems: Mapping[str, str] = field(default_factory=dict)


class ReaderSession:
    """A reader in front of a dataset.

    Args:
        study: what is asked.
        dataset: the videos that are shown, selected.
        out: the folder of readers; the session's is ``out / reader``.

    Raises:
        S3EvalError: no pseudonym, unknown tasks, nothing to ask, or another study in the folder.
    """

    def __init__(self, study: Study, dataset: Dataset, out: Path) -> None:
        check_pseudonym(study.reader, "reader")
        self.study, self.dataset = study, dataset
        self.folder = out / study.reader
        self.tasks: LoadedTasks = load_tasks(study.tasks)
        chosen = profile(study.profile).changed(**study.all_sampling)
        self.profile = chosen
        self.plan = make_plan(
            dataset, self.tasks, chosen, study.senses, study.seed, study.task_options
        )
        order = f"{study.seed}/{study.reader}"
        self.clips = asks_of(self.plan, self.tasks.by_name, dataset, chosen, study.protocol, order)
        if not any(not ask.blinded for clip in self.clips for ask in clip.asks):
            raise S3EvalError("There is nothing to ask about these videos", where=study.data)
        facts = self._facts()
        _refuse_another(self.folder, facts)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(self.folder / "reader.jsonl")
        self._keys = AnswerKeys({"name": facts.model, **facts.identity})
        write_run(self.folder, facts)
        with self._store() as store:
            self._media = {p.video.name: _media(dataset, store, p) for p in self.plan.videos}
            self._store_blinded(store)

    def _facts(self) -> RunFacts:
        registry, study = installed(), self.study
        versions = {"s3eval-core": __version__, "python": platform.python_version()}
        versions |= {
            p.package: p.version for p in registry.of("task") if p.spec.name in study.tasks
        }
        options: dict[str, Any] = {
            "model": {},
            "tasks": {k: dict(v) for k, v in study.task_options.items()},
            "profile": study.profile,
            "sampling": study.all_sampling,
        }
        if self.tasks.judged:
            # Who merges and reads texts when the session is scored, unless another is named.
            options["judge"] = {"name": DEFAULT_JUDGE, "options": {}}
        return RunFacts(
            model=f"reader:{study.reader}",
            senses=tuple(sorted(study.senses)),
            tasks=study.tasks,
            dataset=study.data,
            dataset_relative=relative_dataset(study.data, self.folder),
            digest=self.dataset.digest,
            protocol=study.protocol,
            profile=self.profile.name,
            identity={"kind": "human reader", "shown": study.shown},
            seed=study.seed,
            selection=dict(study.selection),
            options=options,
            versions=versions,
        )

    def _store(self) -> AnswerStore:
        # Opened for each answer: a connection belongs to the thread that made it.
        return AnswerStore(self.folder / "answers.sqlite")

    def _key(self, place: int, ask: Ask) -> str:
        clip = self.clips[place].clip
        return self._keys.of(self._media[clip.video], clip, ask.question)

    def _store_blinded(self, store: AnswerStore) -> None:
        for place, clip in enumerate(self.clips):
            for ask in clip.asks:
                if ask.blinded:
                    store.put(self._stored(place, ask, Answer.skipped(ask.blinded), 0.0))

    def _stored(self, place: int, ask: Ask, answer: Answer, seconds: float | None) -> StoredAnswer:
        clip, key = self.clips[place].clip, self._key(place, ask)
        return StoredAnswer(
            key, clip.video, clip.start, clip.end, ask.question.key, answer, seconds
        )

    def asks(self, place: int) -> list[Ask]:
        """The questions about a clip that are put."""
        return [ask for ask in self.clips[place].asks if not ask.blinded]

    @cached_property
    def total(self) -> int:
        """How many questions are put."""
        return len(self._places)

    def answers(self, place: int) -> list[Answer | None]:
        """The stored answers to the questions about a clip, None where there is none yet."""
        keys = [self._key(place, ask) for ask in self.asks(place)]
        with self._store() as store:
            stored = store.get_many(keys)
        return [stored.get(key) for key in keys]

    def progress(self) -> tuple[int, int | None]:
        """How many questions are answered, and the first clip with an open one."""
        open_ones = (place for key, place in self._places.items() if key not in self._answered)
        return len(self._answered), next(open_ones, None)

    @cached_property
    def _answered(self) -> set[str]:
        """The keys that have an answer: read once, since the session alone writes."""
        with self._store() as store:
            return set(store.get_many(self._places))

    @cached_property
    def _places(self) -> dict[str, int]:
        """The clip of each question's key."""
        return {
            self._key(place, ask): place
            for place in range(len(self.clips))
            for ask in self.asks(place)
        }

    def save(self, place: int, number: int, text: str | None, seconds: object) -> Saved:
        """Store an answer, in the place of an earlier one; it is on the disk when this returns.

        Args:
            place, number: of the clip, and of the question among those put about it.
            text: the answer; None where the reader cannot tell.
            seconds: that it took, as the page measured it; added to what earlier answers took.

        Raises:
            S3EvalError: no such question, an empty answer, or one that is too long.
        """
        if not (0 <= place < len(self.clips) and 0 <= number < len(self.asks(place))):
            raise S3EvalError("There is no such question")
        if text is not None and not 0 < len(text.strip()) <= LONGEST:
            raise S3EvalError(f"Expected an answer of 1 to {LONGEST:,} characters")
        ask, clip = self.asks(place)[number], self.clips[place].clip
        took = seconds_of(seconds)
        self._journal.add(
            video=clip.video, clip=[clip.start, clip.end], question=ask.question.key,
            tasks=list(ask.tasks), text=text, seconds=took,
        )  # fmt: skip
        answer = Answer.skipped(CANNOT_TELL) if text is None else Answer.of(text)
        with self._store() as store:
            before = store.seconds(self._key(place, ask))
            stored = self._stored(place, ask, answer, (before or 0.0) + (took or 0.0))
            store.correct(stored)
        self._answered.add(stored.key)
        return Saved(text or "", text is not None, self.problems(ask, answer))

    def problems(self, ask: Ask, answer: Answer) -> dict[str, str]:
        """By task why an answer cannot be read."""
        if answer.status != "answered":
            return {}
        problems = {}
        for name in ask.tasks:
            what = f"Reading an answer by task '{name}'"
            task = self.tasks.by_name[name]
            read = partial(task.read, ask.question, answer, self.study.protocol)
            try:
                reading = call_plugin(what, self.tasks.packages.get(name, ""), read)
            except S3EvalError as error:
                problems[name] = error.what
            else:
                if not reading.readable:
                    problems[name] = reading.reason or "it cannot be read"
        return problems

    def fail(self, place: int, reason: str) -> None:
        """Store that a clip could not be shown, for its questions that are still open."""
        with self._store() as store:
            for ask in self.asks(place):
                if store.get(self._key(place, ask)) is None:
                    store.put(self._stored(place, ask, Answer.failed(reason), 0.0))
                    self._answered.add(self._key(place, ask))


def _media(dataset: Dataset, store: AnswerStore, plan: Any) -> str:
    try:
        return store.media_hash(dataset.path(plan.video))
    except (OSError, S3EvalError):
        return f"missing:{plan.video.name}"


def _refuse_another(folder: Path, facts: RunFacts) -> None:
    """A folder that holds another study is left as it is."""
    if not (folder / "run.json").is_file():
        return
    before = open_run(folder).facts
    names = ("model", "tasks", "digest", "seed", "senses", "identity", "profile")
    changed = [n for n in names if getattr(before, n) != getattr(facts, n)]
    if dict(before.options.get("tasks", {})) != dict(facts.options["tasks"]):
        changed.append("task options")
    if changed:
        raise S3EvalError(
            f"The folder holds another session of this reader: {', '.join(changed)} differ",
            where=folder.name,
            fix="another --out, or the options of the session that is to go on",
        )
