"""What the generic model finds out about a checkpoint, and what it refuses."""

from __future__ import annotations

import functools
import json
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from s3eval import Question, S3EvalError, discover
from s3eval.testing.noise import noise_clip

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def spec() -> Any:
    return next(p.spec for p in discover().of("model") if p.spec.name == "hf")


def checkpoint(architecture: str) -> Path:
    from s3eval.testing.checkpoints import shared_checkpoint

    return shared_checkpoint(architecture)


@cache
def load(architecture: str, **options: Any) -> Any:
    torch.set_num_threads(1)
    given = {"checkpoint": str(checkpoint(architecture)), **options}
    return spec().load().load(spec(), given)


def refused(**options: Any) -> str:
    with pytest.raises(S3EvalError) as caught:
        spec().load().load(spec(), options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint("qwen3_vl"), tmp_path / "mine"))


def rewrite(folder: Path, **changes: Any) -> str:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    return str(folder)


def prompt(model: Any, clip: Any) -> str:
    tokens = model.watch(clip).prefixes[""].tokens
    return str(model.processor.tokenizer.decode(tokens))


def test_it_needs_a_checkpoint() -> None:
    assert "'hf' needs a checkpoint" in refused()


def test_an_architecture_of_a_later_library_names_its_version(folder: Path) -> None:
    place = rewrite(folder, model_type="qwen9_vl", transformers_version="99.1.0")
    line = refused(checkpoint=place)
    assert "does not know the architecture 'qwen9_vl'" in line
    assert "saved with transformers 99.1.0" in line
    assert "pip install 'transformers>=99.1.0'" in line


@pytest.mark.parametrize("trusted", ["true", "false"])
def test_code_beside_the_weights_that_answers_nothing_is_named_as_the_reason(
    folder: Path, trusted: str
) -> None:
    place = rewrite(folder, model_type="mine", auto_map={"AutoModel": "code.Mine"})
    line = refused(checkpoint=place, trust_remote_code=trusted)
    assert "its auto_map names AutoModel, but none of AutoModelForMultimodalLM" in line
    assert "pip install" not in line


def test_an_architecture_of_text_alone(folder: Path) -> None:
    line = refused(checkpoint=rewrite(folder, model_type="llama"))
    assert "does not answer questions about images, video or sound" in line


