"""What a plugin's verb or importer has to tell: tables, lines, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ImportReport", "Table"]


@dataclass(frozen=True)
class Table:
    """A table as the terminal shows it.

    Attributes:
        title: above the table.
        columns: their headings.
        rows: a cell a column.
        right: the columns aligned right (numbers).
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    right: Sequence[str] = ()


@dataclass(frozen=True)
class ImportReport:
    """What an importer read and wrote.

    Attributes:
        facts: JSON-able, what ``--json`` writes.
        tables, lines: what the terminal shows otherwise, tables first.
    """

    facts: Mapping[str, Any]
    tables: Sequence[Table] = ()
    lines: Sequence[str] = field(default_factory=tuple)
