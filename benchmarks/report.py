"""What a report of runs costs: seconds, bytes, and how fast a browser shows it.

    python benchmarks/report.py RUN... [--repeat 3] [--limit-seconds 20] [--limit-mb 8]

Runs ``s3eval report RUN... -o DIR`` in processes of their own and prints wall and CPU seconds (CPU
is the honest figure on a busy machine), the size of the page and of everything written, and
whether repeated reports are the same bytes. With Playwright and Chromium it also prints how many
elements the page has and the seconds until it has loaded. Exit code 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def once(runs: list[str], out: Path) -> tuple[float, float]:
    """Wall and CPU seconds of one report."""
    command = [sys.executable, "-m", "s3eval", "report", *runs, "-o", str(out)]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr.decode())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def digest(folder: Path) -> str:
    """One hash over names and contents."""
    checksum = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        checksum.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return checksum.hexdigest()


def shown(page_file: Path) -> str:
    """Elements of the page and seconds until it has loaded, median of five."""
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "not measured: Playwright is not installed"
    if browser_path is None:
        return "not measured: no Chromium"
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        seconds = []
        for _ in range(5):
            page = browser.new_page()
            begun = time.perf_counter()
            page.goto(page_file.as_uri(), wait_until="load")
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => done()))")
            seconds.append(time.perf_counter() - begun)
            elements = page.evaluate("document.querySelectorAll('*').length")
            page.close()
        browser.close()
    return f"{elements:,} elements, loaded and drawn in {statistics.median(seconds):.2f} s"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit-seconds", type=float, default=20.0)
    parser.add_argument("--limit-mb", type=float, default=8.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outs = [Path(folder) / str(i) for i in range(options.repeat)]
        measured = [once(options.runs, out) for out in outs]
        walls, cpus = ([m[i] for m in measured] for i in (0, 1))
        size = (outs[0] / "index.html").stat().st_size / 1e6
        every = sum(p.stat().st_size for p in outs[0].rglob("*") if p.is_file()) / 1e6
        same = len({digest(out) for out in outs}) == 1
        print(f"wall s {', '.join(f'{w:.1f}' for w in walls)}")
        print(f"CPU s {', '.join(f'{c:.1f}' for c in cpus)}")
        repeated = f"; same bytes each time: {same}" if options.repeat > 1 else ""
        print(f"page {size:.2f} MB; all files {every:.2f} MB{repeated}")
        print(f"page in Chromium: {shown(outs[0] / 'index.html')}")
    missed = size > options.limit_mb or min(cpus) > options.limit_seconds
    print(f"limits {options.limit_seconds:g} s (CPU, the least) and {options.limit_mb:g} MB: "
          f"{'missed' if missed else 'kept'}")  # fmt: skip
    sys.exit(int(missed or not same))


if __name__ == "__main__":
    main()
