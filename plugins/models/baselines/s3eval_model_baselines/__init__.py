"""Chance, replay and classical-signal models; nothing heavy is imported here."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_HERE = "s3eval_model_baselines"


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The baselines, the cheapest first."""
    scripted, senses = f"{_HERE}.scripted", f"{_HERE}.senses"
    return [
        ModelSpec(
            "always-yes",
            f"{scripted}:AlwaysYes",
            "the first answer offered, whatever is shown",
            sees=True,
            hears=True,
        ),
        ModelSpec(
            "always-no",
            f"{scripted}:AlwaysNo",
            "the last answer offered, whatever is shown",
            sees=True,
            hears=True,
        ),
        ModelSpec(
            "prevalence",
            f"{scripted}:Prevalence",
            "draws answers by how often they occur (seeded)",
            sees=True,
            hears=True,
        ),
        ModelSpec(
            "replay",
            f"{scripted}:Replay",
            "answers from a file (--model-option file=...)",
            sees=True,
            hears=True,
        ),
        ModelSpec(
            "motion",
            f"{senses}:Motion",
            "classical vision: rhythms, postures, stillness",
            needs=("scipy",),
            sees=True,
            profile="dense",
        ),
        ModelSpec(
            "sound",
            f"{senses}:Sound",
            "voice activity, groans, question and answer",
            needs=("numpy",),
            hears=True,
        ),
        ModelSpec(
            "motion+sound",
            f"{senses}:MotionAndSound",
            "motion and sound together",
            needs=("scipy",),
            sees=True,
            hears=True,
            profile="dense",
        ),
    ]
