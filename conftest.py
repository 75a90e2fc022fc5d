"""What is not collected, which examples properties are tried on, and what tests run without.

Not collected are modules of tests for their examples and, without torch, what needs it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from _pytest.doctest import DoctestModule

# Their docstrings show tensors; modules that import torch are skipped by pytest itself.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["s3eval/hf/*"]

if importlib.util.find_spec("hypothesis"):
    from hypothesis import HealthCheck, settings

    # The same examples everywhere, and none fails because the machine is busy. Others are tried by
    # `make fuzz`.
    settings.register_profile(
        "s3eval", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("s3eval")

# What people and services set for themselves: it changes what is printed or where things are kept.
_OF_THE_USER = (
    "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "S3EVAL_CACHE", "S3EVAL_COMMENTS",
    "S3EVAL_PHI_MODEL", "S3EVAL_SERVER_KEY", "TTY_COMPATIBLE", "TTY_INTERACTIVE",
)  # fmt: skip


@pytest.fixture(autouse=True, scope="session")
def without_what_the_user_set() -> Generator[None, None, None]:
    """Run every test as on a machine on which nothing was set."""
    with pytest.MonkeyPatch.context() as patch:
        for name in _OF_THE_USER:
            patch.delenv(name, raising=False)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, Any, Any]:
    """Look for no examples in modules of tests.

    With ``--doctest-ignore-import-errors``, which optional packages need, a module that cannot be
    imported is skipped. For a module of tests that would hide that none of them runs.
    """
    found = yield
    if not file_path.name.startswith("test_"):
        return found
    return [one for one in found if not isinstance(one, DoctestModule)]
