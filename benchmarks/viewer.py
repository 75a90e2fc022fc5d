"""How fast the viewer answers: its list, a video's page, and seeking in a long video.

    python benchmarks/viewer.py RUN...        list and pages of these runs
    python benchmarks/viewer.py --seek        seeking in 120 s of 1080p, in Chromium

Medians of 20 after one warm-up, over the loopback interface, as a browser asks. Targets: the list
of 438 videos within 200 ms, a video's page within 300 ms, seeking within 500 ms.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from s3eval_view.server.serving import address_of, listening, serve
from s3eval_view.viewer.site import Site, site_of

TIMES = 20


def served(paths: list[Path]) -> tuple[str, Site]:
    """The address of a viewer of these runs, and what it holds."""
    app, site = site_of(paths, "benchmark")
    opened = listening(0)
    threading.Thread(target=serve, args=(app, opened), daemon=True).start()
    return address_of(opened, "benchmark"), site


def fetched(address: str) -> tuple[float, int]:
    """Milliseconds until a page is there whole, and its bytes."""
    begun = time.perf_counter()
    with urllib.request.urlopen(address) as answer:
        size = len(answer.read())
    return 1000 * (time.perf_counter() - begun), size


def report(what: str, times: list[float], target: float, size: int = 0) -> None:
    """One line: the median, the spread, and whether the target is met."""
    middle = statistics.median(times)
    met = "met" if middle <= target else "MISSED"
    spread = f"{min(times):.0f} to {max(times):.0f}"
    bytes_ = f", {size / 1e3:.0f} kB" if size else ""
    print(f"{what}: median {middle:.0f} ms ({spread}{bytes_}); target {target:.0f} ms: {met}")


def pages(paths: list[Path]) -> None:
    """The list and twenty videos' pages of some runs."""
    begun = time.perf_counter()
    address, site = served(paths)
    first, _ = fetched(address)
    now = site.now()
    print(f"{len(now.rows)} videos, {len(now.shown.runs)} runs; load {os.getloadavg()[0]:.1f}")
    print(f"opened and first list: {time.perf_counter() - begun:.1f} s (list {first:.0f} ms)")
    results = [fetched(address) for _ in range(TIMES)]
    report("list of videos", [t for t, _ in results], 200, results[0][1])
    keys = random.Random(0).sample(sorted(now.shown.recordings), k=min(TIMES, len(now.rows)))
    fetched(f"{address}video/{keys[0]}")
    results = [fetched(f"{address}video/{keys[i % len(keys)]}") for i in range(TIMES)]
    report("page of a video", [t for t, _ in results], 300, results[0][1])
    run = now.shown.about(keys[0])[0].key
    fetched(f"{address}video/{keys[0]}/run/{run}")
    results = [fetched(f"{address}video/{keys[0]}/run/{run}") for _ in range(TIMES)]
    report("all that a run said of it", [t for t, _ in results], 300, results[0][1])
    results = [fetched(f"{address}?text=arm&failure=any") for _ in range(TIMES)]
    report("filtered list", [t for t, _ in results], 200, results[0][1])
    site.close()


def film(path: Path, seconds: int = 120, rate: int = 25) -> None:
    """A 1080p video with something of detail in it, a keyframe every 10 s as cameras have it."""
    import av
    import numpy as np

    noise = np.random.default_rng(0).integers(0, 255, (1080, 2400, 3), np.uint8)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        video = out.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        video.codec_context.gop_size = 10 * rate
        video.options = {"preset": "ultrafast", "crf": "35"}
        for n in range(seconds * rate):
            picture = np.ascontiguousarray(noise[:, (n % 240) * 2 : (n % 240) * 2 + 1920] // 4)
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode(None))


#: In the page: seconds of the video to where it is, in milliseconds, from asking to a new frame.
SEEK = """async (to) => {
  const video = document.querySelector("video"), begun = performance.now();
  const shown = new Promise(done => video.requestVideoFrameCallback(done));
  const moved = new Promise(done => video.addEventListener("seeked", done, {once: true}));
  video.currentTime = to;
  await moved; await shown;
  return performance.now() - begun;
}"""


def seeking() -> None:
    """Seeking to random moments of 120 s of 1080p while it plays, in Chromium."""
    from playwright.sync_api import sync_playwright

    from s3eval import api

    folder = Path(tempfile.gettempdir()) / "s3eval-viewer-benchmark"
    source = folder / "data" / "videos" / "long.mp4"
    if not source.is_file():
        source.parent.mkdir(parents=True, exist_ok=True)
        film(source)
        (folder / "data" / "dataset.toml").write_text('format = 1\nname = "long"\n')
        (folder / "data" / "videos.csv").write_text(
            "video,file,patient,diagnosis,fold,duration\nlong,videos/long.mp4,P1,ES,0,120\n"
        )
        api.evaluate("always-yes", ["recognition"], folder / "data", folder / "runs", resamples=20)
    address, site = served([folder / "runs"])
    chromium = os.environ.get("S3EVAL_CHROMIUM") or shutil.which("chromium")
    (key,) = site.now().shown.recordings
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{address}video/{key}")
        page.evaluate("document.querySelector('video').muted = true")
        page.evaluate("document.querySelector('video').play()")
        places = random.Random(0)
        page.evaluate(SEEK, 60.0)
        times = [page.evaluate(SEEK, places.uniform(0, 115)) for _ in range(TIMES)]
        browser.close()
    size = source.stat().st_size / 1e6
    print(f"120 s of 1080p, {size:.0f} MB, a keyframe every 10 s; load {os.getloadavg()[0]:.1f}")
    report("seeking to a moment while playing", times, 500)
    site.close()


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--seek", action="store_true")
    given = parser.parse_args()
    if given.runs:
        pages(given.runs)
    if given.seek:
        seeking()


if __name__ == "__main__":
    main()
