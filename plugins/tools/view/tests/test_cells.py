"""Tables as CSV, LaTeX and Markdown: exact values, and text that stays text."""

from __future__ import annotations

import csv
import io

from s3eval_view.report.cells import Cell, ReportTable, as_csv, as_latex, as_markdown, cell

HOSTILE = "a|b\\c{d}_<i>$x$\x1b[2J\u202e&#%~^"


def table(*rows: tuple[Cell, ...]) -> ReportTable:
    return ReportTable("t", "A & B", ("item", "run_1"), rows, right=frozenset({1}))


def test_csv_holds_exact_values_in_columns_of_their_own():
    first = (cell("tonic"), Cell("0.67", ("[0.1, 0.9]",), {"": 2 / 3, "low": 0.1, "high": 0.9}))
    second = (cell("clonic"), Cell("–"))
    rows = list(csv.reader(io.StringIO(as_csv(table(first, second)))))
    assert rows[0] == ["item", "run_1", "run_1 low", "run_1 high"]
    assert float(rows[1][1]) == 2 / 3 and rows[2] == ["clonic", "", "", ""]


def test_hostile_text_stays_one_cell_in_every_form():
    made = table((cell(HOSTILE), cell(0.5)))
    assert list(csv.reader(io.StringIO(as_csv(made))))[1][0] == HOSTILE.replace(
        "\x1b", "\\x1b"
    ).replace("\u202e", "\\u202e")
    latex = as_latex(made)
    (line,) = [x for x in latex.splitlines() if "0.50" in x]
    assert line == (
        r"a\textbar{}b\textbackslash{}c\{d\}\_\textless{}i\textgreater{}\$x\$"
        r"\textbackslash{}x1b[2J\textbackslash{}u202e\&\#\%\textasciitilde{}\textasciicircum{}"
        r" & 0.50 \\"
    )
    markdown = as_markdown(made).splitlines()[-1]
    assert "<i>" not in markdown and "&lt;i&gt;" in markdown
    assert markdown.replace("\\|", "").count("|") == 3


def test_latex_aligns_numbers_right():
    assert "\\begin{longtable}{lr}" in as_latex(table((cell("x"), cell(1.0))))
