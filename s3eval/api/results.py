"""What results of the Python API have in common: they show as tables."""

from __future__ import annotations

from collections.abc import Sequence

from s3eval.facts.reports import Table
from s3eval.reporting.tables import html_table, plain_table

__all__ = ["ShownAsTables"]


class ShownAsTables:
    """A result that shows as tables in a terminal and in a notebook."""

    def tables(self) -> Sequence[Table]:
        """The tables, in the order shown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "\n".join(plain_table(table) for table in self.tables())

    def _repr_html_(self) -> str:
        return "".join(html_table(table) for table in self.tables())
