"""``s3eval finetune export``: a dataset's training folds as samples for an engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, names, outside_option, seed_option, write_json_output
from s3eval.cli.exporters import empty_or_new
from s3eval.documentation import page
from s3eval.errors import S3EvalError, refuse_unknown
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo
from s3eval_finetune.balance import BALANCES
from s3eval_finetune.formats.rows import FORMATS
from s3eval_finetune.samples.making import RECIPES

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.vocabulary import Sense
    from s3eval_finetune.exporting import Exported
    from s3eval_finetune.samples.sample import Sample

EPILOG = f"""\b
Examples:
  s3eval finetune export mine train                       ms-swift, all training folds
  s3eval finetune export mine train --folds 1,2,3 --tasks 1,3,7 --balance up
  s3eval finetune export mine train --format trl --pictures 8
  s3eval finetune export mine --count                     how many samples, no files

The folder holds copies of patients' videos and texts: keep it as you keep the dataset.
What each task's samples are: {page("finetune.md")}. What to run next: s3eval finetune plan train
"""


@click.command("export", epilog=EPILOG)
@click.argument("dataset")
@click.argument("out", required=False, type=click.Path(path_type=Path))
@click.option(
    "--recipe",
    type=click.Choice(RECIPES),
    default="s3",
    show_default=True,
    help="Which samples are made; s3 are those of the paper's Appendix E.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="swift",
    show_default=True,
    help="The engine the samples are for.",
)
@click.option("--folds", multiple=True, help="Training folds, by commas; all of them if not given.")
@click.option(
    "--split",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the folds from this file (s3eval data split) in place of the dataset's own.",
)
@click.option("--tasks", multiple=True, help="Numbers of tasks, by commas; all seven if not given.")
@click.option(
    "--senses",
    type=click.Choice(["sight,hearing", "sight", "hearing"]),
    default="sight,hearing",
    show_default=True,
    help="What the model perceives; nothing else is asked.",
)
@click.option(
    "--balance",
    type=click.Choice(BALANCES),
    default="none",
    show_default=True,
    help="Make the answers of each item equally many, by leaving out or by repeating samples.",
)
@click.option("--limit", type=click.IntRange(1), help="At most this many samples a task.")
@click.option(
    "--sound",
    type=click.Choice(["in-video", "separate"]),
    default="in-video",
    show_default=True,
    help="Leave the sound in the videos, or write it as files with a tag of their own as well.",
)
@click.option(
    "--pictures",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="How many pictures a clip becomes for an engine that takes no video (trl).",
)
@click.option("--count", is_flag=True, help="Count the samples and write nothing.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True,
              help="How many clips are cut at a time.")  # fmt: skip
@seed_option
@outside_option
@click.option("--force", is_flag=True, help="Write into OUT even where it is not empty.")
@json_option
def command(
    dataset: str,
    out: Path | None,
    recipe: str,
    form: str,
    folds: tuple[str, ...],
    split: Path | None,
    tasks: tuple[str, ...],
    senses: str,
    balance: str,
    limit: int | None,
    sound: str,
    pictures: int,
    count: bool,
    jobs: int,
    seed: int,
    allow_outside: bool,
    force: bool,
    json_file: str | None,
) -> None:
    """Make training samples of DATASET's training folds and write them to the folder OUT."""
    from s3eval.api.datasets import open_dataset
    from s3eval_finetune.balance import balanced
    from s3eval_finetune.samples.making import Choice, limited, make_samples, with_split

    if out is None and not count:
        raise S3EvalError("Expected a folder OUT to write to", fix="or --count to write nothing")
    if out is not None and not count:
        empty_or_new(out, force)
    opened = open_dataset(dataset, outside=allow_outside)
    opened = with_split(opened, split) if split else opened
    choice = Choice(
        frozenset(_numbers(folds, "--folds")),
        _numbers(tasks, "--tasks") or (1, 2, 3, 4, 5, 6, 7),
        seed,
        _perceived(senses, form),
    )
    refuse_unknown("task", [str(n) for n in choice.tasks], [str(n) for n in range(1, 8)])
    made = make_samples(opened, choice)
    samples = limited(balanced(made.samples, balance, seed), limit, seed)  # type: ignore[arg-type]
    options = {
        "recipe": recipe, "format": form, "seed": seed, "senses": senses, "balance": balance,
        "limit": limit, "sound": sound,
    }  # fmt: skip
    if count or out is None:
        _show_counts(samples, opened, made.left, json_file)
        return
    done = _exported(opened, made, samples, out, options, pictures, jobs)
    if not write_json_output(_facts(out), json_file):
        _show(done, out, form)


