"""Train on an export with TRL: ``python -m s3eval_finetune.engines.train_trl --help``.

Run it in TRL's own environment, with a folder that ``s3eval finetune export --format trl`` wrote.
TRL takes pictures and no video or sound.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from s3eval_finetune.appendix import FRAME_PIXELS

__all__ = ["main", "options"]


def options() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(description="Tune a model on an export by TRL, with LoRA.")
    add = parser.add_argument
    add("--way", choices=["sft", "grpo"], required=True, help="How it is tuned.")
    add("--data", required=True, help="The export's train.jsonl.")
    add("--model", required=True, help="The checkpoint, a folder or a repository.")
    add("--adapter", default="", help="An adapter to go on from.")
    add("--out", required=True, help="Where adapter and log are saved.")
    add("--learning-rate", type=float, default=5e-5, help="Of AdamW.")
    add("--rank", type=int, default=8, help="Of LoRA.")
    add("--alpha", type=int, default=32, help="Of LoRA.")
    add("--target", default="all-linear", help="Layers with LoRA: a name, or a pattern.")
    add("--whole", default="", help="Modules trained whole, by commas.")
    add("--per-device", type=int, default=1, help="Samples, or completions, at a time.")
    add("--accumulation", type=int, default=1, help="Steps whose gradients are added up.")
    add("--warmup", type=float, default=0.05, help="Share of the steps.")
    add("--epochs", type=float, default=3, help="Passes over the data, where --steps is 0.")
    add("--steps", type=int, default=0, help="Steps of the optimiser.")
    add("--generations", type=int, default=6, help="Completions of a prompt (GRPO).")
    add("--steps-per-generation", type=int, default=1, help="Steps that use up a batch of them.")
    add("--temperature", type=float, default=0.8, help="Of drawing completions.")
    add("--top-p", type=float, default=0.95, help="Of drawing completions.")
    add("--top-k", type=int, default=50, help="Of drawing completions.")
    add("--max-new-tokens", type=int, default=1024, help="Of a completion.")
    add("--reward", default="seizure_better", help="seizure or seizure_better.")
    add("--max-pixels", type=int, default=FRAME_PIXELS,
        help="Of a picture; larger ones are reduced.")  # fmt: skip
    add("--dtype", default="bfloat16", help="Of the weights.")
    add("--seed", type=int, default=0, help="Of everything drawn.")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Train, save the adapter to ``OUT`` and the log to ``OUT/log.json``."""
    from s3eval.torch_environment import prepare_libraries

    given = options().parse_args(arguments)
    kept = prepare_libraries()
    from transformers import set_seed

    set_seed(given.seed)
    model, processor = _model(given)
    data = _data(given)
    make = _sft if given.way == "sft" else _grpo
    trainer = make(given, model, processor, data)
    trainer.train()
    trainer.save_model(given.out)
    log = Path(given.out) / "log.json"
    log.write_text(json.dumps(trainer.state.log_history, indent=1) + "\n", encoding="utf-8")
    del kept


def _model(given: argparse.Namespace) -> tuple[Any, Any]:
    """The model with LoRA, its encoders left alone, and its processor."""
    import torch
    import transformers
    from peft import LoraConfig, PeftModel, get_peft_model

    config = transformers.AutoConfig.from_pretrained(given.model)
    # An omni checkpoint's thinker is what answers; its voice is not loaded.
    kind: Any = transformers.AutoModelForImageTextToText
    if config.model_type.startswith("qwen2_5_omni"):
        kind = transformers.Qwen2_5OmniThinkerForConditionalGeneration
    base = kind.from_pretrained(given.model, dtype=getattr(torch, given.dtype))
    processor = transformers.AutoProcessor.from_pretrained(given.model)
    processor.image_processor.size = {"shortest_edge": 56 * 56, "longest_edge": given.max_pixels}
    if given.adapter:
        return PeftModel.from_pretrained(base, given.adapter, is_trainable=True), processor
    lora = LoraConfig(
        r=given.rank,
        lora_alpha=given.alpha,
        target_modules=given.target,
        exclude_modules=r".*(visual|vision|audio)[^.]*\..*",
        modules_to_save=[name for name in given.whole.split(",") if name] or None,
    )
    return get_peft_model(base, lora), processor


def _data(given: argparse.Namespace) -> Any:
    from datasets import Image, Sequence, load_dataset

    rows = load_dataset("json", data_files=given.data, split="train")
    rows = rows.cast_column("images", Sequence(Image()))
    return rows if given.way == "sft" else rows.remove_columns("completion")


def _shared(given: argparse.Namespace) -> dict[str, Any]:
    import torch

    return {
        "output_dir": given.out,
        "learning_rate": given.learning_rate,
        "per_device_train_batch_size": given.per_device,
        "gradient_accumulation_steps": given.accumulation,
        # Below 1 it is a share of all steps.
        "warmup_steps": given.warmup,
        "num_train_epochs": given.epochs,
        "max_steps": given.steps or -1,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "seed": given.seed,
        "bf16": given.dtype == "bfloat16",
        "use_cpu": not torch.cuda.is_available(),
    }


def _sft(given: argparse.Namespace, model: Any, processor: Any, data: Any) -> Any:
    from trl import SFTConfig, SFTTrainer

    # A cut sample would lose the places of its pictures.
    config = SFTConfig(**_shared(given), max_length=None)
    columns = ["prompt", "completion", "images"]
    return SFTTrainer(model, config, train_dataset=data.select_columns(columns),
                      processing_class=processor)  # fmt: skip


def _media_tokens(processor: Any) -> list[int]:
    """The ids of the tokens that stand for media, or begin and end them."""
    kinds = ("image", "video", "audio")
    names = [f"{k}_token" for k in kinds]
    names += [f"{k}_{end}_token" for k in ("vision", "audio") for end in ("bos", "eos")]
    tokens = [t for n in names if (t := getattr(processor.tokenizer, n, None))]
    return [int(i) for i in processor.tokenizer.convert_tokens_to_ids(tokens)]


def _grpo(given: argparse.Namespace, model: Any, processor: Any, data: Any) -> Any:
    from trl import GRPOConfig, GRPOTrainer

    from s3eval_finetune.engines import trl

    config = GRPOConfig(
        **_shared(given),
        num_generations=given.generations,
        steps_per_generation=given.steps_per_generation,
        temperature=given.temperature,
        top_p=given.top_p,
        top_k=given.top_k,
        max_completion_length=given.max_new_tokens,
        remove_unused_columns=False,
        # A completion that opens a picture or sound of its own has none, and stops the engine.
        generation_kwargs={"suppress_tokens": _media_tokens(processor)},
    )
    reward = getattr(trl, given.reward)
    return GRPOTrainer(model, reward, config, train_dataset=data, processing_class=processor)


if __name__ == "__main__":
    main()
