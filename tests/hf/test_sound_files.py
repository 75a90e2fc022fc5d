"""Files with sound alone, with pictures alone and with both, through the command line."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

SOUNDS = {"wav": "pcm_s16le", "mp3": "mp3", "m4a": "aac"}


def _part(source: Path, target: Path, kind: str, codec: str) -> None:
    """The pictures (copied) or the sound (in another codec) of a film, as a file of their own."""
    import av

    with av.open(str(source)) as film, av.open(str(target), "w") as out:
        stream = getattr(film.streams, kind)[0]
        if kind == "video":
            copy: Any = out.add_stream_from_template(stream)
            for packet in film.demux(stream):
                if packet.size:
                    packet.stream = copy
                    out.mux(packet)
            return
        made: Any = out.add_stream(codec, rate=stream.rate)
        resampler = av.AudioResampler(made.format, made.layout, made.rate)
        for frame in film.decode(stream):
            for part in resampler.resample(frame):
                out.mux(made.encode(part))
        out.mux(made.encode(None))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from s3eval_synth.testing import tiny_dataset

    drawn = tmp_path_factory.mktemp("drawn") / "data"
    dataset = tiny_dataset(drawn, videos=1, seconds=4.0)
    film = dataset.path(dataset.videos[0])
    folder = tmp_path_factory.mktemp("sounds") / "data"
    (folder / "videos").mkdir(parents=True)
    (folder / "dataset.toml").write_text('format = 1\nname = "sounds"\n')
    shutil.copy(film, folder / "videos/both.mp4")
    _part(film, folder / "videos/silent.mp4", "video", "")
    for kind, codec in SOUNDS.items():
        _part(film, folder / f"videos/sound.{kind}", "audio", codec)
    with (folder / "videos.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["video", "patient", "file"])
        for path in sorted((folder / "videos").iterdir()):
            name = path.name.replace(".", "-")
            rows.writerow([name, f"p-{name}", f"videos/{path.name}"])
    with (folder / "features.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["video", "feature", "present", "start"])
        for path in sorted((folder / "videos").iterdir()):
            name = path.name.replace(".", "-")
            rows.writerow([name, "tonic", "no", ""])
            rows.writerow([name, "ictal_vocalization", "yes", "1"])
    return folder


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("audio_flamingo3", "audio-flamingo-3"),
        ("qwen3_omni", "qwen3-omni-30b-a3b"),
        ("qwen3_vl", "qwen3-vl-8b"),
    ],
)
def test_each_file_is_asked_about_what_it_holds(
    architecture: str, name: str, data: Path, tmp_path: Path
) -> None:
    from click.testing import CliRunner

    from s3eval.cli.run import command
    from s3eval.running.runs import open_runs
    from s3eval.testing.checkpoints import shared_checkpoint
    from s3eval.vocabulary import HEARD

    options = {"checkpoint": shared_checkpoint(architecture), "min_pixels": 0}
    options |= {"max_pixels": 16_384, "score_choices": "true"}
    arguments = ["-m", name, "-t", "recognition", "-d", str(data), "-o", str(tmp_path / "runs")]
    for key, value in options.items():
        arguments += ["--model-option", f"{key}={value}"]
    done = CliRunner().invoke(command, [*arguments, "--resamples", "20"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (run,) = open_runs([tmp_path / "runs"])
    sees, hears = "sight" in run.facts.senses, "hearing" in run.facts.senses
    answered: Counter[str] = Counter()
    for finding in run.findings["recognition"]:
        heard = finding.item in HEARD
        able = hears if heard else sees
        there = not finding.video.startswith("silent" if heard else "sound")
        assert finding.state == ("answered" if able and there else "skipped"), finding
        if not able:
            assert f"the model has no {'hearing' if heard else 'sight'}" in finding.reason
        elif not there:
            assert f"the clip has nothing to {'hear' if heard else 'see'}" in finding.reason
        answered[finding.video] += finding.state == "answered"
    assert answered["both-mp4"] == 18 * sees + 2 * hears
    assert {answered[f"sound-{kind}"] for kind in SOUNDS} == {2 * hears}


def test_a_dataset_of_sound_files_passes_the_check(data: Path) -> None:
    from s3eval.dataset import open_folder
    from s3eval.dataset.checks import check_files

    assert check_files(open_folder(data)) == []
