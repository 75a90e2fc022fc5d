"""Parts of the base that need no checkpoint: probabilities, torchvision, memory, fingerprints."""

from __future__ import annotations

import importlib
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from s3eval.errors import MachineError

torch = pytest.importorskip("torch")


class Words:
    """A tokenizer of one token a letter."""

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        return {"input_ids": [ord(c) for c in text]}


class Letters:
    """A decoding whose every next letter has the probability 1/4, or 1/2 for an S."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def look_ahead(self, which: Any, tokens: Any) -> list[Any]:
        self.asked += list(zip(which, map(tuple, tokens), strict=True))
        return [torch.zeros(len(t), 1) for t in tokens]

    @staticmethod
    def logs(hidden: Any) -> Any:
        rows = torch.full((len(hidden), 128), math.log(0.25))
        rows[:, ord("S")] = math.log(0.5)
        return rows


def choices_of(first: dict[str, float], *choices: str) -> Any:
    from s3eval.hf.choices import choice_probabilities, spellings

    logs = torch.full((128,), -math.inf)
    for letter, probability in first.items():
        logs[ord(letter)] = math.log(probability)
    decoding = Letters()
    ways = spellings(Words(), choices)
    (scores,) = choice_probabilities(decoding, [0], [logs], [ways], decoding.logs)  # type: ignore[arg-type]
    return scores, decoding.asked


def test_a_choice_of_two_tokens_is_their_product() -> None:
    """ES: 0.4 x 0.5; NES: 0.2 x 0.25 x 0.5."""
    scores, asked = choices_of({"E": 0.4, "N": 0.2}, "ES", "NES")
    assert scores.mass == pytest.approx(0.2 + 0.025)
    assert scores.probabilities["ES"] == pytest.approx(0.2 / 0.225)
    assert scores.best == "ES" and len(asked) == 2


def test_spellings_add_up_and_hopeless_ones_are_not_read_further() -> None:
    scores, asked = choices_of({"a": 0.3, "A": 0.1, "b": 0.1, " ": 1e-9}, "a", "b")
    assert scores.mass == pytest.approx(0.5)
    assert scores.probabilities["a"] == pytest.approx(0.8)
    assert asked == []


def test_a_choice_that_begins_another_leaves_it_its_share() -> None:
    """P("a") covers "aS" (0.6 x 0.5) and "as" (0.6 x 0.25); together they must not exceed it."""
    scores, _ = choices_of({"a": 0.6}, "a", "aS")
    assert scores.mass == pytest.approx(0.6)
    assert scores.probabilities["aS"] == pytest.approx(0.45 / 0.6)


def test_no_mass_at_all_is_said() -> None:
    scores, _ = choices_of({"z": 1.0}, "a", "b")
    assert scores.mass == 0.0
    assert scores.probabilities == {"a": 0.5, "b": 0.5}


def test_a_torchvision_that_imports_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from s3eval import torch_environment

    works = type(sys)("torchvision")
    monkeypatch.setitem(sys.modules, "torchvision", works)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(torch_environment, "_declare_operators", lambda: pytest.fail("declared"))
    assert torch_environment.prepare_libraries.__wrapped__() is works


def test_a_torchvision_broken_otherwise_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from s3eval import torch_environment

    (tmp_path / "torchvision.py").write_text("raise OSError('libcudart.so.12: not scores')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    with pytest.raises(MachineError, match=r"does not import.*libcudart") as caught:
        torch_environment.prepare_libraries.__wrapped__()
    assert "\n" not in str(caught.value)


def test_here_torchvision_works_one_way_or_the_other() -> None:
    pytest.importorskip("transformers")
    from s3eval.torch_environment import prepare_libraries

    kept = prepare_libraries()
    from torchvision.transforms.v2 import functional

    assert kept is prepare_libraries() and kept is not None
    assert functional.resize(torch.zeros(1, 3, 8, 8), [4, 4]).shape == (1, 3, 4, 4)


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_which_errors_mean_that_memory_ran_out(error: Exception, memory: bool) -> None:
    from s3eval.hf.environment import is_out_of_memory

    assert is_out_of_memory(error) is memory


def test_a_checkpoint_is_known_by_its_content_not_its_place(tmp_path: Path) -> None:
    import shutil

    from s3eval.hf.fingerprint import checkpoint_version

    one = tmp_path / "one"
    one.mkdir()
    (one / "config.json").write_text("{}")
    (one / "model.safetensors").write_bytes(bytes(300_000))
    moved = Path(shutil.copytree(one, tmp_path / "elsewhere"))
    assert checkpoint_version(str(one), "") == checkpoint_version(str(moved), "")
    with (moved / "model.safetensors").open("r+b") as handle:
        handle.seek(299_999)
        handle.write(b"x")
    assert checkpoint_version(str(one), "") != checkpoint_version(str(moved), "")
    assert checkpoint_version("a/b", "c0ffee") == "c0ffee"


def test_importing_the_packages_imports_nothing_heavy() -> None:
    import subprocess

    code = (
        "import sys, s3eval.hf\n"
        "from s3eval import discover\n"
        "discover()\n"
        "print([m for m in ('torch', 'transformers', 'torchvision', 'numpy', 'pydantic')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
