"""Further architectures that take images alone, or sound: for tests of the generic model."""

from __future__ import annotations

from typing import Any

from s3eval.testing.architectures.parts import (
    GEMMA4_CHAT,
    GEMMA4_TOKENS,
    GEMMA_TOKENS,
    Parts,
    chat,
    gemma4_ids,
    sight_sizes,
    stops,
    text_sizes,
    token_ids,
    tokenizer_of,
)
from s3eval.testing.architectures.scale import Scale

__all__ = ["aya_vision", "gemma3", "gemma4", "lfm2_vl", "mistral3", "mllama", "qwen2_audio"]

_SLIDING = ["sliding_attention", "full_attention"]


def _siglip(scale: Scale, kind: str, patch: int, **more: Any) -> dict[str, Any]:
    return {
        "model_type": kind,
        **sight_sizes(scale),
        "patch_size": patch,
        "vision_use_head": False,
        **more,
    }


def gemma3(scale: Scale) -> Parts:
    """Gemma 3: images alone, seen by one another in both directions; sliding windows."""
    import torch
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessor,
        Gemma3Processor,
    )

    tokenizer = tokenizer_of(scale, GEMMA_TOKENS)
    ids = token_ids(tokenizer, GEMMA_TOKENS)
    side = scale.tile
    config = Gemma3Config(
        text_config=text_sizes(
            scale,
            tokenizer,
            num_hidden_layers=2,
            layer_types=_SLIDING,
            sliding_window=16,
            head_dim=scale.head_dim,
            query_pre_attn_scalar=scale.head_dim,
            final_logit_softcapping=20.0,
        ),
        vision_config=_siglip(scale, "siglip_vision_model", 14, image_size=side),
        mm_tokens_per_image=4,
        boi_token_index=ids["boi_token"],
        eoi_token_index=ids["eoi_token"],
        image_token_index=ids["image_token"],
        tie_word_embeddings=False,
    )
    processor = Gemma3Processor(
        image_processor=Gemma3ImageProcessor(size={"height": side, "width": side}),
        tokenizer=tokenizer,
        image_seq_length=4,
        chat_template=chat({"image": "<start_of_image>"}),
    )
    model = Gemma3ForConditionalGeneration(config)
    # The library begins with zeros here, and nothing would be seen.
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight, std=0.1)
    return model, processor, stops(tokenizer)


def gemma4(scale: Scale) -> Parts:
    """Gemma 4: images, video and sound; sliding windows, and layers that share others' keys."""
    from transformers import (
        Gemma4AudioFeatureExtractor,
        Gemma4Config,
        Gemma4ForConditionalGeneration,
        Gemma4ImageProcessor,
        Gemma4Processor,
        Gemma4VideoProcessor,
    )

    tokenizer = tokenizer_of(scale, GEMMA4_TOKENS)
    width = scale.sight.width // scale.sight.heads
    config = Gemma4Config(
        text_config=text_sizes(
            scale,
            tokenizer,
            num_hidden_layers=4,
            layer_types=[*_SLIDING, *_SLIDING],
            sliding_window=16,
            head_dim=scale.head_dim,
            num_kv_shared_layers=2,
            vocab_size_per_layer_input=max(len(tokenizer), scale.rows),
            hidden_size_per_layer_input=8,
            final_logit_softcapping=20.0,
        ),
        vision_config={
            **sight_sizes(scale),
            "num_key_value_heads": scale.sight.heads,
            "head_dim": width,
            "position_embedding_size": 64,
        },
        audio_config={
            "hidden_size": scale.hearing.width,
            "num_hidden_layers": scale.hearing.layers,
            "num_attention_heads": scale.hearing.heads,
            "output_proj_dims": scale.hidden,
        },
        **gemma4_ids(tokenizer),
        tie_word_embeddings=False,
    )
    processor = Gemma4Processor(
        feature_extractor=Gemma4AudioFeatureExtractor(),
        image_processor=Gemma4ImageProcessor(),
        tokenizer=tokenizer,
        video_processor=Gemma4VideoProcessor(),
        chat_template=chat(GEMMA4_CHAT),
    )
    return Gemma4ForConditionalGeneration(config), processor, stops(tokenizer)


