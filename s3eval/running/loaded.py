"""What a loaded model says of itself, and the model that stands for it in another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.model import Model
from s3eval.running.models import loaded_senses, notice_of, temperature_of
from s3eval.running.session import concurrency_of, identity_of

if TYPE_CHECKING:
    from s3eval.plugins import Plugin
    from s3eval.specs import ModelSpec
    from s3eval.vocabulary import Sense

__all__ = ["LoadedElsewhere", "LoadedFacts", "facts_of_loaded"]


@dataclass(frozen=True)
class LoadedFacts:
    """What a loaded model says of itself, checked; attributes as those of `Model`."""

    uses_footage: bool
    concurrency: int
    temperature: float
    senses: frozenset[Sense] | None
    identity: Mapping[str, Any]
    notice: str


def facts_of_loaded(model: Model, plugin: Plugin[ModelSpec]) -> LoadedFacts:
    """Ask a loaded model what it is.

    Raises:
        S3EvalError: something cannot be had, or is not what the contract says.
    """
    name, package = plugin.spec.name, plugin.package
    return LoadedFacts(
        bool(model.uses_footage),
        concurrency_of(model, name, package),
        temperature_of(model, plugin),
        loaded_senses(model, plugin),
        identity_of(model, name, package),
        notice_of(model, plugin),
    )


class LoadedElsewhere(Model):
    """Stands for models that other processes have loaded: it says what they say, asks nothing.

    Args:
        facts: what one of them says.
    """

    def __init__(self, facts: LoadedFacts) -> None:
        self._facts = facts
        self.uses_footage, self.concurrency = facts.uses_footage, facts.concurrency
        self.temperature = facts.temperature

    @property
    def senses(self) -> frozenset[Sense] | None:
        """What they perceive."""
        return self._facts.senses

    def identity(self) -> Mapping[str, Any]:
        """Their own: how many there are changes no answer."""
        return self._facts.identity

    def notice(self) -> str:
        """What they have to say, once."""
        return self._facts.notice
