"""A reader's session in a real browser: by keyboard, reloaded in the middle, nothing lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from s3eval_view.study.reader_pages import reader_site

from s3eval.api.datasets import open_dataset

from .conftest import TOKEN, dataset_with_films, opened_page, served, until

pytestmark = pytest.mark.browser


@pytest.fixture
def reading(session_of):
    """A session that is served: the session and its address."""
    shown = []

    def start(**options):
        session = session_of(**options)
        app, looking = reader_site(session, TOKEN)
        shown.append(looking)
        return session, served(app)

    yield start
    for one in shown:
        one.close()


def answered(page, count):
    until(page, f"document.getElementById('counted').textContent.startsWith('{count} ')")


def test_five_questions_with_a_reload_in_the_middle(reading, browser):
    session, server = reading(tasks=("recognition",))
    with server as address, opened_page(browser, address) as page:
        page.wait_for_selector("body.is-shown")
        for count, key in ((1, "1"), (2, "n"), (3, "0")):
            page.keyboard.press(key)
            answered(page, count)
        page.reload()
        page.wait_for_selector("body.is-shown")
        answered(page, 3)
        given = page.locator(".question .given").all_inner_texts()
        assert given[:4] == ["yes", "no", "cannot tell", ""]
        assert page.get_attribute(".question.is-current", "data-number") == "3"
        page.keyboard.press("2")
        answered(page, 4)
        page.keyboard.press("y")
        answered(page, 5)
        assert page.complaints == []
        assert {url.split("/")[2] for url in page.asked} == {address.split("/")[2]}
    kept = session.answers(0)[:6]
    assert [a and (a.status, a.text) for a in kept] == [
        ("answered", "yes"), ("answered", "no"), ("skipped", ""),
        ("answered", "no"), ("answered", "yes"), None,
    ]  # fmt: skip
    again, _ = reading(tasks=("recognition",))
    assert again.progress()[0] == 5


def test_an_answer_can_be_corrected_by_keyboard(reading, browser):
    session, server = reading(tasks=("recognition",))
    with server as address, opened_page(browser, address) as page:
        page.wait_for_selector("body.is-shown")
        page.keyboard.press("y")
        answered(page, 1)
        page.keyboard.press("ArrowUp")
        page.keyboard.press("n")
        until(page, "document.querySelector('.question .given').textContent === 'no'")
        assert page.locator("#counted").inner_text().startswith("1 of")
    assert session.answers(0)[0].text == "no"


def test_frames_play_and_step_by_keyboard(reading, browser):
    _, server = reading(tasks=("recognition",))
    with server as address, opened_page(browser, address) as page:
        page.wait_for_selector("body.is-shown")
        assert page.locator("#time").inner_text() == "0.00 s"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.locator("#time").inner_text() == "1.00 s"
        page.keyboard.press("Home")
        page.keyboard.press("Space")
        assert page.get_attribute("#play", "aria-pressed") == "true"
        until(page, "parseFloat(document.getElementById('time').textContent) >= 1.5")
        page.keyboard.press("Space")
        assert page.get_attribute("#play", "aria-pressed") == "false"
        alt = page.get_attribute("#stage img", "alt")
        assert alt.startswith("Frame ") and alt.endswith("seconds")
        widths = page.evaluate("document.querySelector('#stage img').naturalWidth")
        assert widths > 100 and page.complaints == []


def test_text_is_written_and_times_taken_from_what_is_shown(reading, browser):
    session, server = reading(tasks=("timing", "report"), limit=1)
    with server as address, opened_page(browser, address) as page:
        page.wait_for_selector("body.is-shown")
        assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
        page.keyboard.type("The head turns [and] stays; 1 arm.")
        page.keyboard.press("Control+Enter")
        answered(page, 1)
        until(page, "document.activeElement.id === 'next'")
        page.keyboard.press("Enter")
        page.wait_for_selector("body.is-shown .take")
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("t")
        page.keyboard.press("Enter")
        answered(page, 2)
        assert page.complaints == []
    assert session.answers(0)[0].text == "The head turns [and] stays; 1 arm."
    taken = float(session.answers(1)[0].text)
    assert taken == pytest.approx(session.profile.clip_sampling.fps and 2.0, abs=0.1)


def test_the_whole_video_is_played(reading, browser):
    _, server = reading(tasks=("recognition",), shown="video")
    with server as address, opened_page(browser, address) as page:
        page.wait_for_selector("#film")
        until(page, "document.getElementById('film').readyState >= 1")
        page.keyboard.press("ArrowRight")
        until(page, "document.getElementById('film').currentTime >= 1")
        assert page.evaluate("document.getElementById('film').muted") is True
        assert page.complaints == []


def test_a_video_that_browsers_do_not_play_is_converted(browser, tmp_path):
    from s3eval_view.study.session import ReaderSession, Study

    data = dataset_with_films(tmp_path / "old", "mpeg2video", ".mpg")
    study = Study("R1", ("recognition",), str(data), shown="video")
    session = ReaderSession(study, open_dataset(data), tmp_path / "readers")
    app, looking = reader_site(session, TOKEN)
    with served(app) as address, opened_page(browser, address) as page:
        page.wait_for_selector("#film")
        until(page, "document.getElementById('film').readyState >= 1")
        assert page.evaluate("document.getElementById('film').duration") == pytest.approx(4, abs=1)
        assert "/converted/" in page.evaluate("document.getElementById('film').src")
        assert page.complaints == []
    looking.close()
    assert not list(data.glob("**/*.mp4")) and not list((tmp_path / "readers").glob("**/*.mp4"))


def test_an_answer_that_is_not_saved_is_said(reading, browser):
    session, server = reading(tasks=("recognition",))
    with server as address, opened_page(browser, address) as page:
        page.wait_for_selector("body.is-shown")
        page.route("**/answer", lambda route: route.abort())
        page.keyboard.press("y")
        page.wait_for_selector("#unsaved:not([hidden])")
        assert "not saved" in page.locator("#unsaved").inner_text()
        assert page.locator("#counted").inner_text().startswith("0 of")
        page.unroute("**/answer")
        page.keyboard.press("y")
        answered(page, 1)
        assert page.locator("#unsaved").is_hidden()
    assert session.progress()[0] == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(reading, browser, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe")
    session, server = reading(tasks=("recognition", "justification", "timing", "report"))
    # The pages' own policy keeps axe out; it is tested elsewhere.
    options = {"color_scheme": scheme, "bypass_csp": True}
    with server as address, opened_page(browser, address, **options) as page:
        last = len(session.clips) - 1
        for path in ("", "clip/1", f"clip/{last}", "done"):
            page.goto(address + path)
            page.wait_for_selector("body.is-shown" if path != "done" else "h1")
            found = axe.Axe().run(page).response
            assert len(found["passes"]) > 8
            serious = [
                v["id"] for v in found["violations"] if v["impact"] in ("serious", "critical")
            ]
            assert serious == [], (path, found["violations"])


def test_pictures(reading, browser, tmp_path):
    folder = Path(os.environ.get("S3EVAL_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    _, server = reading(tasks=("recognition",))
    with server as address:
        for scheme in ("light", "dark"):
            for width in (1280, 800):
                with opened_page(browser, address, color_scheme=scheme) as page:
                    page.set_viewport_size({"width": width, "height": 900})
                    page.wait_for_selector("body.is-shown")
                    across = page.evaluate("document.documentElement.scrollWidth")
                    assert across <= width  # nothing is cut off at the side
                    page.screenshot(path=folder / f"reader-{width}-{scheme}.png")
