"""One bad file takes only its own questions, and its name reaches no terminal."""

from __future__ import annotations

import json
import os
from collections import defaultdict

import pytest
from s3eval_synth.testing import tiny_dataset

from s3eval.cli import main


def test_a_run_over_bad_files_asks_about_the_good_ones(tmp_path, capsys):
    data = tmp_path / "data"
    tiny_dataset(data, videos=1, seconds=4.0)
    videos = data / "videos"
    [good] = sorted(videos.glob("*.mp4"))
    os.mkfifo(videos / "Gonzalez-pipe.mp4")
    (videos / "Gonzalez-empty.mp4").touch()
    (videos / "Gonzalez-zero.mp4").symlink_to("/dev/zero")
    (videos / "Gonzalez-list.mp4").write_text(f"ffconcat version 1.0\nfile {good.name}\n")
    bad = {
        "pipe": "videos/Gonzalez-pipe.mp4,30",
        "empty": "videos/Gonzalez-empty.mp4,4",
        "device": "videos/Gonzalez-zero.mp4,4",
        "outside": "../../../etc/Gonzalez,4",
        "playlist": "videos/Gonzalez-list.mp4,4",
        "long": f"videos/Gonzalez-{'x' * 300}.mp4,4",
    }
    rows = [f"{name},p-{name},{rest}" for name, rest in bad.items()]
    rows += [f"eternal,p-eternal,{good.relative_to(data)},200000"]
    text = f"video,patient,file,duration\n{good.stem},p0,{good.relative_to(data)},\n"
    (data / "videos.csv").write_text(text + "".join(f"{row}\n" for row in rows))
    for table in data.glob("*.csv"):
        if table.name != "videos.csv":
            table.unlink()
    asked = ("-m", "motion", "-t", "recognition", "-d", data, "-o", tmp_path / "runs")
    with pytest.raises(SystemExit) as done:
        main(["run", *map(str, asked), "--resamples", "20"])
    assert done.value.code == 3
    states = defaultdict(set)
    for line in (tmp_path / "runs" / "motion" / "findings.jsonl").read_text().splitlines():
        finding = json.loads(line)
        states[finding["video"]].add(finding["state"])
    assert states[good.stem] - {"skipped"} == {"answered"}
    for name in bad:
        assert states[name] - {"skipped"} == {"failed"}, name
    assert "answered" not in states["eternal"]
    told = capsys.readouterr()
    assert "Gonzalez" not in told.out + told.err
    assert "eternal" not in told.err, "a video's name does not reach the log"
