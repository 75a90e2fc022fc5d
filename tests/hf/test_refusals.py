"""Wrong input: one clear line each, with what to do, and nothing half-loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from s3eval import Question, S3EvalError
from s3eval.errors import MachineError, UnknownNameError
from s3eval.testing.noise import noise_clip

pytest.importorskip("torch")
pytest.importorskip("transformers")


def refused(spec: Any, name: str, kind: type[Exception] = S3EvalError, **options: Any) -> str:
    """Load a model that must be refused; the message, which must be one line."""
    chosen = spec(name)
    with pytest.raises(kind) as caught:
        chosen.load().load(chosen, options)
    line = str(caught.value)
    assert "\n" not in line and line
    return line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a tiny Qwen3-VL that a test may damage."""
    from s3eval.testing.checkpoints import shared_checkpoint

    return Path(shutil.copytree(shared_checkpoint("qwen3_vl"), tmp_path / "mine"))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No way to the hub, whatever the machine."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


def test_unknown_option(spec: Any) -> None:
    line = refused(spec, "qwen3-vl-8b", UnknownNameError, chekpoint="x")
    assert "'chekpoint'" in line and "'checkpoint'" in line


@pytest.mark.parametrize(
    ("option", "value", "part"),
    [
        ("dtype", "float12", "bfloat16"),
        ("batch", "none", "integer"),
        ("batch", "0", "greater than or equal to 1"),
        ("device", "gpu", "pattern"),
        ("quantization", "3bit", "bitsandbytes-4bit"),
        ("text_positions", "mine", "trained"),
        ("thinking", "0", "tokens of a thought, 1 or more"),
        ("thinking", "-5", "--model-option thinking=off, thinking=on or thinking=2048"),
        ("thinking", "maybe", "Expected off, on or the most tokens"),
    ],
)
def test_impossible_values(spec: Any, option: str, value: str, part: str) -> None:
    line = refused(spec, "qwen2.5-vl-7b", **{option: value})
    assert option in line and part in line


def test_pixels_the_wrong_way_round(spec: Any) -> None:
    assert "min_pixels <= max_pixels" in refused(
        spec, "qwen3-vl-8b", min_pixels="2000000", max_pixels="1000"
    )


def test_checkpoint_neither_here_nor_to_be_had(spec: Any, offline: None) -> None:
    line = refused(spec, "qwen3-vl-8b", check_memory=False)
    assert "Qwen/Qwen3-VL-8B-Instruct" in line and "hf download" in line


def test_no_such_folder(spec: Any, tmp_path: Path) -> None:
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(tmp_path / "nowhere"))
    assert "No checkpoint folder" in line and "nowhere" in line


