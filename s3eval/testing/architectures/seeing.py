"""The architectures that see: InternVL, Qwen2.5-VL, Qwen3-VL."""

from __future__ import annotations

from s3eval.testing import chat_templates
from s3eval.testing.architectures.parts import (
    QWEN_TOKENS,
    Parts,
    last_layers,
    mrope,
    named_ids,
    qwen_sight,
    sight_sizes,
    stops,
    text_sizes,
    tokenizer_of,
)
from s3eval.testing.architectures.scale import Scale

__all__ = ["internvl", "qwen2_5_vl", "qwen3_vl"]


def internvl(scale: Scale) -> Parts:
    """InternVL3.5: every frame one tile of a fixed size."""
    from transformers import (
        GotOcr2ImageProcessor,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVideoProcessor,
        Qwen3Config,
    )

    specials = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = tokenizer_of(scale, specials)
    # 4 x 4 patches of 14 pixels, folded 2 x 2: four tokens a frame (published: 448 and 256).
    side, tokens = scale.tile, (scale.tile // 28) ** 2
    config = InternVLConfig(
        text_config=Qwen3Config(**text_sizes(scale, tokenizer, head_dim=scale.head_dim)),
        vision_config={
            **sight_sizes(scale),
            "image_size": [side, side],
            "patch_size": [14, 14],
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=tokens,
        tie_word_embeddings=False,
    )
    size = {"height": side, "width": side}
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=size),
        image_seq_length=tokens,
        chat_template=chat_templates.INTERNVL,
    )
    return InternVLForConditionalGeneration(config), processor, stops(tokenizer)


def qwen2_5_vl(scale: Scale) -> Parts:
    """Qwen2.5-VL, and Lingshu, which is one."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    tokenizer = tokenizer_of(scale, QWEN_TOKENS)
    config = Qwen2_5_VLConfig(
        text_config=text_sizes(scale, tokenizer, rope_parameters=mrope(scale)),
        vision_config=qwen_sight(
            scale,
            14,
            window_size=112,
            fullatt_block_indexes=last_layers(scale),
            tokens_per_second=4,
        ),
        **named_ids(tokenizer, QWEN_TOKENS),
    )
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=chat_templates.QWEN2_5_VL,
    )
    model = Qwen2_5_VLForConditionalGeneration(config)
    # As published: greedy decoding then still discounts repeated tokens.
    model.generation_config.repetition_penalty = 1.05
    return model, processor, stops(tokenizer)


def qwen3_vl(scale: Scale) -> Parts:
    """Qwen3-VL: each pair of frames headed with its time."""
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    tokenizer = tokenizer_of(scale, QWEN_TOKENS)
    config = Qwen3VLConfig(
        text_config=text_sizes(
            scale,
            tokenizer,
            head_dim=scale.head_dim,
            rope_parameters=mrope(scale, mrope_interleaved=True),
        ),
        vision_config=qwen_sight(
            scale, 16, num_position_embeddings=256, deepstack_visual_indexes=[0, 1]
        ),
        **named_ids(tokenizer, QWEN_TOKENS),
    )
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(patch_size=16),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(),
        chat_template=chat_templates.QWEN3_VL,
    )
    return Qwen3VLForConditionalGeneration(config), processor, stops(tokenizer)
