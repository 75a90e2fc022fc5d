"""Options of the executor, and what it says where Ray has nothing to offer; no Ray is started."""

from __future__ import annotations

import subprocess
import sys

import pytest
from s3eval_executor_ray.executor import RayExecutor, RemoteModel
from s3eval_executor_ray.options import read_options
from s3eval_executor_ray.worker import Trouble

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.running.loaded import LoadedFacts


def test_wrong_options_are_named():
    with pytest.raises(S3EvalError, match=r"Unknown option.*'worker'; did you mean 'workers'"):
        RayExecutor.of({"worker": 2})
    with pytest.raises(S3EvalError, match="Wrong value of option 'workers'"):
        RayExecutor.of({"workers": 0})
    assert read_options({"gpus": 0.5}).gpus == 0.5


@pytest.mark.parametrize("kind", [S3EvalError, StopRunError, MachineError])
def test_errors_of_workers_arrive_as_what_they_are(kind):
    told = Trouble.of(kind("It is over", where="v1", why="no money", fix="pay")).error()
    assert type(told) is kind
    assert str(told) == "It is over (v1): no money. Try: pay"
    other = Trouble.of(ValueError("odd")).error()
    assert "A worker failed: ValueError: odd" in str(other)


def test_workers_with_different_models_are_refused():
    def told(revision, notice=""):
        return LoadedFacts(True, 1, 0.7, None, {"revision": revision, "dtype": "f"}, notice)

    model = RemoteModel(told("a"), None, [])
    assert model.temperature == 0.7
    model.refuse_another(told("a", "other notice"))
    with pytest.raises(S3EvalError, match="they differ in revision"):
        model.refuse_another(told("b"))


def test_listing_imports_no_ray():
    code = (
        "import sys; from s3eval.plugins import installed; installed().get('executor', 'ray');"
        "print('ray' in sys.modules)"
    )
    done = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert done.strip() == "False"
