"""How lmms-eval is installed and found: an environment of its own, named by a variable."""

from __future__ import annotations

__all__ = ["INSTALL", "PYTHON_VARIABLE"]

#: The variable that names the interpreter of lmms-eval's environment.
PYTHON_VARIABLE = "S3EVAL_LMMS_EVAL_PYTHON"
#: What brings lmms-eval (docs/lmms-eval.md).
INSTALL = (
    "python -m venv lmms && lmms/bin/pip install torch torchvision && lmms/bin/pip install "
    f"lmms-eval==0.7.3 'filelock<3.24' && export {PYTHON_VARIABLE}=$PWD/lmms/bin/python"
)