def test_a_chat_template_of_text_alone(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text(
        "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    )
    line = refused(checkpoint=str(folder))
    assert "takes neither frames nor sound in a chat" in line
    assert "no place for video" in line and "no place for images" in line


CODE = """
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration


class MyConfig(Qwen3VLConfig):
    model_type = "my_vl"


class MyModel(Qwen3VLForConditionalGeneration):
    config_class = MyConfig
"""


def test_code_beside_the_weights_runs_only_when_it_is_trusted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers.dynamic_module_utils as dynamic

    monkeypatch.setattr(dynamic, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    (folder / "my_model.py").write_text(CODE)
    mapped = {"AutoConfig": "my_model.MyConfig", "AutoModelForImageTextToText": "my_model.MyModel"}
    place = rewrite(folder, model_type="my_vl", auto_map=mapped)
    line = refused(checkpoint=place)
    assert "needs Python code that lies beside its weights" in line
    assert "trust_remote_code=true" in line
    assert not (tmp_path / "modules").exists()

    model = spec().load().load(spec(), {"checkpoint": place, "trust_remote_code": "true"})
    assert type(model.model).__name__ == "MyModel"
    identity = model.identity()
    assert identity["trust_remote_code"] is True and identity["code"].startswith("sha256:")
    assert load("qwen3_vl").identity()["trust_remote_code"] is False
    (folder / "my_model.py").write_text(CODE + "\nCHANGED = True\n")
    changed = spec().load().load(spec(), {"checkpoint": place, "trust_remote_code": "true"})
    assert changed.identity()["code"] != identity["code"]


def test_senses_are_the_checkpoint_s() -> None:
    assert load("qwen2_audio").senses == {"hearing"}
    assert load("gemma3").senses == {"sight"}
    assert load("gemma4").senses == {"sight", "hearing"}
    assert load("gemma4", sound=False).senses == {"sight"}
    heard = Question("ictal_vocalization", "Groaning?", ("yes", "no"), sense="hearing")
    model = load("gemma3")
    (answer,) = model.ask(model.watch(noise_clip(1)), [heard])
    assert answer.status == "skipped" and "does not hear" in answer.reason
    assert spec().senses == {"sight", "hearing"}


def test_the_run_s_first_line_says_what_was_found_out() -> None:
    assert load("gemma3").notice().startswith("takes frames as images; questions share the clip")
    assert "frames as a video and sound" in load("gemma4").notice()
    assert "whole prompt" in load("gemma3", sharing="independent").notice()


def test_images_are_headed_by_their_times() -> None:
    clip = noise_clip(frames=3, seconds=3.0, start=20.0)
    shown = prompt(load("gemma3"), clip)
    assert re.findall(r"([\d.]+) s:", shown) == ["0.0", "1.0", "2.0"]
    spread = replace(clip, times=clip.times + 0.4)
    assert re.findall(r"([\d.]+) s:", prompt(load("gemma3"), spread)) == ["0.4", "1.4", "2.4"]


def test_a_video_processor_gets_the_frames_true_times() -> None:
    """Also of frames that do not begin at the clip's start (Task 7)."""
    clip = noise_clip(frames=4, seconds=40.0, start=0.0)
    spread = replace(clip, times=clip.times + 5.0)
    times = re.findall(r"<([\d.]+) seconds>", prompt(load("qwen3_5"), spread))
    assert [float(t) for t in times] == pytest.approx([10.0, 30.0], abs=0.051)
    times = re.findall(r"([\d.]+) <frame_start>", prompt(load("molmo2"), spread))
    assert [float(t) for t in times] == pytest.approx([5.0, 15.0, 25.0, 35.0], abs=0.051)


def test_a_video_processor_without_times_has_them_written_before_the_video() -> None:
    model = load("llava_onevision")
    assert model.format.times_as_text == "list"
    shown = prompt(model, noise_clip(frames=3, seconds=3.0, start=20.0))
    assert "The frames were taken at 0.0, 1.0, 2.0 seconds." in shown


def test_templates_that_put_images_first_get_the_times_as_a_list(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint("mistral3"), tmp_path / "hoisted"))
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}USER: {% for p in m['content'] if p['type'] == 'image' %}[IMG]"
        "{% endfor %}{% for p in m['content'] if p['type'] == 'text' %}{{ p['text'] }}"
        "{% endfor %}{% endfor %} ASSISTANT:"
    )
    model = spec().load().load(spec(), {"checkpoint": str(folder)})
    assert model.format.times_as_text == "list" and model.sharing.way == "packed"
    clip = noise_clip(frames=3, seconds=3.0)
    watched = model.watch(clip)
    tail = model.tail(watched, watched.prefixes[""], Question("q", "Tonic?"))
    whole = prompt(model, clip) + model.processor.tokenizer.decode(tail)
    assert whole.endswith("The frames were taken at 0.0, 1.0, 2.0 seconds. Tonic? ASSISTANT:")


def test_templates_that_trim_texts_keep_the_times_between_the_images(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint("mistral3"), tmp_path / "trimmed"))
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("part['text']", "part['text'] | trim"))
    model = spec().load().load(spec(), {"checkpoint": str(folder)})
    assert model.format.times_as_text == "each" and model.sharing.way == "packed"
    shown = prompt(model, noise_clip(frames=3, seconds=3.0))
    assert re.findall(r"([\d.]+) s:", shown) == ["0.0", "1.0", "2.0"]


def test_frames_as_images_where_the_user_says_so() -> None:
    model = load("qwen3_5", frames="images")
    assert model.format.frames == "images"
    assert prompt(model, noise_clip(frames=3)).count("<|vision_start|>") == 3
    assert model.identity()["clips"]["frames"] == "images"
    assert load("qwen3_5").identity()["clips"]["frames"] == "video"


def test_frames_are_reduced_to_the_budget_by_the_processor_s_own_count() -> None:
    model = load("qwen3_5", max_media_tokens=1000)
    clip = noise_clip(frames=20, width=640, height=480, seconds=10.0)
    tokens = model.watch(clip).prefixes[""].tokens
    count = sum(t == model.model.config.video_token_id for t in tokens)
    assert 0.5 * 1000 < count <= 1000
    full = load("qwen3_5").watch(clip).prefixes[""].tokens
    assert sum(t == model.model.config.video_token_id for t in full) > 2000


