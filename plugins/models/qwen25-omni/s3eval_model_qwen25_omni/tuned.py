"""The paper's two tuned models: Qwen2.5-Omni-7B with weights that the user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3eval import S3EvalError
from s3eval_model_qwen25_omni.adapter import Qwen25Omni

if TYPE_CHECKING:
    from s3eval.hf.loading import Loaded
    from s3eval.hf.options import Options
    from s3eval.specs import ModelSpec

__all__ = ["SeizureOmni"]


class SeizureOmni(Qwen25Omni):
    """Qwen2.5-Omni tuned on seizures (paper, Section 3.4.1 and Appendix E).

    The authors have published no weights, so there is no default: an adapter on the base, or a
    checkpoint with the adapter merged into it, is named by the user. The base alone is refused,
    since it would answer under the tuned model's name.
    """

    @classmethod
    def loaded(cls, spec: ModelSpec, options: Options) -> Loaded:
        """The named weights, in memory.

        Raises:
            S3EvalError: neither an adapter nor merged weights are named.
        """
        if options.adapter is None and options.checkpoint in ("", spec.checkpoint):
            raise S3EvalError(
                f"'{spec.name}' needs its tuned weights",
                why="the paper's authors have published none",
                fix="--model-option adapter=FOLDER (on the base), or checkpoint=FOLDER (merged)",
            )
        return super().loaded(spec, options)
