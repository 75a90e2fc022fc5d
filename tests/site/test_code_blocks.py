"""Every code block of the documents is run, or says why it is not and is checked."""

from __future__ import annotations

import ast
import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from code_blocks import SHELL, Block, blocks_of, commands_of, indented, mistakes  # noqa: E402

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
READMES = sorted(ROOT.glob("plugins/*/*/README.md"))
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
#: Their Python stands in the example package as it is (tests/test_plugins_page.py).
SHOWN = ("plugins.md",)
#: Their blocks are read from the page and run in order by a test of their own.
ELSEWHERE = {
    "tutorial.md": "tests/site/test_newcomer.py",
    "first-plugin.md": "tests/site/test_newcomer.py",
    "python.md": "tests/api/test_python_page.py",
    "readers.md": "plugins/tools/view/tests/study/test_readers_page.py",
}
#: Shown, not run: what a command printed, what stands in a menu.
OUTPUT = ("text", "{toctree}", "")


def in_page(language: tuple[str, ...]) -> list[Any]:
    """The blocks to run of each page, together: later ones use what earlier ones made."""
    chosen: dict[Path, list[Block]] = {}
    for block in BLOCKS:
        left_out = block.not_run or block.page.name in ELSEWHERE
        if block.language in language and (block.language == "pycon" or not left_out):
            chosen.setdefault(block.page, []).append(block)
    return [pytest.param(blocks, id=page.name) for page, blocks in chosen.items()]


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=lambda p: f"{p.parent.name}-{p.name}")
def test_every_block_tells_its_language(page):
    known = {*SHELL, *OUTPUT, "python", "pycon", "toml"}
    assert {b.language for b in blocks_of(page)} <= known
    if page not in READMES:
        assert indented(page) == [], "a block without a fence tells no language"


@pytest.mark.parametrize(
    "block",
    [b for page in (*PAGES, *READMES) for b in blocks_of(page) if b.language in SHELL],
    ids=str,
)
def test_every_command_names_what_is_there(block):
    assert [said for c in commands_of(block) for said in mistakes(c.text)] == []


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "toml"], ids=str)
def test_toml_is_toml(block):
    if not block.not_run:
        assert tomllib.loads(block.text)


@pytest.mark.slow
@pytest.mark.parametrize("blocks", in_page(SHELL))
def test_the_commands_of_a_page_run(blocks, prepared, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder)
    if any("cp /path/to" in b.text for b in blocks):
        for name in ("mine", "runs"):  # The page makes its own.
            shutil.rmtree(folder / name)
    for block in blocks:
        for command in commands_of(block):
            run(command.text, folder, f"{block}: {command.text}", command.output)


def run(command: str, folder: Path, what: str, output: str = "") -> None:
    """Run a command as a reader would; `pip` does nothing: what is named is installed already."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", "pip() { :; }\n" + command.replace("/path/to", str(folder / "to"))],
        # Programs of the repository are called from its root.
        cwd=ROOT if command.startswith("python tools/") else folder,
        env={**os.environ, "PATH": path, "S3EVAL_CACHE": str(folder / "cache"), "COLUMNS": "150"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{what}\n{done.stdout}{done.stderr}"
    if output:
        assert is_like(done.stdout + done.stderr, output), f"{what}\n{done.stdout}{done.stderr}"


def is_like(printed: str, shown: str) -> bool:
    """Whether what was printed is what is shown, "…" standing for anything."""
    parts = [re.escape(part) for part in shown.strip().split("…")]
    return re.search(r"[\s\S]*?".join(parts), printed) is not None


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [b for b in in_page(("python",)) if b.id not in SHOWN])
def test_the_python_of_a_page_runs(blocks, prepared, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder)
    shutil.rmtree(folder / "runs")
    monkeypatch.chdir(folder)
    namespace: dict[str, Any] = {}
    for block in blocks:
        # A name, so that functions of the page can be sent to other processes by importing it.
        exec(compile(ast.parse(block.text), str(block), "exec"), namespace)


@pytest.mark.parametrize("blocks", in_page(("pycon",)))
def test_the_examples_of_a_page_run(blocks):
    results = doctest.testfile(str(blocks[0].page), module_relative=False, encoding="utf-8")
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(("page", "test"), ELSEWHERE.items())
def test_a_test_of_its_own_reads_the_page(page, test):
    assert f'"{page}"' in (ROOT / test).read_text(encoding="utf-8")


def test_what_is_not_run_says_why():
    left_out = [b for b in BLOCKS if b.not_run]
    assert all(len(b.not_run.split()) >= 4 for b in left_out)
    # Most blocks run; a page that says "not run" everywhere documents nothing.
    code = [b for b in BLOCKS if b.language not in OUTPUT]
    assert len(left_out) < len(code) / 2


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("s3eval shew runs", "no verb: s3eval shew runs"),
        ("s3eval show runs --detail", "s3eval show has no option --detail"),
        ("cd x && s3eval data chek mine", "no verb: s3eval data chek"),
        ("pip install s3eval-viewer", "pip install s3eval-viewer: no package of this repository "),
        ("pip install -e plugins/models/none", "no such folder: plugins/models/none"),
        ("make demos", "no target of make: demos"),
        ("python benchmarks/none.py", "no such file: benchmarks/none.py"),
        ("python benchmarks/decode.py --fast", "benchmarks/decode.py has no option --fast"),
    ],
)
def test_what_is_not_there_is_told(command, said):
    (only,) = mistakes(command)
    assert only.startswith(said)
