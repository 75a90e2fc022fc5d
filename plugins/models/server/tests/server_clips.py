"""A clip, questions about it, and a model that puts them to a scripted server."""

import numpy as np
from s3eval_model_server.adapter import ServerModel

from s3eval import Clip, Footage, ModelSpec, Question, Sampling

SEES = ModelSpec("server", adapter="", sees=True, remote=True)
HEARS = ModelSpec("server-audio", adapter="", hears=True, remote=True)
OMNI = ModelSpec("server-omni", adapter="", sees=True, hears=True, remote=True)
QUESTIONS = [Question(f"q{i}", f"Question {i}?", choices=("yes", "no")) for i in range(6)]


def footage(frames=4, sound=True, seed=0):
    rng = np.random.default_rng(seed)
    clip = Clip("v", 10.0, 12.0, Sampling(2.0, 60))
    return Footage(
        clip,
        rng.integers(0, 255, (frames, 33, 48, 3), dtype=np.uint8),
        10.0 + np.arange(frames) / 2.0,
        rng.uniform(-1, 1, 32_000).astype(np.float32) if sound else None,
        60.0,
    )


def ask(server, questions=QUESTIONS, spec=SEES, shown=None, **options):
    quick = {"first_wait": 0.01, "attempts": 2, "timeout": 30.0, "base_url": server.base_url}
    model = ServerModel.load(spec, {**quick, **options})
    try:
        return list(
            model.ask(model.watch(model.prepare(shown or footage())), questions)
        ), model.identity()
    finally:
        model.close()


def parts_of(body):
    return next(m["content"] for m in body["messages"] if m["role"] == "user")
