"""Models quantised while loading, by bitsandbytes on the CPU; skipped where it is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from s3eval import Question, S3EvalError
from s3eval.testing.noise import noise_clip

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")
pytest.importorskip("bitsandbytes")

QUESTION = "Does the head turn to the left or to the right?"
BITS = {"bitsandbytes-4bit": 4.5, "bitsandbytes-8bit": 8.5}


@pytest.fixture(params=sorted(BITS))
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def answer(model: Any) -> Any:
    sense = "sight" if "sight" in model.spec.senses else "hearing"
    question = Question("head", QUESTION, ("left", "right"), sense=sense, max_tokens=5)
    (answer_,) = model.ask(model.watch(noise_clip(1)), [question])
    assert answer_.status == "answered"
    return answer_


def quantized(model: Any) -> list[Any]:
    return [m for m in model.modules() if type(m).__name__ in ("Linear4bit", "Linear8bitLt")]


def test_it_is_quantized_and_says_so(architecture: str, method: str, loaded: Any) -> None:
    import bitsandbytes

    model = loaded(architecture, quantization=method)
    assert len(quantized(model.model)) > 20
    assert model.identity()["quantization"] == method
    assert model.identity()["quantizer"] == f"bitsandbytes {bitsandbytes.__version__}"
    plain = loaded(architecture)
    assert "quantizer" not in plain.identity()
    assert answer(model).probabilities != answer(plain).probabilities, "fewer bits, other logits"


def test_the_estimate_is_what_is_held(architecture: str, method: str, loaded: Any) -> None:
    from s3eval.hf.memory import estimate_memory

    model = loaded(architecture, quantization=method).model
    needs = estimate_memory(type(model), model.config, torch.float32, BITS[method])
    assert needs.weights == pytest.approx(
        model.get_memory_footprint(return_buffers=False), rel=0.05
    )


def test_four_bits_are_computed_in_the_dtype_asked_for(loaded: Any) -> None:
    """Not in bfloat16, as bitsandbytes would on CPUs that have it: the layer is exact."""
    import bitsandbytes.functional

    model = loaded("qwen2_5_vl", quantization="bitsandbytes-4bit").model
    layer = quantized(model)[-1]
    state = layer.weight.quant_state
    weight = bitsandbytes.functional.dequantize_4bit(layer.weight.data, state)
    x = torch.linspace(-1, 1, weight.shape[1])[None]
    with torch.inference_mode():
        got = layer(x)
    expected = torch.nn.functional.linear(x, weight, layer.bias)
    assert torch.allclose(got, expected, atol=1e-6)


def test_a_checkpoint_quantized_beforehand(tmp_path: Path, spec: Any, loaded: Any) -> None:
    """Its configuration says so; nothing needs to be asked for, and nothing may be."""
    model = loaded("qwen3_vl", quantization="bitsandbytes-8bit")
    model.model.save_pretrained(tmp_path)
    model.processor.save_pretrained(tmp_path)
    chosen = spec("qwen3-vl-8b")
    again = chosen.load().load(chosen, {"checkpoint": str(tmp_path), "min_pixels": 0})
    assert len(quantized(again.model)) == len(quantized(model.model))
    assert again.identity()["quantizer"].startswith("bitsandbytes ")
    assert answer(again) == answer(model)
    with pytest.raises(S3EvalError, match=r"quantised already \(bitsandbytes\)"):
        chosen.load().load(
            chosen, {"checkpoint": str(tmp_path), "quantization": "bitsandbytes-4bit"}
        )


def test_nothing_is_fetched_and_little_is_said(tmp_path: Path) -> None:
    """Its import asks the package ``kernels`` for code from a hub; here that is not chosen.

    In a process of its own, where bitsandbytes is not imported yet.
    """
    (tmp_path / "kernels.py").write_text("def get_kernel(*a, **k): print('asked the hub')")
    code = (
        "import kernels, sys\n"
        "from s3eval.hf.environment import prepare_bitsandbytes\n"
        "assert prepare_bitsandbytes() and sys.modules['kernels'] is kernels\n"
        "import torch, bitsandbytes as b\n"
        "b.nn.Linear8bitLt(64, 64, has_fp16_weights=False).to('cpu')(torch.ones(1, 64))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and done.stdout == "" and done.stderr == "", done
