"""Make the pictures of the viewer in docs/pictures, from runs on drawn seizures.

    s3eval data synth demo --patients 5 --videos 8 --seed 3
    s3eval run -m motion -m motion+sound -m sound -m always-yes -t all -d demo -o demo-runs
    python tools/viewer_pictures.py demo-runs

Needs Playwright and a Chromium (S3EVAL_CHROMIUM, or the first that is found).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
from pathlib import Path

from s3eval_view.server.serving import address_of, listening, serve
from s3eval_view.viewer.site import Site, site_of

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def addresses(site: Site) -> dict[str, str]:
    """The pages to show, by the name of their picture."""
    now = site.now()
    key = now.rows[0].key
    asked = [run for run in now.shown.about(key) if run.is_asked]
    run = next((r for r in asked if r.label == "motion"), asked[0])
    return {
        "viewer-list": "",
        "viewer-video": f"video/{key}#t=10",
        "viewer-findings": f"video/{key}/run/{run.key}#recognition-tonic",
    }


def main(arguments: list[str]) -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=PICTURES)
    given = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    app, site = site_of(given.runs, "pictures")
    opened = listening(0)
    address = address_of(opened, "pictures")
    threading.Thread(target=serve, args=(app, opened), daemon=True).start()
    chromium = os.environ.get("S3EVAL_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, path in addresses(site).items():
            page = browser.new_page(viewport={"width": 1280, "height": 960})
            page.goto(address + path)
            page.wait_for_timeout(1500)
            page.screenshot(path=given.out / f"{name}.jpg", type="jpeg", quality=82)
            print(given.out / f"{name}.jpg")
        browser.close()
    site.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
