"""The documentation site: Sphinx reads docs/*.md as they are, and pages generated from the code.

Built by `make site` with every warning an error: a link that leads nowhere, a page that is in no
menu, a docstring that cannot be read. Nothing in the pages comes from another host.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

from reference_pages import write_pages  # noqa: E402

from s3eval.version import __version__  # noqa: E402

project = "s3eval"
author = "the s3eval authors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}

# Links to headings, as repository browsers make them.
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
# A single backtick in a docstring is code, as in Markdown.
default_role = "code"
# Quotation marks and dashes stay what they are in a command.
smartquotes = False

html_theme = "furo"
html_title = f"s3eval {__version__}"
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False


def setup(app: object) -> None:
    """Pages are generated before the sources are read."""
    app.connect("builder-inited", lambda _: write_pages(HERE / "reference"))  # type: ignore[attr-defined]
