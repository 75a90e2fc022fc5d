"""All tasks on real video files through the command line, by tiny checkpoints of `hf`."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from s3eval.testing.architectures import FURTHER

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers")

TASKS = ["recognition", "justification", "spatial", "timing", "sequence", "report", "diagnosis"]
QUICK = ("qwen2_audio",)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from s3eval_synth.testing import tiny_dataset

    folder = tmp_path_factory.mktemp("clips") / "data"
    tiny_dataset(folder, videos=2, seconds=6.0)
    return folder


def check(architecture: str, data: Path, out: Path) -> None:
    import torch

    from s3eval.cli import main
    from s3eval.running.runs import open_runs
    from s3eval.testing.checkpoints import shared_checkpoint

    torch.set_num_threads(1)
    options = {
        "checkpoint": shared_checkpoint(architecture),
        "max_pixels": 16_384,
        "max_new_tokens": 4,
        "score_choices": "true",
        **MORE.get(architecture, {}),
    }
    arguments = ["run", "-m", "hf", "-t", "all", "-d", str(data), "-o", str(out)]
    for key, value in options.items():
        arguments += ["--model-option", f"{key}={value}"]
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as ended:
        main([*arguments, "--resamples", "20"])
    assert not ended.value.code, printed.getvalue()
    shares = "whole prompt" if architecture == "mllama" else "questions share the clip"
    assert shares in printed.getvalue()
    (run,) = open_runs([out])
    hears, sees = "hearing" in run.facts.senses, "sight" in run.facts.senses
    assert (sees, hears) == (architecture != "qwen2_audio", architecture in HEARING)
    assert sorted(run.facts.tasks) == sorted(TASKS)
    states = [f.state for findings in run.findings.values() for f in findings]
    assert "failed" not in states
    answered = [f for f in run.findings["recognition"] if f.state == "answered"]
    assert len(answered) == 2 * (18 * sees + 2 * hears)
    probabilities = [f.probability for f in answered if f.probability is not None]
    assert len(probabilities) == len(answered)
    assert len({round(p, 6) for p in probabilities}) > len(probabilities) / 2
    assert str(data) not in printed.getvalue().replace(str(out), "")


# It makes 480 tokens of any frame, and the whole video is shown with 60 of them.
MORE = {"phi4_multimodal": {"max_media_tokens": 32_768}}
HEARING = {"qwen2_audio", "gemma4", "gemma4_unified", "phi4_multimodal"}


@pytest.mark.parametrize("architecture", QUICK)
def test_all_tasks_on_real_videos(architecture: str, data: Path, tmp_path: Path) -> None:
    check(architecture, data, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", sorted(set(FURTHER) - set(QUICK)))
def test_all_tasks_on_real_videos_other_architectures(
    architecture: str, data: Path, tmp_path: Path
) -> None:
    check(architecture, data, tmp_path)
