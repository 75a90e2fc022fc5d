"""Every row of docs/faults.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "held by" not in line]


def test_every_row_names_tests_that_exist():
    missing = []
    for row in ROWS:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        for file, test in named:
            path = ROOT / file
            if not path.is_file() or f"def {test}(" not in path.read_text(encoding="utf-8"):
                missing.append(f"{file}::{test}")
    assert not missing


def test_all_kinds_of_faults_have_rows():
    kinds = [int(n) for n in re.findall(r"^## (\d+)\.", PAGE, re.MULTILINE)]
    assert kinds == list(range(1, 13))
    assert len(ROWS) >= 45


def test_the_readme_links_it():
    assert "(docs/faults.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
