"""docs/plugins.md shows the example package as it is, and names every hook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3eval.hooks import HOOKS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
#: A block after such a note is taken from the page by the test that the note names.
TESTED_THERE = re.compile(
    r"<!-- not run: [^>]*\b(tests/\S+\.py)[^>]* -->\n```python\n.*?```", re.DOTALL
)
FILES = sorted((ROOT / "examples" / "third-party-plugin").rglob("*"))
TEXTS = [f.read_text(encoding="utf-8") for f in FILES if f.suffix in (".py", ".toml")]


def words(text: str) -> str:
    """Without layout: on a page a method stands without its class, so a formatter moves it."""
    return "".join(text.split())


@pytest.mark.parametrize(
    "block", re.findall(r"```(?:python|toml)\n(.*?)```", TESTED_THERE.sub("", PAGE), re.DOTALL)
)
def test_each_block_stands_in_the_example(block):
    assert any(words(block) in words(text) for text in TEXTS), block


def test_every_hook_is_named():
    for hook, _ in HOOKS.values():
        assert f"`{hook}`" in PAGE, hook


def test_what_does_not_stand_in_the_example_is_taken_from_the_page_by_its_test():
    named = [match[1] for match in TESTED_THERE.finditer(PAGE)]
    assert named == ["tests/testing/test_truths_in_docs.py"]
    for test in named:
        assert '"docs" / "plugins.md"' in (ROOT / test).read_text(encoding="utf-8")
