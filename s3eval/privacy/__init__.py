"""What may leave this machine, in which form, and the record of what did (docs/privacy.md)."""

from __future__ import annotations

from s3eval.privacy.detector import KINDS, Detector, PhiSpan, find_detector, redact
from s3eval.privacy.gate import Blocked, Cleared, Gate

__all__ = [
    "KINDS",
    "Blocked",
    "Cleared",
    "Detector",
    "Gate",
    "PhiSpan",
    "find_detector",
    "redact",
]
