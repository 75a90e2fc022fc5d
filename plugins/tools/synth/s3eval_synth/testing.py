"""Small real video files for tests, drawn quickly."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from s3eval.facts.videos import Dataset
from s3eval_synth.dataset import draw_scripts
from s3eval_synth.generate import single_sign
from s3eval_synth.schedule import lines_for, usual_sign
from s3eval_synth.script import Script, Setting

__all__ = ["tiny_dataset", "tiny_scripts"]

# (diagnosis, ((feature, side, first and last share of the video), ...))
_EVENTS: tuple[tuple[str, tuple[tuple[str, str, float, float], ...]], ...] = (
    ("ES", (("ictal_vocalization", "", 0.10, 0.40), ("head_turning", "right", 0.25, 0.65),
            ("clonic", "left", 0.50, 0.95))),
    ("NES", (("close_eyes", "", 0.02, 0.98), ("asynchronous_movement", "both", 0.20, 0.80),
             ("verbal_responsiveness", "", 0.30, 0.90))),
    ("ES", (("occur_during_sleep", "", 0.0, 0.25), ("tonic", "both", 0.30, 0.80),
            ("face_pulling", "left", 0.40, 0.80))),
    ("NES", (("arms_move_simultaneously", "both", 0.15, 0.60),
             ("pelvic_thrusting", "", 0.62, 0.95))),
)  # fmt: skip


def tiny_scripts(videos: int = 3, seconds: float = 8.0, seed: int = 0) -> tuple[Script, ...]:
    """Scripts of 320 x 240 pictures, 25 a second; diagnoses alternate ES, NES."""
    scripts = []
    for n in range(videos):
        diagnosis, events = _EVENTS[n % len(_EVENTS)]
        rng = random.Random(f"tiny {seed} {n}")
        blank = single_sign("", duration=seconds)
        signs = tuple(
            replace(usual_sign(f, a * seconds, b * seconds, rng, side=side), lag=0.0)
            for f, side, a, b in events
        )
        # Short videos leave room for a short exchange only.
        lines = tuple(
            replace(line, start=min(line.start, seconds - 0.4), end=min(line.end, seconds))
            for s in signs
            for line in lines_for(s.feature, s.start, s.end, blank.patient, "yes", rng)
        )
        code = "sz" if diagnosis == "ES" else "nes"
        patient = f"T{n + 1:04d}"
        scripts.append(
            replace(
                blank, name=f"{patient}@1-1-2000@{rng.getrandbits(32):08X}@{code}_v1_1",
                patient=replace(blank.patient, name=patient), signs=signs, lines=lines,
                setting=Setting(("foot", "side-left")[n % 2], blanket=("waist", "off")[n % 2]),
                width=320, height=240, seed=seed * 1000 + n, diagnosis=diagnosis,
                seizure_start=min(s.start for s in signs), seizure_end=max(s.end for s in signs),
            )
        )  # fmt: skip
    return tuple(scripts)


def tiny_dataset(
    folder: str | Path, videos: int = 3, seconds: float = 8.0, seed: int = 0
) -> Dataset:
    """Draw a few short videos (H.264 + AAC, 320 x 240, 25 a second) with exact annotation.

    Costs about half a second a video. Drawing into the same folder again costs nothing.

    Args:
        folder: where; created when missing.
        seconds: length of each video.

    Returns:
        the dataset, opened from the folder; folds 0, 1, 0, 1, ...
    """
    scripts = tiny_scripts(videos, seconds, seed)
    folds = {s.patient.name: n % 2 for n, s in enumerate(scripts)}
    return draw_scripts(scripts, folds, folder, "tiny", {"videos": videos, "seconds": seconds})
