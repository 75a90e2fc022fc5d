"""What a clip costs on this machine, and what a run of a dataset would take by that."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, SamplingProfile, sample_times
from s3eval.facts.footage import SOUND_RATE, Footage
from s3eval.footage.decoding import decode
from s3eval.model import Question
from s3eval.running.model_check import CheckLine
from s3eval_check_model.asking import Subject, ask, memory_ran_out
from s3eval_check_model.encoding import write_video

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from s3eval.running.plan import Plan
    from s3eval.vocabulary import Sense

__all__ = ["Cost", "largest_clip", "measured", "memory_line", "run_line", "speed_line"]

_WIDTH, _HEIGHT = 1280, 720
#: Questions with choices asked about the measured clip; a run asks about 18 a window.
_COUNT = 18
_FREE_TOKENS = 64
_GIB = 2**30


@dataclass(frozen=True)
class Cost:
    """What one clip took.

    Attributes:
        frames: of the clip.
        decode, watch: seconds to decode it and to take it in.
        choice: seconds a question with choices. free: seconds a question of at most 64 tokens.
        memory: peak bytes; ``on`` where ("GPU", or "process").
        total: bytes that the device has, 0 where not known.
        failure: why there are no figures.
    """

    frames: int = 0
    decode: float = 0.0
    watch: float = 0.0
    choice: float = 0.0
    free: float = 0.0
    memory: int = 0
    on: str = "process"
    total: int = 0
    failure: str = ""
    out_of_memory: bool = False


def largest_clip(profile: SamplingProfile, folder: Path, subject: Subject) -> tuple[Footage, float]:
    """A window of the sampling profile at 1280 x 720, noise so that nothing is compressed away.

    Returns:
        the footage, and the seconds that decoding took.
    """
    path = folder / "window.mp4"
    rng = np.random.default_rng(0)
    # Blocks, not pixels: encoding single pixels of noise would take longer than the check.
    blocks = rng.integers(0, 256, (8, _HEIGHT // 16, _WIDTH // 16, 3), np.uint8)
    seconds = profile.window_seconds

    def draw(at: float) -> NDArray[np.uint8]:
        picture: NDArray[np.uint8] = blocks[int(at) % len(blocks)].repeat(16, 0).repeat(16, 1)
        return picture

    moments = np.arange(int(seconds * SOUND_RATE)) / SOUND_RATE
    tone = (0.2 * np.sin(2 * np.pi * 440 * moments)).astype(np.float32)
    write_video(path, draw, tone, seconds, max(1, round(profile.window_fps)))
    clip = Clip("window", 0.0, seconds, profile.window_sampling)
    begun = time.perf_counter()
    (footage,) = decode(
        path, [clip], sight="sight" in subject.senses, sound="hearing" in subject.senses
    )
    spent = time.perf_counter() - begun
    if not isinstance(footage, Footage):
        raise S3EvalError("The drawn window cannot be decoded", why=footage.reason)
    return footage, spent


def measured(subject: Subject, footage: Footage, decoding: float) -> Cost:
    """Ask about a clip: nothing but one question, the choices, a free text; times by difference."""
    sense: Sense = "sight" if "sight" in subject.senses else "hearing"
    one = Question("one", "Does anything move? Answer yes or no.", ("yes", "no"), 8, sense)
    many = [
        replace(one, key=f"many-{n}", text=f"Does part {n} of it move? Answer yes or no.")
        for n in range(_COUNT)
    ]
    free = Question("free", "Describe what happens.", (), _FREE_TOKENS, sense)
    _reset_peak()
    spent = []
    for questions in ([one], [one, *many], [one, free]):
        begun = time.perf_counter()
        answers = ask(subject.model, footage, questions)
        spent.append(time.perf_counter() - begun)
        failed = [a for a in answers if a.status != "answered"]
        if failed:
            return Cost(failure=failed[0].reason, out_of_memory=memory_ran_out(answers))
    memory, place, total = _peak()
    return Cost(
        len(footage.frames),
        decoding,
        spent[0],
        max(0.0, spent[1] - spent[0]) / _COUNT,
        max(0.0, spent[2] - spent[0]),
        memory,
        place,
        total,
    )


def _cuda() -> object | None:
    """The library's GPU part, where a model has loaded it and there is a GPU."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_available() else None


def _reset_peak() -> None:
    cuda = _cuda()
    if cuda is not None:
        cuda.reset_peak_memory_stats()  # type: ignore[attr-defined]


def _peak() -> tuple[int, str, int]:
    """Peak bytes, where, and of how many."""
    cuda = _cuda()
    if cuda is not None:
        total = int(cuda.get_device_properties(0).total_memory)  # type: ignore[attr-defined]
        return int(cuda.max_memory_allocated()), "GPU", total  # type: ignore[attr-defined]
    try:
        import resource
    except ImportError:  # not on Windows
        return 0, "process", 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, "process", 0


def speed_line(cost: Cost) -> CheckLine:
    """Seconds for the largest clip and for its questions."""
    name, question = "speed", "how long does the largest clip take?"
    if cost.failure:
        return CheckLine(name, question, "cannot tell", cost.failure)
    result = (
        f"{cost.decode:.1f} s to decode {cost.frames} frames, {cost.watch:.1f} s with one "
        f"question, {cost.choice:.2f} s for each further one with choices, {cost.free:.1f} s for "
        f"a text of at most {_FREE_TOKENS} tokens"
    )
    return CheckLine(name, question, "measured", result)


def memory_line(cost: Cost) -> CheckLine:
    """Peak memory with the largest clip; running out of it fails."""
    name, question = "memory", "does the largest clip fit into memory?"
    if cost.out_of_memory:
        cause = "fewer pixels or tokens (max_pixels, max_media_tokens), or quantization"
        return CheckLine(name, question, "fail", "memory ran out", cause)
    if cost.failure:
        return CheckLine(name, question, "cannot tell", cost.failure)
    if not cost.memory:
        return CheckLine(name, question, "pass", "it does; the peak is not known on this system")
    result = f"at most {cost.memory / _GIB:.1f} GiB ({cost.on})"
    if cost.total:
        result += f" of {cost.total / _GIB:.0f} GiB"
    return CheckLine(name, question, "pass", result)


def run_line(cost: Cost, plan: Plan | None) -> CheckLine:
    """What a run of the user's dataset would take, by the costs of the largest clip."""
    name, question = "run", "what would a run of the dataset take?"
    if plan is None:
        return CheckLine(name, question, "cannot tell", "no dataset was named (--data, --tasks)")
    if cost.failure:
        return CheckLine(name, question, "cannot tell", cost.failure)
    clips = questions = 0
    least = most = 0.0
    for video in plan.videos:
        for clip, asked in video.questions.items():
            share = len(sample_times(clip)) / cost.frames if cost.frames else 1.0
            least, most = (s + (cost.watch + cost.decode) * share for s in (least, most))
            for q in asked:
                longest = 1.0 if q.choices else max(1.0, q.max_tokens / _FREE_TOKENS)
                each = cost.choice if q.choices else cost.free
                least, most = least + each, most + each * longest
            clips, questions = clips + 1, questions + len(asked)
    result = (
        f"{len(plan.videos)} videos, {clips:,} clips, {questions:,} questions: {_span(least)}"
        f"{'' if most <= 1.05 * least else f' to {_span(most)}'} on this machine"
    )
    return CheckLine(name, question, "measured", result)


def _span(seconds: float) -> str:
    """A duration in words.

    >>> _span(42), _span(5400), _span(200_000)
    ('42 s', '1.5 h', '2.3 days')
    """
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 1.5 * size or (unit == "h" and seconds >= size):
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
