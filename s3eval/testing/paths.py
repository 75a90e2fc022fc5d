"""Where tests find what is not in the repository."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["release_dir"]


def release_dir() -> Path | None:
    """The public release, from ``S3EVAL_RELEASE`` or ``shared/s3-release`` beside the checkout.

    Returns:
        the folder, or None when it is not on this machine (tests that need it then skip).
    """
    named = os.environ.get("S3EVAL_RELEASE")
    beside = Path(__file__).resolve().parents[3] / "shared" / "s3-release"
    for candidate in ([Path(named)] if named else []) + [beside]:
        if (candidate / "result").is_dir():
            return candidate
    return None
