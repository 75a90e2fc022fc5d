"""Lingshu is a Qwen2.5-VL trained further on medical images; nothing else differs."""

from __future__ import annotations

from s3eval_model_qwen25_vl.adapter import Qwen25VL


class Lingshu(Qwen25VL):
    """Lingshu."""
