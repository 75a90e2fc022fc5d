"""Whether anything waits that need not: the pipeline against servers and stand-in models.

    python benchmarks/pipeline.py --data demo/data           # every part but replicas
    python benchmarks/pipeline.py --data demo/data --part server --latency 1 8
    python benchmarks/pipeline.py --part replicas            # two processes, a tiny checkpoint

Parts, each with its target, all ratios within one run of the program:

  server    a server that answers after so many seconds and takes 64 requests at once: each clip
            is encoded once; wall time at most that of the same run without latency, 1.5 x latency
            x questions / 64 and 5 s; with 8 s at least 48 requests wait, on average over the
            middle half of the run
  sleeping  a model that sleeps 0.5 s a clip: wall time at most 1.15 x the larger of all decoding
            on the cores and all sleeping, and 3 s
  overhead  an instant model that does not look: at most 3 ms an answer from the plan to the store,
            and 2 KB on the disk beside the answers' texts
  replicas  a small random checkpoint on the CPU, a thread in each process, computing at least
            5 x decoding and preparing: two processes at least 1.6 x as fast as one, and no clip
            slower than without reading ahead (medians of three)
  memory    the peak memory of a run with an instant model over 1,000 videos, at most 1.2 x that
            over 100; both as commands (Linux only: the peak is read in /proc)

Without --data the videos of `make demo` are drawn first, which takes some minutes. Exit code 1
when a target is missed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from busy_server import average_waiting, busy

from s3eval import evaluate
from s3eval.api.datasets import open_dataset
from s3eval.facts.clips import profile
from s3eval.facts.videos import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.model import Model, Question
from s3eval.plugins import installed
from s3eval.running.executing import Executor
from s3eval.running.limits import Limits
from s3eval.running.loading import load_tasks
from s3eval.running.plan import make_plan
from s3eval.running.recording import ask_all
from s3eval.running.session import Session
from s3eval.running.store import AnswerStore

AT_ONCE, SLEEP = 64, 0.5


class Sleeps(Model):
    """Sleeps a while for each clip, as one that computes elsewhere."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.clips = 0

    def watch(self, footage: Any) -> Any:
        """Sleep."""
        self.clips += 1
        time.sleep(self.seconds)
        return footage

    def answer(self, footage: Any, question: Question) -> str:
        """At once."""
        return "yes"


class Instant(Sleeps):
    """Does not even look."""

    uses_footage = False

    def __init__(self) -> None:
        super().__init__(0.0)

    def watch(self, footage: Any) -> Any:
        """At once."""
        return footage


def asked(
    data: Dataset, model: Model, decoders: int | None = None, executor: Executor | None = None
) -> tuple[float, Session, int]:
    """Ask everything of recognition: seconds, the session, bytes of the store."""
    tasks = load_tasks(("recognition",), installed())
    plan = make_plan(data, tasks, profile("standard"), frozenset({"sight"}))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.sqlite"
        with AnswerStore(path) as store:
            limits = Limits(decoders)
            session = Session.of(data, plan, store, model, "m", {"sight"}, limits=limits)
            begun = time.perf_counter()
            ask_all(session, executor=executor)
            seconds = time.perf_counter() - begun
        return seconds, session, path.stat().st_size


