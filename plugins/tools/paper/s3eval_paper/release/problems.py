"""Problems of a release in few lines: those that differ only by row or name are joined."""

from __future__ import annotations

from collections.abc import Iterable

from s3eval.dataset.problems import Problem, grouped

__all__ = ["summarised"]


def summarised(problems: Iterable[Problem], rows: int = 12) -> list[str]:
    """Problems, those that differ only by row or name joined: one line names file and rows.

    >>> from s3eval.dataset.tables import Problem
    >>> summarised([Problem("error", "a.csv", n, f"'v{n}' is no video") for n in (2, 5)])
    ["a.csv: 'v2' is no video and 1 more (rows 2, 5)"]
    """
    lines = []
    for members in grouped(problems):
        first = members[0]
        if len(members) == 1:
            lines.append(str(first))
            continue
        listed = ", ".join(str(p.row) for p in members[:rows])
        more = ", ..." if len(members) > rows else ""
        same = all(p.what == first.what for p in members)
        others = f" ({len(members)} rows:" if same else f" and {len(members) - 1} more (rows"
        lines.append(f"{first.file}: {first.what}{others} {listed}{more})")
    return lines
