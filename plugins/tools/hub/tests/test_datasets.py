"""Annotations as Parquet: what is written is what was annotated, also as `datasets` reads it."""

from __future__ import annotations

import json
import subprocess

import pytest
from pyarrow import parquet
from s3eval_hub import datasets_folder, tables

from s3eval.dataset.sharing import shareable

LOAD = """
import json, sys, datasets
found = datasets.load_dataset(sys.argv[1])
print(json.dumps({name: split.to_list() for name, split in found.items()}))
"""


def test_each_table_holds_its_rows(data, tmp_path):
    tables.write(data, tmp_path / "out")
    read = {
        n: parquet.read_table(tmp_path / "out" / f"{n}.parquet").to_pylist() for n in tables.SCHEMAS
    }
    first, second, third = read["videos"]
    assert (first["video"], first["patient"], first["fold"]) == ("a/1", "p1", 0)
    assert json.loads(first["facts"]) == {"camera": "side"}
    assert (first["seizure_start"], second["seizure_start"]) == (2.0, None)
    assert third["diagnosis"] is None
    assert read["features"][0] == {
        "video": "a/1", "feature": "tonic", "present": "yes", "start": 5.0, "end": 20.5,
        "justification": "stiff",
    }  # fmt: skip
    assert len(read["features"]) == 3
    assert read["lateralization"] == [
        {"video": "a/1", "item": "head_turning", "value": "left", "start": 3.0, "end": 4.0}
    ]
    # An empty sequence is known to be empty; none is not known.
    assert [(r["video"], r["position"], r["feature"]) for r in read["sequences"]] == [
        ("a/1", 1, "tonic"),
        ("b", 0, None),
    ]
    assert read["reports"] == [{"video": "a/1", "report": "Stiffens."}]
    assert [(r["item"], r["value"]) for r in read["items"]] == [("light", "on"), ("beds", "3")]


def test_tables_without_a_row_have_their_columns(data, tmp_path):
    tables.write(data.select(videos=["c"]), tmp_path)
    assert parquet.read_schema(tmp_path / "features.parquet") == tables.SCHEMAS["features"]


@pytest.mark.parametrize("write", [tables.write, datasets_folder.write])
def test_videos_are_written_only_where_wanted(write, data, tmp_path):
    write(shareable(data, "off").dataset, tmp_path / "without")
    assert not (tmp_path / "without" / "videos").exists()
    write(shareable(data, "off", videos=True, renumber=True).dataset, tmp_path / "with")
    (copied,) = (tmp_path / "with" / "videos").iterdir()
    # Neither the file's own name nor what no file may be called.
    assert copied.name == "0000-v001.mp4"
    assert copied.read_bytes() == b"a video"


def test_a_row_for_each_video_by_split(data, tmp_path):
    datasets_folder.write(data, tmp_path / "out")
    (row,) = parquet.read_table(tmp_path / "out" / "data" / "test.parquet").to_pylist()
    assert row["features"][0]["justification"] == "stiff"
    assert row["file"] == "videos/0000-a_1.mp4"
    assert (tmp_path / "out" / row["file"]).is_file()
    (train,) = parquet.read_table(tmp_path / "out" / "data" / "train.parquet").to_pylist()
    assert train["sequence"] == []
    (rest,) = parquet.read_table(tmp_path / "out" / "data" / "unassigned.parquet").to_pylist()
    assert rest["sequence"] is None
    card = (tmp_path / "out" / "README.md").read_text()
    assert "# ward study\n\nTwo wards.\n" in card


@pytest.mark.outside
def test_datasets_loads_the_folder(data, tmp_path, other_python):
    """In this environment where `datasets` is installed, else by `make test-outside`."""
    python = other_python("DATASETS", "datasets")
    datasets_folder.write(shareable(data, "off").dataset, tmp_path / "out")
    call = [python, "-c", LOAD, str(tmp_path / "out")]
    env = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1", "PATH": ""}
    done = subprocess.run(call, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: [r["video"] for r in rows] for name, rows in found.items()} == {
        "test": ["a/1"],
        "train": ["b"],
        "unassigned": ["c"],
    }
    (row,) = found["test"]
    assert [f["feature"] for f in row["features"]] == ["tonic", "clonic"]
    assert row["features"][0]["start"] == 5.0
    assert row["items"] == [{"item": "light", "value": "on"}, {"item": "beds", "value": "3"}]
