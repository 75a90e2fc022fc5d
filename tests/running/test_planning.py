"""What a run would take: counted as it would be asked, quickly, with nothing loaded or written."""

from __future__ import annotations

import importlib
import json
import time

import pytest

from s3eval.cli import main
from s3eval.errors import S3EvalError
from s3eval.facts.clips import SamplingProfile, windows
from s3eval.facts.tokens import ClipSize, paired_patches
from s3eval.facts.videos import Video
from s3eval.model import Question
from s3eval.plugins import installed
from s3eval.running.plan import Plan, VideoPlan
from s3eval.running.planning import Tempo, needed
from s3eval.specs import ModelSpec

SAMPLING = SamplingProfile("test").window_sampling
QUESTIONS = (Question("tonic", "T" * 40, max_tokens=5), Question("clonic", "C" * 40, max_tokens=7))


def half_a_token_a_pixel(clip: ClipSize, options) -> int:
    return clip.frames * clip.width * clip.height // 2 + int(clip.seconds)


def plan(seconds: float = 70.0) -> Plan:
    clips = windows("v", seconds, 30, 5, SAMPLING)
    return Plan((VideoPlan(Video("v", "p"), (), dict.fromkeys(clips, QUESTIONS)),))


def spec(tokens: str = f"{__name__}:half_a_token_a_pixel", **more) -> ModelSpec:
    return ModelSpec("m", adapter="a:b", sees=True, tokens=tokens, **more)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    # Tests are not imported by their names.
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _module())


def _module():
    import types

    module = types.ModuleType(__name__)
    module.half_a_token_a_pixel = half_a_token_a_pixel
    return module


def test_everything_is_counted_once():
    found = needed(spec(hears=True), plan(), (100, 50), 1, {})
    assert (found.videos, found.clips, found.questions) == (1, 3, 6)
    # Windows of 30, 30 and 20 s at 2 frames a second.
    assert (found.frames, found.shown) == (160, 80.0)
    assert found.media_tokens == 160 * 100 * 50 // 2 + 80
    assert found.answer_tokens == 3 * 12
    assert found.text_tokens == 6 * (10 + 12)
    assert found.sent_tokens == 2 * found.media_tokens + found.text_tokens
    assert found.seconds is None and found.cost is None


def test_time_is_that_of_the_probe_and_cost_that_of_the_prices():
    prices = {"prompt_price": 1.0, "completion_price": 10.0}
    found = needed(spec(), plan(), (100, 50), 1, prices, Tempo(4.0, 2, "a probe", loading=9.0))
    assert (found.seconds, found.tempo) == (9.0 + 2.0 * 6, "a probe")
    sent, answers = found.sent_tokens, found.answer_tokens
    assert found.cost == round((sent * 1.0 + answers * 10.0) / 1e6, 2) > 0


def test_what_nobody_can_reckon_is_not_known():
    found = needed(spec(tokens=""), plan(), (100, 50), 1, {"prompt_price": 1.0})
    assert found.media_tokens is None and found.sent_tokens is None and found.cost is None
    with pytest.raises(S3EvalError, match="cannot be reckoned"):
        needed(spec(tokens="nowhere.at_all:x"), plan(), (100, 50), 1, {})


def test_arithmetic_that_fails_is_an_error_that_names_it():
    with pytest.raises(S3EvalError, match=r"Reckoning tokens of .* failed .*test_planning:broken"):
        needed(spec(tokens=f"{__name__}:broken"), plan(), (100, 50), 1, {})


def broken(size, options):
    return 1 // 0


def test_the_paper_s_budget_is_kept():
    for frames in (1, 2, 59, 60, 120):
        for size in ((1280, 720), (640, 480), (320, 240), (720, 1280)):
            for patch in (28, 32):
                tokens = paired_patches(ClipSize(frames, *size), patch, {})
                # Small frames of long clips are enlarged by whole patches, a little beyond.
                assert 0 < tokens <= 24_576 * 1.02
    less = paired_patches(ClipSize(60, 1280, 720), 28, {"max_media_tokens": 8000})
    assert 6000 < less <= 8000


