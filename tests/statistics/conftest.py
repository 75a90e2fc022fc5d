"""A small dataset with patients, folds and labels, and recorded findings about it."""

from __future__ import annotations

import numpy as np
import pytest

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Lateralization, Video
from s3eval.running.loading import LoadedTasks, load_tasks
from s3eval.task import Finding
from s3eval.vocabulary import FEATURE_NAMES

# What ES patients of the toy show more often than others, so that two stages can learn it.
TELLING = ("tonic", "clonic", "head_turning", "figure4")


def make_dataset(patients: int = 40, seed: int = 0, folds: int = 5) -> Dataset:
    rng = np.random.default_rng(seed)
    videos, annotations = [], {}
    for p in range(patients):
        diagnosis = "ES" if p % 3 else "NES"
        for k in range(int(rng.integers(1, 6))):
            name = f"P{p:02d}@1-1-2000@r@v{k}_1"
            videos.append(
                Video(name, f"P{p:02d}", diagnosis=diagnosis, fold=(p // 3) % folds, duration=60.0)
            )
            rate = {f: 0.75 if (f in TELLING) == (diagnosis == "ES") else 0.25 for f in TELLING}
            features = {
                f: FeatureAnnotation("yes" if rng.random() < rate.get(f, 0.4) else "no", 5.0, 9.0)
                for f in FEATURE_NAMES
            }
            side = {"head_turning": Lateralization("left" if rng.random() < 0.4 else "right")}
            annotations[name] = Annotation(name, features, side, seizure_start=3.0)
    return Dataset("toy", tuple(videos), annotations)


def make_findings(
    dataset: Dataset, right: float, seed: int = 0, lost: float = 0.03, told: bool = True
) -> dict[str, list[Finding]]:
    """Task 1 findings that are right with this probability; ``told`` gives probabilities too."""
    rng = np.random.default_rng(seed)
    found = []
    for video in dataset.videos:
        for feature in FEATURE_NAMES:
            truth = dataset.annotation(video.name).presence(feature)
            facts = ("recognition", video.name, feature)
            if rng.random() < lost:
                found.append(Finding(*facts, "unreadable", None, "mumbled", 1, 0))
                continue
            said = truth if rng.random() < right else {"yes": "no", "no": "yes"}[truth]
            chance = float(np.clip(rng.normal(0.75 if said == "yes" else 0.25, 0.15), 0.01, 0.99))
            detail = {"noisy_or": 1 - (1 - chance) ** 2} if told else {}
            probability = chance if told else None
            found.append(Finding(*facts, "answered", said, "", 1, 1, probability, detail))
    return {"recognition": found}


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture(scope="session")
def tasks() -> LoadedTasks:
    """The tasks that the tests of statistics score."""
    names = ("recognition", "diagnosis", "spatial", "sequence", "timing", "report")
    return load_tasks(names)


@pytest.fixture(scope="session")
def make():
    """`make_findings`, for tests that need runs of their own."""
    return make_findings


@pytest.fixture(scope="session")
def runs(dataset) -> dict[str, dict[str, list[Finding]]]:
    return {
        name: make_findings(dataset, right, seed)
        for seed, (name, right) in enumerate({"good": 0.85, "poor": 0.6, "coin": 0.5}.items())
    }


@pytest.fixture
def run_folder(tmp_path, dataset, runs):
    """The dataset and its runs on disk: (dataset folder, runs folder)."""
    from s3eval.dataset import open_folder, write_folder
    from s3eval.running.runs import RunFacts, write_run

    data = tmp_path / "data"
    write_folder(dataset, data)
    digest = open_folder(data).digest
    for name, findings in runs.items():
        facts = RunFacts(
            name, ("hearing", "sight"), ("recognition",), str(data), digest, source="recorded"
        )
        write_run(tmp_path / "runs" / name, facts, findings["recognition"])
    return data, tmp_path / "runs"
