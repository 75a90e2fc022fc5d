"""docs/judges.md does what it says: its examples run."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_the_examples_of_the_page_run():
    page = Path(__file__).parents[2] / "docs" / "judges.md"
    results = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert results.attempted > 8
    assert results.failed == 0