def _exported(
    opened: Dataset,
    made: Any,
    samples: tuple[Sample, ...],
    out: Path,
    options: dict[str, Any],
    pictures: int,
    jobs: int,
) -> Exported:
    from s3eval.reporting.progress import steps_shown
    from s3eval.version import __version__
    from s3eval_finetune.exporting import Writing, export

    form = FORMATS[options["format"]]
    writing = Writing(form, options["sound"], pictures, options["seed"], jobs)
    facts = {
        "made_by": f"s3eval finetune export {__version__}",
        "engine": form.engine,
        **options,
        "dataset": {"name": opened.name, "digest": opened.digest},
    }
    clips = len({s.span for s in samples})
    with steps_shown("cutting", clips) as advance:
        return export(opened, made, samples, out, writing, facts, advance)


def _perceived(senses: str, form: str) -> frozenset[Sense]:
    """The senses asked for, without hearing where the engine takes pictures alone."""
    named: set[Any] = {*senses.split(",")}
    perceived = named - {"hearing"} if FORMATS[form].frames else named
    if not perceived:
        raise S3EvalError(f"{FORMATS[form].engine} takes pictures alone", fix="--senses sight")
    return frozenset(perceived)


def _numbers(given: tuple[str, ...], option: str) -> tuple[int, ...]:
    texts = names(given)
    if wrong := [text for text in texts if not text.isdigit()]:
        raise S3EvalError(f"Expected {option} to be numbers, but got '{wrong[0]}'")
    return tuple(int(text) for text in texts)


def _facts(out: Path) -> Any:
    import json

    return json.loads((out / "export.json").read_text(encoding="utf-8"))


def _show(done: Exported, out: Path, form: str) -> None:
    ways = {way: sum(c.way == way for c in done.cuts.values()) for way in ("whole", "copied")}
    clips, copied = len(done.cuts), sum(ways.values())
    _show_table_12(done.samples)
    _show_balance(done.samples)
    _show_left(done.left)
    echo(
        f"Written: {out / 'train.jsonl'} ({len(done.samples)} samples of "
        f"{len({s.patient for s in done.samples})} patients for {FORMATS[form].engine}); "
        f"{clips} clips, {copied} of them without encoding anew"
    )
    echo("No patient of another fold is among them. The folder holds patients' footage and texts.")


def _show_counts(samples: tuple[Sample, ...], opened: Dataset, left: Any, file: str | None) -> None:
    from s3eval_finetune.balance import balance_of
    from s3eval_finetune.exporting import counts_beside_table_12

    counts = counts_beside_table_12(samples)
    facts = {
        "samples": len(samples),
        "counts": [{"tasks": list(n), "samples": a, "table_12": b} for n, a, b in counts],
        "balance": [
            {"task": b.number, "item": b.item, "counts": dict(b.counts), "warning": b.warning}
            for b in balance_of(samples)
        ],
    }
    if write_json_output(facts, file):
        return
    _show_table_12(samples)
    _show_balance(samples)
    _show_left(left)
    if any(not v.file for v in opened.videos):
        echo("Videos without a file are taken to last as long as their annotation.")


def _show_table_12(samples: tuple[Sample, ...]) -> None:
    from s3eval_finetune.exporting import counts_beside_table_12

    rows = [
        (" and ".join(map(str, numbers)), here, printed)
        for numbers, here, printed in counts_beside_table_12(samples)
    ]
    columns = ("task", "samples", "paper, Table 12")
    print_table("Samples by task", columns, rows, columns[1:])


def _show_balance(samples: tuple[Sample, ...]) -> None:
    from s3eval_finetune.balance import balance_of

    rows = [
        (b.number, b.item, ", ".join(f"{k} {n}" for k, n in b.counts.items()), b.warning)
        for b in balance_of(samples)
        if b.number != 2  # the labels of Task 1, once more
    ]
    if rows:
        print_table("Answers by item", ("task", "item", "answers", "uneven"), rows)


def _show_left(left: Any) -> None:
    from collections import Counter

    counts = Counter((x.number, x.why) for x in left)
    if counts:
        rows = [(number, count, why) for (number, why), count in sorted(counts.items())]
        print_table("Left out", ("task", "samples", "why"), rows, ("samples",))
