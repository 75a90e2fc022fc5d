"""``s3eval view RUNS --rate NAME``: the site of a rater."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval_view.cli.study import StudySite

__all__ = ["rating_site_of"]

_READERS = ("tasks", "full_video", "sound", "videos", "folds", "allow_outside",
            "profile", "sampling", "task_option")  # fmt: skip


def rating_site_of(
    runs: Sequence[Path], data: str | None, no_video: bool, options: Mapping[str, Any]
) -> StudySite:
    """The reports of runs in front of an expert.

    Raises:
        S3EvalError: options of readers, runs of several datasets, or nothing to rate by.
    """
    from s3eval.running.lock import locked
    from s3eval_view.cli.study import StudySite
    from s3eval_view.server.security import new_token
    from s3eval_view.study.journal import check_pseudonym
    from s3eval_view.study.rating import RatingSession
    from s3eval_view.study.rating_pages import rating_site
    from s3eval_view.study.reports import PATIENTS, drawn_reports

    given = [name for name in _READERS if options[name]]
    if given:
        spelled = ", ".join("--" + name.replace("_", "-") for name in given)
        raise S3EvalError(f"{spelled} is for readers, not for raters")
    if not runs:
        raise S3EvalError("Whose reports are rated is missing", fix="s3eval view RUNS --rate NAME")
    rater = options["rate"]
    check_pseudonym(rater, "rater")
    opened, dataset = _opened(runs, data)
    patients = options["limit"] or PATIENTS
    reports = drawn_reports(opened, dataset, patients, options["seed"])
    shows_videos = not no_video and _has_files(dataset, [r.video for r in reports])
    if not shows_videos and not options["reference"]:
        raise S3EvalError(
            "There is nothing to rate the reports by",
            why="videos are not shown" if no_video else "the dataset has no video files",
            fix="--reference shows the annotated reports",
        )
    drawn = {"seed": options["seed"], "patients": patients, "digest": dataset.digest}
    with ExitStack() as opening:
        opening.enter_context(locked(options["out"] / rater, wait=False))
        session = RatingSession(
            rater, reports, dataset, options["out"], options["reference"], drawn
        )
        token = new_token()
        app, shown = rating_site(session, token, shows_videos)
        opening.callback(shown.close)
        held = opening.pop_all()

    def end() -> None:
        held.close()
        done, _ = session.progress()
        echo(f"{done} of {len(session.reports)} reports rated, kept in {session.folder}/")
        if done < len(session.reports):
            echo("The same command goes on where it stopped.")
        echo(f"When all experts have rated: s3eval judge ratings {options['out']}/* --runs RUNS")

    return StudySite(app, token, f"The rating of reports by {rater}", end)


def _opened(runs: Sequence[Path], data: str | None) -> tuple[Any, Dataset]:
    from s3eval.api.datasets import datasets_of
    from s3eval.running.runs import open_runs

    opened = open_runs(runs)
    datasets = [whole for _, whole in datasets_of(opened, data)]
    if len({d.digest for d in datasets}) > 1:
        raise S3EvalError("These runs are about several datasets", fix="runs about one")
    return opened, datasets[0]


def _has_files(dataset: Dataset, videos: Sequence[str]) -> bool:
    try:
        for name in videos:
            dataset.path(dataset.video(name))
    except S3EvalError:
        return False
    return True
