"""Which architectures of the installed library `hf` takes, how they share, what that saves.

    python -m s3eval_model_hf.support              # the table of docs/hf.md, a few minutes
    python -m s3eval_model_hf.support --quick      # without measuring: seconds

Every type that the library maps to image-text-to-text or multimodal generation is *tried* (a tiny
random checkpoint of it runs in the tests), *refused* (it cannot be asked in a chat about a clip)
or *untested*: it may work, and the comparison on loading decides how it is asked.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from s3eval import ModelSpec, Question
from s3eval.torch_environment import prepare_libraries
from s3eval_model_hf import s3eval_models
from s3eval_model_hf.classes import REFUSED, mapped_types

if TYPE_CHECKING:
    from s3eval import Footage
    from s3eval.vocabulary import Sense

__all__ = ["Support", "measured", "support_of", "table"]

_QUESTIONS, _APART, _REPEATS = 20, 4, 3


@dataclass(frozen=True)
class Support:
    """What is known of an architecture.

    ``status`` is "tried", "refused" or "untested"; ``note`` what it takes or why not;
    ``sharing`` how its questions share a clip, and ``saving`` how many times as long as that
    independent calls take, None where not measured.
    """

    model_type: str
    processor: str
    status: str
    note: str = ""
    sharing: str = ""
    saving: float | None = None


def support_of(model_type: str) -> Support:
    """What is known without building anything."""
    prepare_libraries()
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

    from s3eval.testing.architectures import FURTHER

    processor = str(PROCESSOR_MAPPING_NAMES.get(model_type) or "")
    if model_type in {**FURTHER, **_ADAPTED}:
        return Support(model_type, processor, "tried")
    if model_type in REFUSED:
        return Support(model_type, processor, "refused", REFUSED[model_type])
    note = _parts(processor) if processor else "what its files name as their processor"
    return Support(model_type, processor, "untested", note)


# The types with an adapter of their own; `hf` takes them, too, and its tests try them.
_ADAPTED = {
    "internvl": "internvl",
    "qwen2_5_vl": "qwen2_5_vl",
    "qwen3_vl": "qwen3_vl",
    "qwen2_5_omni": "qwen2_5_omni",
    "qwen2_5_omni_thinker": "qwen2_5_omni",
    "qwen3_omni_moe": "qwen3_omni",
    "qwen3_omni_moe_thinker": "qwen3_omni",
}


def _parts(processor: str) -> str:
    """What a processor takes."""
    import transformers

    try:
        parts = getattr(transformers, processor).get_attributes()
    except ImportError as error:
        missing = re.search(r"requires the (\S+)", str(error))
        return f"its processor needs {missing[1] if missing else 'more packages'}"
    names = {
        "image_processor": "images",
        "video_processor": "video",
        "feature_extractor": "sound",
        "audio_processor": "sound",
    }
    return ", ".join(sorted({names[part] for part in parts if part in names}))


def measured(support: Support) -> Support:
    """The same with a tiny checkpoint's sharing, and what it saves on this machine's CPU.

    Twenty questions about a clip of twenty frames: shared, against four independent calls times
    five; the median of three.
    """
    from s3eval.testing.checkpoints import shared_checkpoint

    name = _ADAPTED.get(support.model_type, support.model_type)
    model = _load(str(shared_checkpoint(name)))
    independent = _load(str(shared_checkpoint(name)), sharing="independent")
    questions = _questions(model)
    clip = _clip(model)
    way = str(model.sharing.way)

    def seconds(one: Any, asked: Sequence[Question]) -> float:
        begun = time.process_time()
        list(one.ask(one.watch(clip), asked))
        return time.process_time() - begun

    seconds(model, questions[:1])
    ratios = []
    for _ in range(_REPEATS):
        apart = seconds(independent, questions[:_APART]) * _QUESTIONS / _APART
        ratios.append(apart / seconds(model, questions))
    takes = [model.format.frames] if model.format.frames else []
    takes += ["sound"] if model.format.sound else []
    note = ", ".join(takes)
    return replace(support, note=note, sharing=way, saving=statistics.median(ratios))


def _load(checkpoint: str, **options: Any) -> Any:
    (spec,) = s3eval_models()
    assert isinstance(spec, ModelSpec)
    return spec.load().load(spec, {"checkpoint": checkpoint, **options})


def _clip(model: Any) -> Footage:
    from s3eval.testing.noise import noise_clip

    frames = 20 if "sight" in model.senses else 0
    return noise_clip(1, frames=frames, seconds=10.0, height=168, width=224)


def _questions(model: Any) -> list[Question]:
    sense: Sense = "sight" if "sight" in model.senses else "hearing"
    return [
        Question(
            f"q{i}",
            f"{i}: does the head turn left? Answer yes or no.",
            max_tokens=4,
            sense=sense,
        )
        for i in range(_QUESTIONS)
    ]


def table(rows: Sequence[Support]) -> str:
    """The rows as a Markdown table.

    >>> print(table([Support("gemma3", "Gemma3Processor", "tried", "images", "forked", 5.25)]))
    | `model_type` | processor | | takes | shares | independent calls take |
    |---|---|---|---|---|---|
    | gemma3 | Gemma3Processor | tried | images | forked | 5.2 times as long |
    """
    lines = [
        "| `model_type` | processor | | takes | shares | independent calls take |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        saving = "" if row.saving is None else f"{row.saving:.1f} times as long"
        cells = (row.model_type, row.processor, row.status, row.note, row.sharing, saving)
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |"))
    return "\n".join(lines)


def main() -> None:
    """Print the table for the installed library."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="do not measure")
    given = parser.parse_args()
    prepare_libraries()
    import torch
    import transformers

    torch.set_num_threads(1)
    rows = [support_of(model_type) for model_type in sorted(mapped_types())]
    if not given.quick:
        rows = [measured(row) if row.status == "tried" else row for row in rows]
    counts = {s: sum(r.status == s for r in rows) for s in ("tried", "refused", "untested")}
    stated = ", ".join(f"{n} {status}" for status, n in counts.items())
    print(f"transformers {transformers.__version__}: {len(rows)} types, {stated}\n")
    print(table(sorted(rows, key=lambda r: ["tried", "refused", "untested"].index(r.status))))


if __name__ == "__main__":
    main()
