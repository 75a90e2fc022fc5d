"""What the pages must name, compared with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3eval.dataset.folder import TABLES
from s3eval.plugins import installed

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_table_of_a_dataset_has_a_row():
    text = page("datasets.md")
    for table, (required, further) in TABLES.items():
        row = re.search(rf"^\| `{re.escape(table)}` \|.*$", text, re.MULTILINE)
        assert row, table
        for column in required:
            assert f"**{column}**" in row[0], f"{table}: {column}"
        for column in further:
            assert re.search(rf"\b{column}\b", row[0]), f"{table}: {column}"


@pytest.mark.parametrize("kind", ["exporter", "run end"])
def test_what_this_repository_writes_elsewhere_is_explained(kind):
    text = page("results.md") + page("report.md")
    rows = (ROOT / "s3eval" / "distributions.csv").read_text(encoding="utf-8").splitlines()
    names = [row.split(",")[1] for row in rows if row.startswith(f"{kind},")]
    assert names
    for name in names:
        assert f"`{name}`" in text or f"--to {name}" in text, name


def test_every_task_has_a_part_with_what_it_scores():
    text = page("tasks.md")
    for plugin in installed().of("task"):
        number = getattr(plugin.spec, "number", 0)
        if number:
            part = re.search(
                rf"^## Task {number}: (\w+)$.*?(?=^## )", text, re.MULTILINE | re.DOTALL
            )
            assert part, plugin.spec.name
            assert part[1] == plugin.spec.name
            assert re.search(r"^Scores?: ", part[0], re.MULTILINE), plugin.spec.name
            assert "Example" in part[0], plugin.spec.name


def test_menu_titles_are_titles():
    """Each page begins with its title, by which the menu calls it."""
    for file in DOCS.glob("*.md"):
        assert file.read_text(encoding="utf-8").startswith("# "), file.name


def test_the_readme_counts_the_judges_that_ask_a_service():
    root = Path(__file__).parents[2]
    hosted = {p.name for p in (root / "plugins" / "judges").iterdir() if p.is_dir()} - {"lexicon"}
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"]
    readme = " ".join((root / "README.md").read_text(encoding="utf-8").split())
    assert f"{words[len(hosted)]} hosted judges, and one judge that works offline" in readme
