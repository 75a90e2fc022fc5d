"""Fuzz one target guided by coverage: ``python tests/fuzz/guided.py TARGET -max_total_time=60``.

Needs atheris (``pip install atheris``). What made it fail is left as a file ``crash-...``.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["s3eval", "s3eval_paper"]):
    from targets import TARGETS

if __name__ == "__main__":
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()
