"""How much a chat judge adds to the server's own time.

200 simulated calls of 100 ms, 20 at once, against a server on loopback: ideally 1.0 s. Measured
through the whole judge (cache on disk, gate, budget, validation). Target: at most 1.3 x ideal.

    python benchmarks/judge_concurrency.py [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from s3eval.judging.chat import ChatJudge, Service
from s3eval.specs import JudgeSpec
from s3eval.testing.chat_server import Said, scripted

CALLS, SECONDS, AT_ONCE, TARGET = 200, 0.1, 20, 1.3
REPLY = json.dumps(
    {
        "structural_completeness": ["onset"],
        "event_sequence": ["tonic"],
        "localizing_features": dict.fromkeys(
            ("head_turning", "first_motor_laterality", "asymmetric_posturing", "figure_4"), "none"
        ),
        "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False},
    }
)


class Simulated(ChatJudge):
    """The judge measured."""

    service = Service("simulated", "http://127.0.0.1/v1", "simulated", ())


def serve(pipe: Connection) -> None:
    """The simulated server, in a process of its own as servers are."""
    with scripted(lambda text, body, before: Said(REPLY, wait=SECONDS)) as server:
        pipe.send(server.base_url)
        pipe.recv()
        pipe.send(server.most_at_once)


def once() -> tuple[float, int]:
    """Seconds for all calls, and the most in flight at once."""
    texts = [f"Report {i}: the left arm stiffens." for i in range(CALLS)]
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(there,))
    process.start()
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "base_url": here.recv(),
            "concurrency": AT_ONCE,
            "cache": str(Path(folder) / "judges.sqlite"),
        }
        judge = Simulated.load(JudgeSpec("simulated", adapter=""), options)
        start = time.perf_counter()
        judge.read_reports(texts)
        seconds = time.perf_counter() - start
        judge.close()
    here.send("stop")
    most: int = here.recv()
    process.join()
    return seconds, most


def main() -> None:
    """Measure five times; print the median and the spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    runs = [once() for _ in range(5)]
    times = sorted(seconds for seconds, _ in runs)
    ideal = CALLS * SECONDS / AT_ONCE
    result = {
        "ideal_seconds": ideal,
        "median_seconds": round(statistics.median(times), 3),
        "fastest_seconds": round(times[0], 3),
        "slowest_seconds": round(times[-1], 3),
        "ratio": round(statistics.median(times) / ideal, 3),
        "target_ratio": TARGET,
        "most_at_once": max(most for _, most in runs),
    }
    print(json.dumps(result, indent=1))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