def test_the_published_families_and_servers_say_how_many_tokens_a_clip_takes():
    said = {p.spec.name for p in installed().of("model") if p.spec.tokens}
    # `hf` learns the arithmetic from the checkpoint it loads.
    assert said >= {
        "audio-flamingo-3", "internvl3.5-8b", "internvl3.5-38b", "lingshu-32b", "qwen2.5-omni-7b",
        "qwen2.5-vl-7b", "qwen2.5-vl-72b", "qwen3-omni-30b-a3b", "qwen3-vl-8b", "server",
        "server-omni", "server-audio",
    }  # fmt: skip
    size = ClipSize(60, 640, 480, 30.0)
    for plugin in installed().of("model"):
        module, _, name = plugin.spec.tokens.partition(":")
        if module:
            assert getattr(importlib.import_module(module), name)(size, {}) > 0, plugin.spec.name


@pytest.fixture
def large(tmp_path):
    """438 videos of 100 to 200 s, as large as the published dataset; no files."""
    folder = tmp_path / "large"
    folder.mkdir()
    (folder / "dataset.toml").write_text('format = 1\nname = "large"\n')
    names = [f"v{i:03}" for i in range(438)]
    rows = [f"{n},p{i % 90},ES,0,{100 + i % 100}\n" for i, n in enumerate(names)]
    (folder / "videos.csv").write_text("video,patient,diagnosis,fold,duration\n" + "".join(rows))
    rows = [f"{n},{f},yes,5,20,stiff\n" for n in names for f in ("tonic", "clonic", "blank_stare")]
    head = "video,feature,present,start,end,justification\n"
    (folder / "features.csv").write_text(head + "".join(rows).replace("blank_stare", "figure4"))
    rows = [f"{n},onset_body_part,face,,\n{n},arm_movement,left,5,20\n" for n in names]
    (folder / "lateralization.csv").write_text("video,item,value,start,end\n" + "".join(rows))
    rows = [f"{n},1,tonic\n{n},2,clonic\n" for n in names]
    (folder / "sequences.csv").write_text("video,position,feature\n" + "".join(rows))
    rows = [f'{n},"Stiffens, then jerks."\n' for n in names]
    (folder / "reports.csv").write_text("video,report\n" + "".join(rows))
    return folder


def planned(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main(["plan", *map(str, arguments)])
    return int(done.value.code or 0)


def test_438_videos_and_seven_tasks_are_planned_in_three_seconds(large, tmp_path):
    ask = ("-m", "qwen2.5-vl-7b", "-t", "all", "-d", large, "-o", tmp_path / "runs")
    begun = time.process_time()
    assert planned(*ask, "--json", tmp_path / "plan.json") == 0
    # Seconds of this process: those of the clock depend on what else the machine does.
    assert time.process_time() - begun <= 3.0
    (found,) = json.loads((tmp_path / "plan.json").read_text())
    assert found["videos"] == 438 and len(found["wanted"]) >= 7
    assert found["clips"] > 438 * 4 and found["media_tokens"] > found["frames"]
    assert not (tmp_path / "runs").exists(), "nothing is written"


def test_an_earlier_run_or_a_probe_says_how_long(dataset_folder, tmp_path, capsys):
    ask = ("-m", "prevalence", "-t", "recognition", "-d", dataset_folder, "-o", tmp_path / "out")
    assert planned(*ask) == 0
    told = capsys.readouterr().out
    assert "not known" in told and "--probe 2" in told
    assert planned(*ask, "--probe", 2) == 0
    assert "Time: from a probe of" in capsys.readouterr().out
    assert not (tmp_path / "out").exists(), "the probe's answers are thrown away"
    with pytest.raises(SystemExit):
        main(["run", *map(str, ask), "--resamples", "20"])
    assert planned(*ask) == 0
    assert "answers in the run that is there, reading videos included" in capsys.readouterr().out
    (tmp_path / "out" / "prevalence" / "efficiency.json").write_text(
        json.dumps({"format": 1, "commands": [{"answers": 10, "seconds": 40.0}]})
    )
    assert planned(*ask, "--json", tmp_path / "plan.json") == 0
    (found,) = json.loads((tmp_path / "plan.json").read_text())
    assert found["seconds"] == pytest.approx(4.0 * found["questions"])


def fewer_than_none(clip: ClipSize, options) -> int:
    return -5


def endless(clip: ClipSize, options) -> int:
    return 10**400


@pytest.mark.parametrize("name", ["fewer_than_none", "endless"])
def test_tokens_are_a_count_that_some_model_could_take(name):
    with pytest.raises(S3EvalError, match=r"gave .*test_planning"):
        needed(spec(tokens=f"{__name__}:{name}"), plan(), (100, 50), 1, {})
