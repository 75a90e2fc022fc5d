"""Scripts of whole sets, and of short videos that show one sign."""

from __future__ import annotations

import random
from dataclasses import replace

from s3eval.errors import S3EvalError
from s3eval_synth.contents import PLAIN_PATIENT, contents_of
from s3eval_synth.schedule import lines_for, schedule, usual_sign
from s3eval_synth.script import Script, Setting, Sign

__all__ = ["make_scripts", "single_sign"]


def make_scripts(patients: int = 8, videos: int = 24, seed: int = 0) -> tuple[Script, ...]:
    """The scripts of a whole dataset, in order of their names.

    Args:
        patients: how many people; never more than videos.
        videos: how many recordings, shared out evenly.
        seed: the same seed gives the same scripts.

    Raises:
        S3EvalError: a count below 1.

    >>> [s.diagnosis for s in make_scripts(patients=2, videos=4, seed=1)]
    ['ES', 'ES', 'NES', 'NES']
    """
    if patients < 1 or videos < 1:
        raise S3EvalError(
            f"Expected at least one patient and one video, but got {patients} and {videos}"
        )
    contents = contents_of(min(patients, videos), videos, seed)
    return tuple(schedule(video, index) for index, video in enumerate(contents))


def single_sign(
    feature: str, side: str = "", *, start: float = 3.0, end: float = 11.0, duration: float = 14.0,
    hz: float | None = None, style: str = "", camera: str = "foot", blanket: str | None = None,
    setting: Setting | None = None, fps: int = 25, parts: tuple[str, ...] = (), seed: int = 1,
) -> Script:  # fmt: skip
    """A short video that shows one sign only: for tests, the overview of signs, trying things out.

    Args:
        feature: the sign; "" for none at all.
        side: of the patient; where the sign needs one, "left" by default.

    >>> single_sign("clonic", side="right", hz=3.0).signs[0].hz
    3.0
    """
    legs = feature in ("pelvic_thrusting", "full_body_shaking", "tonic", "asynchronous_movement")
    chosen = setting or Setting(camera=camera, blanket=blanket or ("off" if legs else "waist"))
    signs: tuple[Sign, ...] = ()
    if feature:
        if feature == "occur_during_sleep":
            start = 0.0
        sign = usual_sign(feature, start, end, random.Random(seed), side=side, hz=hz, style=style)
        if parts:
            sign = replace(sign, parts=parts)
        signs = (sign,)
        if feature == "figure4":
            other = "right" if sign.side == "left" else "left"
            signs = (
                sign, Sign("arm_straightening", start, end, sign.side),
                Sign("arm_flexion", start, end, other),
            )  # fmt: skip
    patient = PLAIN_PATIENT
    lines = lines_for(feature, start, end, patient, "yes", random.Random(seed)) if feature else ()
    return Script(
        "T0001@1-1-2000@00000000@sz_v1_1", patient, chosen, duration, signs, (), lines, fps=fps,
        seed=seed, seizure_start=start if feature else None, seizure_end=end if feature else None,
    )  # fmt: skip
