"""Supervised tuning of a loaded model by LoRA: a loop of a few lines, to show that data trains.

The model, its processor, its chat template and its way of taking frames and sound are the
evaluation's own (`s3eval.hf`), so that what is learnt here is what an evaluation asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from s3eval.hf.model import TransformersModel
    from s3eval_finetune.testing.lessons import Lesson

__all__ = ["Tuning", "tune"]

#: Linear layers of the text model; the encoders of frames and sound are left alone, as in the
#: paper (``--freeze_vit true``).
TEXT_LAYERS = r"(?!.*(visual|audio)).*(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"


@dataclass(frozen=True)
class Tuning:
    """How it is tuned.

    Attributes:
        steps: of the optimiser, a batch of samples each.
        batch: samples a step, one forward pass after the other.
        learning_rate: of AdamW, falling to 0 in a straight line.
        rank, alpha: of LoRA.
        whole: modules that are trained whole beside LoRA. A random base has a random head, which
            no change of low rank makes say a word; a published base needs none.
        seed: of the order of samples and of the low-rank weights.
    """

    steps: int = 200
    batch: int = 2
    learning_rate: float = 5e-3
    rank: int = 8
    alpha: int = 32
    whole: tuple[str, ...] = ("lm_head",)
    layers: str = TEXT_LAYERS
    seed: int = 0


def tune(
    model: TransformersModel,
    lessons: Sequence[Lesson],
    out: Path,
    tuning: Tuning = Tuning(),
    advance: Callable[[int], None] = lambda n: None,
) -> list[float]:
    """Tune a loaded model on lessons and save the adapter.

    Args:
        model: loaded by its adapter; its weights are not changed, layers are added beside them.
        lessons: asked in batches, every one once before any is asked again.
        out: the adapter's folder.
        advance: called with 1 a step.

    Returns:
        the mean loss of each step, in nats a token of the answer.
    """
    import peft
    import torch

    torch.manual_seed(tuning.seed)
    config = peft.LoraConfig(
        r=tuning.rank,
        lora_alpha=tuning.alpha,
        target_modules=tuning.layers,
        modules_to_save=[*tuning.whole] or None,
    )
    wrapped = peft.get_peft_model(model.model, config)
    given = [_taught(model, lesson) for lesson in lessons]
    trained = [p for p in wrapped.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=tuning.learning_rate, weight_decay=0.0)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, tuning.steps)
    order, losses = _order(len(given), tuning), []
    wrapped.train()
    for step in range(tuning.steps):
        places = order[step * tuning.batch : (step + 1) * tuning.batch]
        total = 0.0
        for place in places:
            loss = _loss(wrapped, given[place]) / len(places)
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        falling.step()
        optimizer.zero_grad()
        losses.append(total)
        advance(1)
    wrapped.eval()
    wrapped.save_pretrained(str(out))
    return losses


def _order(count: int, tuning: Tuning) -> list[int]:
    rng = np.random.default_rng(tuning.seed)
    rounds = -(-tuning.steps * tuning.batch // count)
    return [int(i) for _ in range(rounds) for i in rng.permutation(count)]


def _taught(model: TransformersModel, lesson: Lesson) -> dict[str, Any]:
    """The whole conversation as the model takes it, and which tokens are learnt: the answer's."""
    import torch

    media = model.media(lesson.footage)
    asked = model.template(media).render(lesson.prompt)
    end = model.processor.tokenizer.eos_token
    inputs = model.inputs(asked + lesson.answer + end, media)
    before = model.inputs(asked, media)["input_ids"].shape[1]
    labels = inputs["input_ids"].clone()
    labels[:, :before] = -100
    assert bool(torch.all(labels[:, before:] >= 0))
    return {**inputs, "labels": labels}


def _loss(wrapped: Any, inputs: dict[str, Any]) -> Any:
    """Cross entropy of the answer's tokens, computed where they are alone."""
    import torch

    labels = inputs["labels"]
    forward = {k: v for k, v in inputs.items() if k != "labels"}
    # The library keeps the last clip's offset on the model; a leftover would leak into this one.
    for module in wrapped.modules():
        if hasattr(module, "rope_deltas"):
            module.rope_deltas = None
    logits = wrapped(**forward, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits[0, :-1], labels[0, 1:], ignore_index=-100)
