"""docs/plugins.md shows the example package as it is, and names every hook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3eval.hooks import HOOKS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
FILES = sorted((ROOT / "examples" / "third-party-plugin").rglob("*"))
TEXTS = [f.read_text(encoding="utf-8") for f in FILES if f.suffix in (".py", ".toml")]


def words(text: str) -> str:
    """Without layout: on a page a method stands without its class, so a formatter moves it."""
    return "".join(text.split())


@pytest.mark.parametrize("block", re.findall(r"```(?:python|toml)\n(.*?)```", PAGE, re.DOTALL))
def test_each_block_stands_in_the_example(block):
    assert any(words(block) in words(text) for text in TEXTS), block


def test_every_hook_is_named():
    for hook, _ in HOOKS.values():
        assert f"`{hook}`" in PAGE, hook
