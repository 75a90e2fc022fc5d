"""Tables for people: fitted to a terminal, aligned plain text in a log or a pipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from s3eval.facts.reports import Table
from s3eval.terminal import echo, encodable, on_terminal, visible, width

if TYPE_CHECKING:
    from rich.table import Table as RichTable

__all__ = ["aligned", "html_table", "plain_table", "print_table"]

#: Characters that text needs to be read in a column, and a first column to stay in one line.
_TEXT = 12
_ONE_LINE = 24
#: A number, with or without interval and mark; or none.
_VALUE = re.compile(r"(-|not asked|-?\d+(\.\d+)?( \[[^\]]{1,20}\])?( (~|[≤<]=? chance))?)?")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()
) -> None:
    """Print a table on standard output; nothing in it is cut off.

    On a terminal that is too narrow for all columns, several tables follow each other that begin
    with the same first column. Control characters in cells are made visible.

    Args:
        title: the line above.
        columns: a name each; one without a name and without content is left out.
        rows: cells in the order of the columns; None is an empty cell.
        right: columns aligned right (numbers).
    """
    encoding = getattr(sys.stdout, "encoding", None)

    def shown(cell: object) -> str:
        return "" if cell is None else encodable(visible(str(cell)), encoding)

    cells = [[shown(c) for c in row] for row in rows]
    # A column without a name is a remark; where no row has one, it only takes room.
    kept = [i for i, c in enumerate(columns) if c or any(row[i] for row in cells)]
    names = [shown(columns[i]) for i in kept]
    numbers = [columns[i] in right for i in kept]
    cells = [[row[i] for i in kept] for row in cells]
    if on_terminal(sys.stdout):
        _print_fitted(shown(title), names, cells, numbers)
    else:
        echo(aligned(title, names, cells, numbers))


def plain_table(table: Table) -> str:
    """A table as aligned text, for a log, a file or a prompt."""
    cells = [["" if c is None else visible(str(c)) for c in row] for row in table.rows]
    kept = [i for i, c in enumerate(table.columns) if c or any(row[i] for row in cells)]
    names = [table.columns[i] for i in kept]
    numbers = [name in table.right for name in names]
    return aligned(table.title, names, [[row[i] for i in kept] for row in cells], numbers)


def html_table(table: Table) -> str:
    """A table as HTML, for a notebook; everything in it is text."""
    kept = [i for i, c in enumerate(table.columns) if c or any(str(r[i]) for r in table.rows)]

    def cell(tag: str, i: int, text: object) -> str:
        style = ' style="text-align:right"' if table.columns[i] in table.right else ""
        return f"<{tag}{style}>{escape(visible('' if text is None else str(text)))}</{tag}>"

    head = "".join(cell("th", i, table.columns[i]) for i in kept)
    body = "".join(f"<tr>{''.join(cell('td', i, r[i]) for i in kept)}</tr>" for r in table.rows)
    return (
        f"<table><caption>{escape(visible(table.title))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def aligned(
    title: str, names: Sequence[str], cells: Sequence[Sequence[str]], numbers: Sequence[bool]
) -> str:
    """Columns as wide as their longest cell; numbers to the right."""
    widths = [max(len(c), *(len(r[i]) for r in cells), 0) for i, c in enumerate(names)]
    lines = [title]
    for row in [names, *cells]:
        line = [
            cell.rjust(w) if number else cell.ljust(w)
            for cell, w, number in zip(row, widths, numbers, strict=True)
        ]
        lines.append("  ".join(line).rstrip())
    return "\n".join(lines) + "\n"


def _print_fitted(
    title: str, names: Sequence[str], cells: Sequence[Sequence[str]], numbers: Sequence[bool]
) -> None:
    from rich.console import Console
    from rich.text import Text

    # Our own width: a terminal that says 0 columns would be shown none.
    console = Console(width=width())
    console.print(Text(title, style="bold"), soft_wrap=False)
    natural, least = _widths(names, cells, numbers, console.width)
    for places in _blocks(least, console.width):
        console.print(_table(names, cells, numbers, _fitted(natural, least, places, console.width)))


def _widths(
    names: Sequence[str], cells: Sequence[Sequence[str]], numbers: Sequence[bool], room: int
) -> tuple[list[int], list[int]]:
    """What columns take unfolded, and what they take at least: numbers all, text twelve.

    A number with its interval, "0.67 [0.50, 1.00]", is one thing to read and is not folded.
    """
    from rich.cells import cell_len

    natural, least = [], []
    for i, number in enumerate(numbers):
        longest = max((cell_len(row[i]) for row in cells), default=0)
        # Names of columns may be folded between words.
        word = max(map(cell_len, names[i].split()), default=0)
        natural.append(max(longest, cell_len(names[i])))
        is_whole = number or all(_VALUE.fullmatch(row[i]) for row in cells)
        size = max(longest, word) if is_whole else min(_TEXT, natural[i])
        least.append(max(1, min(size, room // 2 - 3)))
    # What a row is about stays on one line where it can.
    if natural and natural[0] <= min(_ONE_LINE, room // 2):
        least[0] = natural[0]
    return natural, least


def _fitted(
    natural: Sequence[int], least: Sequence[int], places: Sequence[int], room: int
) -> dict[int, int]:
    """Widths of the columns at these places: the widest give way until all fit.

    >>> _fitted([10, 30, 4], [10, 12, 4], [0, 1, 2], 40)
    {0: 10, 1: 19, 2: 4}
    """
    widths = {i: max(natural[i], least[i]) for i in places}
    while _taken(widths.values()) > room:
        wide = max(places, key=lambda i: (widths[i] > least[i], widths[i]))
        if widths[wide] <= least[wide]:
            break
        widths[wide] -= 1
    return widths


def _taken(widths: Iterable[int]) -> int:
    """Columns of the terminal: two more for each for what stands between them, and the edge."""
    return 1 + sum(width + 2 for width in widths)


def _blocks(least: Sequence[int], room: int) -> list[list[int]]:
    """Which columns stand beside each other: all where they fit, else the first with a few more.

    >>> _blocks([5, 6, 5], 40), _blocks([5, 6, 5], 20)
    ([[0, 1, 2]], [[0, 1], [0, 2]])
    """
    blocks: list[list[int]] = []
    for place in range(1, len(least)):
        taken = _taken(least[i] for i in [*(blocks[-1] if blocks else [0]), place])
        if blocks and taken <= room:
            blocks[-1].append(place)
        else:
            blocks.append([0, place])
    return blocks or [[*range(len(least))]]


def _table(
    names: Sequence[str],
    cells: Sequence[Sequence[str]],
    numbers: Sequence[bool],
    widths: Mapping[int, int],
) -> RichTable:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    # No frame: on 80 columns that is a third of a table with ten of them.
    table = RichTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, column_width in widths.items():
        # What a file says is text and no markup. Folded, not cut: a name that ends in "…" tells
        # nobody which video it is.
        table.add_column(
            Text(names[i]),
            justify="right" if numbers[i] else "left",
            overflow="fold",
            width=column_width,
        )
    for row in cells:
        table.add_row(*(Text(row[i]) for i in widths))
    return table
