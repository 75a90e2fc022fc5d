"""What each page of the viewer is given: the same for the server and for files in a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.footage import FootageError
from s3eval.vocabulary import FEATURE_NAMES
from s3eval_view.report.evidence import measure, words
from s3eval_view.server.playing import why_not_played
from s3eval_view.viewer.explained import clips_of, explained_findings
from s3eval_view.viewer.timeline import anchor, tellings_of, timeline_of
from s3eval_view.viewer.voices import Filter, searched

if TYPE_CHECKING:
    from s3eval_view.server.frames import ClipFrames
    from s3eval_view.server.media import Recording
    from s3eval_view.viewer.links import Links
    from s3eval_view.viewer.opened import ShownRun
    from s3eval_view.viewer.site import Now, Site

__all__ = [
    "beside_page", "clip_of", "clip_page", "findings_page", "list_page", "run_page", "runs_page",
    "score_page", "video_page",
]  # fmt: skip


def list_page(site: Site, now: Now, link: Links, wanted: Filter) -> dict[str, Any]:
    """The list of videos, those about which voices differ most first."""
    rows = searched(now.rows, wanted)
    runs = now.shown.runs
    return {
        "link": link,
        "rows": rows,
        "total": len(now.rows),
        "wanted": wanted,
        "patients": sorted({row.patient for row in now.rows}),
        "features": [f for f in FEATURE_NAMES if any(f in row.features_shown for row in now.rows)],
        "runs": runs,
        "followed": _followed(site, runs),
        "problems": now.shown.problems,
        "words": words,
    }


def _followed(site: Site, runs: Sequence[ShownRun]) -> list[tuple[ShownRun, Any]]:
    """Runs that have not finished, with how far they are."""
    return [(run, site.progress(run)) for run in runs if run.is_provisional]


def video_page(
    site: Site, now: Now, link: Links, key: str, only: Sequence[str] = ()
) -> dict[str, Any]:
    """A video: the player, the timeline with findings, sequences and reports, comments."""
    recording = now.shown.recording(key)
    about = now.shown.about(key)
    runs = [run for run in about if not only or run.key in only] or about
    before, after = now.beside(key)
    return {
        "link": link,
        "key": key,
        "video": recording.video,
        "facts": _facts(recording),
        "about": about,
        "runs": runs,
        "timeline": timeline_of(recording, runs),
        "tellings": tellings_of(recording, runs),
        "report": recording.dataset.annotation(recording.video.name).report,
        "media": _media(site, recording, link),
        "before": before,
        "after": after,
        "row": now.rows[now.places[key]],
        "comments": site.comments(recording.video.name, about),
        "anchor": anchor,
        "words": words,
    }


def _facts(recording: Recording) -> list[tuple[str, str]]:
    video = recording.video
    facts: list[tuple[str, Any]] = [
        ("patient", video.patient),
        ("diagnosis", video.diagnosis),
        ("fold", video.fold),
        ("length", f"{video.duration:.0f} s" if video.duration else None),
        *((k.replace("_", " "), v) for k, v in recording.dataset.facts(video.name).items()),
    ]
    return [(what, str(value)) for what, value in facts if value not in (None, "")]


def _media(site: Site, recording: Recording, link: Links) -> dict[str, str]:
    """Whether there is a video to play, and why not."""
    if link.is_static:
        return {"state": "none", "why": "This copy of the pages holds no videos."}
    if not site.shows_videos:
        return {"state": "none", "why": "Videos are not shown here (--no-video)."}
    try:
        unplayed = why_not_played(recording.path(), recording.video.name)
    except FootageError as error:
        return {"state": "none", "why": str(error)}
    return {"state": "convertible" if unplayed else "playable", "why": unplayed}


def findings_page(site: Site, now: Now, link: Links, key: str, run: str) -> dict[str, Any]:
    """All that a run said about a video, and how each finding came about."""
    one = now.shown.run(run)
    recording = now.shown.recording(key)
    return {
        "link": link,
        "key": key,
        "video": recording.video,
        "run": one,
        "findings": explained_findings(one, recording, site.judges),
        "others": [r for r in now.shown.about(key) if r is not one],
        "shows_frames": site.shows_videos,
    }


def beside_page(
    site: Site, now: Now, link: Links, key: str, first: str, second: str
) -> dict[str, Any]:
    """Two runs side by side: each finding of either, with what led to it."""
    recording = now.shown.recording(key)
    about = now.shown.about(key)
    if len(about) < 2:
        raise S3EvalError("Two runs about this video are needed to show them side by side")
    chosen = [now.shown.run(first or about[0].key), now.shown.run(second or about[1].key)]
    made = [
        {s.anchor: s for s in explained_findings(run, recording, site.judges)} for run in chosen
    ]
    anchors = list(dict.fromkeys(a for some in made for a in some))
    pairs = [(made[0].get(a), made[1].get(a)) for a in anchors]
    return {
        "link": link,
        "key": key,
        "video": recording.video,
        "about": about,
        "runs": chosen,
        "pairs": pairs,
        "differing": sum(_differs(*pair) for pair in pairs),
        "differs": _differs,
        "shows_frames": site.shows_videos,
    }


def _differs(first: Any, second: Any) -> bool:
    if first is None or second is None:
        return first is not second
    one, two = first.known.finding, second.known.finding
    return bool((one.state, one.value) != (two.state, two.value))


def clip_of(now: Now, key: str, run: str, number: int) -> tuple[ShownRun, Recording, Any]:
    """The run, the video, and the clip of that number.

    Raises:
        S3EvalError: there is none.
    """
    one, recording = now.shown.run(run), now.shown.recording(key)
    if not one.is_asked:
        raise S3EvalError("This run keeps no clips: its answers were recorded elsewhere")
    clips = clips_of(one.material_about(recording.video.name), recording.video.name)
    if not 1 <= number <= len(clips):
        raise S3EvalError(f"There are {len(clips)} clips of this video in this run")
    return one, recording, clips[number - 1]


def clip_page(
    now: Now, link: Links, key: str, run: str, number: int, frames: ClipFrames
) -> dict[str, Any]:
    """The frames and sound of a clip, as the model was handed them."""
    one, recording, clip = clip_of(now, key, run, number)
    annotation = recording.dataset.annotation(recording.video.name)
    return {
        "link": link,
        "key": key,
        "video": recording.video,
        "run": one,
        "number": number,
        "clip": clip,
        "frames": frames,
        "signs": [[words(f) for f in annotation.signs_at(t)] for t in frames.times],
    }


def runs_page(site: Site, now: Now, link: Links) -> dict[str, Any]:
    """All runs, newest first, with their headline scores and what changed since the one before."""
    runs = sorted(now.shown.runs, key=lambda r: -_made(r))
    tasks = list(dict.fromkeys(t for run in runs for t in run.task_names))
    rows = []
    for place, run in enumerate(runs):
        older = next(
            (r for r in runs[place + 1 :] if r.run.facts.model == run.run.facts.model), None
        )
        rows.append(
            {
                "run": run,
                "made": datetime.fromtimestamp(_made(run)).strftime("%Y-%m-%d %H:%M"),
                "progress": site.progress(run),
                "scores": {task: _headline(run, task) for task in tasks},
                "changed": [] if older is None else _changed(older, run),
                "older": older,
            }
        )
    return {"link": link, "rows": rows, "tasks": tasks, "words": words,
            "problems": now.shown.problems}  # fmt: skip


def _made(run: ShownRun) -> float:
    """When the run was made, in seconds: scoring it again writes run.json once more."""
    files = [run.run.path / name for name in ("run.json", "run.toml")]
    return min(path.stat().st_mtime for path in files if path.is_file())


def _headline(run: ShownRun, task: str) -> tuple[str, float | None, str] | None:
    """(metric, value, item) of a task's summary in the stored scores; None without."""
    if task not in run.tasks.by_name:
        return None
    metric = run.tasks.by_name[task].headline
    mine = [r for r in run.stored_scores.values() if (r["task"], r["metric"]) == (task, metric)]
    row = next((r for r in mine if r["item"] == "mean"), mine[0] if mine else None)
    return None if row is None else (measure(metric), row["value"], row["item"])


