"""Watching once and asking many, against asking each time anew; side by side in one run.

    python benchmarks/models.py                            # six architectures, one thread
    python benchmarks/models.py --only qwen3_vl --memory   # with peak memory
    python benchmarks/models.py --generic --only qwen3_5 gemma3   # by the generic model `hf`
    python benchmarks/models.py --size real --device cuda --dtype bfloat16   # 7B and 8B, a GPU

Each architecture is built with random weights (hidden 256, four layers) and shown one clip of at
least 3,000 media tokens. Then 20 questions of about 20 tokens are asked, four new tokens each:

  independent   20 calls of the library's own `generate`, each with the whole prompt and clip
  forked        the clip once, then one question after the other
  batched       the clip once, then all questions as a batch
  packed        the clip once, then all questions in one sequence
  scored        the clip once, then only the probabilities of the offered answers, packed;
                against 20 calls that generate four tokens, and against 20 that generate one

Encoding the clip and prefilling count on both sides. What the processor does to the frames is
left out of the first ratio and counted in the second. The greedy tokens must be the same.

A machine's speed changes while one measures. So every repeat asks the 20 independent questions in
four blocks, runs each way once after every block, and compares within the block; its ratio is the
median of the four. Printed are the median repeat and, in brackets, the lowest and the highest.
Exit code 1 when the median misses a target; the generic model has none, and is asked in the way
that the comparison on loading finds exact.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from models_built import (
    MODELS,
    NEW,
    QUESTIONS,
    REAL,
    build,
    clip_of,
    options_for,
    questions_for,
)

from s3eval import Question
from s3eval.testing.architectures import ARCHITECTURES, FURTHER

TARGETS = {"forked": 11.0, "scored": 16.0}
WAYS = ("forked", "batched", "packed", "scored")
ONE = "independent, one token"
BLOCKS = 4


class Bench:
    """One architecture, one clip, twenty questions, timed in every way."""

    def __init__(self, architecture: str, given: argparse.Namespace) -> None:
        import torch

        self.torch, self.given = torch, given
        self.model = build(architecture, given)
        self.footage, self.questions = clip_of(architecture), questions_for(architecture)
        self.ways: tuple[str, ...] = WAYS
        if given.generic:
            print(f"{architecture}: {self.model.notice()}")
            self.ways = (self.model.sharing.way, "scored")

    def clock(self) -> float:
        """Seconds: of this process's one thread on a CPU, of the clock once a GPU is done."""
        if self.given.device == "cpu":
            return time.process_time()
        self.torch.cuda.synchronize()
        return time.perf_counter()

    def independent(self, new: int, questions: list[Question]) -> tuple[float, float, list[str]]:
        """The library's generate for each question: seconds in it, in the processor, texts."""
        model, texts, prepared, generated = self.model, [], 0.0, 0.0
        for question in questions:
            start = self.clock()
            media = model.media(self.footage)
            template = model.template(media)
            inputs = model.inputs(template.render(question.text), media)
            middle = self.clock()
            made = model.model.generate(**inputs, max_new_tokens=new, do_sample=False)
            end = self.clock()
            prepared, generated = prepared + middle - start, generated + end - middle
            tail = made[0, inputs["input_ids"].shape[1] :]
            texts.append(model.processor.tokenizer.decode(tail, skip_special_tokens=True))
        return generated, prepared, texts

    def shared(self, way: str) -> tuple[float, float, list[Any]]:
        """Watch once, ask all: seconds without the processor, seconds in it, answers."""
        from s3eval.hf.generation import AnswerGenerator

        model = self.model
        options = model.options.model_copy(update=options_for(way))
        model._generator = AnswerGenerator(model.model, model.processor.tokenizer, options)
        start = self.clock()
        prepared = model.prepare(self.footage)
        middle = self.clock()
        watched = model.watch(prepared)
        answers = list(model.ask(watched, self.questions))
        end = self.clock()
        self.media_tokens = watched.prefixes[""].length
        return end - middle, middle - start, answers

    def row(self) -> dict[str, Any]:
        """All ways, block by block beside independent calls, repeated."""
        self.shared(self.ways[0])
        self.independent(NEW, self.questions[:1])
        repeats = [self.repeat() for _ in range(self.given.repeat)]

        def over(figure: Callable[[dict[str, Any]], float]) -> list[float]:
            """Of each repeat the median block."""
            return [statistics.median(map(figure, blocks)) for blocks in repeats]

        def middle(figure: Callable[[dict[str, Any]], float]) -> float:
            return statistics.median(over(figure))

        ratios = {w: over(lambda b, w=w: b["independent"][0] / b[w][0]) for w in self.ways}
        return {
            "tokens": self.media_tokens,
            "seconds": {k: middle(lambda b, k=k: b[k][0]) for k in repeats[0][0]},
            "ratio": {w: statistics.median(values) for w, values in ratios.items()},
            "ratio range": {w: [min(values), max(values)] for w, values in ratios.items()},
            "ratio with processing": {
                w: middle(lambda b, w=w: sum(b["independent"]) / sum(b[w])) for w in self.ways
            },
            "scored against one token": middle(lambda b: b[ONE][0] / b["scored"][0]),
        }

    def repeat(self) -> list[dict[str, tuple[float, float]]]:
        """Of each block the seconds without and in the processor, for all questions each way."""
        size, blocks = QUESTIONS // BLOCKS, []
        wanted: list[str] = []
        answered: list[tuple[str, list[Any]]] = []
        for start in range(0, QUESTIONS, size):
            some = self.questions[start : start + size]
            generated, prepared, texts = self.independent(NEW, some)
            wanted += texts
            block = {"independent": (generated * BLOCKS, prepared * BLOCKS)}
            # These are all alike: one stands for twenty.
            generated, prepared, _ = self.independent(1, some[:1])
            block[ONE] = (generated * QUESTIONS, prepared * QUESTIONS)
            for way in self.ways:
                asked, prepared, answers = self.shared(way)
                block[way] = (asked, prepared)
                answered.append((way, answers))
            blocks.append(block)
        for way, answers in answered:
            apart = sum(a.text != w for a, w in zip(answers, wanted, strict=True))
            if way != "scored" and apart:
                line = f"{way}: {apart} of {len(wanted)} texts differ from independent calls"
                if not self.given.loose:
                    raise SystemExit(line)
                print(line)
        return blocks


