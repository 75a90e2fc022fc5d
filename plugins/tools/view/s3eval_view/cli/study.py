"""The options of ``s3eval view`` for readers and raters, and the sites they lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import key_values, names, outside_option
from s3eval.cli.evaluating import folds_of, task_options_of
from s3eval.errors import S3EvalError
from s3eval.terminal import echo

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["StudySite", "refuse_study_options", "study_options", "study_site"]

#: Options that say how a study is made, with what they are where nobody gave them.
_OPTIONS = (
    click.option(
        "--reader", default="", metavar="NAME", help="Put the questions of --tasks to this reader."
    ),
    click.option(
        "--rate", default="", metavar="NAME", help="Let this expert rate the reports of RUNS."
    ),
    click.option("--tasks", "-t", multiple=True, help="Ask the questions of these tasks."),
    click.option(
        "--out",
        "-o",
        type=click.Path(path_type=Path),
        default=None,
        help="Keep the answers, or ratings, in a folder NAME below this one.",
    ),
    click.option(
        "--full-video", is_flag=True, help="Play whole videos instead of a model's frames."
    ),
    click.option("--sound", is_flag=True, help="Play the sound, and ask what is heard, too."),
    click.option(
        "--reference", is_flag=True, help="Show raters the annotated report beside the model's."
    ),
    click.option("--videos", multiple=True, help="Show these videos only."),
    click.option("--folds", multiple=True, help="Show the videos of these folds only."),
    outside_option,
    click.option(
        "--limit",
        type=click.IntRange(1),
        default=None,
        help="Show the first N videos only; raters are shown those of N patients (20).",
    ),
    click.option(
        "--profile", default="", help="Sample frames by this profile (s3eval list profiles)."
    ),
    click.option(
        "--sampling", multiple=True, metavar="KEY=VALUE", help="Change a value of the profile."
    ),
    click.option(
        "--task-option", multiple=True, metavar="TASK.KEY=VALUE", help="Set an option of a task."
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Shuffle videos by this seed."
    ),
)
_FLAGS = ("tasks", "out", "full_video", "sound", "reference", "videos", "folds", "limit",
          "allow_outside", "profile", "sampling", "task_option", "seed")  # fmt: skip


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of readers and raters."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def refuse_study_options(options: Mapping[str, Any]) -> None:
    """Refuse a study's options where there is neither reader nor rater.

    Raises:
        S3EvalError: one was given.
    """
    given = [name for name in _FLAGS if options.get(name)]
    if given:
        spelled = ", ".join("--" + name.replace("_", "-") for name in given)
        raise S3EvalError(f"{spelled} is for a study", fix="--reader NAME, or --rate NAME")


@dataclass(frozen=True)
class StudySite:
    """A study that is served.

    Attributes:
        app, token: what is served, and the token of its addresses.
        what: what it is, for the line that tells the address.
        end: called when serving ends: frees the folder and tells what is next.
    """

    app: ASGIApp
    token: str
    what: str
    end: Callable[[], None]


def study_site(
    runs: Sequence[Path], data: str | None, no_video: bool, options: Mapping[str, Any]
) -> StudySite:
    """The site of a reader or a rater.

    Raises:
        S3EvalError: options that do not go together, and what the study itself refuses.
    """
    if options["reader"] and options["rate"]:
        raise S3EvalError("One person reads or rates, not both at once")
    if options["out"] is None:
        raise S3EvalError("Where the answers are kept is missing", fix="--out FOLDER")
    if options["reader"]:
        return _reader_site(runs, data, no_video, options)
    from s3eval_view.cli.rating import rating_site_of

    return rating_site_of(runs, data, no_video, options)


def _reader_site(
    runs: Sequence[Path], data: str | None, no_video: bool, options: Mapping[str, Any]
) -> StudySite:
    from s3eval.running.lock import locked
    from s3eval_view.server.security import new_token
    from s3eval_view.study.journal import check_pseudonym
    from s3eval_view.study.reader_pages import reader_site
    from s3eval_view.study.session import ReaderSession

    if runs:
        raise S3EvalError("A reader is blind to runs", fix="--data DATASET instead of RUNS")
    if options["reference"]:
        raise S3EvalError("--reference is for raters; a reader sees no annotation")
    if no_video:
        raise S3EvalError("A reader needs to see the videos", fix="without --no-video")
    if not data or not options["tasks"]:
        missing = "--data DATASET" if not data else "--tasks NAMES"
        raise S3EvalError("A reader needs a dataset and tasks", fix=missing)
    check_pseudonym(options["reader"], "reader")
    study, dataset = _study(data, options)
    with ExitStack() as opening:
        opening.enter_context(locked(options["out"] / study.reader, wait=False))
        session = ReaderSession(study, dataset, options["out"])
        token = new_token()
        app, shown = reader_site(session, token)
        opening.callback(shown.close)
        held = opening.pop_all()

    def end() -> None:
        held.close()
        done, _ = session.progress()
        echo(f"{done} of {session.total} answered, kept in {session.folder}/")
        if done < session.total:
            echo("The same command goes on where it stopped.")
        echo(f"Scores: s3eval score {session.folder}")

    return StudySite(app, token, f"The session of reader {study.reader}", end)


def _study(data: str, options: Mapping[str, Any]) -> tuple[Any, Any]:
    from s3eval.api.datasets import open_dataset
    from s3eval_view.study.session import Study

    selection: dict[str, Any] = {
        "limit": options["limit"],
        "folds": folds_of(options["folds"]),
        "videos": [*names(options["videos"])] or None,
    }
    selection = {k: v for k, v in selection.items() if v is not None}
    dataset = open_dataset(data, options["allow_outside"]).select(**selection)
    if not len(dataset):
        raise S3EvalError("No video is selected", where=data)
    if options["allow_outside"]:
        selection["outside"] = True  # as a run records it: scoring reads durations, too
    study = Study(
        reader=options["reader"],
        tasks=names(options["tasks"]),
        data=data,
        shown="video" if options["full_video"] else "frames",
        hears=options["sound"],
        seed=options["seed"],
        profile=options["profile"] or "standard",
        sampling=key_values(options["sampling"], "--sampling"),
        task_options=task_options_of(options["task_option"]),
        selection=selection,
    )
    return study, dataset
