"""Exported samples train a real, tiny Qwen2.5-Omni on a CPU, and the adapter answers in the plugin.

The base is random, so nothing that is learnt was known before. What is trained beside LoRA on the
text layers is the head (``lm_head``), which is random, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3eval import Question, discover

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = [pytest.mark.torch, pytest.mark.slow]

SEEN = {"min_pixels": 0, "max_pixels": 112 * 112}


@pytest.fixture(scope="module")
def load() -> Callable[..., Any]:
    """The plugin's model on the tiny base, with an adapter where one is named."""
    from s3eval.torch_environment import prepare_libraries

    prepare_libraries()
    pytest.importorskip("peft")
    from s3eval.testing.checkpoints import shared_checkpoint

    torch.set_num_threads(1)
    spec = next(p.spec for p in discover().plugins if p.spec.name == "seizure-omni-sft-7b")
    base = str(shared_checkpoint("qwen2_5_omni"))
    return lambda **more: spec.load().load(spec, {"checkpoint": base, **SEEN, **more})


@pytest.fixture(scope="module")
def lessons(exported: Path) -> list[Any]:
    """The first 2 s of each clip: their lengths tell nothing."""
    from s3eval_finetune.testing.lessons import lessons_of

    return lessons_of(exported, seconds=2.0)


@pytest.fixture(scope="module")
def pair(lessons: list[Any]) -> list[Any]:
    """Two samples of Task 1 with the same prompt, other footage and the opposite answer."""
    by_prompt: dict[str, dict[str, Any]] = {}
    for lesson in lessons:
        if lesson.task == "recognition":
            by_prompt.setdefault(lesson.prompt, {}).setdefault(lesson.answer, lesson)
    both = next(found for found in by_prompt.values() if {"Yes", "No"} <= {*found})
    made = [both["Yes"], both["No"]]
    assert made[0].footage.frames.shape == made[1].footage.frames.shape
    assert len(made[0].footage.sound) == len(made[1].footage.sound)
    return made


def said(model: Any, lesson: Any) -> str:
    question = Question("any", lesson.prompt, ("yes", "no"), max_tokens=8)
    (answer,) = model.ask(model.watch(lesson.footage), [question])
    return str(answer.text)


def test_two_footages_with_one_prompt_get_opposite_answers(
    load: Callable[..., Any], pair: list[Any], tmp_path: Path
) -> None:
    from s3eval_finetune.testing.lessons import with_footage_of
    from s3eval_finetune.testing.sft import Tuning, tune

    losses = tune(load(), pair, tmp_path / "adapter", Tuning(steps=40))
    assert losses[0] > 3.0 and losses[-1] < 0.05
    tuned = load(adapter=str(tmp_path / "adapter"))
    assert [said(tuned, lesson) for lesson in pair] == ["Yes", "No"]
    assert [said(tuned, lesson) for lesson in with_footage_of(pair, [1, 0])] == ["No", "Yes"]


def test_footage_that_tells_nothing_cannot_be_learnt(
    load: Callable[..., Any], pair: list[Any], tmp_path: Path
) -> None:
    """Each footage with both answers, as shuffling gives: the answer is a coin's, its end is not.

    A "Yes" or "No" that cannot be told costs ln 2 nats, which the answer's two tokens share.
    """
    from dataclasses import replace

    from s3eval_finetune.testing.sft import Tuning, tune

    others = [replace(a, answer=b.answer) for a, b in zip(pair, pair[::-1], strict=True)]
    losses = tune(load(), [*pair, *others], tmp_path / "adapter", Tuning(steps=40, batch=4))
    assert losses[-1] > 0.9 * math.log(2) / 2


def test_a_few_dozen_samples_are_learnt_and_a_run_with_them_completes(
    load: Callable[..., Any], lessons: list[Any], drawn: Path, tmp_path: Path
) -> None:
    from s3eval_finetune.testing.sft import Tuning, tune

    import s3eval
    from s3eval.testing.checkpoints import shared_checkpoint

    tasks = ("recognition", "spatial", "timing", "sequence", "diagnosis")
    some = [lesson for lesson in lessons if lesson.task in tasks][:36]
    adapter = tmp_path / "adapter"
    losses = tune(load(), some, adapter, Tuning(steps=36, batch=2, learning_rate=3e-3))
    first, last = (sum(part) / 9 for part in (losses[:9], losses[-9:]))
    assert last < 0.5 * first
    options = {
        "checkpoint": str(shared_checkpoint("qwen2_5_omni")),
        "adapter": str(adapter),
        **SEEN,
    }
    runs = s3eval.evaluate(
        model="seizure-omni-sft-7b",
        model_options=options,
        tasks=["recognition"],
        data=str(drawn),
        folds=[0],
        out=str(tmp_path / "runs"),
    )
    frame = runs.to_frame()
    assert len(frame) > 0 and not (frame["state"] == "failed").any()
    assert {*frame["video"]} == {v.name for v in s3eval.open_dataset(drawn).videos if v.fold == 0}