def peak_memory(architecture: str, way: str, given: argparse.Namespace) -> float:
    """MiB above the loaded model, in this process, which does nothing else."""
    bench = Bench(architecture, given)
    cuda = given.device.startswith("cuda")
    if cuda:
        before = bench.torch.cuda.memory_allocated()
        bench.torch.cuda.reset_peak_memory_stats()
    else:
        bench.shared("packed")  # what is allocated once and kept is not the way's own
        Path("/proc/self/clear_refs").write_text("5")
        before = _status("VmRSS")
    if way == "independent":
        bench.independent(NEW, bench.questions[:2])
    else:
        bench.shared(way)
    if cuda:
        return (bench.torch.cuda.max_memory_allocated() - before) / 2**20
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    """A line of this process's status, in KiB; VmHWM is the peak since it was last reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


WINDOW_TASKS = ("recognition", "justification", "sequence", "report")


def window_questions(senses: frozenset[Any], tasks: tuple[str, ...]) -> list[Question]:
    """What these tasks, run together, ask about one window; each question once."""
    from s3eval import Annotation, PlanContext, Video
    from s3eval.facts.clips import profile
    from s3eval.running.loading import load_tasks

    loaded = load_tasks(tasks)
    video = Video("v", "p", duration=30.0)
    context = PlanContext(profile("standard"), senses, frozenset(tasks), loaded.offered)
    asked: dict[Question, None] = {}
    for task in loaded.by_name.values():
        for inquiry in task.inquiries(video, Annotation("v"), context):
            asked.update(dict.fromkeys(inquiry.questions))
    # A random model never stops by itself.
    return [replace(q, max_tokens=min(q.max_tokens, 16)) for q in asked]


def window_tasks(architecture: str, given: argparse.Namespace) -> dict[str, float]:
    """The four window tasks' own questions about one window: together, and task by task.

    Task by task, each task watches the window again, and Tasks 1 and 2 ask their questions
    separately; together there is one watch, and what both ask is asked once.
    """
    bench = Bench(architecture, given)
    model, senses = bench.model, bench.model.spec.senses
    apart = [window_questions(senses, (task,)) for task in WINDOW_TASKS]
    joint = window_questions(senses, WINDOW_TASKS)

    def spend(groups: list[list[Question]]) -> float:
        begun = bench.clock()
        for group in groups:
            list(model.ask(model.watch(bench.footage), group))
        return bench.clock() - begun

    spend([joint[:1]])
    times = [(spend(apart), spend([joint])) for _ in range(given.repeat)]
    alone, together = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "questions": len(joint),
        "questions apart": sum(map(len, apart)),
        "together": together,
        "apart": alone,
        "ratio": alone / together,
    }


def run_memory(architecture: str, given: argparse.Namespace) -> dict[str, float]:
    """Peak memory of each way, each in a process of its own."""
    peaks = {}
    for way in ("independent", *WAYS):
        command = [sys.executable, __file__, "--peak", architecture, way]
        command += ["--size", given.size, "--device", given.device, "--dtype", given.dtype]
        peaks[way] = float(
            subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
        )
    return peaks


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=sorted({**ARCHITECTURES, **FURTHER}))
    parser.add_argument("--generic", action="store_true", help="by the generic model hf")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--size", choices=("small", "real"), default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--memory", action="store_true", help="peak memory of each way")
    parser.add_argument("--tasks", action="store_true", help="the four window tasks")
    parser.add_argument("--loose", action="store_true", help="go on when texts differ (bfloat16)")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Measure, print a table, say what missed its target."""
    given = parse()
    import torch

    torch.set_num_threads(1)
    if given.peak:
        print(peak_memory(*given.peak, given))
        return 0
    known = tuple(FURTHER) if given.generic else SMALLEST if given.size == "small" else REAL
    results: dict[str, Any] = {}
    for architecture in given.only or known:
        row = Bench(architecture, given).row()
        row["generic"] = given.generic
        if given.memory:
            row["peak MiB"] = run_memory(architecture, given)
        if given.tasks:
            row["tasks"] = window_tasks(architecture, given)
        results[architecture] = row
        show(architecture, row)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    missed = [
        f"{name}: {way} {row['ratio'][way]:.1f}, target {target:g}"
        for name, row in results.items()
        for way, target in TARGETS.items()
        if not row["generic"] and row["ratio"][way] < target
    ]
    print("\n".join(["missed:", *missed]) if missed else "all targets met")
    return 1 if missed else 0


SMALLEST = tuple(MODELS)


def show(name: str, row: dict[str, Any]) -> None:
    """One architecture's figures."""
    seconds = row["seconds"]
    rate = QUESTIONS * row["tokens"] / seconds["independent"]
    print(
        f"{name}: {row['tokens']:,} tokens; independent {seconds['independent']:.2f} s, "
        f"{rate:,.0f} prompt tokens a second"
    )
    for way in row["ratio"]:
        low, high = row["ratio range"][way]
        line = f"  {way:8} {seconds[way]:6.2f} s  x{row['ratio'][way]:5.1f} ({low:.1f}-{high:.1f})"
        line += f"  with processing x{row['ratio with processing'][way]:5.1f}"
        if "peak MiB" in row:
            line += f"  peak {row['peak MiB'][way]:.0f} MiB"
        print(line)
    print(f"  scored against one-token calls x{row['scored against one token']:.1f}")
    if "peak MiB" in row:
        print(f"  independent peak {row['peak MiB']['independent']:.0f} MiB")
    if "tasks" in row:
        t = row["tasks"]
        print(
            f"  window tasks: {t['questions']} questions together {t['together']:.2f} s, "
            f"{t['questions apart']} apart {t['apart']:.2f} s, x{t['ratio']:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
