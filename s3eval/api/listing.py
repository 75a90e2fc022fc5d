"""What is installed, without importing any of it: what ``s3eval list`` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from s3eval.api.results import ShownAsTables, frame_of
from s3eval.documentation import page
from s3eval.errors import refuse_unknown
from s3eval.facts.reports import Table
from s3eval.plugins import BrokenPlugin, Plugin, Registry, install_command, installed
from s3eval.specs import JudgeSpec, ModelSpec, Spec
from s3eval.terminal import visible

if TYPE_CHECKING:
    import pandas

__all__ = ["USUAL", "WHAT", "WORDS", "Listing", "list_installed", "list_words"]

#: What is listed where nothing is named.
USUAL = ("models", "tasks", "judges", "datasets")
_KINDS = {
    **{what: what.removesuffix("s") for what in USUAL},
    "importers": "importer",
    "exporters": "exporter",
    "executors": "executor",
    "published": "published",
    "run-ends": "run end",
    "commands": "command",
}
#: What of this project's own vocabulary can be listed.
WORDS = ("features", "profiles")
#: Everything that can be listed.
WHAT = (*USUAL, *WORDS, *(what for what in _KINDS if what not in USUAL))


@dataclass(frozen=True, repr=False)
class Listing(ShownAsTables):
    """What is installed of some kinds, and what is wrong with it.

    Attributes:
        plugins: by kind ("model", "run end"), in listing order; a kind of which nothing is
            installed has none.
        broken: entry points that could not be used, of any kind.
        duplicates: names that several packages claim and that therefore belong to none: the
            packages by (kind, name).
    """

    plugins: Mapping[str, tuple[Plugin[Spec], ...]]
    broken: tuple[BrokenPlugin, ...] = ()
    duplicates: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval list --json`` writes it."""
        return {
            **{f"{_noun(kind)}s": [_facts(p) for p in some] for kind, some in self.plugins.items()},
            "broken": [asdict(b) for b in self.broken],
            "duplicates": [
                {"kind": kind, "name": name, "packages": list(owners)}
                for (kind, name), owners in sorted(self.duplicates.items())
            ],
        }

    def to_frame(self) -> pandas.DataFrame:
        """A row for each plugin: kind, package, version, status and what its spec says."""
        return frame_of([_facts(p) for some in self.plugins.values() for p in some])

    def tables(self) -> list[Table]:
        """A table for each kind."""
        return [_table(kind, some) for kind, some in self.plugins.items()]

    def advice(self) -> list[str]:
        """What brings each kind of which nothing is installed."""
        return [_advice(kind) for kind, some in self.plugins.items() if not some]

    def trouble(self) -> list[str]:
        """A line for each name claimed twice and for each entry point that is broken."""
        refused = [
            f"Refused: {kind} '{name}' is claimed by {' and '.join(owners)}."
            for (kind, name), owners in sorted(self.duplicates.items())
        ]
        return refused + [
            f"Broken: {b.package} {b.version} ({b.entry_point}): {b.reason}" for b in self.broken
        ]

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *map(visible, (*self.advice(), *self.trouble()))])

    def _repr_html_(self) -> str:
        lines = map(visible, (*self.advice(), *self.trouble()))
        return super()._repr_html_() + "".join(f"<p>{escape(line)}</p>" for line in lines)


def list_installed(
    what: str | Sequence[str] = USUAL, *, registry: Registry | None = None
) -> Listing:
    """List models, tasks and other things that packages bring; none of them is imported.

    Args:
        what: one or several of "models", "tasks", "judges", "datasets", "importers", "exporters",
            "executors", "published", "run-ends", "commands".
        registry: the plugins; without it the installed ones.

    Raises:
        UnknownNameError: one is none of these.

    >>> listing = list_installed("datasets")
    >>> "folder" in [plugin.spec.name for plugin in listing.plugins["dataset"]]
    True
    """
    wanted = (what,) if isinstance(what, str) else tuple(what)
    refuse_unknown("kind", wanted, _KINDS)
    known = installed() if registry is None else registry
    plugins: dict[str, tuple[Plugin[Spec], ...]] = {_KINDS[w]: known.of(_KINDS[w]) for w in wanted}
    return Listing(plugins, known.broken, known.clashes)


def list_words(what: str) -> list[dict[str, Any]]:
    """The features that recordings are annotated with, or the sampling profiles.

    Args:
        what: "features" or "profiles".

    Returns:
        a record for each.

    Raises:
        UnknownNameError: it is neither.

    >>> list_words("profiles")[0]["name"]
    'standard'
    """
    from s3eval.facts.clips import PROFILES
    from s3eval.vocabulary import FEATURES

    refuse_unknown("list of words", (what,), WORDS)
    return [asdict(v) for v in (FEATURES if what == "features" else PROFILES.values())]


def _facts(plugin: Plugin[Spec]) -> dict[str, Any]:
    return {
        "kind": plugin.kind,
        "package": plugin.package,
        "version": plugin.version,
        "status": plugin.status,
        **asdict(plugin.spec),
    }


def _table(kind: str, plugins: Sequence[Plugin[Spec]]) -> Table:
    sensing, leaving = kind == "model", kind in ("model", "judge")
    columns = [kind, *(["size", "sees", "hears"] if sensing else [])]
    columns += [*(["leaves machine"] if leaving else []), "status", "package", "what it is"]
    number = "" if len(plugins) == 1 else "s"
    rows = tuple(_row(plugin) for plugin in plugins)
    return Table(f"{len(plugins)} {_noun(kind)}{number}", tuple(columns), rows)


def _row(plugin: Plugin[Spec]) -> tuple[object, ...]:
    spec = plugin.spec
    row: list[object] = [spec.name]
    if isinstance(spec, ModelSpec):
        row.append(f"{spec.parameters / 1e9:.1f}B" if spec.parameters else "-")
        row += ["yes" if spec.sees else "-", "yes" if spec.hears else "-"]
    if isinstance(spec, (ModelSpec, JudgeSpec)):
        row.append("yes" if spec.remote else "no")
    return (*row, plugin.status, f"{plugin.package} {plugin.version}", spec.summary)


def _noun(kind: str) -> str:
    """What one of a kind is called."""
    return "publication" if kind == "published" else kind


def _advice(kind: str) -> str:
    command = install_command(kind)
    of_ours = f"any of: {command}" if command else "they come from other packages"
    how = f"{page('plugins.md')} says how to write one"
    return f"No {_noun(kind)}s are installed; {of_ours} ({how})."
