"""What results of the Python API have in common: they show as tables and become frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.reports import Table
from s3eval.reporting.tables import html_table, plain_table

if TYPE_CHECKING:
    import pandas

__all__ = ["ShownAsTables", "frame_of"]


class ShownAsTables:
    """A result that shows as tables in a terminal and in a notebook."""

    def tables(self) -> Sequence[Table]:
        """The tables, in the order shown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "\n".join(plain_table(table) for table in self.tables())

    def _repr_html_(self) -> str:
        return "".join(html_table(table) for table in self.tables())


def frame_of(records: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """A row for each record.

    Raises:
        S3EvalError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise S3EvalError(
            "Frames are made by pandas, not installed here", fix="pip install pandas"
        ) from error
    frame: pandas.DataFrame = pandas.DataFrame.from_records([dict(r) for r in records])
    return frame