def test_a_name_that_can_only_be_a_folder_names_the_nearest(
    spec: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused at once: a repository is owner/name, so no hub is asked."""
    import socket

    def nobody(*args: Any, **more: Any) -> Any:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    monkeypatch.chdir(folder.parent)
    line = refused(spec, "qwen3-vl-8b", checkpoint="mime")
    assert "No checkpoint folder 'mime'" in line and "did you mean 'mine'?" in line
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(folder.parent / "mime"))
    assert f"did you mean '{folder}'?" in line


def test_a_file_is_called_a_file(spec: Any, tmp_path: Path) -> None:
    (tmp_path / "ok.csv").write_text("video,patient\n")
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(tmp_path / "ok.csv"))
    assert "ok.csv' of 'qwen3-vl-8b' is a file, not a folder" in line
    assert "hf download" not in line and "config.json" in line


def test_a_folder_that_is_no_checkpoint(spec: Any, tmp_path: Path) -> None:
    assert "no config.json" in refused(spec, "qwen3-vl-8b", checkpoint=str(tmp_path))


def test_a_config_that_is_not_json(spec: Any, folder: Path) -> None:
    (folder / "config.json").write_text("{")
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(folder))
    assert "config.json cannot be read" in line and "Try: download config.json again" in line


def test_another_architecture_in_the_folder(spec: Any, folder: Path) -> None:
    line = refused(spec, "internvl3.5-8b", checkpoint=str(folder))
    assert "expected internvl, but got qwen3_vl" in line


def test_no_weights(spec: Any, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "no weights" in refused(spec, "qwen3-vl-8b", checkpoint=str(folder))


def test_a_missing_shard(spec: Any, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model-00001-of-00002.safetensors").write_bytes(b"")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(folder))
    assert "1 of 2 weight files are missing" in line and "model-00002" in line


def test_truncated_weights(spec: Any, folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(folder))
    assert "cannot be loaded" in line and "Try: download the checkpoint again" in line


def test_weights_with_holes_are_not_filled_with_random_ones(spec: Any, folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    gone = sorted(k for k in weights if "layers.1.mlp" in k)
    kept = {k: v for k, v in weights.items() if k not in gone}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(folder))
    assert f"{len(gone)} weights are missing" in line and gone[0] in line


def test_no_chat_template(spec: Any, folder: Path) -> None:
    for name in ("chat_template.jinja", "chat_template.json"):
        (folder / name).unlink(missing_ok=True)
    assert "chat template" in refused(spec, "qwen3-vl-8b", checkpoint=str(folder))


@pytest.mark.parametrize(
    "gone",
    [
        ("tokenizer.json", "tokenizer_config.json"),
        ("tokenizer.json",),
        ("tokenizer_config.json",),
        ("processor_config.json",),
    ],
)
def test_what_makes_tokens_is_missing(spec: Any, folder: Path, gone: tuple[str, ...]) -> None:
    """Without both tokenizer files the library makes an empty one, and every question fails."""
    for name in gone:
        (folder / name).unlink()
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(folder))
    asked_for = [n.replace("processor_config", "preprocessor_config") for n in gone]
    assert f"{', '.join(asked_for)} missing" in line


@pytest.mark.parametrize(
    ("options", "module"),
    [
        ({"quantization": "bitsandbytes-4bit"}, "bitsandbytes"),
        ({"quantization": "gptq"}, "gptqmodel"),
        ({"quantization": "awq"}, "gptqmodel"),
        ({"attention": "flash_attention_2"}, "flash_attn"),
    ],
)
def test_missing_extras(
    spec: Any, folder: Path, options: dict[str, str], module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3eval.hf import environment

    monkeypatch.setattr(environment, "installed", lambda name: name != module)
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(folder), **options)
    assert f"'{module}', not installed" in line and "pip install" in line


def test_gptq_asked_of_a_checkpoint_that_is_not(
    spec: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3eval.hf import environment

    monkeypatch.setattr(environment, "installed", lambda name: True)
    line = refused(spec, "qwen3-vl-8b", checkpoint=str(folder), quantization="gptq")
    assert "not quantised" in line


def test_missing_transformers_itself(spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    kept = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "transformers" else kept(n, *a)
    )
    with pytest.raises(S3EvalError, match="needs transformers") as caught:
        spec("qwen3-vl-8b").load()
    assert "s3eval-core[transformers]" in str(caught.value)


def test_no_gpu(spec: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    line = refused(spec, "qwen3-vl-8b", MachineError, checkpoint=str(folder), device="cuda")
    assert "no GPU" in line


def test_seventy_two_billion_parameters_on_a_small_machine(
    spec: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused with numbers from the configuration alone: the folder holds nothing else."""
    from transformers import Qwen2_5_VLConfig

    from s3eval.hf import memory

    monkeypatch.setattr(memory, "free_memory", lambda device: 8 * 2**30)
    config = Qwen2_5_VLConfig(
        vision_config={"hidden_size": 1280, "out_hidden_size": 8192, "intermediate_size": 3456}
    )
    config.save_pretrained(tmp_path)
    line = refused(spec, "qwen2.5-vl-72b", MachineError, checkpoint=str(tmp_path), dtype="bfloat16")
    assert "73.4 billion parameters in bfloat16: 137 GiB" in line
    assert "8 GiB free" in line and "GPUs of" in line


def test_the_published_size_refuses_before_anything_is_fetched(
    spec: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No configuration in the cache, and none asked for: the spec knows how large it is."""
    import socket

    from s3eval.hf import memory

    def nobody(*args: Any, **more: Any) -> Any:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    monkeypatch.setattr(memory, "free_memory", lambda device: 8 * 2**30)
    line = refused(spec, "qwen2.5-vl-72b", MachineError, device="cpu")
    assert "at least 301 GiB (73.4 billion parameters in float32: 273 GiB" in line
    assert "8 GiB free" in line and "GPUs of 164 GiB together" in line
    assert "quantization=bitsandbytes-4bit" in line
    line = refused(spec, "qwen2.5-vl-72b", MachineError, device="cpu", dtype="bfloat16")
    assert "in bfloat16: 137 GiB" in line
    line = refused(spec, "qwen3-omni-30b-a3b", MachineError, device="cpu")
    assert "31.7 billion" in line and "bitsandbytes" not in line, "it would not help a mixture"


def test_a_clip_over_the_budget(spec: Any, loaded: Any) -> None:
    model = loaded("qwen3_vl", max_media_tokens=64, max_frames=40)
    with pytest.raises(S3EvalError, match="50 frames, over the budget of 40"):
        model.watch(noise_clip(frames=50))
    strict = loaded("qwen3_vl", max_media_tokens=64, min_pixels=64 * 64)
    with pytest.raises(S3EvalError, match=r"need 80 tokens .* budget of 64"):
        strict.watch(noise_clip(frames=40))
    tiles = loaded("internvl", max_media_tokens=64)
    with pytest.raises(S3EvalError, match="need 80 tokens, over the budget of 64"):
        tiles.watch(noise_clip(frames=20))


def test_a_prompt_longer_than_the_model_reads(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("internvl")
    monkeypatch.setattr(type(model), "context", property(lambda self: 100))
    question = Question("long", "word " * 60, max_tokens=5)
    watched = model.watch(noise_clip(frames=4))
    with pytest.raises(S3EvalError, match="but the model reads 100"):
        list(model.ask(watched, [question]))
    with pytest.raises(S3EvalError, match="but the model reads 100"):
        model.watch(noise_clip(frames=12))


def test_a_template_that_asks_before_it_shows(spec: Any, folder: Path) -> None:
    template = folder / "chat_template.jinja"
    text = template.read_text()
    turned = text.replace("message['content'] %}", "message['content'] | reverse %}")
    assert turned != text
    template.write_text(turned)
    chosen = spec("qwen3-vl-8b")
    model = chosen.load().load(chosen, {"checkpoint": str(folder)})
    with pytest.raises(S3EvalError, match="does not put the clip before the question"):
        model.watch(noise_clip())
