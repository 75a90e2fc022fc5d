"""The contract of published results: numbers a publication prints, shown beside one's own.

A package brings them by the hook ``s3eval_published``; the core shows them and knows none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugin_calls import call_plugin
from s3eval.plugins import install_command, installed
from s3eval.specs import TaskSpec

__all__ = ["Printed", "Published", "Rating", "publication_of", "publications"]


@dataclass(frozen=True)
class Printed:
    """A number exactly as a publication prints it, and where ("Table 29")."""

    text: str
    where: str = ""


@dataclass(frozen=True)
class Rating:
    """An expert's rating of one text, and what metrics make of the same text.

    Attributes:
        model, video: what the text is of; ``group`` is drawn as a whole (the patient).
        metrics: a metric's value by its name, None where it has none.
        expert: the rating.
    """

    model: str
    video: str
    group: str
    metrics: Mapping[str, float | None]
    expert: float


class Published(ABC):
    """What one publication prints. Only `model` is required; the rest gives nothing by default.

    >>> class Ours(Published):
    ...     def model(self, name):
    ...         return "Ours-7B" if name.lower() == "ours-7b" else None
    ...     def of_model(self, model, task, split="test"):
    ...         return {("tonic", "f1"): Printed("0.61", "Table 2")} if task.number == 1 else {}
    >>> task = TaskSpec("recognition", adapter="module:Task", number=1)
    >>> Ours().of_model("Ours-7B", task)["tonic", "f1"].text
    '0.61'
    """

    @abstractmethod
    def model(self, name: str) -> str | None:
        """The model's name in this publication, by any spelling of it; None if it has none."""

    def models(self) -> Sequence[str]:
        """The models that are printed, for messages."""
        return ()

    def note(self) -> str:
        """One line that says how its numbers are to be read."""
        return ""

    def of_model(
        self, model: str, task: TaskSpec, split: str = "test"
    ) -> Mapping[tuple[str, str], Printed]:
        """What is printed for a model and a task: by (item, metric), {} where nothing is.

        Args:
            model: a name that `model` gave.
            task: known by its ``number`` and by what it ``provides``; its name is the user's.
            split: "test" or "all".
        """
        return {}

    def of_setting(
        self, task: TaskSpec, values: Mapping[str, str]
    ) -> Mapping[tuple[str, str], Printed]:
        """What is printed for a setting of an ablation: by (item, metric).

        Args:
            values: by axis of ``s3eval sweep`` ("fps", "clip") the value as it was given.
        """
        return {}

    def ratings(self) -> Sequence[Rating]:
        """Experts' ratings of texts, as far as they are printed."""
        return ()

    def of_ratings(self) -> Mapping[tuple[str, str], Printed]:
        """Agreement of metrics with the experts: by (metric, "pearson" or the like)."""
        return {}

    def of_annotators(self) -> Mapping[tuple[str, str], Printed]:
        """Agreement of two groups of annotators: by (item, measure).

        Items: features, "mean" over them, and the diagnoses "ES", "NES" and "both". Measures:
        "cohens_kappa", "pearson", "p_value", "cosine", "earth_movers_distance".
        """
        return {}


def publications() -> tuple[Published, ...]:
    """The installed publications.

    Raises:
        S3EvalError: an adapter is no `Published`.
    """
    adapters = []
    for plugin in installed().of("published"):
        what = f"Opening the publication '{plugin.spec.name}'"
        adapter = call_plugin(what, plugin.package, plugin.spec.load)
        made: Any = call_plugin(what, plugin.package, adapter)
        if not isinstance(made, Published):
            raise S3EvalError(
                f"Expected the adapter of '{plugin.spec.name}' to give a Published, "
                f"but got {type(made).__name__}",
                where=plugin.spec.adapter,
                why=f"hook s3eval_published of {plugin.package}",
            )
        adapters.append(_guarded(made, plugin.spec.name, plugin.package))
    return tuple(adapters)


def _is_text(given: Any) -> bool:
    return isinstance(given, str)


def _are(kind: type) -> Callable[[Any], bool]:
    return lambda given: (
        isinstance(given, (tuple, list)) and all(isinstance(one, kind) for one in given)
    )


def _is_printed(given: Any) -> bool:
    return isinstance(given, Mapping) and all(
        isinstance(key, tuple)
        and len(key) == 2
        and all(map(_is_text, key))
        and isinstance(printed, Printed)
        and isinstance(printed.text, str)
        and isinstance(printed.where, str)
        for key, printed in given.items()
    )


#: What each method gives, in words, and whether something is that.
_GIVEN: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "model": ("a name or None", lambda given: given is None or isinstance(given, str)),
    "models": ("names", _are(str)),
    "note": ("text", _is_text),
    "of_model": ("Printed by (item, metric)", _is_printed),
    "of_setting": ("Printed by (item, metric)", _is_printed),
    "ratings": ("Ratings", _are(Rating)),
    "of_ratings": ("Printed by (metric, measure)", _is_printed),
    "of_annotators": ("Printed by (item, measure)", _is_printed),
}


def _guarded(made: Published, name: str, package: str) -> Published:
    """The publication, whose methods name its package where they fail or give something else."""
    for method, (wanted, is_right) in _GIVEN.items():
        object.__setattr__(made, method, _checked(made, method, wanted, is_right, name, package))
    return made


def _checked(
    made: Published,
    method: str,
    wanted: str,
    is_right: Callable[[Any], bool],
    name: str,
    package: str,
) -> Callable[..., Any]:
    own, what = getattr(made, method), f"{method}() of the publication '{name}'"

    def call(*arguments: Any, **named: Any) -> Any:
        given = call_plugin(what, package, lambda: own(*arguments, **named))
        if not is_right(given):
            got = type(given).__name__
            raise S3EvalError(f"Expected {what} to give {wanted}, but got {got}", where=package)
        return given

    return call


def publication_of(model: str) -> tuple[Published, str]:
    """The first installed publication that prints a model, and its name there.

    Args:
        model: any spelling that the publication knows.

    Raises:
        S3EvalError: no publication is installed, or (UnknownNameError) none prints the model.
    """
    known = publications()
    for one in known:
        name = one.model(model)
        if name is not None:
            return one, name
    if not known:
        raise S3EvalError("No published results are installed", fix=install_command("published"))
    models = [name for one in known for name in one.models()]
    raise UnknownNameError("published model", model, models, fix=", ".join(models))
