"""The pages of the documentation site that are made from the code, never by hand.

`docs/conf.py` calls `write_pages` before Sphinx reads the sources. What is installed is what is
documented: a verb, a hook, a public name, a task or a package added anywhere in the repository is
on the site without a line here.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import click

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
__all__ = ["distributions", "public_modules", "verbs", "write_pages"]

#: The public names by what they are for; a name that is in no group comes under "Further".
_GROUPS: dict[str, tuple[str, ...]] = {
    "Evaluating": (
        *("open_dataset", "evaluate", "open_runs", "score", "compare"),
        *("ScoredRuns", "Comparison", "S3EvalError"),
    ),
    "Datasets": (
        *("Dataset", "Video", "Annotation", "FeatureAnnotation", "Lateralization"),
        *("check_dataset", "DatasetCheck"),
    ),
    "Clips": ("Clip", "Footage", "Sampling", "SamplingProfile"),
    "Models": ("Model", "Question", "Answer"),
    "Tasks": (
        *("Task", "Item", "Inquiry", "PlanContext", "Reading", "Piece", "Finding"),
        *("Tally", "TruthContext", "ScoringContext"),
    ),
    "Judges": (
        *("Judge", "ReadReport", "ReportFacts", "AnswerQuestions", "FeatureAnswers"),
        *("MergeTexts", "MergedText", "Extract", "Extraction", "Unreadable"),
    ),
}


def write_pages(folder: Path) -> None:
    """Write every generated page below a folder; pages that are no longer made are removed.

    Args:
        folder: emptied of Markdown first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        **_verb_pages(),
        "python.md": _python_page(),
        "hooks.md": _hooks_page(),
        "tasks.md": _tasks_page(),
        "metrics.md": _modules_page("Metric functions", "s3eval.metrics", _METRICS),
        "conformance.md": _modules_page(
            "The conformance suite", "s3eval.testing.conformance", _CONFORMANCE, nested=False
        ),
        "packages.md": _packages_page(),
        "contributing.md": _copied("CONTRIBUTING.md"),
        "changes.md": _copied("CHANGELOG.md"),
    }
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        # Sphinx reads again only what changed.
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# Verbs


def verbs(
    group: click.Group | None = None, before: str = ""
) -> Iterator[tuple[str, click.Command]]:
    """Every verb that is installed with its full name, groups left out ("data check")."""
    if group is None:
        from s3eval.cli import cli

        group = cli
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from verbs(command, f"{before}{name} ")
        elif command is not None:
            yield f"{before}{name}", command
            # A command whose first word may name another says so: ``s3eval view bundle``.
            for word, path in getattr(command, "further", {}).items():
                module, _, attribute = path.partition(":")
                yield f"{before}{name} {word}", getattr(importlib.import_module(module), attribute)


def _verb_pages() -> dict[str, str]:
    """A page for each verb of the top, with those of a group together."""
    together: dict[str, list[tuple[str, click.Command]]] = {}
    for name, command in verbs():
        together.setdefault(name.split(" ")[0], []).append((name, command))
    pages = {}
    for first, members in together.items():
        body = "\n".join(_verb(name, command) for name, command in members)
        title = f"# s3eval {first}\n\n"
        pages[f"verb-{first}.md"] = (
            title + body if len(members) > 1 else body.replace("## ", "# ", 1)
        )
    rows = []
    for name, command in verbs():
        page = f"verb-{name.split(' ')[0]}.md"
        rows.append(f"| [`s3eval {name}`]({page}) | {_cell(command.get_short_help_str(90))} |")
    toc = "\n".join(f"verb-{first}" for first in together)
    pages["verbs.md"] = (
        "# Verbs\n\nMade from the code: what `--help` says of every verb installed where this site "
        "was built.\n\nEvery verb has `--help`; options can come from a TOML file (`--config`), "
        "those given in the command win. Exit codes: 0 done · 1 a comparison or check found "
        "differences · 2 wrong input · 3 finished, but some answers failed · 4 the machine (disk, "
        "memory) or a judge that cannot be asked · 130 interrupted.\n\n"
        "| verb | does |\n|---|---|\n" + "\n".join(rows) + "\n\n"
        "```{toctree}\n:hidden:\n\n" + toc + "\n```\n"
    )
    return pages


