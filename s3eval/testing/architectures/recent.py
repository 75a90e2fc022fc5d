"""Further architectures of 2025 and 2026, for tests of the generic model."""

from __future__ import annotations

from s3eval.testing import chat_templates
from s3eval.testing.architectures.parts import (
    GEMMA4_CHAT,
    GEMMA4_TOKENS,
    QWEN_TOKENS,
    Parts,
    chat,
    gemma4_ids,
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

__all__ = ["gemma4_unified", "kimi_k25", "ovis2", "phi4_multimodal", "qwen3_vl_moe"]


def gemma4_unified(scale: Scale) -> Parts:
    """Gemma 4 of 12 billion parameters: patches and samples go into the text model as they are."""
    from transformers import (
        Gemma4UnifiedAudioFeatureExtractor,
        Gemma4UnifiedConfig,
        Gemma4UnifiedForConditionalGeneration,
        Gemma4UnifiedImageProcessor,
        Gemma4UnifiedProcessor,
        Gemma4UnifiedVideoProcessor,
    )

    tokenizer = tokenizer_of(scale, GEMMA4_TOKENS)
    config = Gemma4UnifiedConfig(
        text_config=text_sizes(
            scale,
            tokenizer,
            num_hidden_layers=2,
            layer_types=["sliding_attention", "full_attention"],
            sliding_window=16,
            head_dim=scale.head_dim,
            global_head_dim=scale.head_dim,
            final_logit_softcapping=20.0,
        ),
        vision_config={"mm_embed_dim": scale.hidden, "output_proj_dims": scale.hidden},
        audio_config={},
        **gemma4_ids(tokenizer),
        tie_word_embeddings=False,
    )
    processor = Gemma4UnifiedProcessor(
        feature_extractor=Gemma4UnifiedAudioFeatureExtractor(),
        image_processor=Gemma4UnifiedImageProcessor(),
        tokenizer=tokenizer,
        video_processor=Gemma4UnifiedVideoProcessor(),
        chat_template=chat(GEMMA4_CHAT),
    )
    return Gemma4UnifiedForConditionalGeneration(config), processor, stops(tokenizer)


def kimi_k25(scale: Scale) -> Parts:
    """Kimi K2.5: four frames a piece, headed by their time; latent attention, experts."""
    from transformers import (
        Kimi_K25Config,
        Kimi_K25ForConditionalGeneration,
        Kimi_K25ImageProcessor,
        Kimi_K25Processor,
        Kimi_K25VideoProcessor,
    )

    specials = {
        "image_token": "<|media_pad|>",
        "video_token": "<|kimi_k25_video_placeholder|>",
        "media_begin_token": "<|media_begin|>",
        "media_content_token": "<|media_content|>",
        "media_end_token": "<|media_end|>",
    }
    tokenizer = tokenizer_of(scale, specials)
    ids = token_ids(tokenizer, specials)
    config = Kimi_K25Config(
        text_config={
            "model_type": "deepseek_v3",
            **text_sizes(scale, tokenizer, num_key_value_heads=scale.heads),
            "moe_intermediate_size": scale.hidden,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "num_experts_per_tok": 2,
            "first_k_dense_replace": 1,
            "kv_lora_rank": 16,
            "q_lora_rank": 16,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 8,
            "v_head_dim": 8,
            "num_mtp_layers": 0,
        },
        vision_config={
            **sight_sizes(scale),
            "patch_size": 14,
            "pos_emb_height": 16,
            "pos_emb_width": 16,
        },
        projection_hidden_size=scale.sight.width,
        image_token_id=ids["image_token"],
        video_token_id=ids["video_token"],
        vision_start_token_id=ids["media_begin_token"],
        vision_end_token_id=ids["media_end_token"],
        tie_word_embeddings=False,
    )
    processor = Kimi_K25Processor(
        image_processor=Kimi_K25ImageProcessor(),
        tokenizer=tokenizer,
        video_processor=Kimi_K25VideoProcessor(),
        chat_template=chat(
            {
                "image": "<|media_begin|>image<|media_content|><|media_pad|><|media_end|>\n",
                "video": "<|kimi_k25_video_placeholder|>\n",
            }
        ),
    )
    return Kimi_K25ForConditionalGeneration(config), processor, stops(tokenizer)


def ovis2(scale: Scale) -> Parts:
    """Ovis 2: images as a mixture over a vocabulary of what is seen."""
    from transformers import (
        Ovis2Config,
        Ovis2ForConditionalGeneration,
        Ovis2ImageProcessor,
        Ovis2Processor,
    )

    marks = ("<IMG_START>", "<IMG_GRID>", "<IMG_COL>", "<IMG_ROW>", "<IMG_END>")
    specials = {"image_token": "<image>", "image_atom_token": "<IMG_ATOM>"}
    specials |= {f"mark_{n}_token": mark for n, mark in enumerate(marks)}
    tokenizer = tokenizer_of(scale, specials)
    number = tokenizer.convert_tokens_to_ids
    side = scale.tile
    sizes = text_sizes(scale, tokenizer)
    config = Ovis2Config(
        text_config={"model_type": "qwen2", **sizes},
        vision_config={
            **sight_sizes(scale),
            "image_size": side,
            "patch_size": 14,
            "hidden_stride": 2,
            "vocab_size": 64,
            "num_visual_indicator_tokens": 5,
        },
        image_token_id=number("<IMG_ATOM>"),
        visual_indicator_token_ids=[number(mark) for mark in marks],
        vocab_size=sizes["vocab_size"],
        hidden_size=scale.hidden,
        tie_word_embeddings=False,
    )
    processor = Ovis2Processor(
        image_processor=Ovis2ImageProcessor(size={"height": side, "width": side}),
        tokenizer=tokenizer,
        image_seq_length=(side // 28) ** 2,
        chat_template=chat({"image": "<image>\n"}),
    )
    return Ovis2ForConditionalGeneration(config), processor, stops(tokenizer)


def phi4_multimodal(scale: Scale) -> Parts:
    """Phi-4 multimodal: images and sound, each with adapters of its own in the text model."""
    from transformers import (
        Phi4MultimodalConfig,
        Phi4MultimodalFeatureExtractor,
        Phi4MultimodalForCausalLM,
        Phi4MultimodalImageProcessor,
        Phi4MultimodalProcessor,
    )

    specials = {"image_token": "<|endoftext10|>", "audio_token": "<|endoftext11|>"}
    tokenizer = tokenizer_of(scale, specials)
    ids = token_ids(tokenizer, specials)
    # Its processor counts 256 tokens for a tile of 448 pixels, whatever its configuration says.
    config = Phi4MultimodalConfig(
        **text_sizes(scale, tokenizer),
        vision_config={
            **sight_sizes(scale),
            "num_hidden_layers": scale.sight.layers + 1,
            "image_token_id": ids["image_token"],
        },
        audio_config={
            "hidden_size": scale.hearing.width,
            "intermediate_size": scale.hearing.feed_forward,
            "num_blocks": scale.hearing.layers + 1,
            "num_attention_heads": scale.hearing.heads,
            "ext_pw_out_channel": scale.hearing.width,
            "depthwise_separable_out_channel": scale.hearing.width,
            "nemo_conv_channels": scale.hearing.width,
            "audio_token_id": ids["audio_token"],
        },
    )
    processor = Phi4MultimodalProcessor(
        image_processor=Phi4MultimodalImageProcessor(),
        audio_processor=Phi4MultimodalFeatureExtractor(),
        tokenizer=tokenizer,
        chat_template=chat({"image": "<|endoftext10|>", "audio": "<|endoftext11|>"}),
    )
    return Phi4MultimodalForCausalLM(config), processor, stops(tokenizer)


def qwen3_vl_moe(scale: Scale) -> Parts:
    """Qwen3-VL with a mixture of experts."""
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLMoeConfig,
        Qwen3VLMoeForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    tokenizer = tokenizer_of(scale, QWEN_TOKENS)
    config = Qwen3VLMoeConfig(
        text_config=text_sizes(
            scale,
            tokenizer,
            head_dim=scale.head_dim,
            moe_intermediate_size=scale.hidden,
            num_experts=4,
            num_experts_per_tok=2,
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
    return Qwen3VLMoeForConditionalGeneration(config), processor, stops(tokenizer)
