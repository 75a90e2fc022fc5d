"""Make the picture of a reader's session in docs/pictures, on drawn seizures.

    s3eval data synth demo --patients 3 --videos 6 --seed 0
    python tools/reader_pictures.py demo

Needs Playwright and a Chromium (S3EVAL_CHROMIUM, or the first that is found).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from s3eval_view.server.serving import address_of, listening, serve
from s3eval_view.study.reader_pages import reader_site
from s3eval_view.study.session import ReaderSession, Study

from s3eval.api.datasets import open_dataset

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def main(arguments: list[str]) -> int:
    """Answer a few questions and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data")
    parser.add_argument("--out", type=Path, default=PICTURES)
    given = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        study = Study("R1", ("recognition",), given.data)
        session = ReaderSession(study, open_dataset(given.data), Path(folder))
        app, shown = reader_site(session, "pictures")
        opened = listening(0)
        threading.Thread(target=serve, args=(app, opened), daemon=True).start()
        chromium = os.environ.get("S3EVAL_CHROMIUM") or shutil.which("chromium")
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 760})
            page.goto(address_of(opened, "pictures"))
            page.wait_for_selector("body.is-shown", timeout=60_000)
            for key in "ynyn0y":
                page.keyboard.press(key)
                page.wait_for_timeout(400)
            for _ in range(20):
                page.keyboard.press("ArrowRight")
            page.wait_for_timeout(1500)
            page.screenshot(path=given.out / "reader.jpg", type="jpeg", quality=82)
            print(given.out / "reader.jpg")
            browser.close()
        shown.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
