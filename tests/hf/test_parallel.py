"""Tensor parallelism over two processes of the CPU: one run, the answers of one process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3eval import Question, S3EvalError
from s3eval.testing.checkpoints import ARCHITECTURES, shared_checkpoint
from s3eval.testing.noise import noise_clip

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

QUICK = ["qwen3_vl"]


def options(architecture: str, **more: Any) -> dict[str, Any]:
    return {"checkpoint": str(shared_checkpoint(architecture, 0)), "min_pixels": 0, **more}


def questions(model: Any) -> list[Question]:
    sense = "sight" if "sight" in model.spec.senses else "hearing"
    texts = ("Tonic?", "Does the head turn?", "Describe the clip in one sentence.")
    return [
        Question(f"q{i}", text, ("yes", "no") if "?" in text else (), sense=sense, max_tokens=5)
        for i, text in enumerate(texts)
    ]


@pytest.fixture
def split(loaded: Any) -> Iterator[Any]:
    """``split(architecture)``: a model over two processes, ended after the test."""
    models = []

    def of(architecture: str, **more: Any) -> Any:
        chosen = loaded(architecture).spec
        models.append(chosen.load().load(chosen, options(architecture, tensor_parallel=2, **more)))
        return models[-1]

    yield of
    for model in models:
        model.close()


def check(architecture: str, split: Any, loaded: Any) -> None:
    whole, parts = loaded(architecture), split(architecture)
    for seed in (1, 2):
        expected = list(whole.ask(whole.watch(noise_clip(seed)), questions(whole)))
        answers = list(parts.ask(parts.watch(noise_clip(seed)), questions(parts)))
        assert [a.text for a in answers] == [a.text for a in expected]
        for one, other in zip(answers, expected, strict=True):
            assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)
    mine, all_of_it = dict(parts.model.named_parameters()), dict(whole.model.named_parameters())
    inside = [n for n in mine if n.startswith("model.language_model.layers.0.mlp")]
    layer = next(n for n in inside if n.endswith((".down_proj", ".down_proj.weight")))
    assert 2 * mine[layer].to_local().numel() == all_of_it[layer].numel(), "half of each layer"
    assert parts.identity() == whole.identity()


@pytest.mark.parametrize("architecture", QUICK)
def test_the_answers_of_one_process(architecture: str, split: Any, loaded: Any) -> None:
    check(architecture, split, loaded)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", sorted(set(ARCHITECTURES) - set(QUICK)))
def test_the_answers_of_one_process_other_models(
    architecture: str, split: Any, loaded: Any
) -> None:
    check(architecture, split, loaded)


def test_a_refused_clip_leaves_them_in_step(split: Any, loaded: Any) -> None:
    parts, whole = split("qwen2_5_vl", max_frames=40), loaded("qwen2_5_vl")
    with pytest.raises(S3EvalError, match="over the budget of 40"):
        parts.watch(noise_clip(frames=50))
    answers = list(parts.ask(parts.watch(noise_clip(1)), questions(parts)))
    expected = list(whole.ask(whole.watch(noise_clip(1)), questions(whole)))
    assert [a.text for a in answers] == [a.text for a in expected]


def test_they_end_with_the_run(split: Any) -> None:
    parts = split("qwen2_5_vl")
    (other,) = parts._workers._others
    assert other.poll() is None
    other.kill()
    other.wait()
    with pytest.raises(S3EvalError, match="has ended"):
        for seed in range(3):  # the first message may still fit the pipe
            parts._workers.send("watch", seed, None, ())
    parts.close()
    assert not torch.distributed.is_initialized()
    assert not {"RANK", "WORLD_SIZE"} & set(os.environ)


def refused(spec: Any, **more: Any) -> str:
    chosen = spec("qwen2.5-vl-7b")
    with pytest.raises(S3EvalError) as caught:
        chosen.load().load(chosen, options("qwen2_5_vl", **more))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_heads_that_do_not_divide(spec: Any) -> None:
    line = refused(spec, tensor_parallel=4)
    assert "over 4 processes" in line and "2 key-value heads" in line


@pytest.mark.parametrize(
    ("option", "value"), [("device", "cpu"), ("device_map", "auto"), ("quantization", "gptq")]
)
def test_options_that_exclude_each_other(
    spec: Any, option: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3eval.hf import environment, loading

    monkeypatch.setattr(environment, "installed", lambda name: True)
    monkeypatch.setattr(loading, "check_quantization", lambda *a: None)
    assert f"{option}={value} exclude each other" in refused(
        spec, tensor_parallel=2, **{option: value}
    )


def test_layers_without_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    from s3eval.hf import parallel

    monkeypatch.setattr(parallel, "_LAYERS_OF", {})
    config = Qwen3VLConfig.from_pretrained(shared_checkpoint("qwen3_vl"))
    with pytest.raises(S3EvalError, match="cannot split the layers of Qwen3VLFor"):
        parallel.plan(Qwen3VLForConditionalGeneration, config)


def test_a_launcher_is_refused(spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    line = refused(spec)
    assert "started 2 processes" in line and "tensor_parallel=2" in line


@pytest.mark.slow
def test_one_process_prints_and_writes(tmp_path: Path) -> None:
    from s3eval_synth.testing import tiny_dataset

    tiny_dataset(tmp_path / "data", videos=1, seconds=3.0)
    given = options("qwen2_5_vl", tensor_parallel=2, max_pixels=16_384, max_new_tokens=3)
    command = [sys.executable, "-m", "s3eval", "run", "-m", "qwen2.5-vl-7b", "-t", "recognition"]
    command += ["-d", str(tmp_path / "data"), "-o", str(tmp_path / "runs"), "--resamples", "20"]
    for key, value in given.items():
        command += ["--model-option", f"{key}={value}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("recognition: f1") == 1
    assert "18 answered" in done.stderr + done.stdout
