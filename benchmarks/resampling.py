"""2,000 patient-bootstrap resamples of all scores of a full run (issue: at most 5 s on two cores).

A run of 438 videos and 116 patients over all seven tasks, with the release's shape, made by a
seeded generator: no release and no model is needed. Timed is what every table needs: intervals of
every score, its chance levels, and the paired interval of its advantage over the best of them.

    python benchmarks/resampling.py [--resamples 2000] [--json FILE]

(Not named statistics.py: a script's folder comes first in the path, and would hide Python's own
module of that name from every other benchmark.)
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

import numpy as np

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Lateralization, Video
from s3eval.facts.tally import Tally
from s3eval.metrics.tallies import corpus_bleu
from s3eval.running.loading import load_tasks
from s3eval.running.scoring import tally_findings
from s3eval.statistics.chance import labels_of_tasks
from s3eval.statistics.resampling import intervals
from s3eval.statistics.table import beside
from s3eval.task import Finding, TruthContext
from s3eval.vocabulary import BODY_PARTS, FEATURE_NAMES, SEEN

VIDEOS, PATIENTS, LIMIT = 438, 116, 5.0


def whole_dataset(rng: np.random.Generator) -> Dataset:
    """438 videos of 116 patients with all labels."""
    extra = rng.multinomial(VIDEOS - PATIENTS, rng.dirichlet(np.full(PATIENTS, 0.6)))
    videos, annotations = [], {}
    for p, more in enumerate(extra):
        diagnosis = "ES" if p < 84 else "NES"
        for k in range(1 + int(more)):
            name = f"P{p:03d}@1-1-2000@r@v{k}_1"
            videos.append(Video(name, f"P{p:03d}", diagnosis=diagnosis, fold=p % 5, duration=120.0))
            features = {
                f: FeatureAnnotation(
                    "yes" if rng.random() < 0.4 else "no", float(rng.integers(5, 60))
                )
                for f in FEATURE_NAMES
            }
            order = tuple(rng.permutation([f for f, a in features.items() if a.presence == "yes"]))
            sides = {
                "head_turning": Lateralization(str(rng.choice(["left", "right"])), 10.0),
                "arm_movement": Lateralization(str(rng.choice(["left", "right"])), 10.0),
                "onset_body_part": Lateralization(str(rng.choice(BODY_PARTS)), 10.0),
            }
            annotations[name] = Annotation(
                name, features, sides, tuple(map(str, order)), None, 3.0, 90.0
            )
    return Dataset("whole", tuple(videos), annotations)


def whole_run(dataset: Dataset, rng: np.random.Generator) -> dict[str, list[Finding]]:
    """A model's findings on every task whose scores need no text reader."""
    findings: dict[str, list[Finding]] = {}

    def add(task: str, video: str, item: str, value: object, **detail: object) -> None:
        finding = Finding(task, video, item, "answered", value, "", 1, 1, None, detail)
        findings.setdefault(task, []).append(finding)

    for v in dataset.videos:
        for f in FEATURE_NAMES:
            add("recognition", v.name, f, "yes" if rng.random() < 0.5 else "no")
        for item in ("head_turning", "arm_movement"):
            add("spatial", v.name, item, str(rng.choice(["left", "right"])))
        add("spatial", v.name, "onset_body_part", str(rng.choice(BODY_PARTS)))
        clip = {"target": 30.0, "clip_start": 0.0, "clip_end": 60.0}
        for item in ("start", "end", *SEEN[1:]):
            add("timing", v.name, item, float(rng.integers(0, 60)), **clip)
        events = [str(x) for x in rng.permutation(FEATURE_NAMES)[:6]]
        add("sequence", v.name, "sequence", events, senses=["hearing", "sight"])
        for item in ("video_only", "with_report"):
            add("diagnosis", v.name, item, str(rng.choice(["ES", "NES"])))
    return findings


def text_scores(dataset: Dataset, rng: np.random.Generator) -> list[Tally]:
    """Tasks 2 and 6 as sums: BLEU and four means for 20 features and the report."""
    videos = tuple(v.name for v in dataset.videos)
    made = []
    for item in (*FEATURE_NAMES, "report"):
        task = "report" if item == "report" else "justification"
        statistics = rng.integers(1, 20, size=(len(videos), 10)).tolist()
        made.append(corpus_bleu(task, item, videos, statistics))
        for metric in ("rouge1", "rouge_l", "interpretation", "bertscore"):
            rows = np.stack([rng.random(len(videos)), np.ones(len(videos))], axis=1)
            made.append(Tally(task, item, metric, videos, rows, _ratio))
    return made


def _ratio(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / np.maximum(sums[..., 1], 1e-12)


def main() -> int:
    """Time it; exit code 1 when the limit is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    dataset = whole_dataset(rng)
    findings = whole_run(dataset, rng)
    texts = text_scores(dataset, rng)
    tasks = load_tasks(findings)
    tallied = tally_findings(findings, dataset, "paper", tasks, baselines=True)
    tallies = [*tallied.tallies, *texts]
    baselines = {**tallied.baselines, "constant": texts}
    labels_of = labels_of_tasks(tasks.by_name, dataset, TruthContext("paper"))
    intervals(tallies[:1], dataset.patients, 10)  # SciPy is imported once
    timed = {"intervals": [], "intervals and chance": []}
    for _ in range(options.repeats):
        begun = time.perf_counter(), time.process_time()
        intervals(tallies, dataset.patients, options.resamples)
        timed["intervals"].append(_since(begun))
        begun = time.perf_counter(), time.process_time()
        beside(tallies, baselines, labels_of, dataset.patients, "paper", options.resamples)
        timed["intervals and chance"].append(_since(begun))
    facts = {
        "scores": len(tallies),
        "columns": int(sum(t.rows.shape[1] for t in tallies)),
        "videos": len(dataset),
        "patients": len(set(dataset.patients.values())),
        "resamples": options.resamples,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        **{
            name: {
                "wall_s": round(min(w for w, _ in runs), 2),
                "cpu_s": round(min(c for _, c in runs), 2),
            }
            for name, runs in timed.items()
        },
        "limit_s": LIMIT,
    }
    print(json.dumps(facts, indent=1))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as handle:
            json.dump(facts, handle, indent=1)
    return 0 if facts["intervals"]["wall_s"] <= LIMIT else 1


def _since(begun: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


if __name__ == "__main__":
    sys.exit(main())
