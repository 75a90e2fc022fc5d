"""What decoding costs, in CPU seconds, side by side in one run.

    python benchmarks/decode.py [--file VIDEO] [--repeat 3] [--placement random] [--json FILE]

Needs the seven task plugins. Makes a 120-s 1080p H.264 file of 5 Mb/s (or takes one), then
measures, each in a process of its own and in turn, so that a busy machine disturbs all alike:

  null       FFmpeg's null decode (`ffmpeg -f null`), the yardstick
  one-pass   the frames of all seven tasks' sampling in one pass
  grid       the 2-FPS grid of the windows alone
  per-task   the same frames as one-pass, each task decoding for itself (the sum)

and prints the ratios beside their targets. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

SECONDS, FPS, SIZE, BITRATE = 120, 30, (1920, 1080), 5_000_000
TARGETS = {  # name: (what, limit, whether lower is better)
    "one-pass / null": (1.40, True),
    "grid / null": (0.95, True),
    "per-task / one-pass": (5.0, False),
    "peak memory, GB": (0.60, True),
}


def make_video(path: Path) -> None:
    """A slowly moving, grainy scene with a brisk mover in it, 1080p, 30 FPS, with sound."""
    import av
    import numpy as np

    rng = np.random.default_rng(0)
    width, height = SIZE
    coarse = rng.integers(0, 200, (height // 40 + 8, width // 40 + 8), np.uint8)
    scene = np.kron(coarse, np.ones((40, 40), np.uint8))
    grain = [rng.normal(0, 4, (height, width)).astype(np.int16) for _ in range(6)]
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.bit_rate = BITRATE
        video.options = {"preset": "faster", "maxrate": str(BITRATE), "bufsize": str(2 * BITRATE)}
        audio = out.add_stream("aac", rate=48_000, layout="mono")
        for i in range(SECONDS * FPS):
            dx = int(40 + 30 * np.sin(i / 60))
            luma = scene[dx : dx + height, dx : dx + width].astype(np.int16) + grain[i % 6]
            x = int((width - 300) * (0.5 + 0.5 * np.sin(i / 9)))
            luma[400:700, x : x + 300] = 220
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = luma.clip(16, 235)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        time_axis = np.arange(SECONDS * 48_000) / 48_000
        tone = (0.2 * np.sin(2 * np.pi * 220 * time_axis)).astype(np.float32)[None]
        sound = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        sound.rate, sound.pts, sound.time_base = 48_000, 0, Fraction(1, 48_000)
        out.mux(audio.encode(sound))
        out.mux(audio.encode(None))


def clips_by_task(duration: float, placement: str) -> dict[int, list]:
    """Every clip the seven task plugins plan for a video with ten annotated features.

    Times are whole seconds, as in the release. ``placement`` is Task 4's option: "centred" (the
    default; Tables 16 and 22), or "random", whose clips start at any fraction of a second.
    """
    from s3eval import Annotation, PlanContext, Video, discover
    from s3eval.dataset import FeatureAnnotation, Lateralization
    from s3eval.footage import profile

    onsets = {
        "occur_during_sleep": 0, "close_eyes": 4, "head_turning": 12, "arm_flexion": 27,
        "arm_straightening": 29, "figure4": 30, "tonic": 33, "face_twitching": 47, "clonic": 52,
        "ictal_vocalization": 15,
    }  # fmt: skip
    annotation = Annotation(
        "bench",
        {name: FeatureAnnotation("yes", at, at + 20.0) for name, at in onsets.items()},
        {
            "head_turning": Lateralization("right", 12, 42),
            "arm_movement": Lateralization("right", 27, 57),
            "onset_body_part": Lateralization("right arm"),
        },
        sequence=tuple(sorted(onsets, key=onsets.__getitem__)),
        report="A report.",
        seizure_start=12,
        seizure_end=95,
    )
    video = Video("bench", "P1", "bench.mp4", "ES", 0, duration)
    clips = {}
    tasks = {p.spec.name: p.spec for p in discover().of("task") if p.spec.number}
    for name, spec in tasks.items():
        context = PlanContext(
            profile("standard"),
            frozenset({"sight", "hearing"}),
            frozenset(tasks),
            options={"placement": placement} if name == "timing" else {},
        )
        asked = spec.load()().inquiries(video, annotation, context)
        clips[spec.number] = distinct([inquiry.clip for inquiry in asked])
    return dict(sorted(clips.items()))


def distinct(clips: list) -> list:
    """The clips, each once."""
    return list(dict.fromkeys(clips))


def measure(given: argparse.Namespace) -> dict:
    """One measurement, in this process: CPU seconds of decoding and peak memory."""
    from s3eval.footage import Footage, profile, windows
    from s3eval.footage.decoding import decode, probe

    file, part = given.file, given.part
    duration = probe(file).duration
    tasks = clips_by_task(duration, given.placement)
    if part == "grid":
        sampling = profile("standard").window_sampling
        clips = list(windows("bench", duration, 30, 5, sampling))
    elif part == "one-pass":
        clips = distinct([c for own in tasks.values() for c in own])
    else:
        clips = tasks[given.task]
    frames, shown = 0, set()
    started, wall = time.process_time(), time.perf_counter()
    for footage in decode(file, clips, sound=part != "grid", backend=given.backend):
        assert isinstance(footage, Footage), footage
        frames += len(footage.times)
        shown |= set(footage.times.tolist())
        del footage  # as the engine does: a clip is let go before the next is made
    return {
        "cpu": time.process_time() - started,
        "wall": time.perf_counter() - wall,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "clips": len(clips),
        "frames": frames,
        "distinct": len(shown),
    }


def null_decode(file: Path) -> dict:
    """FFmpeg's null decode of the picture; PyAV's, where the command is missing."""
    command = shutil.which("ffmpeg")
    arguments = [command, "-v", "error", "-i", str(file), "-map", "0:v", "-f", "null", "-"]
    if command is None:
        code = (
            "import av, sys\nc = av.open(sys.argv[1])\ns = c.streams.video[0]\n"
            "s.thread_type = 'AUTO'\nfor _ in c.decode(s): pass"
        )
        arguments = [sys.executable, "-c", code, str(file)]
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "wall": time.perf_counter() - wall}


def in_a_process(given: argparse.Namespace, part: str, task: int = 0) -> dict:
    """Run :func:`measure` in a fresh process."""
    command = [sys.executable, __file__, "--part", part, "--task", str(task)]
    command += ["--backend", given.backend, "--placement", given.placement]
    done = subprocess.run([*command, "--file", str(given.file)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def once(given: argparse.Namespace) -> dict[str, dict]:
    """All four measurements."""
    measurements = {
        "null": null_decode(given.file),
        "one-pass": in_a_process(given, "one-pass"),
        "grid": in_a_process(given, "grid"),
    }
    own = [in_a_process(given, "task", task) for task in range(1, 8)]
    measurements["per-task"] = {
        "cpu": sum(o["cpu"] for o in own),
        "wall": sum(o["wall"] for o in own),
        "peak_gb": max(o["peak_gb"] for o in own),
        "clips": sum(o["clips"] for o in own),
        "frames": sum(o["frames"] for o in own),
    }
    return measurements


def ratios(run: dict[str, dict]) -> dict[str, float]:
    """What the targets are about, of one run."""
    null = run["null"]["cpu"]
    return {
        "one-pass / null": run["one-pass"]["cpu"] / null,
        "grid / null": run["grid"]["cpu"] / null,
        "per-task / one-pass": run["per-task"]["cpu"] / run["one-pass"]["cpu"],
        "peak memory, GB": max(run["one-pass"]["peak_gb"], run["grid"]["peak_gb"]),
    }


def report(runs: list[dict], yardstick: str) -> dict:
    """Print the tables; the same as data."""
    print(f"yardstick: {yardstick}; {len(runs)} runs, medians; {os.cpu_count()} CPUs")
    print(
        f"{'':10} {'CPU s':>8} {'wall s':>8} {'GB':>6} {'clips':>6} {'frames':>7} {'distinct':>9}"
    )
    for part in runs[0]:
        row = {k: statistics.median(r[part][k] for r in runs) for k in runs[0][part]}
        print(
            f"{part:10} {row['cpu']:8.2f} {row['wall']:8.2f} {row.get('peak_gb', 0):6.2f} "
            f"{row.get('clips', 0):6.0f} {row.get('frames', 0):7.0f} {row.get('distinct', 0):9.0f}"
        )
    targets = {}
    for name, (limit, lower) in TARGETS.items():
        values = [ratios(r)[name] for r in runs]
        value = statistics.median(values)
        met = value <= limit if lower else value >= limit
        targets[name] = {"value": value, "all": values, "limit": limit, "met": met}
        sign = "<=" if lower else ">="
        spread = f"{min(values):.2f}-{max(values):.2f}"
        print(
            f"{name:22} {value:6.2f}  ({spread})  target {sign} {limit:.2f}  "
            f"{'met' if met else 'MISSED'}"
        )
    return {"yardstick": yardstick, "runs": runs, "targets": targets}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, help="use this video instead of making one")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--backend", default="pyav")
    parser.add_argument("--placement", default="centred", help="of Task 4's clips (or: random)")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--task", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        print(json.dumps(measure(given)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        if given.file is None:
            given.file = Path(folder) / "bench.mp4"
            print("making the video ...", file=sys.stderr)
            make_video(given.file)
        runs = [once(given) for _ in range(given.repeat)]
    summary = report(
        runs, "ffmpeg -f null" if shutil.which("ffmpeg") else "PyAV full decode (no ffmpeg here)"
    )
    if given.json:
        given.json.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return 0 if all(t["met"] for t in summary["targets"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
