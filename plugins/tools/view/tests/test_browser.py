"""The report in a real browser: nothing but itself, no errors, usable by everybody.

Chromium is the system's (``S3EVAL_CHROMIUM``, or the first found); where there is none, or no
Playwright, these tests are skipped and say so. Pictures are kept in ``S3EVAL_SCREENSHOTS``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from s3eval.cli import cli

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(made, tmp_path_factory):
    out = tmp_path_factory.mktemp("browser") / "out"
    arguments = ["report", *map(str, made.runs), "-o", str(out), "--resamples", "50"]
    arguments += ["--videos", made.video]
    assert CliRunner().invoke(cli, arguments, catch_exceptions=False).exit_code == 0
    return out / "index.html"


@pytest.fixture
def opened(browser, page_file):
    """A page with what it asked for and what it complained about."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (page.complaints.append("dialog"), dialog.dismiss()))
    page.goto(page_file.as_uri())
    yield page
    page.close()


def test_it_asks_nobody_and_complains_of_nothing(opened, page_file):
    opened.click("#open-all")
    opened.wait_for_timeout(200)
    others = [a for a in opened.asked if not a.startswith("data:")]
    assert others == [page_file.as_uri()]
    assert opened.complaints == []


def test_a_script_in_an_answer_does_not_run(opened):
    assert opened.locator("script").count() == 1
    assert opened.locator("img[src='x']").count() == 0
    assert "<script>alert(1)</script>" in opened.locator("main").inner_text()


def test_all_pictures_are_drawn(opened):
    widths = opened.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
    assert len(widths) >= 6 and min(widths) > 100
    words = opened.eval_on_selector_all("img", "all => all.map(one => one.alt.length)")
    assert min(words) > 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, page_file, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe")
    page = browser.new_page(color_scheme=scheme, bypass_csp=True)
    page.goto(page_file.as_uri())
    page.click("#open-all")
    found = axe.Axe().run(page).response
    assert len(found["passes"]) > 20
    serious = [v["id"] for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == []


def test_the_keyboard_reaches_the_report_and_opens_the_tables(opened):
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "Skip to the report"
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "main"
    folded = opened.locator("section > details:not(.legend):not([open])")
    assert folded.count() > 3
    opened.focus("#open-all")
    opened.keyboard.press("Enter")
    assert folded.count() == 0
    assert opened.get_attribute("#open-all", "aria-pressed") == "true"


def test_pictures_of_light_dark_and_print(browser, page_file, tmp_path):
    folder = Path(os.environ.get("S3EVAL_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    backgrounds = {}
    for scheme, media in (("light", "screen"), ("dark", "screen"), ("dark", "print")):
        page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
        page.goto(page_file.as_uri())
        page.emulate_media(media=media, color_scheme=scheme)
        name = "print" if media == "print" else scheme
        page.screenshot(path=folder / f"report-{name}.png")
        backgrounds[name] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        hidden = page.locator("nav").is_hidden()
        assert hidden == (media == "print")
        page.close()
    assert backgrounds["light"] == backgrounds["print"] == "rgb(255, 255, 255)"
    assert backgrounds["dark"] == "rgb(20, 25, 31)"
