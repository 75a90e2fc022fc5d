"""Further architectures that take frames as a video: what the generic model is tested with."""

from __future__ import annotations

from typing import Any

from s3eval.testing import chat_templates
from s3eval.testing.architectures.parts import (
    QWEN_TOKENS,
    Parts,
    chat,
    mrope,
    named_ids,
    qwen_sight,
    sight_sizes,
    stops,
    text_sizes,
    token_ids,
    tokenizer_of,
)
from s3eval.testing.architectures.scale import Scale

__all__ = ["glm46v", "llava_onevision", "minicpmv4_6", "molmo2", "qwen3_5", "video_llama_3"]


def _hybrid_text(scale: Scale, tokenizer: Any) -> dict[str, Any]:
    """Linear attention and full attention in turn, as in Qwen3.5."""
    return text_sizes(
        scale,
        tokenizer,
        num_hidden_layers=2,
        layer_types=["linear_attention", "full_attention"],
        head_dim=scale.head_dim,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
        linear_key_head_dim=16,
        linear_value_head_dim=16,
        rope_parameters=mrope(scale, mrope_interleaved=True, partial_rotary_factor=1.0),
    )


def qwen3_5(scale: Scale) -> Parts:
    """Qwen3.5: linear attention between layers of full attention."""
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3_5Config,
        Qwen3_5ForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    tokenizer = tokenizer_of(scale, QWEN_TOKENS)
    config = Qwen3_5Config(
        text_config=_hybrid_text(scale, tokenizer),
        vision_config=qwen_sight(scale, 16, num_position_embeddings=256),
        **named_ids(tokenizer, QWEN_TOKENS),
    )
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(patch_size=16),
        tokenizer=tokenizer,
        # As published: a video may have 24,576 tokens; the class's own default is 768.
        video_processor=Qwen3VLVideoProcessor(
            size={"shortest_edge": 4096, "longest_edge": 24_576 * 32 * 32}
        ),
        chat_template=chat_templates.QWEN3_VL,
    )
    return Qwen3_5ForConditionalGeneration(config), processor, stops(tokenizer)


def llava_onevision(scale: Scale) -> Parts:
    """LLaVA-OneVision: a SigLIP encoder and a Qwen2 text model; no times."""
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessor,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    specials = {"image_token": "<image>", "video_token": "<video>"}
    tokenizer = tokenizer_of(scale, specials)
    ids = token_ids(tokenizer, specials)
    side, size = scale.tile, {"height": scale.tile, "width": scale.tile}
    config = LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", **text_sizes(scale, tokenizer)},
        vision_config=_siglip(scale, side, 14),
        image_token_index=ids["image_token"],
        video_token_index=ids["video_token"],
        image_grid_pinpoints=[[side, side]],
    )
    processor = LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(
            size=size, image_grid_pinpoints=[[side, side]]
        ),
        tokenizer=tokenizer,
        video_processor=LlavaOnevisionVideoProcessor(size=size),
        num_image_tokens=(side // 14) ** 2,
        vision_feature_select_strategy="full",
        chat_template=chat({"image": "<image>\n", "video": "<video>\n"}),
    )
    return LlavaOnevisionForConditionalGeneration(config), processor, stops(tokenizer)


def _siglip(scale: Scale, side: int, patch: int, **more: Any) -> dict[str, Any]:
    """The sizes of a SigLIP encoder."""
    return {
        "model_type": "siglip_vision_model",
        **sight_sizes(scale),
        "image_size": side,
        "patch_size": patch,
        "vision_use_head": False,
        **more,
    }


def glm46v(scale: Scale) -> Parts:
    """GLM-4.6V: pairs of frames, each headed by its time."""
    from transformers import (
        Glm46VConfig,
        Glm46VForConditionalGeneration,
        Glm46VImageProcessor,
        Glm46VProcessor,
        Glm46VVideoProcessor,
    )

    specials = {
        "image_token": "<|image|>",
        "video_token": "<|video|>",
        "image_start_token": "<|begin_of_image|>",
        "image_end_token": "<|end_of_image|>",
        "video_start_token": "<|begin_of_video|>",
        "video_end_token": "<|end_of_video|>",
    }
    tokenizer = tokenizer_of(scale, specials)
    config = Glm46VConfig(
        text_config=text_sizes(scale, tokenizer, rope_parameters=mrope(scale)),
        vision_config={
            **qwen_sight(scale, 14),
            "out_hidden_size": scale.hidden,
            "intermediate_size": scale.sight.feed_forward,
            "image_size": 56,
        },
        **named_ids(tokenizer, specials),
    )
    processor = Glm46VProcessor(
        image_processor=Glm46VImageProcessor(),
        tokenizer=tokenizer,
        video_processor=Glm46VVideoProcessor(),
        chat_template=chat(
            {
                "image": "<|begin_of_image|><|image|><|end_of_image|>",
                "video": "<|begin_of_video|><|video|><|end_of_video|>",
            }
        ),
    )
    return Glm46VForConditionalGeneration(config), processor, stops(tokenizer)


