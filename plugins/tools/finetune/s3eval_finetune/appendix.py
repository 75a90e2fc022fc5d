"""What the paper states of its fine-tuning (Section 3.4.1, Appendix E, Table 12), as facts."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLIP_SECONDS", "FRAMES", "FRAME_PIXELS", "GRPO", "SFT", "TABLE_12", "Training"]

#: Samples by group of tasks (Table 12), by the numbers of the tasks in the group.
TABLE_12: dict[tuple[int, ...], int] = {
    (1, 2): 3242,
    (3,): 527,
    (4,): 1926,
    (5,): 1743,
    (6,): 1787,
    (7,): 700,
}
#: Length of a Task-4 clip, in seconds.
CLIP_SECONDS = 60.0
#: Most frames the paper's training shows of a clip (FPS_MAX_FRAMES), at one a second (FPS).
FRAMES = 60
#: Most pixels of such a frame (VIDEO_MAX_PIXELS).
FRAME_PIXELS = 784 * 448


@dataclass(frozen=True)
class Training:
    """The hyper-parameters of one of the paper's two commands.

    Attributes:
        way: "sft" or "grpo".
        learning_rate: of AdamW, the engine's default optimiser.
        rank, alpha: of LoRA, on all linear layers; the encoders and the aligner are frozen.
        per_device: samples (completions for GRPO) a GPU takes at a time.
        accumulation: steps whose gradients are added up.
        warmup: share of the steps over which the learning rate rises.
        max_length: longest sample in tokens.
        workers: of the data loader, a process.
        epochs, max_steps: how long; one of them is 0.
        gpus: processes, one a GPU.
    """

    way: str
    learning_rate: float
    rank: int = 8
    alpha: int = 32
    per_device: int = 1
    accumulation: int = 1
    warmup: float = 0.05
    max_length: int = 32768
    workers: int = 8
    epochs: int = 0
    max_steps: int = 0
    gpus: int = 8
    # GRPO alone: completions a prompt, and how they are drawn.
    generations: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_new_tokens: int = 0


SFT = Training("sft", 5e-5, accumulation=4, epochs=3)
GRPO = Training(
    "grpo",
    1e-6,
    per_device=2,
    max_steps=6000,
    generations=6,
    temperature=0.8,
    top_p=0.95,
    top_k=50,
    max_new_tokens=1024,
)