def server(data: Path, latencies: list[float], concurrency: int, **options: Any) -> dict[str, Any]:
    """Runs against servers of several latencies, first without any."""
    from s3eval_model_server import sending

    results: dict[str, Any] = {"at_once": concurrency, "options": options}
    for latency in (0.0, *latencies):
        encoded = []
        whole = sending.media_of

        def counted(footage: Any, *more: Any, **kept: Any) -> Any:
            encoded.append((footage.clip.video, footage.clip.start))  # noqa: B023
            return whole(footage, *more, **kept)  # noqa: B023

        with busy(latency) as at, tempfile.TemporaryDirectory() as out:
            sending.media_of = counted
            begun = time.perf_counter()
            evaluate(
                "server",
                "recognition",
                data,
                out,
                resamples=20,
                model_options={"base_url": at.base_url, "concurrency": concurrency, **options},
            )
            wall = time.perf_counter() - begun
            sending.media_of = whole
            changes, received = at.counts()
        questions = sum(after[1] < before[1] for before, after in itertools.pairwise(changes))
        row = {
            "seconds": round(wall, 1),
            "questions": questions,
            "clips": len(set(encoded)),
            "encoded": len(encoded),
            "megabytes_sent": round(received / 1e6),
            "most_waiting": max(n for _, n in changes),
            "waiting_middle_half": round(average_waiting(changes), 1),
        }
        if latency:
            limit = results["0.0"]["seconds"] + 1.5 * latency * questions / concurrency + 5
            row["limit"] = round(limit, 1)
            row["reached"] = wall <= limit and len(encoded) == len(set(encoded))
            if latency == 8:
                row["reached"] = row["reached"] and row["waiting_middle_half"] >= 48
        results[str(latency)] = row
    return results


def sleeping(data: Path) -> dict[str, Any]:
    """A model that sleeps, against decoding alone and against one thing after the other."""
    opened = open_dataset(str(data))
    decoding, _, _ = asked(opened, Sleeps(0.0))
    model = Sleeps(SLEEP)
    wall, session, _ = asked(opened, model)
    before, _, _ = asked(opened, Sleeps(SLEEP), decoders=0)
    slept = model.clips * SLEEP
    limit = 1.15 * max(decoding, slept) + 3
    return {
        "clips": model.clips,
        "decoding_alone": round(decoding, 1),
        "sleeping_alone": round(slept, 1),
        "seconds": round(wall, 1),
        "one_after_the_other": round(before, 1),
        "limit": round(limit, 1),
        "spent": {stage: round(s, 1) for stage, s in session.seconds.as_dict().items()},
        "reached": wall <= limit,
    }


def replicas(repeats: int = 3) -> dict[str, Any]:
    """Two processes against one, and reading ahead against not, with a small random checkpoint."""
    import torch
    from s3eval_synth.testing import tiny_dataset

    from s3eval.running.replicas import Replicas, ReplicatedModel
    from s3eval.testing.architectures import Encoder, Scale
    from s3eval.testing.checkpoints import build_checkpoint

    torch.set_num_threads(1)
    plugin = installed().get("model", "qwen2.5-vl-7b")
    place = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        scale = Scale(hidden=256, layers=4, heads=4, sight=Encoder(64), hearing=Encoder(64))
        checkpoint = build_checkpoint("qwen2_5_vl", Path(folder) / "tiny", scale=scale)
        options = {"checkpoint": str(checkpoint), "device": "cpu"}
        data = tiny_dataset(Path(folder) / "data", videos=12, seconds=8.0)
        spent: dict[str, float] = {}
        executors = dict[str, tuple[Replicas, ReplicatedModel]]()
        for count in (1, 2):
            executor, model = Replicas(count), ReplicatedModel(plugin, options, [place] * count)
            executor._model = model  # loaded here, so that each has one thread
            asked(data, model, executor=executor)  # warm: files, libraries
            executors[f"processes_{count}"] = executor, model
        local = plugin.spec.load().load(plugin.spec, options)
        times: dict[str, list[float]] = {n: [] for n in (*executors, "ahead", "not_ahead")}
        for _ in range(repeats):
            for name, (executor, model) in executors.items():
                seconds, session, _ = asked(data, model, executor=executor)
                times[name].append(seconds)
                spent = dict(session.seconds.as_dict())
            times["ahead"].append(asked(data, local)[0])
            times["not_ahead"].append(asked(data, local, decoders=0)[0])
        for _, model in executors.values():
            model.close()
    gains = [a / b for a, b in zip(times["processes_1"], times["processes_2"], strict=True)]
    per_clip = [a / b for a, b in zip(times["ahead"], times["not_ahead"], strict=True)]
    computing = spent["watching"] + spent["asking"]
    results = {
        "seconds": {name: [round(t, 2) for t in some] for name, some in times.items()},
        "computing_to_preparing": round(computing / (spent["decoding"] + spent["preparing"]), 1),
        "two_to_one": [round(g, 2) for g in sorted(gains)],
        "ahead_to_not_ahead": [round(g, 2) for g in sorted(per_clip)],
    }
    results["reached"] = statistics.median(gains) >= 1.6 and statistics.median(per_clip) <= 1.0
    return results


