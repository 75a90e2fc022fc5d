"""Two recorded runs on an invented dataset, hostile names and texts among them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from s3eval import api
from s3eval.running.runs import RunFacts, write_run
from s3eval.task import Finding
from s3eval.vocabulary import FEATURE_NAMES

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e & \"quoted\" 'too' $x_1$"
)
#: A name that a page, a table of LaTeX and one of Markdown must all escape.
VIDEO = "v00<b>&_$#|%"
FEATURES = FEATURE_NAMES[:6]


@dataclass(frozen=True)
class Made:
    """The folders of a dataset and of its runs."""

    data: Path
    runs: tuple[Path, Path]
    video: str = VIDEO


def _dataset(folder: Path) -> list[str]:
    chance = random.Random(1)
    videos = [VIDEO, *(f"v{i:02}" for i in range(1, 24))]
    folder.mkdir()
    (folder / "dataset.toml").write_text('format = 1\nname = "small"\n')
    lines = {
        "videos.csv": ["video,patient,diagnosis,fold,duration"],
        "features.csv": ["video,feature,present,start,end,justification"],
        "sequences.csv": ["video,position,feature"],
        "reports.csv": ["video,report"],
        "lateralization.csv": ["video,item,value,start,end"],
    }
    for i, video in enumerate(videos):
        diagnosis = "ES" if i % 4 < 2 else "NES"
        lines["videos.csv"].append(f"{video},p{i // 2},{diagnosis},{(i // 2) % 3},60")
        present = [f for f in FEATURES if chance.random() < 0.5]
        for feature in FEATURES:
            shows = feature in present
            times = f"{10 + i % 5},{20 + i % 5}" if shows else ","
            lines["features.csv"].append(f"{video},{feature},{'yes' if shows else 'no'},{times},")
        for place, feature in enumerate(present, 1):
            lines["sequences.csv"].append(f"{video},{place},{feature}")
        side, arm = chance.choice(["left", "right"]), chance.choice(["left", "right", "both"])
        lines["lateralization.csv"].append(f"{video},head_turning,{side},{10 + i % 5},20")
        lines["lateralization.csv"].append(f"{video},arm_movement,{arm},{11 + i % 5},20")
        lines["reports.csv"].append(f'{video},"The patient turns. Report {i}."')
    for name, rows in lines.items():
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return videos


def _facts(chance: random.Random) -> dict[str, object]:
    """What a judge read from a report."""
    return {
        "sections": ["onset"],
        "features": [f for f in FEATURES if chance.random() < 0.5],
        "localizing": {},
        "off_topic": chance.random() < 0.2,
        "words": chance.choice([40, 180]),
    }


def _findings(videos: list[str], data: Path, seed: int) -> list[Finding]:
    chance, found = random.Random(seed), []
    dataset = api.open_dataset(data)
    for video in videos:
        true = dataset.annotation(video)
        for feature in FEATURES:
            if chance.random() < 0.15:
                found.append(
                    Finding("recognition", video, feature, "unreadable", None, HOSTILE, 1, 0)
                )
                continue
            right = chance.random() < 0.7
            value = "yes" if (true.presence(feature) == "yes") == right else "no"
            sure = 0.5 + chance.random() / 2
            found.append(
                Finding(
                    "recognition",
                    video,
                    feature,
                    "answered",
                    value,
                    pieces=1,
                    readable=1,
                    probability=round(sure if value == "yes" else 1 - sure, 3),
                )
            )
            at = true.features[feature].start
            if at is not None and chance.random() < 0.9:
                said = at + chance.choice([-9.0, -2.0, 0.0, 3.0, 12.0])
                found.append(Finding("timing", video, feature, "answered", said, "", 1, 1))
        told = [f for f in (true.sequence or ()) if chance.random() < 0.6] or ["tonic"]
        found.append(
            Finding(
                "sequence",
                video,
                "sequence",
                "answered",
                told,
                "",
                1,
                1,
                None,
                {"senses": ["sight"]},
            )
        )
        text = HOSTILE if seed == 1 else "The patient turns the head to the right."
        read = {"extraction": _facts(chance), "reference_extraction": _facts(chance)}
        found.append(Finding("report", video, "report", "answered", text, "", 1, 1, None, read))
        for item in ("head_turning", "arm_movement"):
            side = chance.choice(["left", "right"])
            found.append(Finding("spatial", video, item, "answered", side, "", 1, 1))
        found += _justified(video, chance)
        found.append(
            Finding("diagnosis", video, "video_only", "answered", chance.choice(["ES", "NES"]))
        )
    return found


def _justified(video: str, chance: random.Random) -> list[Finding]:
    """Justifications with the presence they belong to and the score a judge gave them."""
    found = []
    for feature in FEATURES[:3]:
        text = chance.choice(["The right arm stiffens.", "The head turns to the right side."])
        detail = {"presence": "yes", "interpretation": round(chance.random(), 3)}
        found.append(
            Finding("justification", video, feature, "answered", text, "", 1, 1, None, detail)
        )
    return found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A dataset and two runs on it."""
    folder = tmp_path_factory.mktemp("view")
    videos = _dataset(folder / "data")
    digest = api.open_dataset(folder / "data").digest
    paths = []
    for place, name in enumerate(("one", "two & <co>"), 1):
        findings = _findings(videos, folder / "data", place)
        facts = RunFacts(
            f"model {place} {HOSTILE}" if place == 1 else "model 2",
            ("sight",),
            tuple(dict.fromkeys(f.task for f in findings)),
            str(folder / "data"),
            digest,
            source="recorded",
            identity={"checkpoint": "weights/one", "revision": "abc123", "temperature": 0},
        )
        paths.append(write_run(folder / "runs" / name, facts, findings))
    return Made(folder / "data", (paths[0], paths[1]))
