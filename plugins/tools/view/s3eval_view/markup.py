"""Templates of the report and of the viewer: everything put into a page is text."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from s3eval.terminal import visible

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["asset", "environment", "shown"]


def environment(*packages: tuple[str, str]) -> Environment:
    """Templates of these (package, folder) pairs, the first that has a name wins.

    Whatever a template is given is escaped, and its control characters are made visible; a name
    that is not given is an error.

    >>> environment().from_string("{{ answer }}").render(answer="<b>\\x1b[2J")
    '&lt;b&gt;\\\\x1b[2J'
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([PackageLoader(*pair) for pair in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def shown(value: Any) -> Any:
    """Text as it may be shown: control characters visible. Markup of our own passes."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value, lines=True)
    return value


def asset(package: str, folder: str, name: str) -> str:
    """The text of a style sheet or script that lies in a package."""
    return resources.files(package).joinpath(folder).joinpath(name).read_text(encoding="utf-8")