def lfm2_vl(scale: Scale) -> Parts:
    """LFM2-VL: short convolutions between layers of attention; images alone."""
    from transformers import (
        Lfm2VlConfig,
        Lfm2VlForConditionalGeneration,
        Lfm2VlImageProcessor,
        Lfm2VlProcessor,
    )

    specials = {
        "image_token": "<image>",
        "image_start_token": "<|image_start|>",
        "image_end_token": "<|image_end|>",
        "image_thumbnail_token": "<|img_thumbnail|>",
    }
    tokenizer = tokenizer_of(scale, specials)
    config = Lfm2VlConfig(
        text_config={
            "model_type": "lfm2",
            **text_sizes(scale, tokenizer, num_hidden_layers=2),
            "layer_types": ["conv", "full_attention"],
        },
        vision_config=_siglip(scale, "siglip2_vision_model", 16, num_patches=256),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        projector_hidden_size=scale.hidden,
        tie_word_embeddings=False,
    )
    processor = Lfm2VlProcessor(
        image_processor=Lfm2VlImageProcessor(),
        tokenizer=tokenizer,
        chat_template=chat({"image": "<image>"}),
    )
    return Lfm2VlForConditionalGeneration(config), processor, stops(tokenizer)


def mistral3(scale: Scale) -> Parts:
    """Mistral 3: a Pixtral encoder; images alone, a token at the end of every row."""
    from transformers import (
        Mistral3Config,
        Mistral3ForConditionalGeneration,
        PixtralImageProcessor,
        PixtralProcessor,
    )

    specials = {
        "image_token": "[IMG]",
        "image_break_token": "[IMG_BREAK]",
        "image_end_token": "[IMG_END]",
    }
    tokenizer = tokenizer_of(scale, specials)
    config = Mistral3Config(
        text_config={
            "model_type": "mistral",
            **text_sizes(scale, tokenizer, head_dim=scale.head_dim, sliding_window=None),
        },
        vision_config={
            "model_type": "pixtral",
            **sight_sizes(scale),
            "head_dim": scale.sight.width // scale.sight.heads,
            "patch_size": 14,
            "image_size": 224,
        },
        image_token_index=tokenizer.convert_tokens_to_ids("[IMG]"),
        tie_word_embeddings=False,
    )
    processor = PixtralProcessor(
        image_processor=PixtralImageProcessor(
            patch_size={"height": 14, "width": 14}, size={"longest_edge": 224}
        ),
        tokenizer=tokenizer,
        patch_size=14,
        spatial_merge_size=2,
        chat_template=chat({"image": "[IMG]"}),
    )
    return Mistral3ForConditionalGeneration(config), processor, stops(tokenizer)


def aya_vision(scale: Scale) -> Parts:
    """Aya Vision: a Cohere 2 text model with sliding windows and scaled logits; images alone."""
    from transformers import (
        AyaVisionConfig,
        AyaVisionForConditionalGeneration,
        AyaVisionProcessor,
        GotOcr2ImageProcessor,
    )

    specials = {
        "image_token": "<image>",
        "start_of_img_token": "<|START_OF_IMG|>",
        "end_of_img_token": "<|END_OF_IMG|>",
        "img_patch_token": "<|IMG_PATCH|>",
        "img_line_break_token": "<|IMG_LINE_BREAK|>",
        "tile_token": "TILE",
        "tile_global_token": "TILE_GLOBAL",
    }
    tokenizer = tokenizer_of(scale, specials)
    side = scale.tile
    config = AyaVisionConfig(
        text_config={
            "model_type": "cohere2",
            **text_sizes(scale, tokenizer, num_hidden_layers=2),
            "layer_types": _SLIDING,
            "sliding_window": 16,
        },
        vision_config=_siglip(scale, "siglip_vision_model", 14, image_size=side),
        image_token_index=tokenizer.convert_tokens_to_ids("<|IMG_PATCH|>"),
        tie_word_embeddings=False,
    )
    processor = AyaVisionProcessor(
        image_processor=GotOcr2ImageProcessor(size={"height": side, "width": side}),
        tokenizer=tokenizer,
        patch_size=14,
        img_size=side,
        downsample_factor=2,
        chat_template=chat({"image": "<image>"}),
    )
    return AyaVisionForConditionalGeneration(config), processor, stops(tokenizer)


