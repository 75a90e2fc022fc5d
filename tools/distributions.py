"""Write s3eval/distributions.csv: which distribution of this repository brings which name.

`s3eval run --model NAME` for a name that is not installed advises `pip install DISTRIBUTION` by it.
Run it with every package of the repository installed (`make install`): `make distributions`.
With --check it writes nothing and exits with 1 where the table is not what it would write.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from s3eval.plugins import discover

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "s3eval" / "distributions.csv"


def own_packages(root: Path = ROOT) -> set[str]:
    """The names of the distributions under plugins/."""
    files = sorted(root.glob("plugins/*/*/pyproject.toml"))
    names = [re.search(r'^name = "(.+)"', f.read_text(encoding="utf-8"), re.M) for f in files]
    return {name[1] for name in names if name}


def rows() -> Iterator[str]:
    """``kind,name,distribution`` of everything the repository's packages bring, sorted."""
    own = own_packages()
    registered = [(p.kind, p.spec.name, p.package) for p in discover().plugins if p.package in own]
    missing = own - {package for *_, package in registered}
    if missing:
        raise SystemExit(f"Not installed: {', '.join(sorted(missing))}. Try: make install")
    yield "kind,name,distribution"
    yield from (",".join(row) for row in sorted(registered))


def main(arguments: list[str]) -> int:
    """Write the table, or compare it."""
    text = "\n".join(rows()) + "\n"
    if "--check" in arguments:
        same = TABLE.read_text(encoding="utf-8") == text
        print(
            "as it should be" if same else f"{TABLE.relative_to(ROOT)} is old: make distributions"
        )
        return 0 if same else 1
    TABLE.write_text(text, encoding="utf-8", newline="\n")
    print(f"Written: {TABLE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
