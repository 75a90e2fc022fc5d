"""The whole suite for a distribution, as one line in its own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.plugins import Plugin, discover
from s3eval.specs import DatasetSpec, JudgeSpec, ModelSpec, TaskSpec
from s3eval.testing.conformance.datasets import check_dataset
from s3eval.testing.conformance.judges import check_judge
from s3eval.testing.conformance.models import check_model
from s3eval.testing.conformance.packages import check_package, entry_points_of, find_distribution
from s3eval.testing.conformance.problems import Problem, as_lines
from s3eval.testing.conformance.tasks import check_task
from s3eval.testing.conformance.tools import check_tool

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.judge import Judge

__all__ = ["suite"]

_Work = Callable[[], "list[Problem] | str"]


def suite(
    name: str,
    *,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    data: Mapping[str, Dataset] | None = None,
    paths: Mapping[str, str | Path] | None = None,
    judge: Judge | None = None,
) -> Callable[[str], None]:
    """A pytest test that checks everything an installed distribution brings.

    What needs a module that is not installed, leaves the machine or fetches a checkpoint is
    skipped and says so, unless ``options`` names it. A dataset format is skipped without a path.

    Args:
        name: of the distribution or of its entry point.
        options: by the name of a model or judge, what it is loaded with.
        data: by the name of a task, a dataset in which it has a truth; files are not opened.
        paths: by the name of a dataset format, a small dataset in it.
        judge: reads for tasks whose headline needs one.

    Raises:
        S3EvalError: no such distribution is installed.

    >>> test_core = suite("s3eval-core")
    >>> test_core("package s3eval-core")
    """
    import pytest

    dist = find_distribution(name)
    given = _Given(options or {}, data or {}, paths or {}, judge)
    works: dict[str, _Work] = {f"package {dist.name}": partial(check_package, dist)}
    for plugin in discover(entry_points_of(dist)).plugins:
        works[f"{plugin.kind} {plugin.spec.name}"] = given.work(plugin)

    @pytest.mark.parametrize("subject", list(works))
    def test_conforms(subject: str) -> None:
        outcome = works[subject]()
        if isinstance(outcome, str):
            pytest.skip(outcome)
        if outcome:
            pytest.fail(f"{subject} does not conform:\n{as_lines(outcome)}", pytrace=False)

    return test_conforms


class _Given:
    """What the author gave, and the check of each plugin with it."""

    def __init__(
        self,
        options: Mapping[str, Mapping[str, Any]],
        data: Mapping[str, Dataset],
        paths: Mapping[str, str | Path],
        judge: Judge | None,
    ) -> None:
        self.options, self.data, self.paths, self.judge = options, data, paths, judge

    def work(self, plugin: Plugin[Any]) -> _Work:
        """What to do about a plugin."""
        spec = plugin.spec
        reason = next(self._not_run(plugin), "")
        if reason:
            return lambda: reason
        if isinstance(spec, ModelSpec):
            return partial(check_model, spec, self.options.get(spec.name))
        if isinstance(spec, JudgeSpec):
            return partial(check_judge, spec, self.options.get(spec.name))
        if isinstance(spec, TaskSpec):
            return partial(check_task, spec, self.data.get(spec.name), self.judge)
        if isinstance(spec, DatasetSpec):
            return partial(check_dataset, spec, self.paths[spec.name])
        return partial(check_tool, spec)

    def _not_run(self, plugin: Plugin[Any]) -> Iterator[str]:
        spec = plugin.spec
        if missing := spec.missing():
            yield f"not checked: {', '.join(missing)} is not installed"
        if spec.name in self.options:
            return
        if isinstance(spec, (ModelSpec, JudgeSpec)) and spec.remote:
            yield f"not checked: it leaves this machine; options={{'{spec.name}': ...}} checks it"
        if isinstance(spec, ModelSpec) and spec.checkpoint:
            yield (
                f"not checked: it would fetch {spec.checkpoint}; options={{'{spec.name}': "
                "{'checkpoint': ...}} checks it with a small one"
            )
        if isinstance(spec, DatasetSpec) and spec.name not in self.paths:
            yield f"not checked: give paths={{'{spec.name}': PATH}}"