def mllama(scale: Scale) -> Parts:
    """Llama 3.2 Vision: layers of cross-attention to the images between those of the text."""
    import torch
    from transformers import (
        MllamaConfig,
        MllamaForConditionalGeneration,
        MllamaImageProcessor,
        MllamaProcessor,
    )

    tokenizer = tokenizer_of(scale, {"image_token": "<|image|>"})
    tokenizer.bos_token = "<|endoftext|>"
    side = scale.tile
    sizes = text_sizes(scale, tokenizer, num_hidden_layers=3, cross_attention_layers=[1])
    config = MllamaConfig(
        text_config={**sizes, "bos_token_id": tokenizer.bos_token_id},
        vision_config={
            "hidden_size": scale.sight.width,
            "intermediate_size": scale.sight.feed_forward,
            "num_hidden_layers": scale.sight.layers,
            "num_global_layers": 1,
            "attention_heads": scale.sight.heads,
            "vision_output_dim": 2 * scale.sight.width,
            "intermediate_layers_indices": [0],
            "image_size": side,
            "patch_size": 14,
            "max_num_tiles": 1,
            "supported_aspect_ratios": [[1, 1]],
        },
        image_token_index=tokenizer.convert_tokens_to_ids("<|image|>"),
    )
    processor = MllamaProcessor(
        image_processor=MllamaImageProcessor(
            size={"height": side, "width": side}, max_image_tiles=1
        ),
        tokenizer=tokenizer,
        chat_template=chat({"image": "<|image|>"}),
    )
    model = MllamaForConditionalGeneration(config)
    for name, parameter in model.named_parameters():
        if "gate" in name.rsplit(".", 1)[-1]:
            # The library begins with closed gates, and nothing would be seen.
            torch.nn.init.ones_(parameter)
    return model, processor, stops(tokenizer)


def qwen2_audio(scale: Scale) -> Parts:
    """Qwen2-Audio: it only hears."""
    from transformers import (
        Qwen2AudioConfig,
        Qwen2AudioForConditionalGeneration,
        Qwen2AudioProcessor,
        WhisperFeatureExtractor,
    )

    specials = {
        "audio_token": "<|AUDIO|>",
        "audio_bos_token": "<|audio_bos|>",
        "audio_eos_token": "<|audio_eos|>",
    }
    tokenizer = tokenizer_of(scale, specials)
    config = Qwen2AudioConfig(
        text_config={"model_type": "qwen2", **text_sizes(scale, tokenizer)},
        audio_config={
            "num_mel_bins": scale.mels,
            "encoder_layers": scale.hearing.layers,
            "encoder_attention_heads": scale.hearing.heads,
            "encoder_ffn_dim": scale.hearing.feed_forward,
            "d_model": scale.hearing.width,
        },
        audio_token_index=tokenizer.convert_tokens_to_ids("<|AUDIO|>"),
    )
    processor = Qwen2AudioProcessor(
        feature_extractor=WhisperFeatureExtractor(
            feature_size=scale.mels, return_attention_mask=True
        ),
        tokenizer=tokenizer,
        chat_template=chat({"audio": "<|audio_bos|><|AUDIO|><|audio_eos|>\n"}),
    )
    return Qwen2AudioForConditionalGeneration(config), processor, stops(tokenizer)
