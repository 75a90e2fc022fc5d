"""How long the whole reproduction of the published tables takes, from the shell's prompt.

    python benchmarks/reproduce.py [RELEASE] [--repeat 3] [--json FILE]

Runs ``s3eval reproduce RELEASE --json ...`` in processes of their own and reports wall and CPU
seconds (CPU is the honest figure on a busy machine) and where the CPU seconds go. Target: the
whole reproduction in under 10 s on two cores. Exit code 1 when the target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET = 10.0


def once(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command and its children."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr.decode())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


PARTS = {
    "python and the command line": "import s3eval_paper.reproduce_verb",
    "+ libraries (rouge-score, sacrebleu)": (
        "from s3eval.metrics import text; text.rouge('a', 'a'); text.bleu(['a'], ['a'])"
    ),
    "+ reading the release": (
        "from s3eval.metrics import text; text.rouge('a', 'a'); text.bleu(['a'], ['a'])\n"
        "from s3eval_paper.release.reading import read_release\n"
        "read_release({release!r}, ['test'])"
    ),
}


def main() -> None:
    """Measure and print."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "s3-release"
    given = os.environ.get("S3EVAL_RELEASE", str(beside))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("release", nargs="?", default=given)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()
    if not Path(options.release).is_dir():
        sys.exit(f"No release at {options.release}; name its folder.")
    with tempfile.TemporaryDirectory() as folder:
        cells = Path(folder) / "cells.json"
        command = [sys.executable, "-m", "s3eval", "reproduce", options.release]
        runs = [once([*command, "--json", str(cells)]) for _ in range(options.repeat)]
        rows = json.loads(cells.read_text(encoding="utf-8"))
    parts = {}
    for name, code in PARTS.items():
        argv = [sys.executable, "-c", code.replace("{release!r}", repr(options.release))]
        parts[name] = min(once(argv)[1] for _ in range(options.repeat))
    wall, cpu = (statistics.median(r[i] for r in runs) for i in (0, 1))
    compared = sum(c["status"] != "skipped" for c in rows)
    matched = sum(c["status"] == "match" for c in rows)
    for name, seconds in parts.items():
        print(f"{name:<40} {seconds:6.2f} s CPU")
    print(f"{'whole reproduction':<40} {cpu:6.2f} s CPU, {wall:.2f} s wall")
    print(f"matched {matched} of {compared}; load average {os.getloadavg()[0]:.1f}")
    print(f"target {TARGET:.0f} s: {'met' if wall <= TARGET else 'missed'} (wall)")
    if options.json:
        facts = {
            "wall_s": wall,
            "cpu_s": cpu,
            "target_s": TARGET,
            "runs": runs,
            "parts_cpu_s": parts,
            "cells": compared,
            "matched": matched,
            "load": os.getloadavg()[0],
        }
        Path(options.json).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if wall <= TARGET else 1)


if __name__ == "__main__":
    main()
