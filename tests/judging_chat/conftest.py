"""Tests of this folder import what several of them use from the modules that lie beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def batch_key(monkeypatch):
    """The key that services of batches are asked with (`batch_services.judge_at`)."""
    from batch_services import KEY

    monkeypatch.setenv("A_KEY", KEY)