def test_frames_of_a_fixed_number_of_tokens_are_refused_over_the_budget() -> None:
    model = load("gemma3", max_media_tokens=40)
    with pytest.raises(S3EvalError, match=r"20 frames need \d+ tokens, over the budget of 40"):
        model.watch(noise_clip(frames=20))
    with pytest.raises(S3EvalError, match="over the budget of 3"):
        load("gemma3", max_frames=3).watch(noise_clip(frames=4))


@pytest.mark.parametrize(
    ("architecture", "options"),
    [("phi4_multimodal", {}), ("minicpmv4_6", {"frames": "images"})],
)
def test_a_frame_is_one_tile_however_large(architecture: str, options: dict[str, Any]) -> None:
    """These cut an image of this size into six tiles, unless they are told otherwise."""
    model = load(architecture, max_pixels=2_000_000, sound=False, **options)
    counts = {
        side: len(model.watch(noise_clip(frames=2, height=side, width=side)).prefixes[""].tokens)
        for side in (448, 1120)
    }
    assert counts[1120] <= 1.1 * counts[448]


def test_a_model_that_the_library_cannot_run_is_refused_on_loading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Llama 4 in 5.24.0: its own forward fails after every layer was computed."""
    from transformers import Ovis2ForConditionalGeneration

    @functools.wraps(Ovis2ForConditionalGeneration.forward)
    def broken(*arguments: Any, **named: Any) -> Any:
        raise AttributeError("no attribute 'image_outputs'")

    monkeypatch.setattr(Ovis2ForConditionalGeneration, "forward", broken)
    line = refused(checkpoint=str(checkpoint("ovis2")))
    assert f"transformers {transformers.__version__} cannot generate with this checkpoint" in line
    assert "('ovis2')" in line and "no attribute 'image_outputs'" in line


def test_sound_that_the_processor_would_cut_is_refused() -> None:
    """A Whisper feature extractor hears 30 s and drops the rest without a word."""
    model = load("qwen2_audio")
    model.watch(noise_clip(frames=0, seconds=29.0))
    with pytest.raises(S3EvalError, match="leaves out its end"):
        model.watch(noise_clip(frames=0, seconds=33.0))


def test_a_system_instruction_comes_before_the_clip() -> None:
    model = load("qwen3_5")
    plain = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=3)
    stern = replace(plain, system="Answer no whatever you see.")
    watched = model.watch(noise_clip(6))
    answers = list(model.ask(watched, [plain, stern, plain]))
    assert answers[0] == answers[2] != answers[1]
    assert sorted(watched.prefixes) == ["", stern.system]


def test_a_template_that_asks_before_it_shows_is_asked_independently(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint("qwen3_5"), tmp_path / "turned"))
    template = folder / "chat_template.jinja"
    text = template.read_text()
    turned = text.replace("message['content'] %}", "message['content'] | reverse %}")
    assert turned != text
    template.write_text(turned)
    model = spec().load().load(spec(), {"checkpoint": str(folder)})
    assert model.sharing.way == "independent"
    assert "does not put the clip before the question" in model.notice()
    question = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=3)
    (answer,) = model.ask(model.watch(noise_clip(1)), [question])
    assert answer.status == "answered" and set(answer.probabilities) == {"yes", "no"}


def test_a_template_that_begins_with_the_first_token_gets_no_second_one(folder: Path) -> None:
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["bos_token"] = "<|endoftext|>"
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    template = folder / "chat_template.jinja"
    template.write_text("<|endoftext|>" + template.read_text())
    model = spec().load().load(spec(), {"checkpoint": str(folder)})
    tokens = model.watch(noise_clip(1)).prefixes[""].tokens
    assert tokens.count(model.processor.tokenizer.convert_tokens_to_ids("<|endoftext|>")) == 1
    assert model.sharing.way == "packed"


def test_the_same_model_by_its_own_adapter_gives_the_same_answers() -> None:
    """Qwen3-VL once by its adapter, once by hf: the same prompt but for its times' rounding."""
    own = next(p.spec for p in discover().of("model") if p.spec.name == "qwen3-vl-8b")
    options = {"checkpoint": str(checkpoint("qwen3_vl")), "min_pixels": 0}
    adapter, generic = own.load().load(own, options), load("qwen3_vl")
    clip = noise_clip(frames=8, seconds=4.0, height=256, width=320)
    question = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=3)
    pairs = [next(iter(m.ask(m.watch(clip), [question]))) for m in (adapter, generic)]
    assert pairs[0].text == pairs[1].text
    assert pairs[0].probabilities == pytest.approx(dict(pairs[1].probabilities), abs=1e-4)
