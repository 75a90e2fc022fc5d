"""Audio Flamingo 3: hears only."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl

_NEEDS = ("torch", "transformers")
_INSTALL = 'pip install torch==2.13.0 && pip install "s3eval-core[transformers]"'


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The models of this package."""
    return [
        ModelSpec(
            "audio-flamingo-3",
            adapter="s3eval_model_audio_flamingo.adapter:AudioFlamingo3",
            tokens="s3eval_model_audio_flamingo.tokens:media_tokens",
            summary="Audio Flamingo 3",
            checkpoint="nvidia/audio-flamingo-3-hf",
            parameters=8_270_000_000,
            needs=_NEEDS,
            install=_INSTALL,
            hears=True,
        ),
    ]
