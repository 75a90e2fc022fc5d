"""A session: one model in front of one dataset, and the keys of its answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip
from s3eval.model import Answer, Model, Question
from s3eval.permission import LOCAL_ONLY, Permission
from s3eval.plugin_calls import call_plugin
from s3eval.running.boundary import checked_identity
from s3eval.running.keys import AnswerKeys
from s3eval.running.limits import DEFAULT_LIMITS, Limits, StageSeconds
from s3eval.running.plan import Plan, VideoPlan
from s3eval.running.store import AnswerStore

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.settings import Settings
    from s3eval.vocabulary import Sense

__all__ = ["Session", "concurrency_of", "identity_of"]


@dataclass(frozen=True)
class Session:
    """One model in front of one dataset: what asking needs.

    Attributes:
        facts: the model's name and identity, part of every answer's key.
        concurrency: questions the model answers at once (`Model.concurrency`).
        limits: how far reading runs ahead of the model.
        seconds: where the time went, added up while asking.
        stopping: whether only what is in hand is to be finished.
    """

    dataset: Dataset
    plan: Plan
    store: AnswerStore
    model: Model
    facts: Mapping[str, Any]
    senses: frozenset[Sense]
    media: Mapping[str, str] = field(default_factory=dict)
    settings: Settings | None = None
    permission: Permission = LOCAL_ONLY
    concurrency: int = 1
    limits: Limits = DEFAULT_LIMITS
    seconds: StageSeconds = field(default_factory=StageSeconds)
    stopping: Callable[[], bool] = field(default=lambda: False, repr=False)

    @cached_property
    def _keys(self) -> AnswerKeys:
        return AnswerKeys(self.facts)

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        plan: Plan,
        store: AnswerStore,
        model: Model,
        name: str,
        senses: Collection[Sense],
        package: str = "",
        settings: Settings | None = None,
        permission: Permission = LOCAL_ONLY,
        identity: Mapping[str, Any] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Session:
        """Prepare a session; media are hashed here (once a file, remembered by the store).

        Args:
            identity: the model's, checked, where it was asked already.

        Raises:
            S3EvalError: the model's identity is not JSON-able, or its concurrency no number.
        """
        if identity is None:
            identity = identity_of(model, name, package)
        facts = {"name": name, **identity}
        media = {}
        for video in (p.video for p in plan.videos):
            media[video.name] = _media(dataset, store, model, video)
        return cls(
            dataset,
            plan,
            store,
            model,
            facts,
            frozenset(senses),
            media,
            settings,
            permission,
            concurrency_of(model, name, package),
            limits,
        )

    def key(self, clip: Clip, question: Question) -> str:
        """The key of an answer of this session."""
        return self._keys.of(self.media[clip.video], clip, question)

    def keys(self, plan: VideoPlan) -> dict[tuple[Clip, Question], str]:
        """The keys of all answers about a video."""
        return {
            (c, q): self.key(c, q) for c, questions in plan.questions.items() for q in questions
        }

    def answers(self, plan: VideoPlan) -> dict[tuple[Clip, Question], Answer]:
        """The stored answers about a video."""
        keys = self.keys(plan)
        stored = self.store.get_many(keys.values())
        return {asked: stored[key] for asked, key in keys.items() if key in stored}


def identity_of(model: Model, name: str, package: str = "") -> dict[str, Any]:
    """A loaded model's identity, checked.

    Raises:
        S3EvalError: it cannot be had, or is not JSON-able.
    """
    what = f"identity() of model '{name}'"
    # Within the call, since a mapping of the model's own runs the model's code when it is read.
    return call_plugin(what, package, lambda: checked_identity(model.identity(), name, package))


def _media(dataset: Dataset, store: AnswerStore, model: Model, video: Any) -> str:
    # A model that does not look answers by name; a file that is not there has no content yet,
    # and will have another key once it has.
    if not model.uses_footage:
        return f"name:{video.name}"
    try:
        return store.media_hash(dataset.path(video))
    except (OSError, S3EvalError):
        return f"missing:{video.name}"


def concurrency_of(model: Model, name: str, package: str = "") -> int:
    """How many questions a loaded model answers at once, checked.

    Raises:
        S3EvalError: it cannot be had, or is no whole number above 0.
    """

    def concurrency() -> int:
        given: Any = model.concurrency
        # NumPy's whole numbers are Integral, too.
        number = int(given) if isinstance(given, Integral) and not isinstance(given, bool) else 0
        if number < 1:
            raise S3EvalError(
                f"Expected the concurrency of model '{name}' to be a whole number above 0",
                why=f"got {given!r}"[:200],
            )
        return number

    return call_plugin(f"concurrency of model '{name}'", package, concurrency)
