"""The plans: the paper's settings, what engines call them now, and what differs."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace

import pytest
from s3eval_finetune.appendix import GRPO, SFT
from s3eval_finetune.engines.train_trl import options
from s3eval_finetune.memory import estimate
from s3eval_finetune.planning import ENGINES, WAYS, Settings, make_plan

from s3eval.cli import main

# Appendix E's commands, as printed: the options whose values decide the training.
PRINTED = {
    "sft": "num_train_epochs 3 per_device_train_batch_size 1 learning_rate 5e-05 lora_rank 8 "
    "lora_alpha 32 target_modules all-linear freeze_vit true freeze_aligner true max_length 32768 "
    "gradient_accumulation_steps 4 warmup_ratio 0.05 deepspeed zero2 split_dataset_ratio 0.05 "
    "attn_impl sdpa torch_dtype bfloat16",
    "grpo": "rlhf_type grpo reward_weights 1.0 lora_rank 8 lora_alpha 32 max_steps 6000 "
    "per_device_train_batch_size 2 learning_rate 1e-06 gradient_accumulation_steps 1 "
    "num_generations 6 temperature 0.8 top_p 0.95 top_k 50 max_completion_length 1024 "
    "max_length 32768 warmup_ratio 0.05 deepspeed zero2",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_settings_are_the_paper_s(way: str) -> None:
    plan = make_plan("swift", way, Settings("train"))  # type: ignore[arg-type]
    flags = [word.removeprefix("--") for word in plan.command[2:]]
    given = dict(zip(flags[::2], flags[1::2], strict=True))
    wanted = PRINTED[way].split()
    for key, value in zip(wanted[::2], wanted[1::2], strict=True):
        assert given[key] == value, key
    assert plan.variables["VIDEO_MAX_PIXELS"] == str(784 * 448)
    assert plan.variables["FPS_MAX_FRAMES"] == "60" and plan.variables["FPS"] == "1"
    assert given["report_to"] == "none", "nothing is sent anywhere by default"


def test_completions_are_dealt_out_evenly() -> None:
    """2 a GPU on 8 GPUs are no multiple of 6 a prompt, as printed."""
    for gpus in (1, 2, 3, 8):
        plan = make_plan("swift", "grpo", Settings("train", gpus=gpus))
        steps = int(plan.command[plan.command.index("--steps_per_generation") + 1])
        assert 2 * gpus * steps % 6 == 0
    assert any(
        "no multiple of 6" in note for note in make_plan("swift", "grpo", Settings("t")).notes
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("way", WAYS)
def test_the_shell_s_words_are_the_command_s(engine: str, way: str) -> None:
    settings = Settings("a folder/train", adapter="an adapter")
    plan = make_plan(engine, way, settings)  # type: ignore[arg-type]
    words = shlex.split(plan.shell().replace("\\\n", " "))
    assert words[len(plan.variables) :] == [w for c in plan.command[:1] for w in c.split()] + [
        *plan.command[1:]
    ]
    assert "an adapter" in words


@pytest.mark.parametrize("way", WAYS)
def test_our_script_for_trl_takes_what_the_plan_says(way: str) -> None:
    plan = make_plan("trl", way, Settings("train"))  # type: ignore[arg-type]
    given = options().parse_args(list(plan.command[2:]))
    known = SFT if way == "sft" else GRPO
    assert given.learning_rate == known.learning_rate and given.rank == known.rank
    if way == "grpo":
        assert (given.generations, given.steps, given.top_k) == (6, 6000, 50)


def test_memory_grows_with_what_it_is_made_of() -> None:
    base = estimate(SFT)
    assert base.weights == 2 * 8_930_000_000
    assert estimate(replace(SFT, rank=16)).adapter == 2 * base.adapter
    assert estimate(replace(SFT, per_device=2)).kept == 2 * base.kept
    assert estimate(SFT, seconds=30).tokens < base.tokens
    assert base.cache == 0 < estimate(GRPO).cache
    # LoRA of rank 8 on all linear layers of a 7B text model: about 20 million parameters.
    assert 18e6 < base.adapter / 16 < 22e6


def test_the_command_prints_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["finetune", "plan", "train"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.index("swift sft") < shown.index("swift rlhf")
    assert re.search(r"in all about \d+ GiB", shown) and "not measured" in shown
    assert '--external_plugins "$REWARDS"' in shown and "REWARDS=$(" in shown
    with pytest.raises(SystemExit):
        main(["finetune", "plan", "train", "--way", "sft", "--json", "-"])
    (plan,) = json.loads(capsys.readouterr().out)
    assert plan["way"] == "sft" and plan["shell"].startswith("CUDA_VISIBLE_DEVICES=")