#: Facts of a run that change what it says.
_COMPARED = ("tasks", "digest", "protocol", "profile", "identity", "judge", "seed", "selection",
             "options", "versions")  # fmt: skip


def _changed(older: ShownRun, newer: ShownRun) -> list[str]:
    one, two = older.run.facts, newer.run.facts
    return [name for name in _COMPARED if getattr(one, name) != getattr(two, name)]


def run_page(site: Site, now: Now, link: Links, run: str) -> dict[str, Any]:
    """How a run was made, what it could not answer, and its scores with their arithmetic."""
    one = now.shown.run(run)
    failures: Counter[tuple[str, str, str]] = Counter()
    where: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for name, some in one.by_video.items():
        for known in some:
            finding = known.finding
            if finding.state not in ("failed", "unreadable"):
                continue
            group = finding.task, finding.state, finding.reason or "no reason given"
            failures[group] += 1
            place = now.shown.keys.get((one.dataset.digest, name), ""), finding.item
            if place not in where.setdefault(group, []) and len(where[group]) < 5:
                where[group].append(place)
    return {
        "link": link,
        "run": one,
        "made": one.made,
        "progress": site.progress(one),
        "failures": [(group, n, where[group]) for group, n in failures.most_common(50)],
        "names": {key: r.video.name for key, r in now.shown.recordings.items()},
        "scores": _scores(one),
        "words": words,
        "measure": measure,
    }


def _scores(run: ShownRun) -> Mapping[str, list[Mapping[str, Any]]]:
    """The stored headline rows by task."""
    by_task: dict[str, list[Mapping[str, Any]]] = {}
    for row in run.stored_scores.values():
        task = run.tasks.by_name.get(row["task"])
        if task is not None and row["metric"] == task.headline:
            by_task.setdefault(row["task"], []).append(row)
    return by_task


def score_page(site: Site, now: Now, link: Links, run: str, task: str, item: str) -> dict[str, Any]:
    """The arithmetic of an item's scores, and what each video counts for the headline."""
    one = now.shown.run(run)
    walks = site.walks.walks(one, task, item)
    counted = site.walks.counted(one, task, item, walks[0].metric)
    return {
        "link": link,
        "run": one,
        "task": task,
        "item": item,
        "walks": walks,
        "counted": [(c, now.shown.keys.get((one.dataset.digest, c.video), "")) for c in counted],
        "items": site.walks.items(one, task),
        "note": site.walks.tallies(one, task)[1],
        "read_by": site.walks.read_by(one, task),
        "words": words,
    }
