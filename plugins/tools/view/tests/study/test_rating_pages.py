"""What a rater's pages are served, and a rating in a real browser."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from s3eval_view.study.rating_pages import rating_site

from s3eval.api.datasets import open_dataset

from .conftest import MODELS, REPORT, TOKEN, opened_page, served, until


@pytest.fixture
def site(rating_of):
    """Make the application of a rating; its decoders are closed at the end."""
    shown = []

    def made(shows_videos=True, **options):
        session = rating_of(**options)
        app, looking = rating_site(session, TOKEN, shows_videos)
        shown.append(looking)
        return session, app

    yield made
    for one in shown:
        one.close()


def pages(session, app, asking):
    paths = ["", "done", *(f"report/{i}" for i in range(len(session.reports)))]
    paths += [f"shown/{i}" for i in range(len(session.reports))]
    paths += ["report/99", "shown/99", "shown/0/frame/9999", "nowhere"]
    found = [(path, asking(app, path)) for path in paths]
    body = {"place": 0, "rating": 4, "comment": "good", "seconds": 3}
    found.append(("rating", asking(app, "rating", "POST", json=body)))
    found.append(("rating", asking(app, "rating", "POST", json={**body, "rating": 9})))
    key = asking(app, "shown/0").json()["video"]
    media = asking(app, f"media/{key}", headers={"range": "bytes=0-9"})
    found.append(("media", media))
    return found


def test_nothing_served_tells_models_truth_or_files(site, asking, films, report_runs):
    session, app = site()
    secrets = [REPORT, "stiffens at once", str(films), ".mp4", "Maker/", "internvl", "qwen"]
    secrets += [*MODELS, *(run.name for run in report_runs), "lingshu"]
    for video in open_dataset(films).videos:
        secrets += [video.name, video.patient]
    answers = pages(session, app, asking)
    for path, answer in answers:
        content = answer.content + repr(dict(answer.headers)).encode()
        for secret in secrets:
            assert secret.lower().encode() not in content.lower(), (path, secret)
    assert any("[a model]" in a.text for p, a in answers if p.startswith("report/"))


def test_with_reference_the_annotated_report_is_shown_and_still_no_model(site, asking):
    session, app = site(reference=True, shows_videos=False)
    page = asking(app, "").text
    assert REPORT in page and 'id="stage"' not in page
    assert asking(app, "shown/0").status_code == 404
    for model in MODELS:
        assert model not in page.lower()
    assert len(session.reports) == 9


def test_a_hostile_report_is_shown_as_text(site, asking):
    session, app = site()
    texts = [asking(app, f"report/{i}").text for i in range(len(session.reports))]
    assert any("&lt;b&gt;" in text for text in texts)
    assert not any("<b>" in text or "\x1b" in text for text in texts)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"place": 0}', b'{"place": 0, "rating": "5"}',
                                  b'{"place": 0, "rating": 5, "comment": 1}'])  # fmt: skip
def test_what_is_no_rating_is_refused(site, asking, body):
    session, app = site()
    assert asking(app, "rating", "POST", content=body).status_code == 400
    assert session.progress()[0] == 0


def test_a_page_of_another_origin_rates_nothing(site, asking):
    session, app = site()
    body = json.dumps({"place": 0, "rating": 5, "comment": "", "seconds": 1})
    headers = {"origin": "http://evil.example"}
    assert asking(app, "rating", "POST", content=body, headers=headers).status_code == 403
    assert session.progress()[0] == 0


@pytest.mark.browser
def test_reports_are_rated_by_keyboard_and_a_reload_loses_nothing(site, browser):
    session, app = site()
    with served(app) as address, opened_page(browser, address) as page:
        there = "document.body.classList.contains('is-shown') && "
        heading = "document.querySelector('h1').textContent"
        until(page, f"{there}{heading} === 'Report 1 of 9'")
        page.keyboard.press("c")
        page.keyboard.type("misses 1 arm")
        page.keyboard.press("Escape")
        page.keyboard.press("4")
        until(page, f"{there}{heading} === 'Report 2 of 9'")
        page.keyboard.press("2")
        until(page, f"{there}{heading} === 'Report 3 of 9'")
        page.goto(address)
        assert page.locator("h1").inner_text() == "Report 3 of 9"
        page.keyboard.press("[")
        until(page, f"{there}{heading} === 'Report 2 of 9'")
        assert page.get_attribute("[data-rating='2']", "aria-pressed") == "true"
        page.keyboard.press("3")
        until(page, f"{there}{heading} === 'Report 3 of 9'")
        assert page.complaints == []
        assert {url.split("/")[2] for url in page.asked} == {address.split("/")[2]}
    given = [session.given().get((r.run, r.video)) for r in session.reports[:3]]
    assert [(g.rating, g.comment) if g else None for g in given] == [
        (4, "misses 1 arm"), (3, ""), None,
    ]  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_pictures(site, browser, scheme, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe")
    folder = Path(os.environ.get("S3EVAL_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    _, app = site(reference=True)
    options = {"color_scheme": scheme, "bypass_csp": True}
    with served(app) as address, opened_page(browser, address, **options) as page:
        page.wait_for_selector("#film")
        found = axe.Axe().run(page).response
        assert len(found["passes"]) > 8
        serious = [v["id"] for v in found["violations"] if v["impact"] in ("serious", "critical")]
        assert serious == [], found["violations"]
        for width in (1280, 800):
            page.set_viewport_size({"width": width, "height": 900})
            across = page.evaluate("document.documentElement.scrollWidth")
            assert across <= width
            page.screenshot(path=folder / f"rating-{width}-{scheme}.png")
