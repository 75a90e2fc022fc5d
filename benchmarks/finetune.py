"""What exported samples teach a tiny random Qwen2.5-Omni on a CPU: the figures of docs/finetune.md.

    python benchmarks/finetune.py sft                          minutes; needs peft
    python benchmarks/finetune.py grpo --python trl/bin/python     in TRL's own environment

SFT goes through s3eval's own model (frames and sound), GRPO through TRL (frames as pictures). Exits
with 1 where what should be learnt is not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

SEEN = {"min_pixels": 0, "max_pixels": 112 * 112}
SEEDS = (0, 1, 2)


def prepared(folder: Path, arguments: Sequence[str]) -> tuple[Path, Path]:
    """A tiny base and an export of four drawn videos of 8 s, two of them for training."""
    from s3eval_synth.testing import tiny_dataset

    from s3eval.cli import main
    from s3eval.testing.checkpoints import build_checkpoint

    tiny_dataset(folder / "data", videos=4)
    base = build_checkpoint("qwen2_5_omni", folder / "base")
    try:
        main(["finetune", "export", str(folder / "data"), str(folder / "train"), *arguments])
    except SystemExit as ended:
        assert ended.code == 0
    return base, folder / "train"


def load(name: str, base: Path, **more: Any) -> Any:
    """The plugin's model on the tiny base."""
    from s3eval import discover

    spec = next(p.spec for p in discover().plugins if p.spec.name == name)
    return spec.load().load(spec, {"checkpoint": str(base), **SEEN, **more})


def answer_of(model: Any, lesson: Any) -> tuple[str, float]:
    """What is answered, and the probability of yes."""
    from s3eval import Question

    asked = Question("any", lesson.prompt, ("yes", "no"), max_tokens=8)
    (answer,) = model.ask(model.watch(lesson.footage), [asked])
    return str(answer.text), float(answer.probabilities["yes"])


def sft(folder: Path) -> bool:
    """Two footages with one prompt; the same footage with both answers; a few dozen samples."""
    from dataclasses import replace

    import torch
    from s3eval_finetune.testing.lessons import lessons_of, with_footage_of
    from s3eval_finetune.testing.sft import Tuning, tune

    torch.set_num_threads(1)
    base, train = prepared(folder, [])
    lessons = lessons_of(train, seconds=2.0)
    asked: dict[str, dict[str, Any]] = {}
    for lesson in lessons:
        if lesson.task == "recognition":
            asked.setdefault(lesson.prompt, {}).setdefault(lesson.answer, lesson)
    both = next(by_answer for by_answer in asked.values() if {"Yes", "No"} <= {*by_answer})
    pair = [both["Yes"], both["No"]]
    adapter = folder / "adapter"
    start = time.process_time()
    fine = True
    for whole in ((), ("lm_head",)):
        model = load("seizure-omni-sft-7b", base)
        losses = tune(model, pair, adapter, Tuning(steps=60, whole=whole))
        tuned = load("seizure-omni-sft-7b", base, adapter=str(adapter))
        own = [answer_of(tuned, one) for one in pair]
        swapped = [answer_of(tuned, one) for one in with_footage_of(pair, [1, 0])]
        beside = f"LoRA and {', '.join(whole)}" if whole else "LoRA alone"
        print(f"{beside}: loss {losses[0]:.2f} to {losses[-1]:.3f}; own footage {own}, "
              f"swapped {swapped}")  # fmt: skip
        fine &= [a for a, _ in own] == ["Yes", "No"] and [a for a, _ in swapped] == ["No", "Yes"]
    others = [replace(a, answer=b.answer) for a, b in zip(pair, pair[::-1], strict=True)]
    model = load("seizure-omni-sft-7b", base)
    losses = tune(model, [*pair, *others], adapter, Tuning(steps=60, batch=4))
    print(f"shuffled footage (both answers to each): loss {losses[0]:.2f} to {losses[-1]:.3f}; "
          "ln 2 / 2 is 0.347")  # fmt: skip
    fine &= losses[-1] > 0.31
    some = lessons[:48]
    model = load("seizure-omni-sft-7b", base)
    losses = tune(model, some, adapter, Tuning(steps=96, learning_rate=3e-3))
    first, last = mean(losses[:24]), mean(losses[-24:])
    print(f"{len(some)} samples of {len({s.task for s in some})} tasks: mean loss of the first "
          f"quarter {first:.2f}, of the last {last:.2f}")  # fmt: skip
    print(f"{time.process_time() - start:.0f} s of processor time")
    return fine and last < first


def grpo(folder: Path, python: str) -> bool:
    """SFT of a few steps, then GRPO from its adapter in three seeds."""
    base, train = prepared(
        folder,
        [
            "--format",
            "trl",
            "--tasks",
            "1",
            "--pictures",
            "1",
            "--senses",
            "sight",
            "--balance",
            "down",
            "--limit",
            "16",
        ],
    )
    script = [python, "-W", "ignore", "-m", "s3eval_finetune.engines.train_trl",
              "--data", str(train / "train.jsonl"), "--model", str(base), "--dtype", "float32",
              "--max-pixels", "3136"]  # fmt: skip
    start = folder / "sft"
    run(script, "--way sft --learning-rate 3e-3 --whole lm_head --steps 32 --per-device 4", start)
    drawn = "--max-new-tokens 2 --temperature 1.0 --top-p 1.0 --top-k 0 --reward seizure"
    batch = "--learning-rate 1e-3 --steps 50 --per-device 16 --generations 8"
    better = 0
    for seed in SEEDS:
        out = folder / f"grpo-{seed}"
        run(script, f"--way grpo --adapter {start} --seed {seed} {batch} {drawn}", out)
        steps = [s for s in json.loads((out / "log.json").read_text()) if "reward" in s]
        rewards, quarter = [s["reward"] for s in steps], len(steps) // 4
        first, last = mean(rewards[:quarter]), mean(rewards[-quarter:])
        varied = 1 - mean(s["frac_reward_zero_std"] for s in steps)
        print(f"seed {seed}: mean reward of the first quarter {first:.3f}, of the last {last:.3f}; "
              f"{varied:.0%} of the groups had rewards that differ")  # fmt: skip
        better += last > first
    print(f"higher in {better} of {len(SEEDS)} seeds")
    return better == len(SEEDS)


def run(script: list[str], options: str, out: Path) -> None:
    """One training, its words kept in a file beside it."""
    with out.with_suffix(".txt").open("w", encoding="utf-8") as words:
        command = [*script, *options.split(), "--out", str(out)]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        subprocess.run(command, check=True, stdout=words, stderr=subprocess.STDOUT, env=env)


def main() -> int:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["sft", "grpo"])
    parser.add_argument("--python", default=sys.executable, help="The one that has TRL.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        return 0 if (sft(path) if given.way == "sft" else grpo(path, given.python)) else 1


if __name__ == "__main__":
    sys.exit(main())
