"""Footage: which frames and sound of a video a model is shown, and getting them.

``clips`` is arithmetic (pure), ``decoding`` is one pass over a file, ``sound`` its audio.
"""

from __future__ import annotations

from s3eval.facts.clips import (
    Clip,
    Sampling,
    SamplingProfile,
    profile,
    sample_times,
    whole,
    windows,
)
from s3eval.facts.footage import Footage, FootageError, FootageFailure, MediaFacts

__all__ = [
    "Clip",
    "Footage",
    "FootageError",
    "FootageFailure",
    "MediaFacts",
    "Sampling",
    "SamplingProfile",
    "profile",
    "sample_times",
    "whole",
    "windows",
]
