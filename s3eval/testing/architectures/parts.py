"""What the architectures share: tokenizer, text sizes, rotary positions, an encoder of frames."""

from __future__ import annotations

from typing import Any

from s3eval.testing.architectures.scale import Scale

__all__ = [
    "GEMMA4_CHAT",
    "GEMMA4_TOKENS",
    "GEMMA_TOKENS",
    "QWEN_TOKENS",
    "Parts",
    "chat",
    "gemma4_ids",
    "last_layers",
    "mrope",
    "named_ids",
    "qwen_sight",
    "sight_sizes",
    "stops",
    "text_sizes",
    "token_ids",
    "tokenizer_of",
]

#: A model, its processor, and the tokens that end an answer.
Parts = tuple[Any, Any, list[int]]

#: What the families call their tokens for media; as attributes of tokenizers have it.
QWEN_TOKENS = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}
GEMMA_TOKENS = {
    "image_token": "<image_soft_token>",
    "boi_token": "<start_of_image>",
    "eoi_token": "<end_of_image>",
}
GEMMA4_TOKENS = {
    **GEMMA_TOKENS,
    "video_token": "<|video|>",
    "audio_token": "<audio_soft_token>",
    "boa_token": "<start_of_audio>",
    "eoa_token": "<end_of_audio>",
}
#: How Gemma 4 writes each kind of content.
GEMMA4_CHAT = {
    "image": "<image_soft_token>",
    "video": "<|video|>",
    "audio": "<audio_soft_token>",
}

_CORPUS = (
    "Is the patient asleep at the start of the video? Answer yes or no only.",
    "Does the head turn to the left or to the right? left right neither both arms legs",
    "Seizure semiology: tonic posturing, clonic jerks, oral automatisms, blank stare.",
    "yes no Yes No YES NO left right Left Right ES NES epileptic nonepileptic seizure",
    "Describe what you see and hear in the clip in one sentence; give the time as MM:SS.",
    "You are a helpful assistant. The patient does not answer verbally. 0 1 2 3 4 5 6 7 8 9",
    "Frame1: Frame2: <0.5 seconds> system user assistant a an the of and with is are was",
)
# Answers are whole tokens, as in the published tokenizers.
_ANSWERS = " ".join(
    form for word in ("yes", "no", "left", "right") for form in (word, word.title(), word.upper())
)
# The split into words that the Qwen tokenizers use.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_CHAT_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def tokenizer_of(scale: Scale, specials: dict[str, str]) -> Any:
    """A byte-level BPE tokenizer trained here; ``specials`` become attributes of that name."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=scale.vocabulary,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    raw.train_from_iterator([*_CORPUS, *[_ANSWERS, *_ANSWERS.split()] * 50], trainer)
    added = dict.fromkeys([*_CHAT_TOKENS, *specials.values()])
    raw.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in added])
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        clean_up_tokenization_spaces=False,
        extra_special_tokens=specials,
    )


def chat(parts: dict[str, str]) -> str:
    """A chat template of plain turns; ``parts`` says what each kind of content is written as."""
    from s3eval.testing.chat_templates import chatml

    return chatml(parts)


def token_ids(tokenizer: Any, tokens: dict[str, str]) -> dict[str, int]:
    """The id of each named token."""
    return {name: tokenizer.convert_tokens_to_ids(token) for name, token in tokens.items()}


def named_ids(tokenizer: Any, tokens: dict[str, str]) -> dict[str, int]:
    """The same as configurations name them: ``image_token_id`` for ``image_token``."""
    return {f"{name}_id": number for name, number in token_ids(tokenizer, tokens).items()}


def gemma4_ids(tokenizer: Any) -> dict[str, int]:
    """The ids of `GEMMA4_TOKENS`, as its configurations name them."""
    ids = named_ids(tokenizer, GEMMA4_TOKENS)
    ids["eoa_token_index"] = ids.pop("eoa_token_id")  # one of them is called otherwise
    return ids


def stops(tokenizer: Any) -> list[int]:
    """The ids that end an answer: of the turn, of the text."""
    return [tokenizer.convert_tokens_to_ids(t) for t in ("<|im_end|>", "<|endoftext|>")]


def text_sizes(scale: Scale, tokenizer: Any, **more: Any) -> dict[str, Any]:
    """The sizes every text model takes."""
    return {
        "vocab_size": max(len(tokenizer), scale.rows),
        "hidden_size": scale.hidden,
        "intermediate_size": scale.inner or 2 * scale.hidden,
        "num_hidden_layers": scale.layers,
        "num_attention_heads": scale.heads,
        "num_key_value_heads": scale.shared or max(1, scale.heads // 2),
        "max_position_embeddings": scale.context,
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        **more,
    }


def mrope(scale: Scale, **more: Any) -> dict[str, Any]:
    """Rotary positions in time, height and width."""
    return {
        "rope_type": "default",
        "rope_theta": 1_000_000.0,
        "mrope_section": scale.mrope_section,
        **more,
    }


def sight_sizes(scale: Scale, **more: Any) -> dict[str, Any]:
    """The sizes that most encoders of frames take by these names."""
    return {
        "hidden_size": scale.sight.width,
        "intermediate_size": scale.sight.feed_forward,
        "num_hidden_layers": scale.sight.layers,
        "num_attention_heads": scale.sight.heads,
        **more,
    }


def qwen_sight(scale: Scale, patch: int, **more: Any) -> dict[str, Any]:
    """The sizes every Qwen encoder of frames takes."""
    return {
        "depth": scale.sight.layers,
        "hidden_size": scale.sight.width,
        "intermediate_size": scale.sight.feed_forward,
        "num_heads": scale.sight.heads,
        "patch_size": patch,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": scale.hidden,
        **more,
    }


def last_layers(scale: Scale) -> list[int]:
    """The layers that attend to whole frames: every eighth, and at least the last."""
    return [*range(7, scale.sight.layers - 1, 8), scale.sight.layers - 1]
