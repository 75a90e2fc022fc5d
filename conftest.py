"""What is not collected where torch is not installed (the light installation of nox)."""

from __future__ import annotations

import importlib.util

# Their docstrings show tensors; modules that import torch are skipped by pytest itself.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["s3eval/hf/*"]
