"""A judge that works offline: it fills a schema with the words that a text holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from s3eval import Extract, Extraction, Judge, MergedText, MergeTexts, S3EvalError, Unreadable

__all__ = ["Words"]


class Words(Judge):
    """For every property with an ``enum``, the one of its words that stands in the text."""

    serves: ClassVar[tuple[type, ...]] = (Extract, MergeTexts)

    def identity(self) -> Mapping[str, Any]:
        """Part of every record."""
        return {"judge": "words", "version": "1"}

    def extract(self, texts: Sequence[str], extraction: Extraction) -> list[Any]:
        """What ``extraction.build`` makes of each text, or why it cannot be read."""
        return [self._read(text, extraction) for text in texts]

    def _read(self, text: str, extraction: Extraction) -> Any:
        words = {w.strip(".,!?").lower() for w in text.split()}
        reply: dict[str, str] = {}
        for name, shape in extraction.schema.get("properties", {}).items():
            named = [word for word in shape.get("enum", ()) if str(word).lower() in words]
            if len(named) != 1:
                return Unreadable(f"not one word for '{name}'", text)
            reply[name] = named[0]
        try:
            return extraction.build(reply)
        except S3EvalError as error:
            return Unreadable(str(error), text)

    def merge(self, groups: Sequence[Sequence[str]], kind: str) -> list[MergedText | Unreadable]:
        """Texts one after the other."""
        return [MergedText(" ".join(dict.fromkeys(group))) for group in groups]
