"""Qwen2.5-VL: Appendix H's token formula, time in seconds, text where it was trained to be."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from s3eval_model_qwen25_vl.tokens import media_tokens

from s3eval import Question, discover
from s3eval.facts.tokens import ClipSize
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers")


@cache
def load(name: str = "qwen2.5-vl-7b", **options: Any) -> Any:
    from s3eval.testing.checkpoints import shared_checkpoint

    spec = next(p.spec for p in discover().plugins if p.kind == "model" and p.spec.name == name)
    folder = shared_checkpoint("qwen2_5_vl")
    return spec.load().load(spec, {"checkpoint": str(folder), "min_pixels": 0, **options})


def video_tokens(model: Any, footage: Any) -> int:
    """How many tokens the processor really makes of a clip."""
    media = model.media(footage)
    text = "<|vision_start|><|video_pad|><|vision_end|>"
    ids = model.processor(text=[text], return_tensors="pt", **media.processor)["input_ids"]
    return int((ids == model.model.config.video_token_id).sum())


def appendix_h(frames: int, width: int, height: int) -> int:
    """Total tokens = ceil(frames / 2) x ceil(width / 28) x ceil(height / 28)."""
    return math.ceil(frames / 2) * math.ceil(width / 28) * math.ceil(height / 28)


@pytest.mark.parametrize(
    ("frames", "width", "height"), [(2, 280, 168), (5, 308, 280), (8, 560, 336), (1, 84, 56)]
)
def test_the_formula_counts_the_processor_s_tokens(frames: int, width: int, height: int) -> None:
    """Exactly, for sizes of whole patches."""
    clip = noise_clip(frames=frames, width=width, height=height)
    assert video_tokens(load(), clip) == appendix_h(frames, width, height)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (320, 240), (427, 240), (100, 75)])
def test_the_formula_is_an_upper_bound_elsewhere(width: int, height: int) -> None:
    """The processor rounds to the nearest patch where the formula rounds up."""
    real = video_tokens(load(), noise_clip(frames=4, width=width, height=height))
    formula = appendix_h(4, width, height)
    nearest = 2 * max(1, round(width / 28)) * max(1, round(height / 28))
    assert real == nearest
    assert 0.85 * formula <= real <= formula


@pytest.mark.parametrize(
    ("frames", "width", "height", "options"),
    [
        (4, 427, 240, {"min_pixels": 0}),
        (5, 100, 75, {"min_pixels": 0}),
        (3, 320, 240, {"min_pixels": 307_200}),
        (60, 640, 360, {"min_pixels": 0, "max_media_tokens": 600}),
        (6, 1280, 720, {"min_pixels": 0, "max_media_tokens": 3_000}),
    ],
)
def test_planning_reckons_what_the_processor_makes(
    frames: int, width: int, height: int, options: dict[str, Any]
) -> None:
    clip = noise_clip(frames=frames, width=width, height=height)
    real = video_tokens(load(**options), clip)
    assert media_tokens(ClipSize(frames, width, height), options) == real


def test_the_paper_s_own_examples() -> None:
    """24,576 tokens are 40 frames of 720p and 118 of 480p."""
    budget = 24_576
    assert appendix_h(40, 1280, 720) <= budget < appendix_h(42, 1280, 720)
    assert appendix_h(118, 640, 480) <= budget < appendix_h(120, 640, 480)


def test_sixty_frames_of_720p_are_reduced_to_the_budget() -> None:
    model = load(max_media_tokens=600)
    clip = noise_clip(frames=60, width=640, height=360, seconds=30.0)
    count = video_tokens(model, clip)
    assert 0.7 * 600 < count <= 600


def test_small_frames_are_enlarged_to_480p_by_default() -> None:
    from s3eval.hf.media import pixels_per_frame
    from s3eval.hf.options import Options

    least, most = pixels_per_frame(8, 28, Options(), "clip")
    assert (least, most) == (640 * 480, 1280 * 720)
    clip = noise_clip(frames=2, width=320, height=240)
    assert video_tokens(load(min_pixels=640 * 480), clip) >= 640 * 480 / 28**2


def watched_positions(model: Any, footage: Any) -> Any:
    caught: dict[str, Any] = {}

    def catch(_: Any, __: Any, kwargs: dict[str, Any]) -> None:
        caught["positions"] = kwargs["position_ids"]

    hook = model.model.get_decoder().register_forward_pre_hook(catch, with_kwargs=True)
    watched = model.watch(footage)
    hook.remove()
    return watched, caught["positions"]


def test_text_starts_behind_the_video_s_end_in_time() -> None:
    """60 frames at 2 a second: the last pair at 29 s x 4, so the text after it at 117 more."""
    clip = noise_clip(frames=60, width=56, height=56, seconds=30.0)
    trained, positions = watched_positions(load(), clip)
    prefix = trained.prefixes[""]
    start = int(positions[0, 0, prefix.tokens.index(load().model.config.video_token_id)])
    assert int(positions[0, 0, -1]) == start + 29 * 4 + 1
    assert prefix.next_position == prefix.highest + 1 == start + 29 * 4 + 2

    library, _ = watched_positions(load(text_positions="library"), clip)
    early = library.prefixes[""]
    if early.next_position == prefix.next_position:
        pytest.skip("this transformers places the text after the video as the model was trained")
    assert early.next_position == start + 2 + 1  # two patches of height and width, and one token
    assert early.highest == start + 29 * 4


def test_which_positions_ran_is_part_of_the_identity_and_of_the_answers() -> None:
    clip = noise_clip(frames=60, width=56, height=56, seconds=30.0)
    question = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=3)
    given = {}
    for how in ("trained", "library"):
        model = load(text_positions=how)
        assert model.identity()["text_positions"] == how
        given[how] = next(iter(model.ask(model.watch(clip), [question]))).probabilities["yes"]
    assert abs(given["trained"] - given["library"]) > 1e-6


@pytest.mark.parametrize("how", ["trained", "library"])
def test_long_clips_share_as_independent_calls_would(how: str) -> None:
    """Where the two conventions differ most, each equals the library's generate under it."""
    from s3eval.hf.prompting import Template

    model = load(text_positions=how)
    clip = noise_clip(frames=60, width=56, height=56, seconds=30.0)
    question = Question("why", "Describe what you see.", max_tokens=6)
    answer = next(iter(model.ask(model.watch(clip), [question])))
    media = model.media(clip)
    template = Template(model.processor, media.content, dict(model.media_ends))
    inputs = model.inputs(template.render(question.text), media)
    made = model.model.generate(**inputs, max_new_tokens=6, do_sample=False)
    tail = made[0, inputs["input_ids"].shape[1] :]
    assert answer.text == model.processor.tokenizer.decode(tail, skip_special_tokens=True)


def test_padded_batches_move_alike() -> None:
    """Left padding does not shift what is behind the video."""
    import torch
    from s3eval_model_qwen25_vl.adapter import text_after_video

    def library(ids: Any, **_: Any) -> Any:
        """Text, three frames of one token each at times 0, 4 and 8, text at 3 (max(h, w))."""
        row = torch.tensor([0, 1, 2, 6, 10, 3, 4])
        spread = torch.stack([row, row.clamp(max=4), row.clamp(max=4)])
        spread[1:, 2:5] = 2
        padded = torch.cat([torch.zeros(3, 2, dtype=torch.long), spread], dim=1)
        return torch.stack([padded, padded], dim=1), None

    ids = torch.tensor([[0, 0, 1, 1, 9, 9, 9, 1, 1]] * 2)
    mask = torch.tensor([[0, 0, 1, 1, 1, 1, 1, 1, 1]] * 2)
    moved: Callable[..., Any] = text_after_video(library, 9)
    positions, offsets = moved(ids, attention_mask=mask)
    assert positions[:, 1, -2:].tolist() == [[11, 12]] * 3
    assert positions[0, 0, 2:7].tolist() == [0, 1, 2, 6, 10]
    assert offsets.tolist() == [[13 - 7]] * 2
