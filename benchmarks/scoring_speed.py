"""What scoring costs: `show`, a repeated `run`, `compare` and `two-stage`, in CPU seconds and MB.

A dataset of the published size (438 videos of 116 patients, 120 s each on average) is invented, and
a scripted model that does not look answers all installed tasks about it, with texts. Each command
then runs in a process of its own, whose CPU seconds and peak memory the operating system counts.

    python benchmarks/scoring_speed.py                          all of it
    python benchmarks/scoring_speed.py --videos 60              a small one
    python benchmarks/scoring_speed.py --runs imported/runs     compare and two-stage of your runs
    python benchmarks/scoring_speed.py --runs imported/runs --before OLD/bin/s3eval --repeat 3
                          how many times less than another version, both in turn in one go

Exit code 1 when `show` takes more than 5.5 CPU s or 260 MB, or the repeated run more than 5 CPU s.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from s3eval import Annotation, Dataset, Model, ModelSpec, Question, Video
from s3eval.dataset import FeatureAnnotation, Lateralization, write_folder
from s3eval.plugins import Plugin, Registry, installed
from s3eval.vocabulary import FEATURE_NAMES

#: By command the most CPU seconds and MB (2**20 bytes); None where there is no limit.
LIMITS: Mapping[str, tuple[float, float | None]] = {
    "show": (5.5, 260.0),
    "run again": (5.0, None),
}
# Seconds of one core: what several threads do at once would count several times.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
WORDS = (
    *("the", "left", "right", "arm", "arms", "head", "leg", "stiffens", "jerks", "turns"),
    *("slowly", "then", "both", "hands", "rhythmic", "movement", "trunk", "face", "eyes"),
    *("closed", "blinking", "no", "response", "staring", "lip", "smacking", "fumbling"),
)


def sentence(rng: np.random.Generator, words: int) -> str:
    """Words of reports in no order."""
    return " ".join(rng.choice(WORDS, size=words)).capitalize() + "."


def invented(videos: int, seed: int = 0) -> Dataset:
    """A dataset with patients, folds, times and texts; no video file."""
    rng = np.random.default_rng(seed)
    patients = max(10, round(videos * 116 / 438))
    made, notes = [], {}
    for i in range(videos):
        patient, duration = i % patients, float(np.round(30 + rng.exponential(90), 1))
        name = f"P{patient:03d}@{i:03d}"
        diagnosis = "ES" if patient % 3 else "NES"
        made.append(
            Video(name, f"P{patient:03d}", diagnosis=diagnosis, fold=patient % 5, duration=duration)
        )
        features = {
            f: FeatureAnnotation(
                "yes" if (shown := bool(rng.random() < 0.4)) else "no",
                3.0 if shown else None,
                20.0 if shown else None,
                sentence(rng, 12),
            )
            for f in FEATURE_NAMES
        }
        order = tuple(f for f in FEATURE_NAMES if features[f].presence == "yes")[:6]
        side = {"head_turning": Lateralization(str(rng.choice(["left", "right"])), 3.0, 20.0)}
        report = sentence(rng, 80)
        notes[name] = Annotation(name, features, side, order, report, 3.0, duration - 2)
    return Dataset("invented", tuple(made), notes)


class Talker(Model):
    """Answers any question at once, with a reason; which answer follows from the question."""

    uses_footage = False

    def identity(self) -> Mapping[str, Any]:
        """Nothing but its name changes what it says."""
        return {"name": "talker"}

    def answer(self, footage: Any, question: Question) -> str:
        """One of the choices and a sentence, or a sentence with a time and features."""
        clip = footage.clip
        seed = hashlib.sha256(f"{clip.video} {clip.start} {question.key}".encode()).digest()
        rng = np.random.default_rng(int.from_bytes(seed[:4], "little"))
        if question.choices:
            return f"{rng.choice(list(question.choices))}, because {sentence(rng, 12).lower()}"
        if question.key in FEATURE_NAMES:
            return f"{rng.choice(['Yes', 'No'])}, because {sentence(rng, 12).lower()}"
        if "sequence" in question.text.lower():
            return ", ".join(rng.choice(list(FEATURE_NAMES), size=3, replace=False))
        if "second" in question.text.lower() or "timestamp" in question.text.lower():
            return f"00:{int(rng.integers(1, 59)):02d}"
        return sentence(rng, 60)


SPEC = ModelSpec("talker", f"{__name__}:Talker", "answers at once", sees=True, hears=True)


def registry() -> Registry:
    """What is installed, and the talker."""
    known = installed()
    return Registry((*known.plugins, Plugin("model", SPEC, "benchmarks", "0")), known.broken)


def evaluated(data: Path, out: Path) -> None:
    """A run of all tasks, as `s3eval run` makes it."""
    from s3eval.api.evaluating import evaluated as ask_and_score
    from s3eval.dataset import open_folder
    from s3eval.judging.load import load_judge
    from s3eval.running.evaluate import Evaluation
    from s3eval.running.settings import Settings

    known = registry()
    dataset = open_folder(data)
    judge = load_judge("lexicon")
    settings = Settings("talker", known.names("task"), str(data), judge="lexicon")
    work = Evaluation(settings, dataset, out, judge=judge)
    outcome, _ = ask_and_score(work, known, load=lambda plugin, options: Talker())
    print(f"answered {outcome.asked.answered}, reused {outcome.asked.reused}", file=sys.stderr)


def measured(*arguments: str, program: Sequence[str] = (sys.executable,)) -> dict[str, float]:
    """CPU seconds and peak memory of a process of its own; what it prints is thrown away."""
    environment = {**os.environ, **ONE_THREAD}
    # Else every process would compile anew what only the first would, of the larger version more.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    child = subprocess.Popen([*program, *arguments], stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"{' '.join(arguments)} failed")
    scale = 1 if sys.platform == "darwin" else 1024
    seconds = used.ru_utime + used.ru_stime
    return {"cpu_s": round(seconds, 2), "peak_mb": round(used.ru_maxrss * scale / 2**20)}


def command(*arguments: str) -> dict[str, float]:
    """The same of a command of the command line."""
    return measured("-c", "from s3eval.cli import main; main()", *arguments)


def against(before: str, runs: Sequence[str], repeat: int) -> dict[str, Any]:
    """CPU seconds of another version's commands and of this one's, each in turn with the other.

    Returns:
        by command the seconds of both, and the ratio of their medians.
    """
    judges = ("--judges", "recorded,lexicon")
    verbs = {
        "compare": ("compare", *runs),
        "judge compare": ("judge", "compare", *runs, *judges),
        "two-stage": ("two-stage", *runs),
        "show of the last": ("show", runs[-1]),
    }
    results: dict[str, Any] = {}
    for name, arguments in verbs.items():
        old, new = [], []
        for _ in range(repeat):
            old.append(measured(*arguments, program=(before,))["cpu_s"])
            new.append(command(*arguments)["cpu_s"])
        ratio = round(median(old) / median(new), 1)
        results[name] = {"before": old, "now": new, "times less": ratio}
    return results


def main() -> int:
    """Measure; exit code 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=438)
    parser.add_argument("--runs", nargs="*", default=[])
    parser.add_argument("--json", default="")
    parser.add_argument("--before", default="", help="s3eval of another version, for --runs")
    parser.add_argument("--repeat", type=int, default=3, help="with --before")
    parser.add_argument("--keep", default="", help="make the dataset and the run here, and stop")
    parser.add_argument("--evaluate", nargs=2, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.evaluate:
        evaluated(*map(Path, options.evaluate))
        return 0
    if options.keep:
        data, out = Path(options.keep, "data"), Path(options.keep, "runs", "talker")
        write_folder(invented(options.videos), data)
        evaluated(data, out)
        return 0
    if options.before:
        print(json.dumps(against(options.before, options.runs, options.repeat), indent=1))
        return 0
    facts: dict[str, Any] = {"videos": options.videos}
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder, "data"), Path(folder, "runs", "talker")
        write_folder(invented(options.videos), data)
        stage = (__file__, "--evaluate", str(data), str(out))
        facts["run"] = measured(*stage)
        facts["run again"] = measured(*stage)
        facts["show"] = command("show", str(out))
    if options.runs:
        facts["compare"] = command("compare", *options.runs)
        facts["two-stage"] = command("two-stage", *options.runs)
    print(json.dumps(facts, indent=1))
    if options.json:
        Path(options.json).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    missed = [
        name
        for name, (seconds, memory) in LIMITS.items()
        if facts[name]["cpu_s"] > seconds or (memory and facts[name]["peak_mb"] > memory)
    ]
    if missed:
        print(f"Limit missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
