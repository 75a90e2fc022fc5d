"""The offline judge; nothing heavy is imported here."""

from __future__ import annotations

from s3eval import JudgeSpec, hookimpl


@hookimpl
def s3eval_judges() -> list[JudgeSpec]:
    """The lexicon judge."""
    return [
        JudgeSpec(
            "lexicon",
            "s3eval_judge_lexicon.judge:Lexicon",
            "offline and deterministic; shows the words each fact was read from",
        )
    ]
