"""Chat templates for the tiny checkpoints, laid out like the families' published ones.

Written for this project: the same turns, markers and order as published, without the parts for
tools and thinking, which no task uses.
"""

from __future__ import annotations

__all__ = [
    "AUDIO_FLAMINGO3",
    "INTERNVL",
    "QWEN2_5_OMNI",
    "QWEN2_5_VL",
    "QWEN3_OMNI",
    "QWEN3_VL",
    "chatml",
]


def chatml(parts: dict[str, str], default_system: str = "") -> str:
    """A template of <|im_start|>role ... <|im_end|> turns.

    Args:
        parts: what each kind of content is written as.
        default_system: the system turn written when the conversation has none.
    """
    kinds = "".join(
        f"{{% {'if' if i == 0 else 'elif'} part['type'] == '{kind}' %}}{text}"
        for i, (kind, text) in enumerate(parts.items())
    )
    opening = (
        "{% if messages[0]['role'] != 'system' %}<|im_start|>system\n"
        + default_system
        + "<|im_end|>\n{% endif %}"
        if default_system
        else ""
    )
    return (
        opening + "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
        "{% if message['content'] is string %}{{ message['content'] }}"
        "{% else %}{% for part in message['content'] %}"
        + kinds
        + "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
        "<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


# An image is written as the token its processor then repeats for every patch.
INTERNVL = chatml({"image": "<IMG_CONTEXT>\n", "video": "<video>\n"})
_QWEN_VISION = {
    "image": "<|vision_start|><|image_pad|><|vision_end|>",
    "video": "<|vision_start|><|video_pad|><|vision_end|>",
}
QWEN2_5_VL = chatml(_QWEN_VISION, "You are a helpful assistant.")
QWEN3_VL = chatml(_QWEN_VISION)
QWEN2_5_OMNI = chatml(
    {
        "image": "<|vision_bos|><|IMAGE|><|vision_eos|>",
        "audio": "<|audio_bos|><|AUDIO|><|audio_eos|>",
        "video": "<|vision_bos|><|VIDEO|><|vision_eos|>",
    },
    "You are a helpful assistant that sees and hears.",
)
QWEN3_OMNI = chatml({**_QWEN_VISION, "audio": "<|audio_start|><|audio_pad|><|audio_end|>"})
# The sound comes first wherever it stands in the message, as in the published template.
AUDIO_FLAMINGO3 = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\n"
    "You are a helpful assistant.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] if part['type'] == 'audio' %}<sound>{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %}"
    "{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
