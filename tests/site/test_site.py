"""The site builds without a warning, shows everything that is public, and asks no other host."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest

import s3eval
from s3eval.hooks import HOOKS
from s3eval.plugins import installed
from s3eval.testing import conformance

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from reference_pages import distributions, metrics_of, public_modules, verbs  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built as `make site` builds them: a warning is an error."""
    for module in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(module, reason="pip install -e '.[docs]' brings it")
    out = tmp_path_factory.mktemp("site")
    call = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*call, "-d", str(out / "read"), str(ROOT / "docs"), str(out / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out / "html"


def words(page: Path) -> str:
    """What a reader sees of a page."""
    found: list[str] = []

    class Text(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.append(data)

    Text().feed(page.read_text(encoding="utf-8"))
    return "".join(found)


def test_every_verb_and_option_is_there(site):
    for name, command in verbs():
        page = words(site / "reference" / f"verb-{name.split(' ')[0]}.html")
        assert f"s3eval {name}" in page
        for option in command.get_params(click.Context(command)):
            if isinstance(option, click.Option) and not option.hidden:
                for spelling in (*option.opts, *option.secondary_opts):
                    assert spelling in page, f"s3eval {name} {spelling}"
                assert " ".join((option.help or "").split())[:40] in page, f"{name} {option.opts}"


def names_in(site: Path) -> set[str]:
    """What the inventory that other sites link by holds."""
    from sphinx.util.inventory import InventoryFile

    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    return {
        name for kind, names in inventory.data.items() if kind.startswith("py:") for name in names
    }


def test_every_public_name_is_there(site):
    known = names_in(site)
    public = {f"s3eval.{name}" for name in s3eval.__all__ if not name.startswith("_")}
    assert public - known == set()
    checks = {f"s3eval.testing.conformance.{name}" for name in conformance.__all__}
    assert checks - known == set()


def test_every_metric_function_is_there(site):
    import importlib
    import inspect

    known = names_in(site)
    for module in public_modules("s3eval.metrics"):
        found = importlib.import_module(module)
        for name in found.__all__:
            if inspect.isfunction(getattr(found, name)):
                assert f"{module}.{name}" in known


def test_every_hook_is_there(site):
    page, guide = words(site / "reference" / "hooks.html"), words(site / "plugins.html")
    for hook, spec in HOOKS.values():
        assert hook in page and spec.__name__ in page
        assert hook in guide


def test_every_task_and_its_metrics_are_there(site):
    made = words(site / "reference" / "tasks.html")
    prose = words(site / "tasks.html") + words(site / "metrics.html")
    for name in installed().names("task"):
        assert name in made
        for metric in metrics_of(name):
            assert metric in made, f"{name} {metric}"
            # What it is, and how it is computed, is told by hand.
            assert re.search(rf"\b{metric}\b", prose), f"{name}: {metric} is explained nowhere"


def test_every_package_is_there(site):
    page = words(site / "reference" / "packages.html")
    for project in distributions():
        assert project["name"] in page


def test_nothing_is_loaded_from_another_host(site):
    """Links may lead elsewhere; scripts, styles, fonts and pictures may not."""
    loaded = re.compile(r"<(script|link|img|iframe|source)\b[^>]*?(?:src|href)=\"(?P<of>[^\"]+)\"")
    for page in site.rglob("*.html"):
        for match in loaded.finditer(page.read_text(encoding="utf-8")):
            assert "//" not in match["of"].partition("?")[0], f"{page.name}: {match[0]}"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//", sheet.read_text(encoding="utf-8"))
        assert "@import" not in sheet.read_text(encoding="utf-8")


def test_every_page_is_in_the_menu(site):
    """Sphinx tells a page in no menu; this tells what the front page's menu holds."""
    menu = (site / "index.html").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        if page.stem != "index":
            assert f'href="{page.stem}.html"' in menu, page.name


def test_what_would_be_wrong_fails(site, tmp_path):
    """A link that leads nowhere and a page in no menu end the build."""
    (tmp_path / "conf.py").write_text(
        'extensions = ["myst_parser"]\nmyst_heading_anchors = 4\n', encoding="utf-8"
    )
    front = "# Front\n\n```{toctree}\none\n```\n"
    call = [sys.executable, "-m", "sphinx", "-q", "-W", str(tmp_path), str(tmp_path / "out")]

    def built(index: str, one: str, **more: str) -> int:
        for name, text in {"index": index, "one": one, **more}.items():
            (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
        return subprocess.run([*call, "-E"], capture_output=True, check=False).returncode

    assert built(front, "# One\n\n[here](#one)\n") == 0
    assert built(front, "# One\n\n[nowhere](two.md)\n") != 0
    assert built(front, "# One\n\n[nowhere](#two)\n") != 0
    assert built(front, "# One\n", alone="# In no menu\n") != 0
