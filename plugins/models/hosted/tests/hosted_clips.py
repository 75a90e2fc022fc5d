"""A clip, a hosted model at a scripted service, and what such a service says."""

from __future__ import annotations

from typing import Any

import numpy as np
from s3eval_model_hosted.adapter import Claude, Gemini, Gpt, HostedModel

from s3eval import Clip, Footage, ModelSpec, Question, Sampling, discover

KEY = "sk-a-key-of-some-length-1234567890"
KINDS: dict[str, type[HostedModel]] = {"gemini": Gemini, "claude": Claude, "gpt": Gpt}
BASES = {"gemini": "/v1beta", "claude": "/v1", "gpt": "/v1"}
TONIC = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=16, system="Be brief.")
WHY = Question("why", "Why?", (), max_tokens=64)


def said(kind: str, text: str = "yes", thoughts: str = "", **more: Any) -> dict[str, Any]:
    """A reply as the service words it."""
    if kind == "gemini":
        parts = [{"text": thoughts, "thought": True}] if thoughts else []
        candidate = {"content": {"parts": [*parts, {"text": text}]}, "finishReason": "STOP", **more}
        usage = {"promptTokenCount": 900, "candidatesTokenCount": 2, "thoughtsTokenCount": 5}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m-1"}
    if kind == "claude":
        blocks = [{"type": "thinking", "thinking": thoughts}] if thoughts else []
        usage = {"input_tokens": 100, "cache_read_input_tokens": 800, "output_tokens": 7}
        content = [*blocks, {"type": "text", "text": text}]
        return {
            "content": content,
            "stop_reason": "end_turn",
            "usage": usage,
            "model": "m-1",
            **more,
        }
    summary = [{"type": "summary_text", "text": thoughts}] if thoughts else []
    part = {"type": "output_text", "text": text, **more}
    output = [{"type": "reasoning", "summary": summary}, {"type": "message", "content": [part]}]
    usage = {"input_tokens": 900, "output_tokens": 7}
    return {"status": "completed", "output": output, "usage": usage, "model": "m-1"}


def clip(frames: int = 4, sound: bool = True) -> Footage:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (frames, 48, 64, 3), dtype=np.uint8)
    heard = (0.3 * rng.standard_normal(32_000)).astype(np.float32) if sound else None
    times = 10.0 + np.arange(frames) / 2
    return Footage(Clip("v", 10.0, 12.0, Sampling()), pictures, times, heard, 60.0)


def spec_of(kind: str) -> ModelSpec:
    return next(p.spec for p in discover().of("model") if p.spec.name == kind)


def load(kind: str, server: Any, **options: Any) -> HostedModel:
    quick = {"model": "m", "first_wait": 0.01, "attempts": 3, "timeout": 30.0, "max_wait": 2.0}
    return KINDS[kind].load(
        spec_of(kind), {**quick, "base_url": server.root + BASES[kind], **options}
    )


def ask(
    kind: str, server: Any, questions: Any = (TONIC,), shown: Any = None, **options: Any
) -> Any:
    model = load(kind, server, **options)
    try:
        watched = model.watch(model.prepare(shown or clip()))
        answers = list(model.ask(watched, questions))
        model.release(watched)
        return answers, model
    finally:
        model.close()
