"""Recorded runs on an invented dataset, and asked runs about real files; hostile texts in both."""

from __future__ import annotations

import asyncio
import csv
import os
import random
import re
import shutil
from dataclasses import dataclass
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
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


#: Of the asked runs: real files of several kinds, one that is missing, one that lies outside.
FILMED = "P1@first<b>&"
TASKS = ("recognition", "justification", "spatial", "timing", "sequence", "report", "diagnosis")


@dataclass(frozen=True)
class Filmed:
    """A dataset with files, and the folders of two runs that were asked about them."""

    data: Path
    runs: tuple[Path, Path]
    outside: Path
    video: str = FILMED


def film(
    path: Path, seconds: int, codec: str = "libx264", sound: str = "aac", size: int = 160
) -> Path:
    """A moving square of ten frames a second, with a tone: its place tells the time."""
    import av

    with av.open(str(path), "w") as out:
        rate = 25 if codec == "mpeg2video" else 10
        video = out.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = size, size * 3 // 4, "yuv420p"
        video.codec_context.gop_size = rate
        audio = out.add_stream(sound, rate=48_000, layout="stereo") if sound else None
        for n in range(seconds * rate):
            picture = np.full((size * 3 // 4, size, 3), 60, np.uint8)
            at = int(n / (seconds * rate) * (size - 20))
            picture[30:50, at : at + 20] = (255, 200, 0)
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            if audio is not None:
                count = 48_000 // rate
                tone = 0.2 * np.sin(2 * np.pi * 440 * (np.arange(count) + n * count) / 48_000)
                heard = av.AudioFrame.from_ndarray(
                    np.tile(tone.astype(np.float32), (2, 1)), format="fltp", layout="stereo"
                )
                heard.rate, heard.pts, heard.time_base = 48_000, n * count, Fraction(1, 48_000)
                out.mux(audio.encode(heard))
        out.mux(video.encode(None))
        if audio is not None:
            out.mux(audio.encode(None))
    return path


def _filmed_dataset(folder: Path) -> None:
    (folder / "videos").mkdir(parents=True)
    film(folder / "videos" / "one.mp4", 36)
    film(folder / "videos" / "old.mpg", 8, "mpeg2video", "mp2")
    film(folder.parent / "elsewhere.mp4", 8)
    (folder / "videos" / "link.mp4").symlink_to(folder.parent / "elsewhere.mp4")
    tables = {
        "dataset.toml": 'format = 1\nname = "filmed"\n',
        "videos.csv": "video,file,patient,diagnosis,fold,duration,seizure_start,seizure_end\n"
        f"{FILMED},videos/one.mp4,P1,ES,0,36,5,30\n"
        "P1@old,videos/old.mpg,P1,ES,0,8,1,7\n"
        "P2@gone,videos/none.mp4,P2,NES,0,8,1,7\n"
        "P3@outside,videos/link.mp4,P3,NES,0,8,1,7\n",
        "features.csv": "video,feature,present,start,end,justification\n"
        f"{FILMED},tonic,yes,12.5,20,The right arm stiffens.\n"
        f"{FILMED},clonic,yes,21,28,\n"
        f"{FILMED},head_turning,yes,7.5,11,\n"
        f"{FILMED},blank_stare,no,,,\n"
        "P1@old,tonic,yes,2,6,\nP2@gone,tonic,no,,,\nP3@outside,tonic,no,,,\n",
        "lateralization.csv": f"video,item,value,start,end\n{FILMED},head_turning,right,7.5,11\n",
        "sequences.csv": "video,position,feature\n"
        f"{FILMED},1,head_turning\n{FILMED},2,tonic\n{FILMED},3,clonic\n",
        "reports.csv": "video,report\n"
        f"{FILMED},The head turns to the right. Then the right arm stiffens and jerks.\n"
        "P1@old,The right arm stiffens.\n",
    }
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8")


def _answers(path: Path, other: bool) -> None:
    """What the two runs answer; the second differs and says hostile things."""
    rows = [("video", "item", "answer", "start")]
    for video in (FILMED, "P1@old", "P2@gone", "P3@outside"):
        told = HOSTILE if other else "The head turns to the right. The right arm stiffens."
        for feature in FEATURE_NAMES:
            word = "yes" if feature in ("tonic", "head_turning") or other else "no"
            rows.append((video, feature, f"{word}, because the right arm stiffens.", ""))
        rows.append((video, "tonic", "no. Nothing is seen yet. " + told, "0.0"))
        rows.append((video, "head_turning", "left" if other else "right", "7.5"))
        rows += [(video, "onset_body_part", "head", ""), (video, "arm_movement", "right", "")]
        rows.append((video, "tonic_onset", "9" if other else "12", ""))
        rows += [
            (video, "seizure_start", "00:06", ""),
            (video, "seizure_end", "around the end", ""),
        ]
        listed = "tonic, clonic" if other else "head turning, tonic, clonic"
        rows.append((video, "sequence", listed, ""))
        rows += [(video, "report", told, ""), (video, "video_only", "ES", "")]
        rows.append((video, "with_report", "NES" if other else "ES", ""))
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture(scope="session")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    """A dataset with files and two runs of all seven tasks about it."""
    folder = tmp_path_factory.mktemp("filmed")
    _filmed_dataset(folder / "data")
    paths = []
    for name in ("first", "second"):
        _answers(folder / f"{name}.csv", name == "second")
        runs = api.evaluate(
            model="replay", tasks=list(TASKS), data=folder / "data", out=folder / "runs" / name,
            model_options={"file": str(folder / f"{name}.csv")}, resamples=50,
        )  # fmt: skip
        paths.append(runs[0].run.path)
    return Filmed(folder / "data", (paths[0], paths[1]), folder / "elsewhere.mp4")


def chromium() -> str:
    """The system's Chromium, "" where there is none."""
    given = os.environ.get("S3EVAL_CHROMIUM", "")
    names = ("chromium", "chromium-browser", "google-chrome")
    return given or next((p for name in names if (p := shutil.which(name))), "")


@pytest.fixture(scope="module")
def browser():
    """A real browser; skipped where there is none, and says so."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not chromium():
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with playwright.sync_playwright() as started:
        # Without its sandbox: it cannot be made for root, which is who runs in a container.
        opened = started.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened
        opened.close()


class Page(HTMLParser):
    """The elements, addresses and the visible text of a page."""

    def __init__(self, text):
        super().__init__()
        self.raw, self.tags, self.addresses, self.handlers, self.texts = text, [], [], [], []
        self.styles, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "action", "data")]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]
        self.styles += [v for k, v in attrs if k == "style"]
        self.links += [v for k, v in attrs if tag == "a" and k == "href"]

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


class Asking:
    """Asks the viewer of some runs, without a network."""

    token, own = "token", "http://127.0.0.1:8000"

    def __init__(self, paths, **options):
        from s3eval_view.viewer.site import site_of

        self.app, self.site = site_of(list(paths), self.token, **options)
        self.keys = {r.video.name: k for k, r in self.site.now().shown.recordings.items()}
        self.runs = [r.key for r in self.site.now().shown.runs]

    def __call__(self, path, method="GET", **given):
        import httpx

        async def asked():
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url=f"{self.own}/{self.token}/", timeout=60
            ) as client:
                return await client.request(method, path, **given)

        return asyncio.run(asked())

    def page(self, path):
        answer = self(path)
        assert answer.status_code == 200, answer.text[:2000]
        return Page(answer.text)


@pytest.fixture(scope="session")
def asking() -> type[Asking]:
    """`Asking`, for tests that open runs of their own."""
    pytest.importorskip("httpx")
    return Asking
