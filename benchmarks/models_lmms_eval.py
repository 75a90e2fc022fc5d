"""Twenty questions about one video file: lmms-eval's own model class against ours.

    pip install --no-deps lmms-eval qwen-vl-utils   # and what its import asks for
    python benchmarks/models_lmms_eval.py

Both load the same random Qwen2.5-VL (hidden 256, four layers) from the same folder, in bfloat16,
which lmms-eval fixes, and answer the same questions about the same file with four new tokens on
one thread. Decoding and processing count on both sides, since lmms-eval does them anew for each
request. Its prompt and frame sampling are its own, so the answers are not compared; the tokens
each side read are printed. Exit code 2 when lmms-eval cannot be imported.
"""

from __future__ import annotations

import sys
import tempfile
import time
import types
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from models import NEW, SMALL, questions_for, spec_of


def make_video(path: Path, seconds: int = 30) -> None:
    """A 30-s H.264 file, 308 x 280, 10 frames a second, of moving noise."""
    import av

    rng = np.random.default_rng(0)
    coarse = np.kron(rng.integers(0, 256, (35, 60, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 308, 280, "yuv420p"
        for i in range(seconds * 10):
            shifted = np.ascontiguousarray(coarse[:, i % 170 : i % 170 + 308])
            for packet in stream.encode(av.VideoFrame.from_ndarray(shifted, format="rgb24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)


def of_lmms_eval(folder: Path, video: Path) -> tuple[float, int, list[str]]:
    """lmms-eval's class, loaded and asked through its public method: seconds, tokens, texts."""
    import torch
    from lmms_eval.api.instance import Instance
    from lmms_eval.models.simple.qwen2_5_vl import Qwen2_5_VL

    model = Qwen2_5_VL(
        pretrained=str(folder),
        device="cpu",
        device_map="cpu",
        attn_implementation="sdpa",
        min_pixels=4 * 28 * 28,
        max_pixels=308 * 280,
        max_num_frames=60,
    )
    model.task_dict["noise"] = {"test": {0: {}}}
    seen: list[int] = []
    generate = model.model.generate

    def counted(**inputs: Any) -> Any:
        seen.append(inputs["input_ids"].shape[1])
        return generate(**inputs)

    model.model.generate = counted
    requests = [
        Instance(
            request_type="generate_until",
            arguments=(q.text, {"max_new_tokens": NEW}, lambda _: [str(video)], 0, "noise", "test"),
            idx=i,
            metadata={"task": "noise", "doc_id": 0, "repeats": 1},
        )
        for i, q in enumerate(questions_for("qwen2_5_vl"))
    ]
    with torch.inference_mode():
        model.generate_until(requests[:1])
        begun = time.process_time()
        texts = model.generate_until(requests)
        return time.process_time() - begun, max(seen), texts


def ours(folder: Path, video: Path) -> tuple[float, int, list[str]]:
    """Decode, watch once, ask all: seconds, tokens of the prefix, texts."""
    from s3eval import Clip, Sampling
    from s3eval.footage.decoding import decode

    spec = spec_of("qwen2_5_vl")
    given = {"checkpoint": str(folder), "min_pixels": 0, "dtype": "bfloat16"}
    model, questions = spec.load().load(spec, given), questions_for("qwen2_5_vl")
    clip = Clip("noise", 0.0, 30.0, Sampling(2.0, 60))

    def once() -> tuple[int, list[str]]:
        (footage,) = decode(video, [clip], sight=True, sound=False)
        watched = model.watch(footage)
        texts = [a.text for a in model.ask(watched, questions)]
        return watched.prefixes[""].length, texts

    once()
    begun = time.process_time()
    tokens, texts = once()
    return time.process_time() - begun, tokens, texts


def main() -> int:
    """Measure both and print the ratio."""
    import torch

    from s3eval.testing.checkpoints import build_checkpoint
    from s3eval.torch_environment import prepare_libraries

    torch.set_num_threads(1)
    prepare_libraries()
    try:
        import lmms_eval.models.simple.qwen2_5_vl as module
    except Exception as error:
        print(f"lmms-eval does not import here: {type(error).__name__}: {error}")
        return 2
    assert isinstance(module, types.ModuleType)
    with tempfile.TemporaryDirectory() as place:
        folder, video = Path(place) / "model", Path(place) / "noise.mp4"
        build_checkpoint("qwen2_5_vl", folder, scale=SMALL)
        make_video(video)
        mine, my_tokens, _ = ours(folder, video)
        other, their_tokens, _ = of_lmms_eval(folder, video)
    print(
        f"lmms-eval {other:.2f} s ({their_tokens:,} tokens a question), "
        f"ours {mine:.2f} s ({my_tokens:,} tokens once): x{other / mine:.1f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
