"""What to install and run to tune a model: every command and setting, nothing run by itself.

Settings are those of the paper's Appendix E. Where the engine's present version calls one
otherwise, or cannot run it as printed, the plan changes it and says so in its notes.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from s3eval_finetune.appendix import FRAME_PIXELS, FRAMES, GRPO, SFT, Training
from s3eval_finetune.memory import Memory, estimate

__all__ = ["ENGINES", "WAYS", "Plan", "Settings", "make_plan"]

Engine = Literal["swift", "trl"]
Way = Literal["sft", "grpo"]
ENGINES: tuple[Engine, ...] = ("swift", "trl")
WAYS: tuple[Way, ...] = ("sft", "grpo")
BASE = "Qwen/Qwen2.5-Omni-7B"


@dataclass(frozen=True)
class Settings:
    """What the user decides.

    Attributes:
        data: the exported folder.
        model: checkpoint, a folder or a repository.
        adapter: an adapter to go on from, e.g. GRPO from the one SFT made; "" for none.
        out: where the engine saves.
        gpus: processes, one a GPU.
        reward: of GRPO.
    """

    data: str
    model: str = BASE
    adapter: str = ""
    out: str = "tuned"
    gpus: int = 8
    reward: str = "seizure_better"


@dataclass(frozen=True)
class Plan:
    """Commands in order, and what is to be known of them.

    Attributes:
        environment: commands that make the engine's own environment.
        variables: environment variables of the training command.
        command: the training command, an argument an entry.
        evaluation: the command that evaluates the result.
        notes: what differs from the paper's printed command, and why.
        memory: of one GPU.
    """

    engine: Engine
    way: Way
    environment: tuple[str, ...]
    variables: Mapping[str, str]
    command: tuple[str, ...]
    evaluation: str
    notes: tuple[str, ...]
    memory: Memory
    training: Training = field(default=SFT)

    def shell(self) -> str:
        """The training command as one would type it."""
        lines = [f"{key}={shlex.quote(value)} \\" for key, value in self.variables.items()]
        words = [*self.command]
        start = next((i for i, w in enumerate(words) if w.startswith("--")), len(words))
        lines.append(" ".join(words[:start]) + " \\")
        groups: list[list[str]] = []
        for word in words[start:]:
            if word.startswith("--"):
                groups.append([word])
            else:
                # A shell variable is filled in by the shell.
                groups[-1].append(f'"{word}"' if word.startswith("$") else shlex.quote(word))
        lines += [f"    {' '.join(group)} \\" for group in groups]
        return "\n".join(lines).removesuffix(" \\")


def make_plan(engine: Engine, way: Way, settings: Settings) -> Plan:
    """The plan of tuning one way with one engine."""
    training = replace(SFT if way == "sft" else GRPO, gpus=settings.gpus)
    make = _swift if engine == "swift" else _trl
    variables, command, notes = make(training, settings)
    name = f"seizure-omni-{way}-7b"
    evaluation = (
        f"s3eval run --model {name} --model-option adapter={settings.out}/CHECKPOINT "
        "--tasks all --data DATASET --folds 0 --out runs"
    )
    return Plan(
        engine,
        way,
        _environment(engine),
        variables,
        tuple(command),
        evaluation,
        tuple(notes),
        estimate(training),
        training,
    )


def _environment(engine: Engine) -> tuple[str, ...]:
    """An environment of its own: the engines want other versions of transformers than s3eval."""
    ours = "s3eval-finetune"
    if engine == "swift":
        # decord: the torchvision of torch 2.13 reads no videos any more.
        wanted = f"ms-swift==4.6.0 qwen-omni-utils decord deepspeed {ours}"
        where = "import s3eval_finetune as package; print(package.__path__[0])"
        return (
            "python3 -m venv swift && . swift/bin/activate",
            f"pip install torch torchvision {wanted}",
            f"REWARDS=$(python -c '{where}')/engines/swift_plugin.py",
        )
    return (
        "python3 -m venv trl && . trl/bin/activate",
        f"pip install torch torchvision trl==1.16.0 peft {ours}",
    )


def steps_per_generation(training: Training) -> int:
    """In how many steps a batch of completions is used up: the fewest that deal them out evenly.

    >>> steps_per_generation(GRPO)
    3
    """
    at_once, most = training.per_device * training.gpus, training.generations
    return next(steps for steps in range(1, most + 1) if at_once * steps % most == 0)


def _swift(training: Training, settings: Settings) -> tuple[dict[str, str], list[str], list[str]]:
    variables = {
        "CUDA_VISIBLE_DEVICES": ",".join(map(str, range(settings.gpus))),
        "NPROC_PER_NODE": str(settings.gpus),
        "SAMPLING_RATE": "16000",
        "VIDEO_MAX_PIXELS": str(FRAME_PIXELS),
        "FPS_MAX_FRAMES": str(FRAMES),
        "FPS": "1",
        "MAX_PIXELS": str(FRAME_PIXELS * FRAMES),
        "ENABLE_AUDIO_OUTPUT": "False",
    }
    options: dict[str, Any] = {
        "model": settings.model,
        "model_kwargs": '{"use_audio_in_video": true}',
        "dataset": f"{settings.data}/train.jsonl",
        "load_from_cache_file": "true",
        "tuner_type": "lora",
        "lora_rank": training.rank,
        "lora_alpha": training.alpha,
        "target_modules": "all-linear",
        "torch_dtype": "bfloat16",
        "per_device_train_batch_size": training.per_device,
        "learning_rate": training.learning_rate,
        "gradient_accumulation_steps": training.accumulation,
        "max_length": training.max_length,
        "warmup_ratio": training.warmup,
        "dataloader_num_workers": training.workers,
        "deepspeed": "zero2",
        "enable_channel_loss": "true",
        "output_dir": settings.out,
        "report_to": "none",
    }
    notes = [
        "ms-swift 4 calls --train_type --tuner_type.",
        "--report_to none: the printed wandb sends the course of training to a service, with "
        "--log_completions answers about patients as well.",
    ]
    if settings.adapter:
        options["adapters"] = settings.adapter
    if training.way == "sft":
        options |= {
            "split_dataset_ratio": 0.05,
            "attn_impl": "sdpa",
            "gradient_checkpointing": "true",
            "num_train_epochs": training.epochs,
            "per_device_eval_batch_size": 1,
            "freeze_vit": "true",
            "freeze_aligner": "true",
            "eval_strategy": "steps",
            "eval_steps": 100,
            "save_strategy": "steps",
            "save_steps": 100,
            "save_total_limit": 3,
            "logging_steps": 20,
            "dataset_num_proc": 1,
            "load_best_model_at_end": "true",
            "metric_for_best_model": "eval_loss",
            "greater_is_better": "false",
        }
        notes.append(
            "--split_dataset_ratio 0.05 draws validation samples at random: the same patients "
            "are on both sides of it. Patients of other folds are in neither."
        )
        return variables, ["swift", "sft", *_flags(options)], notes
    steps = steps_per_generation(training)
    options |= {
        "rlhf_type": "grpo",
        "external_plugins": "$REWARDS",
        "reward_funcs": settings.reward,
        "reward_weights": 1.0,
        "max_steps": training.max_steps,
        "steps_per_generation": steps,
        "save_steps": 100,
        "save_total_limit": 10,
        "logging_steps": 5,
        "dataset_num_proc": 8,
        "num_generations": training.generations,
        "max_completion_length": training.max_new_tokens,
        "temperature": training.temperature,
        "top_p": training.top_p,
        "top_k": training.top_k,
        "log_completions": "true",
    }
    at_once = training.per_device * training.gpus
    notes += [
        f"The printed command has no --steps_per_generation; {at_once} completions at once are no "
        f"multiple of {training.generations} a prompt, which ms-swift 4.6 refuses. "
        f"{steps} steps use up {at_once * steps}.",
        "--max_new_tokens of the printed command is --max_completion_length here.",
        "The printed --system ./rlhf/prompt.txt is left out: that text is not published, and "
        "evaluations ask without it. So is evaluation while training (--eval_steps 300).",
    ]
    return variables, ["swift", "rlhf", *_flags(options)], notes


def _trl(training: Training, settings: Settings) -> tuple[dict[str, str], list[str], list[str]]:
    options: dict[str, Any] = {
        "way": training.way,
        "data": f"{settings.data}/train.jsonl",
        "model": settings.model,
        "out": settings.out,
        "learning-rate": training.learning_rate,
        "rank": training.rank,
        "alpha": training.alpha,
        "per-device": training.per_device,
        "accumulation": training.accumulation,
        "warmup": training.warmup,
    }
    if settings.adapter:
        options["adapter"] = settings.adapter
    if training.way == "sft":
        options["epochs"] = training.epochs
    else:
        options |= {
            "steps": training.max_steps,
            "generations": training.generations,
            "steps-per-generation": steps_per_generation(training),
            "temperature": training.temperature,
            "top-p": training.top_p,
            "top-k": training.top_k,
            "max-new-tokens": training.max_new_tokens,
            "reward": settings.reward,
        }
    launch = ["accelerate", "launch", f"--num_processes={settings.gpus}", "-m"]
    notes = [
        "TRL 1.16 takes pictures, no video and no sound: export with --format trl. What is heard "
        "is neither asked nor learnt.",
        "The script s3eval_finetune.engines.train_trl sets nothing but what its options say "
        "(--help shows all of them).",
    ]
    program = [" ".join(launch), "s3eval_finetune.engines.train_trl"]
    return {}, [*program, *_flags(options)], notes


def _flags(options: Mapping[str, Any]) -> Sequence[str]:
    return [word for key, value in options.items() for word in (f"--{key}", str(value))]
