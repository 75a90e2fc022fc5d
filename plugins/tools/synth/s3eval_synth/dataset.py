"""Drawing a dataset folder: videos in parallel, tables last."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from s3eval.dataset.folder import open_folder
from s3eval.dataset.folder_writing import write_folder
from s3eval.errors import S3EvalError
from s3eval.facts.videos import Dataset, Video
from s3eval.running.runs import write_text
from s3eval_synth.annotation import annotation_of
from s3eval_synth.contents import patients_of
from s3eval_synth.generate import make_scripts
from s3eval_synth.script import Script

__all__ = ["dataset_of", "draw_dataset", "draw_scripts", "open_or_draw"]

# Raised whenever the same seed would draw other pictures or sounds than before.
GENERATION = 1
RECORD = "synth.json"
Advance = Callable[[int], None]


def dataset_of(
    scripts: Sequence[Script], folds: Mapping[str, int], name: str, description: str = ""
) -> Dataset:
    """The tables of scripts, without files being there yet.

    Args:
        folds: fold by patient.
    """
    videos = tuple(
        Video(
            s.name, s.patient.name, f"videos/{s.name}.mp4", s.diagnosis,
            folds.get(s.patient.name), s.duration,
        )
        for s in scripts
    )  # fmt: skip
    return Dataset(name, videos, {s.name: annotation_of(s) for s in scripts}, None, "", description)


def draw_dataset(
    out: str | Path, patients: int = 8, videos: int = 24, seed: int = 0, jobs: int = 1,
    advance: Advance = lambda n: None,
) -> Dataset:  # fmt: skip
    """Draw a whole dataset into a folder and open it.

    Running it again with the same arguments draws only what is missing.

    Args:
        out: a new or empty folder, or one begun with the same arguments.
        jobs: processes that draw.
        advance: called with 1 for every video that is done.

    Raises:
        S3EvalError: the folder holds something else, or the disk is full.
    """
    scripts = make_scripts(patients, videos, seed)
    folds = {p.name: fold for p, _, fold in patients_of(min(patients, videos), seed)}
    arguments = {"patients": patients, "videos": videos, "seed": seed}
    return draw_scripts(scripts, folds, out, f"synthetic-{seed}", arguments, jobs, advance)


def draw_scripts(
    scripts: Sequence[Script], folds: Mapping[str, int], out: str | Path, name: str,
    arguments: Mapping[str, object] | None = None, jobs: int = 1,
    advance: Advance = lambda n: None,
) -> Dataset:  # fmt: skip
    """Draw given scripts into a dataset folder; see `draw_dataset`."""
    folder = Path(out)
    record = {
        "made_by": "s3eval data synth", "generation": GENERATION,
        "arguments": dict(arguments or {}), "digest": _digest(scripts),
    }  # fmt: skip
    _claim(folder, record)
    try:
        _prepare(folder, record)
        _write_videos(scripts, folder / "videos", jobs, advance)
        text = "Drawn seizures with exact annotation; nobody is filmed."
        write_folder(dataset_of(scripts, folds, name, text), folder)
        write_text(folder / "scenes.csv", _scenes(scripts))
        _write_record(folder, {**record, "complete": True})
    except OSError as error:
        raise _disk_error(error, folder) from error
    return open_folder(folder)


def open_or_draw(path: str | Path) -> Dataset:
    """The synthetic dataset at ``path``; the default set is drawn when nothing is there.

    Args:
        path: a dataset folder; a new one is filled with 24 videos of 8 patients, seed 0.

    Raises:
        S3EvalError: the folder holds something else, or the disk is full.
    """
    folder = Path(path)
    if (folder / "videos.csv").is_file():
        return open_folder(folder)
    return draw_dataset(folder, jobs=os.cpu_count() or 1)


def _digest(scripts: Sequence[Script]) -> str:
    return hashlib.sha256(f"{GENERATION} {scripts!r}".encode()).hexdigest()


def _claim(folder: Path, record: Mapping[str, object]) -> None:
    """Refuse a folder that holds anything else."""
    if folder.exists() and not folder.is_dir():
        raise S3EvalError("A file of this name exists", where=folder, fix="another OUT")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        recorded = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise S3EvalError(
            "The folder exists and holds something else than synthetic videos",
            where=folder, fix="an empty or new OUT",
        ) from None  # fmt: skip
    if recorded.get("digest") != record["digest"]:
        raise S3EvalError(
            "The folder holds a synthetic set made with other arguments or another version",
            where=folder, why=f"its arguments are {recorded.get('arguments')}",
            fix=f"another OUT, or: rm -r {folder}",
        )  # fmt: skip


def _prepare(folder: Path, record: Mapping[str, object]) -> None:
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    if not (folder / RECORD).exists():
        _write_record(folder, {**record, "complete": False})


def _write_record(folder: Path, record: Mapping[str, object]) -> None:
    write_text(folder / RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")


def _write_one(script: Script, path: str) -> None:
    """Draw one video; errors become plain OSError, which travels between processes."""
    from s3eval_synth.encoding import write_video

    try:
        write_video(script, Path(path))
    except OSError as error:
        raise OSError(error.errno or errno.EIO, os.strerror(error.errno or errno.EIO)) from None


def _cost(script: Script) -> float:
    return float(script.frame_count * (script.width * script.height) ** 0.7)


def _write_videos(scripts: Sequence[Script], folder: Path, jobs: int, advance: Advance) -> None:
    missing = [s for s in scripts if not (folder / f"{s.name}.mp4").is_file()]
    advance(len(scripts) - len(missing))
    # Longest first, so that the processes finish together.
    missing.sort(key=lambda s: (-_cost(s), s.name))
    jobs = min(jobs, len(missing))
    if jobs <= 1:
        for script in missing:
            _write_one(script, str(folder / f"{script.name}.mp4"))
            advance(1)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    # Fresh processes: a copy of one that has already decoded video can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures = [pool.submit(_write_one, s, str(folder / f"{s.name}.mp4")) for s in missing]
        try:
            for future in as_completed(futures):
                future.result()
                advance(1)
        except BrokenProcessPool:
            failure = S3EvalError(
                "A process that draws has died",
                why="memory ran out, or a script called this outside `if __name__ == '__main__':`",
                fix="--jobs 1",
            )
            failure.exit_code = 4
            raise failure from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _disk_error(error: OSError, folder: Path) -> S3EvalError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    failure = S3EvalError(
        "The disk is full" if full else "The videos could not be written",
        where=folder,
        why=f"{error.strerror or error}; the finished videos are kept",
        fix="free some space and run the same command again" if full else "another OUT",
    )
    failure.exit_code = 4
    return failure


def _scenes(scripts: Sequence[Script]) -> str:
    """How each video was drawn (camera, light, bedding): for people, not read by any model."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        ("video", "width", "height", "fps", "camera", "blanket", "covered_arm", "lights", "staff",
         "tv", "head_wrap", "hz")
    )  # fmt: skip
    for s in scripts:
        setting = s.setting
        lights = " ".join(f"{state}@{when:g}" for when, state in setting.lights)
        staff = "" if setting.staff is None else "{:g}-{:g}".format(*setting.staff[:2])
        rhythm = " ".join(f"{x.feature}={x.hz:g}" for x in s.signs if x.hz)
        table.writerow(
            (s.name, s.width, s.height, s.fps, setting.camera, setting.blanket, setting.covered,
             lights, staff, "yes" if setting.tv else "no", "yes" if s.patient.cap else "no", rhythm)
        )  # fmt: skip
    return text.getvalue()