def invented(videos: int) -> Dataset:
    """A dataset without files."""
    listed = tuple(Video(f"v{i:04d}", f"p{i % 50}", duration=70.0) for i in range(videos))
    notes = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes", 3.0, 5.0)}) for v in listed
    }
    return Dataset("invented", listed, notes)


def overhead() -> dict[str, Any]:
    """Milliseconds and bytes an answer."""
    seconds, session, size = asked(invented(100), Instant())
    answers = sum(1 for _ in session.plan.asks())
    text = len("yes") * answers
    results = {
        "answers": answers,
        "milliseconds_an_answer": round(1000 * seconds / answers, 3),
        "bytes_an_answer": round((size - text) / answers),
    }
    results["reached"] = (
        results["milliseconds_an_answer"] <= 3 and results["bytes_an_answer"] <= 2048
    )
    return results


def memory() -> dict[str, Any]:
    """Peak memory of `s3eval run` with an instant model over 100 and 1,000 videos."""
    from s3eval.dataset import write_folder

    results: dict[str, Any] = {}
    for videos in (100, 1000):
        with tempfile.TemporaryDirectory() as folder:
            data = write_folder(invented(videos), Path(folder) / "data")
            command = [sys.executable, "-c", _PEAK, "run", "-m", "always-yes", "-t", "recognition"]
            command += ["-d", str(data), "-o", f"{folder}/runs", "--resamples", "20"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results[f"megabytes_{videos}"] = round(int(done.stderr.split()[-1]) / 1024, 1)
    results["ratio"] = round(results["megabytes_1000"] / results["megabytes_100"], 3)
    results["reached"] = results["ratio"] <= 1.2
    return results


# Not `ru_maxrss`: a new program inherits the peak of the one that started it, here that of torch.
_PEAK = """
import sys
from s3eval.cli import main
try:
    main(sys.argv[1:])
finally:
    with open("/proc/self/status") as status:
        print(next(line.split()[1] for line in status if line.startswith("VmHWM")), file=sys.stderr)
"""


def drawn(folder: str) -> Path:
    """The videos of `make demo`."""
    data = Path(folder) / "data"
    command = ["data", "synth", str(data), "--patients", "6", "--videos", "12", "--seed", "0"]
    subprocess.run([sys.executable, "-m", "s3eval", *command], check=True)
    return data


def main() -> None:
    """Measure the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--part", nargs="+", default=["server", "sleeping", "overhead", "memory"])
    parser.add_argument("--latency", nargs="+", type=float, default=[1.0, 8.0])
    parser.add_argument("--send-media", default="each")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        footage = {"server", "sleeping"} & set(arguments.part)
        data = arguments.data or (drawn(folder) if footage else Path())
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "server": lambda: server(
                data, arguments.latency, AT_ONCE, send_media=arguments.send_media
            ),
            "sleeping": lambda: sleeping(data),
            "overhead": overhead,
            "memory": memory,
            "replicas": replicas,
        }
        results = {}
        for part in arguments.part:
            results[part] = parts[part]()
            print(json.dumps({part: results[part]}, indent=1), flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if '"reached": false' in json.dumps(results):
        sys.exit(1)


if __name__ == "__main__":
    main()
