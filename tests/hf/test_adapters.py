"""LoRA adapters on tiny checkpoints: what is trained is what answers, and nothing is left out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from s3eval import Question, S3EvalError
from s3eval.testing.noise import noise_clip

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")

QUESTION = Question("head", "Does the head turn to the left or to the right?", ("left", "right"))


@pytest.fixture(scope="module")
def peft() -> Any:
    from s3eval.torch_environment import prepare_libraries

    prepare_libraries()
    return pytest.importorskip("peft")


def saved(peft: Any, architecture: str, folder: Path, seed: int = 1, **more: Any) -> Path:
    """A random adapter on the shared checkpoint, saved as peft saves it."""
    from s3eval.testing.checkpoints import build_model

    model, _ = build_model(architecture)
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=r".*_proj", **more)
    wrapped = peft.get_peft_model(model, config)
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in wrapped.named_parameters():
            if "lora_" in name:
                parameter.normal_(0, 0.3)
    wrapped.save_pretrained(str(folder))
    return folder


def logits(model: Any) -> Any:
    media = model.media(noise_clip(2))
    inputs = model.inputs(model.template(media).render(QUESTION.text), media)
    with torch.inference_mode():
        return model.model(**inputs).logits[0, -1]


def answer(model: Any) -> Any:
    (found,) = model.ask(model.watch(noise_clip(2)), [QUESTION])
    return found


def renamed(folder: Path, to: Path, before: str, after: str) -> Path:
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, to)
    weights = load_file(to / "adapter_model.safetensors")
    changed = {key.replace(before, after, 1): value for key, value in weights.items()}
    save_file(changed, to / "adapter_model.safetensors")
    return to


@pytest.fixture(scope="module")
def omni(peft: Any, tmp_path_factory: Any) -> Path:
    return saved(peft, "qwen2_5_omni", tmp_path_factory.mktemp("omni") / "adapter")


@pytest.mark.parametrize("architecture", ["qwen2_5_omni", "qwen3_vl", "internvl"])
def test_it_computes_what_peft_computes(
    architecture: str, peft: Any, loaded: Any, tmp_path: Path
) -> None:
    folder = saved(peft, architecture, tmp_path / "adapter")
    plain = loaded(architecture)
    tuned = loaded(architecture, adapter=str(folder))
    before = logits(plain)
    import copy

    beside = copy.copy(plain)
    beside.model = peft.PeftModel.from_pretrained(copy.deepcopy(plain.model), str(folder))
    expected = logits(beside)
    assert not torch.allclose(expected, before, atol=1e-2), "the adapter changes something"
    assert torch.allclose(logits(tuned), expected, atol=2e-4)
    assert answer(tuned).probabilities != answer(plain).probabilities


def test_names_of_a_whole_omni_model_are_those_of_its_thinker(
    omni: Path, loaded: Any, tmp_path: Path
) -> None:
    """As an engine saves it that trained the whole model, with a pattern for its layers."""
    whole = renamed(omni, tmp_path / "w", "base_model.model.", "base_model.model.thinker.")
    facts = json.loads((whole / "adapter_config.json").read_text())
    facts["target_modules"] = r"^(thinker.model)(?!.*lm_head).*_proj$"
    (whole / "adapter_config.json").write_text(json.dumps(facts))
    one, other = (loaded("qwen2_5_omni", adapter=str(f)) for f in (omni, whole))
    assert torch.equal(logits(one), logits(other))


@pytest.mark.parametrize("place", ["model.", "language_model.", "thinker.model."])
def test_layers_are_found_where_other_releases_of_the_library_had_them(
    place: str, omni: Path, loaded: Any, tmp_path: Path
) -> None:
    """transformers 5.19 has the thinker's text model at ``model``, 5.24 deeper."""
    plain = loaded("qwen2_5_omni").model
    decoder = next(n for n, m in plain.named_modules() if m is plain.get_decoder())
    start = "base_model.model."
    other = renamed(omni, tmp_path / "o", f"{start}{decoder}.", f"{start}{place}")
    one, moved = (loaded("qwen2_5_omni", adapter=str(f)) for f in (omni, other))
    assert torch.equal(logits(one), logits(moved))


