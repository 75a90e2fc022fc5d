"""docs/packages-checked.md: the results of `tools/packages.py all` as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from new_packages import rows as new_rows

if TYPE_CHECKING:
    from new_packages import Tried
    from packages import Distribution, Installed


def page(
    results: Sequence[tuple[Distribution, Installed]],
    apart: Sequence[tuple[str, ...]],
    everywhere: Mapping[str, str],
    written: Sequence[Tried] = (),
    others: Sequence[str] = (),
) -> str:
    """The page with the latest results.

    Args:
        results: how each distribution installed alone.
        apart: what cannot be resolved for one environment: two names and the resolver's reason.
        everywhere: version of Python to how all of them installed together there.
        written: how packages that `s3eval new` writes went on each Python.
        others: programs of others that were resolved beside all packages.
    """
    rows = [
        f"| `{d.name}` | {d.version} | {'yes' if not i.reason else '**no**: ' + i.reason} | "
        f"{i.megabytes} | {', '.join(f'`{n}`' for n in i.names) or '-'} |"
        for d, i in results
    ]
    ok = sum(not i.reason for _, i in results)
    pairs = [f"| `{a}` | {b} | {why} |" for a, b, why in apart]
    by_python = [f"| {version} | {went} |" for version, went in everywhere.items()]
    python = next((i.python for _, i in results if i.python), "")
    return "\n".join(
        (
            "# Packages as last checked",
            "",
            "<!-- Written by `make packages`; do not edit. -->",
            "",
            f"{ok} of {len(results)} distributions, each built as wheel and source distribution "
            f"and installed alone from its wheel into a clean environment of Python {python}: its "
            "requirements come, it registers, `s3eval list` works. Megabytes are those of the "
            "environment.",
            "",
            "| package | version | installs alone | MB | registers |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "## What cannot live together",
            "",
            "All packages with all their extras are resolved for one environment, then each of "
            f"{', '.join(others)} beside all packages on each Python below. The reason is the "
            "resolver's; all other combinations resolve.",
            "",
            *(
                ("| this | beside | why not |", "|---|---|---|", *pairs)
                if pairs
                else ("Nothing: they all resolve for one environment.",)
            ),
            "",
            "## Pythons",
            "",
            "All packages, without extras, installed from their wheels into one clean environment "
            "of each Python on the machine; all register, `s3eval list` works:",
            "",
            "| Python | |",
            "|---|---|",
            *by_python,
            "",
            "## New packages",
            "",
            "`s3eval new KIND NAME`, the new package installed as a wheel and tested by its own "
            "tests, each in a clean environment with the core from its wheel; seconds are those "
            "of the three steps, on a machine that may have had other work.",
            "",
            *new_rows(written),
            "",
        )
    )
