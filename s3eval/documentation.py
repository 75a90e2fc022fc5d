"""Where a page of the documentation is, for messages: a package brings none of them along."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata

__all__ = ["page"]

#: Labels of a package's links, the one that leads there most directly first.
_LABELS = ("documentation", "source")


def page(name: str) -> str:
    """A page by its path in the repository, with the address that the installed package names.

    Released packages name the public repository (``make release ADDRESS=...``); a checkout names
    none, and has the page itself.

    Args:
        name: the page's file in ``docs/``, e.g. "plugins.md".

    >>> page("plugins.md").startswith("docs/plugins.md")
    True
    """
    address = _address()
    return f"docs/{name} at {address}" if address else f"docs/{name}"


def _address() -> str:
    try:
        links = metadata("s3eval-core").get_all("Project-URL") or []
    except PackageNotFoundError:
        links = []
    by_label = {
        label.strip().lower(): address.strip()
        for label, _, address in (str(link).partition(",") for link in links)
    }
    return next((by_label[label] for label in _LABELS if by_label.get(label)), "")