def test_what_it_holds_is_part_of_the_identity(
    peft: Any, omni: Path, loaded: Any, tmp_path: Path
) -> None:
    plain, tuned = loaded("qwen2_5_omni"), loaded("qwen2_5_omni", adapter=str(omni))
    moved = Path(shutil.copytree(omni, tmp_path / "elsewhere"))
    facts = json.loads((moved / "adapter_config.json").read_text())
    (moved / "adapter_config.json").write_text(
        json.dumps({**facts, "base_model_name_or_path": "/another/disk"})
    )
    again = loaded("qwen2_5_omni", adapter=str(moved))
    assert tuned.identity() == again.identity()
    assert tuned.identity()["adapter"].startswith("sha256:")
    assert str(omni) not in str(tuned.identity())
    added = {"adapter", "adapter_merged", "peft"}
    assert {*tuned.identity()} - {*plain.identity()} == added
    scaled = Path(shutil.copytree(omni, tmp_path / "scaled"))
    (scaled / "adapter_config.json").write_text(json.dumps({**facts, "lora_alpha": 32}))
    others = [scaled, saved(peft, "qwen2_5_omni", tmp_path / "other", seed=2)]
    for folder in others:
        other = loaded("qwen2_5_omni", adapter=str(folder))
        assert other.identity()["adapter"] != tuned.identity()["adapter"]
        assert not torch.allclose(logits(other), logits(tuned), atol=1e-3)


def test_layers_trained_whole_come_along(peft: Any, loaded: Any, tmp_path: Path) -> None:
    """``modules_to_save``: here the head, which gets other weights altogether."""
    from safetensors.torch import load_file, save_file

    folder = saved(peft, "qwen2_5_omni", tmp_path / "a", modules_to_save=["lm_head"])
    weights = load_file(folder / "adapter_model.safetensors")
    (head,) = [key for key in weights if "lm_head" in key]
    save_file({**weights, head: weights[head] * 2}, folder / "adapter_model.safetensors")
    tuned = loaded("qwen2_5_omni", adapter=str(folder))
    assert torch.equal(tuned.model.lm_head.weight, weights[head] * 2)


def test_it_stays_beside_weights_of_fewer_bits(omni: Path, loaded: Any) -> None:
    pytest.importorskip("bitsandbytes")
    bits = {"quantization": "bitsandbytes-4bit"}
    tuned, plain = loaded("qwen2_5_omni", adapter=str(omni), **bits), loaded("qwen2_5_omni", **bits)
    assert tuned.identity()["adapter_merged"] is False
    assert not torch.allclose(logits(tuned), logits(plain), atol=1e-3)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("another", "fit no layer of the checkpoint"),
        ("shapes", "does not fit the checkpoint"),
        ("folder", "No adapter folder"),
        ("empty", "no adapter_config.json and no adapter_model.safetensors"),
        ("kind", "Expected a LoRA adapter, but got 'IA3'"),
        ("cut", "cannot be read"),
    ],
)
def test_what_is_no_adapter_of_this_checkpoint_is_refused(
    spoil: str, says: str, omni: Path, peft: Any, loaded: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "adapter"
    if spoil == "another":
        renamed(omni, folder, "layers.0", "layers.9")
    elif spoil == "shapes":
        from s3eval.testing.checkpoints import Scale, build_model

        model, _ = build_model("qwen2_5_omni", scale=Scale(hidden=32))
        config = peft.LoraConfig(r=4, target_modules=r".*_proj")
        peft.get_peft_model(model, config).save_pretrained(str(folder))
    elif spoil == "empty":
        folder.mkdir()
    elif spoil != "folder":
        shutil.copytree(omni, folder)
    if spoil == "kind":
        facts = json.loads((folder / "adapter_config.json").read_text())
        (folder / "adapter_config.json").write_text(json.dumps({**facts, "peft_type": "IA3"}))
    if spoil == "cut":
        (folder / "adapter_model.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(S3EvalError, match=says):
        loaded("qwen2_5_omni", adapter=str(folder))


def test_without_peft_it_is_refused_in_one_line(
    omni: Path, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3eval.hf import environment

    here = environment.installed
    monkeypatch.setattr(environment, "installed", lambda m: m != "peft" and here(m))
    with pytest.raises(S3EvalError, match=r"needs 'peft'.*s3eval-core\[adapters\]"):
        loaded("qwen2_5_omni", adapter=str(omni), batch=31)
