"""Tables of the report, and the same as CSV, LaTeX and Markdown.

A cell holds the text that people read and the exact values behind it, so that all forms of a
table come from the same object.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from s3eval.terminal import visible

__all__ = [
    "Cell",
    "ReportTable",
    "as_csv",
    "as_latex",
    "as_markdown",
    "cell",
    "latex_text",
    "number",
    "stem",
]

#: What a CSV cell may hold.
Value = str | int | float | None


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: what people read.
        small: further lines under it (interval, counts).
        values: what CSV holds: "" is the cell's own column, other keys are further columns named
            after it ("low" of the column "model" is the column "model low").
        mark: how it is set off on the page, "" for not at all; never by colour alone.
    """

    text: str
    small: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    mark: str = ""


@dataclass(frozen=True)
class ReportTable:
    """One table.

    Attributes:
        name: of its files, letters, digits and hyphens.
        title: its caption.
        columns: headings; the first column names the row.
        rows: a cell for each column.
        note: a sentence under the table.
        folded: whether the page shows it only when it is opened.
        right: the places of the columns of numbers.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False
    right: frozenset[int] = frozenset()


def number(value: float | None, digits: int = 2) -> str:
    """A number as tables print it; "–" for none, a true minus sign.

    >>> number(0.666), number(None), number(-1.25, 1)
    ('0.67', '–', '−1.2')
    """
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return "−" + text[1:] if text.startswith("-") and float(text) else text.lstrip("-")


def cell(value: Value, digits: int = 2, mark: str = "") -> Cell:
    """A cell of one value.

    >>> cell(0.5).text, cell(3).text, cell("a").values
    ('0.50', '3', {'': 'a'})
    """
    if isinstance(value, float):
        return Cell(number(value, digits), (), {"": value}, mark)
    return Cell("–" if value is None else str(value), (), {"": value}, mark)


def as_csv(table: ReportTable) -> str:
    """The table with exact values; columns of further values follow their own column."""
    keys: list[list[str]] = []
    for place in range(len(table.columns)):
        value_keys = dict.fromkeys(k for row in table.rows for k in row[place].values)
        keys.append(list(value_keys) or [""])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        f"{name} {key}".strip()
        for name, own in zip(table.columns, keys, strict=True)
        for key in own
    )
    for row in table.rows:
        writer.writerow(
            _plain(one.values.get(key)) for one, own in zip(row, keys, strict=True) for key in own
        )
    return text.getvalue()


def _plain(value: Value) -> Value:
    return visible(value) if isinstance(value, str) else value


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "−": r"$-$",
    "–": "--",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "→": r"$\rightarrow$",
    "…": r"\ldots{}",
}


def latex_text(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    >>> latex_text(r"50 % of \x_1")
    '50 \\% of \\textbackslash{}x\\_1'
    """
    return "".join(_LATEX.get(c, c) for c in visible(text))


def as_latex(table: ReportTable) -> str:
    r"""A ``longtable`` with booktabs' rules, to be read with ``\input``."""
    columns = "".join("r" if i in table.right else "l" for i in range(len(table.columns)))
    head = " & ".join(latex_text(c) for c in table.columns)
    lines = [
        "% needs \\usepackage{longtable,booktabs}",
        f"\\begin{{longtable}}{{{columns}}}",
        f"\\caption{{{latex_text(table.title)}}}\\\\",
        "\\toprule",
        f"{head} \\\\",
        "\\midrule",
        "\\endhead",
    ]
    lines += [" & ".join(latex_text(_in_line(c)) for c in row) + r" \\" for row in table.rows]
    lines += ["\\bottomrule", "\\end{longtable}"]
    if table.note:
        lines.append(latex_text(table.note))
    return "\n".join(lines) + "\n"


def as_markdown(table: ReportTable) -> str:
    """A pipe table; whatever a cell says is text."""
    lines = [f"**{_markdown_text(table.title)}**", ""]
    lines.append("| " + " | ".join(_markdown_text(c) for c in table.columns) + " |")
    lines.append(
        "|"
        + "|".join("---:" if i in table.right else "---" for i in range(len(table.columns)))
        + "|"
    )
    for row in table.rows:
        lines.append("| " + " | ".join(_markdown_text(_in_line(c)) for c in row) + " |")
    if table.note:
        lines += ["", _markdown_text(table.note)]
    return "\n".join(lines) + "\n"


def _markdown_text(text: str) -> str:
    escaped = re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", visible(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _in_line(one: Cell) -> str:
    return one.text + (f" ({'; '.join(one.small)})" if one.small else "")


def stem(text: str, known: Sequence[str] = ()) -> str:
    """A file name made of a text; numbered where it is among ``known``.

    >>> stem("Recognition: f1"), stem("a/../b", ["a-b"])
    ('recognition-f1', 'a-b-2')
    """
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "table"
    place, candidate = 2, name
    while candidate in known:
        candidate, place = f"{name}-{place}", place + 1
    return candidate
