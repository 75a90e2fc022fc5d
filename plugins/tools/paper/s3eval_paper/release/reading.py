"""The authors' public release: annotations and recorded model outputs, without videos.

    result/ground_truth/…                        annotation
    finetune/datasplit/all_folds.csv             folds; fold 0 is the test set
    test_dataset/vlm_inference_test/MODEL/…      recorded answers on the test set
    result/vlm_inference/MODEL/…                 recorded answers on all videos
    test_dataset/metrics_test/…                  the release's own figures

Nothing in it is required; what is missing or malformed is named, the rest is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from s3eval.dataset.sheets import Problems
from s3eval.errors import S3EvalError
from s3eval.facts.videos import Dataset
from s3eval_paper.release.layout import SPLITS, TRUTH
from s3eval_paper.release.runs import Recorded, read_runs
from s3eval_paper.release.truth import Truth, read_truth

__all__ = ["Release", "open_release", "read_release", "write_release"]


@dataclass(frozen=True)
class Release:
    """A release, read.

    Attributes:
        root: its folder.
        truth: annotation, Task-4 targets, the judge's readings of the reference reports.
        runs: recorded answers, by split and model.
        problems: all that is missing or malformed, with file and row.
    """

    root: Path
    truth: Truth
    runs: tuple[Recorded, ...]
    problems: Problems

    @property
    def dataset(self) -> Dataset:
        """Videos and annotations."""
        return self.truth.dataset


def read_release(
    path: str | Path,
    splits: Sequence[str] = tuple(SPLITS),
    models: Callable[[str], bool] = lambda name: True,
) -> Release:
    """Read a release as far as it can be read.

    Args:
        path: its folder.
        splits: whose recorded answers are wanted: "test", "all", both, or none.
        models: which models' answers, by the published spelling of the name.

    Raises:
        S3EvalError: the folder does not exist or holds no part of a release.
    """
    root = Path(path)
    if not root.is_dir():
        raise S3EvalError("No such folder", where=path)
    parts = [*TRUTH.values(), *SPLITS.values()]
    if not any((root / part).exists() for part in parts):
        raise S3EvalError(
            "No public release here",
            where=path,
            why=f"none of {', '.join(parts[:2])}, ... is there",
        )
    problems = Problems()
    truth = read_truth(root, problems)
    runs = [run for split in splits for run in read_runs(root, truth, split, problems, models)]
    return Release(root, truth, tuple(runs), problems)


def open_release(path: str | Path) -> Dataset:
    """The release's annotation as a dataset (videos without files).

    Raises:
        S3EvalError: there is no release, or it has no annotated video.
    """
    contents = read_release(path, splits=())
    if not contents.dataset.videos:
        first = next((str(p) for p in contents.problems.all if p.level == "error"), "")
        raise S3EvalError("The release has no annotated video", where=path, why=first)
    covered = [shown for shown in sorted(TRUTH.values()) if (contents.root / shown).is_file()]
    return replace(
        contents.dataset,
        root=Path(path),
        digest=_digest(contents.root),
        digest_covers=", ".join(covered),
    )


def _digest(root: Path) -> str:
    """SHA-256 over the annotation's files, by name and content."""
    digest = hashlib.sha256()
    for shown in sorted(TRUTH.values()):
        if (root / shown).is_file():
            digest.update(shown.encode() + b"\0" + (root / shown).read_bytes())
    return digest.hexdigest()


def write_release(release: Release, out: str | Path) -> list[Path]:
    """Write the dataset folder and every recorded run below it.

    ``OUT/`` becomes a dataset folder; ``OUT/runs/SPLIT/MODEL/`` its runs; ``OUT/problems.csv``
    lists every problem. The same release gives the same bytes.

    Returns:
        the run folders.
    """
    from s3eval import __version__
    from s3eval.dataset.folder import open_folder
    from s3eval.dataset.folder_writing import write_folder
    from s3eval.dataset.tables import table_text
    from s3eval.running.runs import RunFacts, write_run

    folder = write_folder(release.dataset, out)
    digest = open_folder(folder).digest
    written = []
    for run in release.runs:
        dropped = sum(run.left_out.values())
        facts = RunFacts(
            model=run.model,
            senses=run.senses,
            tasks=run.tasks,
            dataset=str(folder),
            digest=digest,
            protocol="release",
            source="recorded",
            identity={"recorded": "s3-release", "folder": run.folder, "files": dict(run.files)},
            judge={"name": "recorded extractions of the release"},
            selection={"split": run.split},
            versions={"s3eval": __version__},
            note=f"{dropped} recorded rows could not be used" if dropped else "",
        )
        name = run.model.replace("/", "_")
        written.append(write_run(folder / "runs" / run.split / name, facts, run.findings))
    rows = [(p.level, p.file, p.row, p.what, p.fix) for p in release.problems.all]
    text = table_text(("level", "file", "row", "what", "fix"), rows)
    (folder / "problems.csv").write_text(text, encoding="utf-8", newline="\n")
    return written
