"""``s3eval list``: what is installed here, without importing any of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.plugins import Plugin, Registry, install_command, installed
from s3eval.reporting.tables import print_table
from s3eval.specs import JudgeSpec, ModelSpec
from s3eval.terminal import echo

#: What can be listed beside the kinds shown by default: word -> kind.
KINDS = {
    "importers": "importer",
    "exporters": "exporter",
    "executors": "executor",
    "published": "published",
    "run-ends": "run end",
    "commands": "command",
}
WHAT = (
    "models",
    "tasks",
    "judges",
    "datasets",
    "features",
    "profiles",
    *KINDS,
)


@click.command(
    "list",
    epilog=f"KIND is one of {', '.join(WHAT)}.\n\n"
    "Examples: s3eval list · s3eval list models · s3eval list --json -",
)
@click.argument("what", required=False, type=click.Choice(WHAT), metavar="[KIND]")
@json_option
def command(what: str | None, json_file: str | None) -> None:
    """List models, tasks, judges and datasets: package, senses, whether ready."""
    if what in ("features", "profiles"):
        _list_words(what, json_file)
        return
    registry = installed()
    kinds = ["model", "task", "judge", "dataset"]
    if what:
        kinds = [KINDS.get(what, what.removesuffix("s"))]
    if write_json_output(_as_json(registry, kinds), json_file):
        return
    for kind in kinds:
        _print_kind(registry, kind)
    _print_advice([kind for kind in kinds if not registry.of(kind)])
    _print_trouble(registry)


def _facts(plugin: Plugin) -> dict[str, Any]:
    return {
        "kind": plugin.kind,
        "package": plugin.package,
        "version": plugin.version,
        "status": plugin.status,
        **asdict(plugin.spec),
    }


def _as_json(registry: Registry, kinds: list[str]) -> dict[str, Any]:
    return {
        **{f"{_noun(kind)}s": [_facts(p) for p in registry.of(kind)] for kind in kinds},
        "broken": [asdict(b) for b in registry.broken],
        "duplicates": [
            {"kind": kind, "name": name, "packages": list(owners)}
            for (kind, name), owners in sorted(registry.clashes.items())
        ],
    }


def _print_kind(registry: Registry, kind: str) -> None:
    plugins = registry.of(kind)
    sensing, leaving = kind == "model", kind in ("model", "judge")
    columns = [kind, *(["size", "sees", "hears"] if sensing else [])]
    columns += [*(["leaves machine"] if leaving else []), "status", "package", "what it is"]
    rows = []
    for p in plugins:
        row: list[object] = [p.spec.name]
        if isinstance(p.spec, ModelSpec):
            row.append(f"{p.spec.parameters / 1e9:.1f}B" if p.spec.parameters else "-")
            row += ["yes" if p.spec.sees else "-", "yes" if p.spec.hears else "-"]
        if isinstance(p.spec, (ModelSpec, JudgeSpec)):
            row.append("yes" if p.spec.remote else "no")
        rows.append([*row, p.status, f"{p.package} {p.version}", p.spec.summary])
    number = "" if len(plugins) == 1 else "s"
    print_table(f"{len(plugins)} {_noun(kind)}{number}", columns, rows)


def _noun(kind: str) -> str:
    """What one of a kind is called."""
    return "publication" if kind == "published" else kind


def _print_advice(kinds_missing: list[str]) -> None:
    """What brings the kinds of which nothing is installed."""
    for kind in kinds_missing:
        command = install_command(kind)
        of_ours = f"any of: {command}" if command else "they come from other packages"
        echo(f"No {kind}s are installed; {of_ours} (docs/plugins.md says how to write one).")


def _print_trouble(registry: Registry) -> None:
    for (kind, name), owners in sorted(registry.clashes.items()):
        echo(f"Refused: {kind} '{name}' is claimed by {' and '.join(owners)}.", err=True)
    for broken in registry.broken:
        where = f"{broken.package} {broken.version} ({broken.entry_point})"
        echo(f"Broken: {where}: {broken.reason}", err=True)


def _list_words(what: str, json_file: str | None) -> None:
    from s3eval.facts.clips import PROFILES
    from s3eval.vocabulary import FEATURES

    values = [asdict(v) for v in (FEATURES if what == "features" else PROFILES.values())]
    if not write_json_output(values, json_file):
        print_table(f"{len(values)} {what}", [*values[0]], [list(v.values()) for v in values])
