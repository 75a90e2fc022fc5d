"""Why runs, or some of their tasks, cannot be compared: what one lacks, and what none share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugin_calls import plugin_output
from s3eval.plugins import installed
from s3eval.statistics.missing import missing_of
from s3eval.statistics.twice import answered_of

if TYPE_CHECKING:
    from collections.abc import Set

    from s3eval.running.loading import Findings
    from s3eval.running.scoring import Material
    from s3eval.task import Finding

__all__ = ["lacking_of", "otherwise_annotated", "refuse_tasks", "unshared_of", "without_tasks"]

#: Items of a run that are named.
_SHOWN = 3
_VERBS = {"hearing": "hears", "sight": "sees"}


def refuse_tasks(names: Iterable[str], asked: Iterable[str]) -> None:
    """Refuse a task that no run was asked, with the nearest name, be it one of theirs or not.

    Args:
        names: of tasks, as the user gave them.
        asked: the tasks of the runs.

    Raises:
        S3EvalError: the first that is none of these.
    """
    known = [*asked]
    fix = f"one of {', '.join(known)}"
    for name in names:
        if name in known:
            continue
        others = installed().names("task")
        if name in others:
            raise S3EvalError(f"None of these runs was asked the task '{name}'", fix=fix)
        raise UnknownNameError("task in these runs", name, [*known, *others], fix=fix)


def lacking_of(
    materials: Mapping[str, Material],
    findings: Mapping[str, Findings],
    tasks: Sequence[str],
    unfinished: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Which run lacks any answer of which task: the run's name and a phrase, each.

    Args:
        tasks: those that were asked for; () for all that any run has.
        unfinished: runs that no findings were made of yet.
    """
    wanted = tasks or dict.fromkeys(task for mine in findings.values() for task in mine)
    lacking: list[tuple[str, str]] = []
    for name, mine in findings.items():
        lacks = "was not asked"
        if name in unfinished:
            lacks = "has no findings yet (cut short, or at work) of"
        lacking += [(name, f"{name} {lacks} {t}") for t in wanted if not mine.get(t)]
        lacking += [
            (name, f"{name} has no answer to compare in {missing}")
            for missing in missing_of(mine, (), materials[name])
            if missing.findings and sum(missing.counts.values()) == missing.findings
        ]
    return lacking


def unshared_of(
    materials: Mapping[str, Material],
    findings: Mapping[str, Findings],
    baseline: str = "",
    items: Sequence[str] = (),
) -> list[str]:
    """The tasks that two runs answered, and in which they answered nothing about the same.

    Of items that are wanted also those that only one of two runs answered.

    Args:
        baseline: the run that all others are compared with; "" for all pairs.
        items: only these; () for all.
    """
    answered = {name: answered_of(mine) for name, mine in findings.items()}
    pairs = (
        [(name, baseline) for name in answered if name != baseline]
        if baseline
        else combinations(answered, 2)
    )
    wanted = {*items} - {"mean"}
    lines: list[str] = []
    for first, second in pairs:
        for task in answered[first].keys() & answered[second].keys():
            one, two = (
                {key for key in answered[name][task] if not wanted or key[1] in wanted}
                for name in (first, second)
            )
            if wanted and bool(one) != bool(two):
                lines.append(
                    f"only {first if one else second} answered {_items(one | two)} in {task}"
                )
            elif one and two and not one & two:
                why = "; ".join(_differing((first, one), (second, two), materials))
                lines.append(
                    f"{first} and {second} answered nothing about the same in {task}: {why}"
                )
    return sorted(lines)


def otherwise_annotated(
    materials: Mapping[str, Material], findings: Mapping[str, Findings]
) -> dict[str, str]:
    """By task why runs are not compared in it: their options give the same videos another truth."""
    lines: dict[str, str] = {}
    for task in dict.fromkeys(task for mine in findings.values() for task in mine):
        mine = {name: m for name, m in materials.items() if findings[name].get(task)}
        options = [dict(m.task_options.get(task, {})) for m in mine.values()]
        if all(given == options[0] for given in options):
            continue
        if item := _other_truth(task, [*mine.values()]):
            lines[task] = (
                f"{', '.join(mine)} are not compared in {task}: by their options '{item}' has "
                "another truth in the same video"
            )
    return lines


def without_tasks(
    findings: Mapping[str, Findings], tasks: Collection[str]
) -> dict[str, dict[str, Sequence[Finding]]]:
    """The findings of runs by name, without those of some tasks."""
    return {
        name: {task: some for task, some in mine.items() if task not in tasks}
        for name, mine in findings.items()
    }


def _other_truth(task: str, materials: Sequence[Material]) -> str:
    """The first item of which some video has another truth by another run's options; ""."""
    loaded, dataset = materials[0].tasks.by_name[task], materials[0].dataset
    contexts = [replace(m.truth_context(task), senses=materials[0].senses) for m in materials]
    for item in loaded.items():
        for video in dataset.videos:
            note = dataset.annotation(video.name)
            try:
                with plugin_output():
                    truths = [loaded.truth(video, note, item.name, on) for on in contexts]
            except Exception:
                return ""  # what a task raises stands among its faults
            if any(truth != truths[0] for truth in truths):
                return item.name
    return ""


def _differing(
    first: tuple[str, Set[tuple[str, str]]],
    second: tuple[str, Set[tuple[str, str]]],
    materials: Mapping[str, Material],
) -> Iterator[str]:
    """What differs: the senses, the items, or the videos."""
    (one, mine), (two, others) = first, second
    if {item for _, item in mine} & {item for _, item in others}:
        yield (
            f"{one} was asked about {len({v for v, _ in mine})} videos and {two} about "
            f"{len({v for v, _ in others})} others"
        )
        return
    senses = materials[one].senses, materials[two].senses
    if senses[0] != senses[1]:
        yield f"{one} {_perceives(senses[0])} and {two} {_perceives(senses[1])}"
    yield f"{one} answered {_items(mine)}, {two} {_items(others)}"


def _perceives(senses: Iterable[str]) -> str:
    return " and ".join(_VERBS[sense] for sense in sorted(senses, reverse=True)) or "has no sense"


def _items(answered: Set[tuple[str, str]]) -> str:
    names = sorted({item for _, item in answered})
    more = f" and {len(names) - _SHOWN} more items" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
