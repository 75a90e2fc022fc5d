"""``s3eval view``: runs in a browser, served on this machine only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import click

from s3eval.terminal import echo
from s3eval_view.cli.study import refuse_study_options, study_options, study_site

EPILOG = """\b
Examples:
  s3eval view demo/runs                  opens a browser; Ctrl+C ends it
  s3eval view runs/a runs/b --no-video   where others can see the screen
  s3eval view --reader R1 --tasks recognition --data mine --out readers
  s3eval view runs/a runs/b --rate E1 --out ratings
  s3eval view runs --port 8765 --no-browser      on another machine, by SSH forwarding
  s3eval view bundle DIR runs            the same pages as files (s3eval view bundle --help)

Only this machine can reach the viewer, and only with the address that is printed.
"""


class ViewCommand(click.Command):
    """A command whose first word may be another command: ``s3eval view bundle``.

    A click group would take the first run for the name of a command. ``further`` names those
    commands by word, for what lists all verbs (the documentation).
    """

    further: ClassVar[Mapping[str, str]] = {"bundle": "s3eval_view.cli.bundle:command"}

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of this command, or of the one that the first word names."""
        if args[:1] == ["bundle"]:
            from s3eval_view.cli.bundle import command as bundle

            return bundle.make_context(f"{info_name} bundle", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("view", cls=ViewCommand, epilog=EPILOG)
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Listen on this port of the loopback interface; 0 takes one that is free.",
)
@click.option("--no-browser", is_flag=True, help="Print the address and open no browser.")
@click.option("--no-video", is_flag=True, help="Show no videos, frames or sound, to nobody.")
@click.option("--data", "-d", default=None, help="Take the dataset from here, where it moved.")
@study_options
def command(
    runs: tuple[Path, ...],
    port: int,
    no_browser: bool,
    no_video: bool,
    data: str | None,
    **study: Any,
) -> None:
    """Look at RUNS in a browser. A folder of runs stands for all of them.

    With --reader the questions of tasks are put to a human, who sees no annotation; with --rate the
    reports of RUNS are rated by an expert, who does not see which model wrote them.
    """
    if study["reader"] or study["rate"]:
        opened = study_site(runs, data, no_video, study)
        try:
            show(opened.app, opened.token, port, opens_browser=not no_browser, what=opened.what)
        finally:
            opened.end()
        return
    refuse_study_options(study)
    from s3eval_view.server.security import new_token
    from s3eval_view.viewer.site import site_of

    token = new_token()
    app, site = site_of(runs or (Path("runs"),), token, data=data, shows_videos=not no_video)
    try:
        show(app, token, port, opens_browser=not no_browser)
    finally:
        site.close()


def show(app: Any, token: str, port: int, opens_browser: bool, what: str = "The viewer") -> None:
    """Serve an application until Ctrl+C, and tell its address."""
    import threading
    import webbrowser

    from s3eval_view.server.serving import address_of, listening, serve

    opened = listening(port)
    address = address_of(opened, token)
    echo(f"{what} is at {address}")
    echo("Only this machine reaches it. Ctrl+C ends it.")
    if opens_browser:
        # A browser of the terminal would wait for its own end before anything is served.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    serve(app, opened)
    echo("Ended.")
