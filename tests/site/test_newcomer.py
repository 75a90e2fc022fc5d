"""A newcomer who reads only the documents: each step of two pages, from an empty folder, in order.

`pip install -e` installs the newcomer's packages into a folder beside; what the pages install of
this repository is there already. The time of each part is printed (`pytest -s`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from code_blocks import SHELL, Block, blocks_of, commands_of  # noqa: E402

NEEDED = (
    *("s3eval_synth", "s3eval_model_baselines", "s3eval_task_recognition"),
    *("s3eval_judge_lexicon", "s3eval_view"),
)
#: Where a block of Python goes, told by the comment before it.
TARGET = re.compile(
    r'<!-- file: (?P<file>\S+), (?P<what>from|the line) "(?P<begins>[^"]+)" -->\n\Z'
)
PIP = """
pip() {
  for word in "$@"; do
    case "$word" in
      s3eval-*"[test]") PY -m pip install -q --no-deps --no-build-isolation --upgrade \\
        --target "$SITE" "./${word%%[*}" ;;
    esac
  done
}
pytest() { PY -m pytest -q -p no:cacheprovider "$@/tests"; }
"""


class Newcomer:
    """Somebody at a terminal in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder / "work", folder / "site"
        self.folder.mkdir()
        self.packages: set[str] = set()

    def follow(self, page: Path, blocks: list[Block]) -> None:
        lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
        for block in blocks:
            before = TARGET.search("".join(lines[: block.line - 2]))
            if block.language in SHELL and not block.not_run:
                for command in commands_of(block):
                    self.type(f"{block}: {command.text}", command.text, command.output)
            elif before:
                self.edit(before, block.text)
            elif block.language == "python":
                self.run([sys.executable, "-c", block.text], str(block))

    def edit(self, target: re.Match[str], text: str) -> None:
        path = self.folder / target["file"]
        code = path.read_text(encoding="utf-8")
        place = code.index(target["begins"])
        end = len(code) if target["what"] == "from" else code.index("\n", place) + 1
        path.write_text(code[:place] + text + code[end:], encoding="utf-8")
        # As with `pip install -e`: what is installed is what stands in the file.
        package = target["file"].split("/")[0]
        if package in self.packages:
            self.type(package, f'pip install -e "{package}[test]"')

    def type(self, what: str, command: str, output: str = "") -> None:
        self.packages.update(re.findall(r'pip install -e "([\w-]+)\[test\]"', command))
        script = PIP.replace("PY", f'"{sys.executable}"') + command
        said = self.run(["bash", "-c", script], what)
        if output:
            parts = [re.escape(part) for part in output.strip().split("…")]
            assert re.search(r"[\s\S]*?".join(parts), said), f"{what}\n{said}"

    def run(self, call: list[str], what: str) -> str:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        env = {
            **os.environ,
            "PATH": path,
            "SITE": str(self.site),
            "PYTHONPATH": os.pathsep.join([str(self.site), str(ROOT)]),
            "S3EVAL_CACHE": str(self.folder / "cache"),
            "COLUMNS": "150",
        }
        done = subprocess.run(
            call, cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{what}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@pytest.mark.slow
def test_the_tutorial_then_a_model_then_a_task(tmp_path):
    for module in NEEDED:
        pytest.importorskip(module)
    newcomer = Newcomer(tmp_path)
    for name in ("tutorial.md", "first-plugin.md"):
        page = ROOT / "docs" / name
        begun = time.monotonic()
        newcomer.follow(page, blocks_of(page))
        print(f"{name}: {time.monotonic() - begun:.0f} s")
    # A score with its chance level and its interval, from a task that was not there before.
    scores = newcomer.run(
        [sys.executable, "-m", "s3eval", "show", "tv-runs", "--json", "-"], "scores"
    )
    assert '"chance_value": ' in scores
    assert '"low": ' in scores


@pytest.mark.slow
def test_the_table_of_the_readme_is_what_the_demo_prints(tmp_path):
    """`make demo` without the installing: the same commands, taken from the Makefile."""
    for module in NEEDED:
        pytest.importorskip(module)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile[makefile.index("\ndemo: ") :].split("\n\n", 1)[0]
    models = re.search(r"^DEMO_MODELS := (.+)$", makefile, re.MULTILINE)
    assert models
    recipe = recipe.replace("\\\n", " ").replace("$(JOBS)", "2").replace("$(S3EVAL)", "s3eval")
    named = " ".join(f"--model {name}" for name in models[1].split())
    recipe = recipe.replace("$(addprefix --model ,$(DEMO_MODELS))", named)
    commands = [line.strip() for line in recipe.splitlines() if line.startswith("\ts3eval")]
    assert len(commands) == 2
    newcomer = Newcomer(tmp_path)
    said = [newcomer.run(["bash", "-c", command], command) for command in commands]
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"```text\n(recognition: .*?)```", shown, re.DOTALL)
    printed = [line.rstrip() for line in said[1].splitlines()]
    for line in table.splitlines():
        assert line.rstrip() in printed, line