def video_llama_3(scale: Scale) -> Parts:
    """VideoLLaMA 3: frames headed by their times, alike patches left out."""
    from transformers import (
        VideoLlama3Config,
        VideoLlama3ForConditionalGeneration,
        VideoLlama3ImageProcessor,
        VideoLlama3Processor,
        VideoLlama3VideoProcessor,
    )

    specials = {"image_token": "<image>", "video_token": "<video>"}
    tokenizer = tokenizer_of(scale, specials)
    ids = token_ids(tokenizer, specials)
    config = VideoLlama3Config(
        text_config={"model_type": "qwen2", **text_sizes(scale, tokenizer)},
        vision_config=sight_sizes(scale, patch_size=14),
        image_token_id=ids["image_token"],
        video_token_id=ids["video_token"],
    )
    processor = VideoLlama3Processor(
        image_processor=VideoLlama3ImageProcessor(),
        tokenizer=tokenizer,
        video_processor=VideoLlama3VideoProcessor(),
        chat_template=chat({"image": "<image>\n", "video": "<video>\n"}),
    )
    return VideoLlama3ForConditionalGeneration(config), processor, stops(tokenizer)


def minicpmv4_6(scale: Scale) -> Parts:
    """MiniCPM-V 4.6: Qwen3.5's hybrid text model behind an encoder of slices."""
    from transformers import (
        MiniCPMV4_6Config,
        MiniCPMV4_6ForConditionalGeneration,
        MiniCPMV4_6ImageProcessor,
        MiniCPMV4_6Processor,
        MiniCPMV4_6VideoProcessor,
    )

    specials = {
        "image_token": "<|image_pad|>",
        "video_token": "<|video_pad|>",
        "image_start_token": "<image>",
        "image_end_token": "</image>",
        "slice_start_token": "<slice>",
        "slice_end_token": "</slice>",
        "image_id_start_token": "<image_id>",
        "image_id_end_token": "</image_id>",
    }
    tokenizer = tokenizer_of(scale, specials)
    ids = token_ids(tokenizer, specials)
    config = MiniCPMV4_6Config(
        text_config={"model_type": "qwen3_5_text", **_hybrid_text(scale, tokenizer)},
        vision_config=sight_sizes(scale, patch_size=14, image_size=448),
        insert_layer_id=0,
        image_size=448,
        image_token_id=ids["image_token"],
        video_token_id=ids["video_token"],
    )
    processor = MiniCPMV4_6Processor(
        image_processor=MiniCPMV4_6ImageProcessor(),
        video_processor=MiniCPMV4_6VideoProcessor(),
        tokenizer=tokenizer,
        chat_template=chat({"image": "<|image_pad|>", "video": "<|video_pad|>"}),
    )
    return MiniCPMV4_6ForConditionalGeneration(config), processor, stops(tokenizer)


def molmo2(scale: Scale) -> Parts:
    """Molmo 2: every frame between tokens of its own, after its time."""
    from transformers import (
        Molmo2Config,
        Molmo2ForConditionalGeneration,
        Molmo2ImageProcessor,
        Molmo2Processor,
        Molmo2VideoProcessor,
    )

    tokens = (
        "<|image|>", "<|video|>", "<im_patch>", "<im_col>", "<im_start>", "<low_res_im_start>",
        "<frame_start>", "<im_end>", "<frame_end>", "<im_low>",
    )  # fmt: skip
    specials = {f"special_{n}_token": token for n, token in enumerate(tokens)}
    tokenizer = tokenizer_of(scale, specials)
    number = tokenizer.convert_tokens_to_ids
    encoder = {
        "hidden_size": scale.sight.width,
        "intermediate_size": scale.sight.feed_forward,
        "num_attention_heads": scale.sight.heads,
        "num_key_value_heads": scale.sight.heads,
        "head_dim": scale.sight.width // scale.sight.heads,
    }
    side = scale.tile
    config = Molmo2Config(
        text_config={
            **text_sizes(scale, tokenizer, head_dim=scale.head_dim),
            "additional_vocab_size": 16,
        },
        vision_config={
            **encoder,
            "num_hidden_layers": scale.sight.layers,
            "image_size": [side, side],
            "patch_size": 14,
            "num_position_embeddings": (side // 14) ** 2,
        },
        adapter_config={
            **encoder, "text_hidden_size": scale.hidden, "vision_feature_layer": [-1, -2],
        },
        image_start_token_id=number("<im_start>"),
        low_res_image_start_token_id=number("<low_res_im_start>"),
        image_end_token_id=number("<im_end>"),
        image_patch_id=number("<im_patch>"),
        frame_start_token_id=number("<frame_start>"),
        frame_end_token_id=number("<frame_end>"),
    )  # fmt: skip
    size = {"height": side, "width": side}
    processor = Molmo2Processor(
        image_processor=Molmo2ImageProcessor(size=size),
        video_processor=Molmo2VideoProcessor(size=size),
        tokenizer=tokenizer,
        chat_template=chat({"image": "<|image|>", "video": "<|video|>"}),
    )
    return Molmo2ForConditionalGeneration(config), processor, stops(tokenizer)