def _verb(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"s3eval {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    rows = []
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            rows.append(f"| {_names(parameter, context)} | {_option_help(parameter, context)} |")
    options = "\n".join(("| option | |", "|---|---|", *rows))
    description = inspect.cleandoc(command.help or "").replace("\b\n", "")
    examples = inspect.cleandoc((command.epilog or "").replace("\b", "")).strip()
    shown = f"\n```text\n{examples}\n```\n" if examples else ""
    return (
        f"## s3eval {name}\n\n{_text(description)}\n\n```text\ns3eval {name} {usage}\n```\n\n"
        f"{options}\n{shown}"
    )


def _names(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{n}`" for n in (*option.opts, *option.secondary_opts))
    if option.is_flag:
        return names
    return f"{names} {_cell(option.make_metavar(context))}"


def _option_help(option: click.Option, context: click.Context) -> str:
    text = _cell(option.help or "")
    if option.required:
        text += " *Required.*"
    if option.show_default and option.default is not None:
        text += f" *Default:* `{option.default}`."
    return text


def _text(text: str) -> str:
    """Prose of a help text: words that Markdown would take for markup are shown as they are."""
    return re.sub(r"([<>*_\[\]])", r"\\\1", text)


def _cell(text: str) -> str:
    return _text(" ".join(text.split())).replace("|", "\\|")


# Python


def _python_page() -> str:
    import s3eval

    named = {name for group in _GROUPS.values() for name in group}
    specs = [n for n in s3eval.__all__ if n.endswith("Spec")]
    further = [n for n in s3eval.__all__ if n not in named and n not in specs and n[0] != "_"]
    groups = {**_GROUPS, "Further": tuple(further)}
    parts = [
        "# Python reference",
        "The public names of `s3eval`, from their docstrings. [In Python](../python.md) shows how "
        "they are used together; the specs of plugins are under [hooks](hooks.md).",
    ]
    for title, names in groups.items():
        parts.append(f"## {title}")
        parts += [_documented("s3eval", name, getattr(s3eval, name)) for name in names]
    return "\n\n".join(parts) + "\n"


def _documented(module: str, name: str, value: Any) -> str:
    options: tuple[str, ...]
    if inspect.isclass(value):
        directive, options = "autoclass", ("   :members:", "   :show-inheritance:")
    elif callable(value) and hasattr(value, "__code__"):
        directive, options = "autofunction", ()
    else:
        directive, options = "autodata", ("   :no-value:",)
    return "\n".join(("```{eval-rst}", f".. {directive}:: {module}.{name}", *options, "```"))


_METRICS = (
    "Pure functions: what each takes and gives, in which unit and range, and where it comes from. "
    "[Metrics](../metrics.md) is the overview; tasks turn them into sums over videos."
)
_CONFORMANCE = "The functions by which a package checks itself; [Writing a plugin](../plugins.md)."


def public_modules(package: str) -> list[str]:
    """The modules of a package that have public names, in order."""
    import pkgutil

    module = importlib.import_module(package)
    names = [info.name for info in pkgutil.iter_modules(module.__path__)]
    return [f"{package}.{name}" for name in names if not name.startswith("_")]


def _modules_page(title: str, package: str, lead: str, nested: bool = True) -> str:
    parts = [f"# {title}", lead]
    for name in public_modules(package) if nested else [package]:
        module = importlib.import_module(name)
        own = [n for n in module.__all__ if _is_documented(module, n)]
        parts.append(f"## `{name.removeprefix('s3eval.')}`")
        parts.append((module.__doc__ or "").strip().partition("\n\n")[0])
        parts += [_documented(name, n, getattr(module, n)) for n in own]
    return "\n\n".join(parts) + "\n"


def _is_documented(module: ModuleType, name: str) -> bool:
    value = getattr(module, name)
    return inspect.isclass(value) or inspect.isfunction(value)


# Hooks


def _hooks_page() -> str:
    from s3eval.hooks import HOOKS, Hooks

    rows = []
    for kind, (hook, spec) in HOOKS.items():
        text = (inspect.getdoc(getattr(Hooks, hook)) or "").replace("``", "`")
        rows.append(f"| `{hook}` | {kind} | `{spec.__name__}` | {_hook_cell(text)} |")
    specs = dict.fromkeys(spec for _, spec in HOOKS.values())
    documented = "\n\n".join(_documented(_home(s), s.__name__, s) for s in specs)
    return (
        "# Hooks\n\nWhat a package may bring, from the code. [Writing a plugin](../plugins.md) "
        "shows each.\n\n| hook | brings a | spec | |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n\n## The specs\n\n"
        + _documented("s3eval.specs", "Spec", None)
        .replace("autodata", "autoclass")
        .replace("   :no-value:", "   :members:")
        + "\n\n"
        + documented
        + "\n"
    )


def _home(spec: type) -> str:
    """Where a spec is imported from: the public face where it stands there."""
    import s3eval

    return "s3eval" if spec.__name__ in s3eval.__all__ else spec.__module__


def _hook_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# Tasks


def _tasks_page() -> str:
    from s3eval.plugins import installed
    from s3eval.specs import TaskSpec

    parts = [
        "# Tasks as installed",
        "Items, labels, options and metrics as each installed task states them; how each asks, "
        "reads and scores is in [the seven tasks](../tasks.md).",
    ]
    plugins = [p for p in installed().of("task") if isinstance(p.spec, TaskSpec)]
    for plugin in sorted(plugins, key=lambda p: (p.spec.number or 99, p.spec.name)):
        task = plugin.spec.load().load(plugin.spec)
        parts.append(f"## {plugin.spec.name}\n\n{plugin.spec.summary} (`{plugin.package}`)")
        parts.append(_items(task))
        options = getattr(task, "options", None) or {}
        if options:
            rows = [f"| `{plugin.spec.name}.{k}` | {_cell(str(v))} |" for k, v in options.items()]
            parts.append("\n".join(("| option | |", "|---|---|", *rows)))
        names = ", ".join(f"`{m}`" for m in metrics_of(plugin.spec.name))
        parts.append(f"Headline: `{task.headline}`. Metrics: {names}.")
    return "\n\n".join(parts) + "\n"


def _items(task: Any) -> str:
    rows = [
        f"| `{item.name}` | {item.kind} | {', '.join(item.labels) or item.unit or '-'} "
        f"| {item.positive or '-'} |"
        for item in task.items()
    ]
    return "\n".join(("| item | is a | labels or unit | positive |", "|---|---|---|---|", *rows))


def metrics_of(name: str) -> list[str]:
    """The metrics of an installed task by name: from its truth about invented videos."""
    from s3eval.running.loading import load_tasks
    from s3eval.running.scoring import tally_findings
    from s3eval.task import Finding, TruthContext
    from s3eval.testing.conformance import invented_dataset

    loaded, data = load_tasks([name]), invented_dataset()
    task = loaded.by_name[name]
    findings = []
    for video in data.videos:
        for item in task.items():
            truth = task.truth(video, data.annotation(video.name), item.name, TruthContext())
            value = list(truth) if isinstance(truth, tuple) else truth
            if value is not None:
                findings.append(Finding(name, video.name, item.name, "answered", value, "", 1, 1))
    tallied = tally_findings({name: findings}, data, "paper", loaded)
    return list(dict.fromkeys(tally.metric for tally in tallied.tallies))


# Packages


def distributions() -> list[dict[str, Any]]:
    """The ``[project]`` table of every distribution of the repository, the core first."""
    files = [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/*/pyproject.toml"))]
    return [tomllib.loads(f.read_text(encoding="utf-8"))["project"] for f in files]


def _packages_page() -> str:
    from s3eval.version import __version__

    table = (ROOT / "s3eval" / "distributions.csv").read_text(encoding="utf-8").splitlines()[1:]
    brings: dict[str, list[str]] = {}
    for row in table:
        kind, name, package = row.split(",")
        brings.setdefault(package, []).append(f"{kind} `{name}`")
    rows = []
    for project in distributions():
        name = project["name"]
        needs = [d for d in project["dependencies"] if not d.startswith("s3eval-core")]
        extras = ", ".join(f"`{e}`" for e in project.get("optional-dependencies", ()))
        cells = (
            f"`{name}`",
            project.get("version", __version__),
            _hook_cell(project["description"]),
            ", ".join(brings.get(name, [])) or "-",
            _list(needs),
            extras or "-",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return (
        "# Every package\n\nMade from the packages' own files. How they are built and checked, and "
        "what cannot be installed together: [packages](../packages.md).\n\n"
        "| package | version | is | brings | requires beside the core | extras |\n"
        "|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _list(values: Sequence[str]) -> str:
    return ", ".join(f"`{v}`" for v in values) or "-"


# Pages of the repository that are part of the site


def _copied(name: str) -> str:
    """A page from the repository's root; its links lead to where the site has the pages."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return text.replace("](docs/", "](../")
