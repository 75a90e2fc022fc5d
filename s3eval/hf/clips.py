"""A clip on its way through a model: as its processor makes it, and as the model has read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s3eval.footage import Footage
    from s3eval.hf.media import Media
    from s3eval.hf.prefix import Prefix
    from s3eval.hf.prompting import Template

__all__ = ["PreparedMedia", "WatchedClip"]


@dataclass
class WatchedClip:
    """A clip taken in: its prefix for each system instruction asked with so far.

    ``where`` names the clip; ``media`` is kept, so that another system instruction can be
    prefilled; ``prefixes`` is filled on demand; ``number`` is the clip's in the worker processes.
    """

    where: str
    media: Media
    template: Template
    prefixes: dict[str, Prefix] = field(default_factory=dict)
    number: int = 0


@dataclass
class PreparedMedia:
    """A clip as the processor makes it, on the CPU.

    Attributes:
        footage: the clip; ``media`` what it is for the processor.
        inputs: of the prompt up to the clip, None where that is not what is read first.
        nbytes: that all of it takes in memory.
    """

    footage: Footage
    media: Media
    inputs: Any

    @property
    def nbytes(self) -> int:
        """Bytes of the frames and of the tensors made of them."""
        tensors = self.inputs.values() if self.inputs is not None else ()
        return self.footage.nbytes + sum(int(getattr(t, "nbytes", 0)) for t in tensors)
