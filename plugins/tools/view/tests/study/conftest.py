"""A small dataset with real video files, for the tests of what is shown."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s3eval.api.datasets import open_dataset

SECONDS, FPS = 4, 10
#: A sentence that no page of a blind reader may hold.
REPORT = "The head turns to the left and both arms stiffen."
#: The names tell patient and diagnosis, as those of real files may.
NAMES = ("Meier-Hans@ES-1", "Huber-Eva@NES-2", "Kunz-Ida@ES-3")


def film(path: Path, shade: int, codec: str = "libx264", sound: bool = True) -> None:
    """A few seconds in which a light square moves to the right over a grey of this shade."""
    import av

    with av.open(str(path), "w") as file:
        rate = 25 if codec == "mpeg2video" else FPS  # MPEG-2 knows no 10 frames a second
        stream = file.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        heard = file.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for number in range(SECONDS * rate):
            pixels = np.full((240, 320, 3), shade, np.uint8)
            left = round(6 * number * FPS / rate)
            pixels[90:150, left : left + 60] = 230
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode(None))
        if heard is not None:
            wave = np.sin(np.arange(SECONDS * 16_000) * 440 * 2 * np.pi / 16_000)
            samples = (8000 * wave).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = 16_000
            file.mux(heard.encode(frame))
            file.mux(heard.encode(None))


def dataset_with_films(folder: Path, codec: str = "libx264", suffix: str = ".mp4") -> Path:
    """Three videos of three patients with signs, sides, times and reports."""
    (folder / "videos").mkdir(parents=True)
    (folder / "dataset.toml").write_text('format = 1\nname = "films"\n')
    tables = {
        "videos.csv": ["video,patient,file,diagnosis,fold,duration"],
        "features.csv": ["video,feature,present,start,end,justification"],
        "lateralization.csv": ["video,item,value,start,end"],
        "reports.csv": ["video,report"],
        "sequences.csv": ["video,position,feature"],
    }
    for i, name in enumerate(NAMES):
        path = folder / "videos" / f"{name}{suffix}"
        film(path, 40 + 30 * i, codec, sound=suffix == ".mp4")
        diagnosis = "NES" if "NES" in name else "ES"
        row = f"{name},{name.split('@')[0]},videos/{name}{suffix},{diagnosis},{i},{SECONDS}"
        tables["videos.csv"].append(row)
        tables["features.csv"].append(f"{name},tonic,{'yes' if i else 'no'},,,stiffens at once")
        tables["features.csv"].append(f"{name},head_turning,yes,1,2,turns quickly")
        tables["lateralization.csv"].append(f"{name},head_turning,left,1,2")
        tables["reports.csv"].append(f'{name},"{REPORT}"')
        tables["sequences.csv"].append(f"{name},1,head_turning")
    for name, rows in tables.items():
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset's folder."""
    return dataset_with_films(tmp_path_factory.mktemp("films") / "data")


@pytest.fixture
def session_of(films, tmp_path):
    """Make a reader's session on the dataset."""
    from s3eval_view.study.session import ReaderSession, Study

    def made(reader="R1", tasks=("recognition",), out=None, **more):
        dataset = open_dataset(films).select(limit=more.pop("limit", None))
        study = Study(reader, tasks, str(films), **more)
        return ReaderSession(study, dataset, out or tmp_path / "readers")

    return made


TOKEN = "token-of-the-tests"
ROOT = f"http://127.0.0.1:8000/{TOKEN}"


@pytest.fixture
def asking() -> Callable[..., Any]:
    """Ask an application, as a page of its own would; no server is started."""
    httpx = pytest.importorskip("httpx")

    def ask(app: Any, path: str, method: str = "GET", **more: Any) -> Any:
        async def asked() -> Any:
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"{ROOT}/") as client:
                headers = {"origin": "http://127.0.0.1:8000", **more.pop("headers", {})}
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(asked())

    return ask


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application in a thread; its address."""
    import uvicorn
    from s3eval_view.server.serving import address_of, listening

    opened = listening(0)
    config = uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    work = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    work.start()
    try:
        yield address_of(opened, TOKEN)
    finally:
        server.should_exit = True
        work.join(10)


@contextmanager
def opened_page(browser: Any, address: str, **options: Any) -> Iterator[Any]:
    """A page that keeps what it asked for and what it complained about."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, **options)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.set_default_timeout(60_000)
    page.goto(address)
    yield page
    page.close()


def until(page: Any, expression: str, seconds: float = 60.0) -> None:
    """Wait until an expression holds; the pages' policy forbids Playwright's own waiting."""
    for _ in range(int(seconds / 0.05)):
        # While another page is being opened there is nothing to ask.
        with contextlib.suppress(Exception):
            if page.evaluate(expression):
                return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {expression}")


#: Models whose reports are rated; their reports name them.
MODELS = ("qwen2.5-vl-7b", "internvl3.5-8b", "lingshu-32b")


@pytest.fixture(scope="session")
def report_runs(films: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A run with reports of each of three models."""
    from s3eval.running.runs import RunFacts, write_run
    from s3eval.task import Finding

    folder = tmp_path_factory.mktemp("reports")
    digest = open_dataset(films).digest
    texts = (
        "As Qwen2.5-VL I see that the head turns to the left and one arm stiffens.",
        "The patient lies in bed. <b>internvl</b> \x1b[31m sees nothing else.",
        "The right leg jerks.",
    )
    paths = []
    for place, model in enumerate(MODELS):
        findings = [
            Finding("report", video, "report", "answered", f"{texts[place]} Part {i}.", "", 1, 1)
            for i, video in enumerate(NAMES)
        ]
        identity = {"checkpoint": f"Maker/{model.upper()}-Instruct"}
        facts = RunFacts(
            model, ("sight",), ("report",), str(films), digest, source="recorded", identity=identity
        )
        paths.append(write_run(folder / f"run-{place}", facts, findings))
    return paths


@pytest.fixture
def rating_of(films, report_runs, tmp_path):
    """Make a rater's session on the reports."""
    from s3eval_view.study.rating import RatingSession
    from s3eval_view.study.reports import drawn_reports

    from s3eval.running.runs import open_runs

    def made(rater="E1", out=None, reference=False, patients=20, seed=0):
        dataset = open_dataset(films)
        reports = drawn_reports(open_runs(report_runs), dataset, patients, seed)
        drawn = {"seed": seed, "patients": patients, "digest": dataset.digest}
        return RatingSession(rater, reports, dataset, out or tmp_path / "ratings", reference, drawn)

    return made
