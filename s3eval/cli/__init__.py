"""The command line: a module a verb, imported only when the verb is used."""

from __future__ import annotations

import copy
import importlib
import io
import re
import sys
import traceback
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from s3eval.errors import InterruptedRun, S3EvalError, nearest
from s3eval.plugin_calls import described_at, no_memory, strays_in_one_line
from s3eval.signals import ended_like_interrupted
from s3eval.terminal import echo, standard_streams, without_media, without_paths

if TYPE_CHECKING:
    from s3eval.specs import CommandSpec

__all__ = ["LazyGroup", "main"]

# verb -> (module:command, one line for --help). The module is imported when the verb is used.
VERBS: dict[str, tuple[str, str]] = {
    "list": ("s3eval.cli.list:command", "models, tasks, judges and datasets installed here"),
    "run": ("s3eval.cli.run:command", "ask models about videos and score what they say"),
    "plan": ("s3eval.cli.plan:command", "what a run would take: clips, tokens, time, disk, cost"),
    "retry": ("s3eval.cli.retry:command", "ask again what failed in a run"),
    "merge": ("s3eval.cli.merge:command", "the shards of a run as one run"),
    "show": ("s3eval.cli.show:command", "the scores of a run, with counts and chance"),
    "score": ("s3eval.cli.score:command", "score a run again without asking a model"),
    "look": ("s3eval.cli.look:command", "what a model saw of a clip, as a picture and a sound"),
    "data": ("s3eval.cli.data:group", "make, check, import and split datasets"),
    "judge": ("s3eval.cli.judge:group", "read reports, compare and validate judges"),
    "compare": ("s3eval.cli.compare:command", "two or more runs, with intervals and tests"),
    "calibrate": ("s3eval.cli.calibrate:command", "what a run's probabilities are worth"),
    "two-stage": ("s3eval.cli.two_stage:command", "ES/NES from the 20 features, by patient folds"),
    "sweep": ("s3eval.cli.sweep:command", "one run over several settings (ablations)"),
    "export": ("s3eval.cli.export:command", "runs in another format"),
    "new": ("s3eval.cli.new:command", "a package with your own model, task, judge or format"),
    "doctor": ("s3eval.cli.doctor:command", "what is installed, missing or broken here"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when called; plugins may add to it.

    Args:
        verbs: name -> ("module:attribute", short help), the group's own.
        under: the group's name before a plugin's verb, "" for the top: a plugin's command
            "data synth" is the verb "synth" of the group "data".
    """

    def __init__(
        self, *args: Any, verbs: dict[str, tuple[str, str]], under: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs
        self.under = under

    def _of_plugins(self) -> dict[str, CommandSpec]:
        """The verbs that plugins add here; names of the group's own are not replaced."""
        from s3eval.api.verbs import added_verbs

        return added_verbs(self.under, self.verbs)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs: the group's own in the order of the table, then those of plugins."""
        return [*self.verbs, *sorted(self._of_plugins())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        if cmd_name in self.verbs:
            module, _, attribute = self.verbs[cmd_name][0].partition(":")
            command: click.Command = getattr(importlib.import_module(module), attribute)
            return command
        spec = self._of_plugins().get(cmd_name)
        if spec is None:
            return None
        loaded = spec.load()
        if not isinstance(loaded, click.Command):
            raise S3EvalError(
                f"Expected the adapter of the verb '{spec.name}' to be a click command, "
                f"but got {type(loaded).__name__}",
                where=spec.adapter,
            )
        return _with_exit_code(loaded)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest verb for an unknown one."""
        if args and args[0] not in self.verbs and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            if args[0] not in known:
                close = nearest(args[0], known)
                hint = f" Did you mean '{close}'?" if close else _who_brings(self.under, args[0])
                ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs with their one-liners, without importing any."""
        rows = [(name, text) for name, (_, text) in self.verbs.items()]
        rows += [(verb, spec.summary) for verb, spec in sorted(self._of_plugins().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _with_exit_code(verb: click.Command) -> click.Command:
    """A verb of a package that may end the program: the code it gives is the command's.

    A copy, since a package loads the same object each time and each look-up would wrap it anew.
    """
    given, invoke = copy.copy(verb), verb.invoke

    def invoked(ctx: click.Context) -> Any:
        try:
            return invoke(ctx)
        except SystemExit as error:
            if isinstance(error.code, str):
                echo(error.code, err=True)
            ctx.exit(error.code if isinstance(error.code, int) else 1 if error.code else 0)

    setattr(given, "invoke", invoked)  # noqa: B010 - a method, which mypy holds for fixed
    return given


def _who_brings(under: str, verb: str) -> str:
    """Advice for a verb of this project whose package is not installed."""
    from s3eval.api.verbs import package_of_verb

    package = package_of_verb(under, verb)
    return f" It comes with: pip install {package}" if package else ""


@click.group(
    cls=LazyGroup,
    verbs=VERBS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done · 1 a comparison or check found differences · 2 wrong input · "
    "3 finished, but some answers failed · 4 the machine (disk, memory) or "
    "a judge that cannot be asked · 130 interrupted.",
)
@click.version_option(package_name="s3eval-core", prog_name="s3eval")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """Evaluate multimodal models that watch seizure videos."""


def main(argv: list[str] | None = None) -> None:
    """Run the command line; errors are one line on stderr unless ``--debug`` is given."""
    arguments = sys.argv[1:] if argv is None else argv
    debug = "--debug" in arguments
    # --debug is understood anywhere, since that is where people append it.
    arguments = (["--debug"] if debug else []) + [a for a in arguments if a != "--debug"]
    strays = nullcontext() if debug else strays_in_one_line(lambda line: echo(line, err=True))
    with standard_streams(), strays, ended_like_interrupted():
        code = _exit_code(arguments, debug)
    sys.exit(code)


def _nearest_choice(error: click.ClickException) -> str:
    """What was probably meant where a word is none of an option's or argument's choices."""
    parameter = error.param if isinstance(error, click.BadParameter) else None
    if parameter is None or not isinstance(parameter.type, click.Choice):
        return ""
    given = re.match(r"'(.*)' is not one of", error.message)
    close = nearest(given[1], [str(c) for c in parameter.type.choices]) if given else None
    return f" Did you mean '{close}'?" if close else ""


def _exit_code(arguments: list[str], debug: bool) -> int:
    """Run a verb and tell what went wrong."""
    try:
        # Without standalone mode click returns the exit code a command asked for.
        code = cli.main(arguments, prog_name="s3eval", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        message = io.StringIO()
        error.show(file=message)
        echo(message.getvalue().rstrip("\n") + _nearest_choice(error), err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        # click wraps an interruption, and what a run says of itself with it.
        cause = error.__cause__ if isinstance(error, click.Abort) else error
        if isinstance(cause, InterruptedRun):
            echo(f"Interrupted. {cause}", err=True)
        else:
            echo("Interrupted; what was answered is kept.", err=True)
        return 130
    except BaseException as error:  # what a plugin's object raised where nobody expected its code
        if debug:
            echo(traceback.format_exc(), err=True, end="")
        if isinstance(error, MemoryError):
            error = no_memory()
        if isinstance(error, S3EvalError):
            echo(f"Error: {error}", err=True)
            return error.exit_code
        if isinstance(error, (NotADirectoryError, FileExistsError)):
            echo(
                f"Error: A file stands where a folder is needed ({error.filename}). "
                "Try: another folder, or move the file",
                err=True,
            )
            return 2
        if isinstance(error, OSError):
            where = without_media(str(error.filename or "i/o"))
            echo(f"Error: {error.strerror or without_paths(str(error))} ({where}).", err=True)
            return 4
        hint = "" if debug else " See it whole with --debug."
        echo(f"Error: {described_at(error)}.{hint}", err=True)
        return 2
