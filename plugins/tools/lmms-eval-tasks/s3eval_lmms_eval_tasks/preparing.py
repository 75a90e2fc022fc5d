"""Writing the tasks: clips, questions, and the files that lmms-eval reads."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval import S3EvalError
from s3eval_lmms_eval_tasks.plan import Asked, Choices, asked_of, digest_of, write_choices
from s3eval_lmms_eval_tasks.scoring import metrics_of

if TYPE_CHECKING:
    from s3eval import Clip
    from s3eval.facts.videos import Dataset

__all__ = ["Prepared", "prepare"]

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
#: Documents, unwritable clips.
Prepared = tuple[int, Mapping[str, str]]


def prepare(choices: Choices, dataset: Dataset, out: Path, progress: Progress) -> Prepared:
    """Write the tasks of a dataset into a folder.

    The folder holds clips, questions and no annotation: neither truth nor names of videos.

    Args:
        out: there, and empty.
        progress: a display, given what is counted and how many there are.

    Returns:
        the number of documents, and why clips could not be written, by video.

    Raises:
        S3EvalError: nothing is asked, or a task is unknown.
    """
    planned = asked_of(choices, dataset)
    if not any(planned.asked.values()):
        raise S3EvalError("These tasks ask nothing about these videos", where=choices.data)
    clips = {a.clip: a.video for asked in planned.asked.values() for a in asked}
    with progress("clips", len(clips)) as advance:
        media, lost = _write_clips(clips, choices, dataset, out, advance)
    digests = _clip_digests(out)
    documents = 0
    for task, asked in planned.asked.items():
        rows = [_document(a, media[a.clip]) for a in asked if a.clip in media]
        documents += len(rows)
        name = _name(task)
        (out / f"{name}.jsonl").write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
        )
        tokens = max((a.question.max_tokens for a in asked), default=64)
        metrics = metrics_of(choices, dataset, task)
        digest = hashlib.sha256((out / f"{name}.jsonl").read_bytes() + digests).hexdigest()[:32]
        (out / f"{name}.yaml").write_text(_yaml(name, task, tokens, metrics, out, digest), "utf-8")
        functions = _functions(task, metrics)
        (out / f"{name}_metrics.py").write_text(functions, encoding="utf-8")
    group = {"group": "s3", "task": [_name(t) for t in planned.asked]}
    (out / "s3.yaml").write_text(json.dumps(group) + "\n", encoding="utf-8")
    template = files(__package__).joinpath("utils.py.txt").read_text(encoding="utf-8")
    filled = template.replace("{PYTHON}", repr(sys.executable)).replace("{OUT}", repr(str(out)))
    (out / "utils.py").write_text(filled, encoding="utf-8")
    write_choices(out, choices, digest_of(planned))
    return documents, {**planned.unplanned, **lost}


def _write_clips(
    clips: Mapping[Clip, object],
    choices: Choices,
    dataset: Dataset,
    out: Path,
    advance: Callable[[int], None],
) -> tuple[dict[Clip, Mapping[str, object]], dict[str, str]]:
    """Every clip once, each video decoded once; and why clips of a video are missing."""
    from s3eval_model_lmms_eval.media import write_clip

    from s3eval.facts.footage import FootageError, FootageFailure
    from s3eval.footage.decoding import decode

    by_video: dict[str, list[Clip]] = {}
    for clip in clips:
        by_video.setdefault(clip.video, []).append(clip)
    media: dict[Clip, Mapping[str, object]] = {}
    lost: dict[str, str] = {}
    for name, wanted in by_video.items():
        try:
            path = dataset.path(dataset.video(name))
            for footage in decode(path, wanted, sound=choices.sound):
                if isinstance(footage, FootageFailure):
                    lost[name] = footage.reason
                    continue
                folder = out / "clips" / _hash(footage.clip)
                folder.mkdir(parents=True, exist_ok=True)
                files_of = write_clip(footage, folder, "video", choices.sound)
                media[footage.clip] = {
                    "visual": [str(Path(p).relative_to(out)) for p in files_of.visual],
                    "sound": files_of.sound and str(Path(files_of.sound).relative_to(out)),
                }
                advance(1)
        except FootageError as error:
            lost[name] = str(error)
    return media, lost


def _hash(clip: Clip) -> str:
    return hashlib.sha256(json.dumps(asdict(clip), sort_keys=True).encode()).hexdigest()[:20]


def _document(asked: Asked, media: Mapping[str, object]) -> dict[str, object]:
    question = asked.question
    text = f"{question.system}\n\n{question.text}" if question.system else question.text
    return {"id": asked.number, "question": text, **media}


def _name(task: str) -> str:
    return f"s3_{task.replace('-', '_')}"


def _yaml(
    name: str,
    task: str,
    tokens: int,
    metrics: Sequence[tuple[str, str, bool]],
    out: Path,
    digest: str,
) -> str:
    """The task's configuration. `!function` is lmms-eval's own tag, so that this is no dump.

    The digest of questions and clips is in the task's fingerprint, so that no cache mistakes one
    for another: lmms-eval's response cache keys an answer by task, document number and prompt,
    not by footage.
    """
    lines = [
        "# Written by s3eval data lmms-eval-tasks; answers are scored by s3eval.",
        f"task: {name}",
        "dataset_path: json",
        "dataset_kwargs:",
        "  data_files:",
        f"    test: {json.dumps(str(out / f'{name}.jsonl'))}",
        "test_split: test",
        "output_type: generate_until",
        "doc_to_visual: !function utils.doc_to_visual",
        "doc_to_text: !function utils.doc_to_text",
        'doc_to_target: ""',
        "generation_kwargs:",
        f"  max_new_tokens: {tokens}",
        "  temperature: 0",
        "  do_sample: false",
        f"process_results: !function {name}_metrics.process_results",
        "metric_list:",
    ]
    for item, metric, higher in metrics:
        lines += [
            f"  - metric: {json.dumps(_label(item, metric))}",
            f"    aggregation: !function {name}_metrics.{_function(item, metric)}",
            f"    higher_is_better: {str(higher).lower()}",
        ]
    lines += ["metadata:", "  - version: 1.0", f"    questions: {digest}  # {task}"]
    return "\n".join(lines) + "\n"


def _clip_digests(out: Path) -> bytes:
    """The digests of all files of clips, in the order of their paths."""
    paths = sorted(p for p in (out / "clips").rglob("*") if p.is_file())
    return b"".join(hashlib.sha256(p.read_bytes()).digest() for p in paths)


def _functions(task: str, metrics: Iterable[tuple[str, str, bool]]) -> str:
    pairs = [(item, metric) for item, metric, _ in metrics]
    lines = [
        '"""The metrics of one task; lmms-eval takes a function for each."""',
        "",
        "import importlib.util",
        "import sys",
        "from pathlib import Path",
        "",
        "# lmms-eval reads this file once for each function: what was scored is kept beside it.",
        '_path = Path(__file__).parent / "utils.py"',
        '_name = f"s3eval tasks {_path}"',
        "if _name not in sys.modules:",
        "    _spec = importlib.util.spec_from_file_location(_name, _path)",
        "    sys.modules[_name] = importlib.util.module_from_spec(_spec)",
        "    _spec.loader.exec_module(sys.modules[_name])",
        "_utils = sys.modules[_name]",
        f"METRICS = {[_label(*p) for p in pairs]!r}",
        "",
        "",
        "def process_results(doc, results):",
        '    """The answer under every metric; it is read when all are there."""',
        "    given = {'id': doc['id'], 'text': results[0]}",
        "    return {name: given for name in METRICS}",
    ]
    for item, metric in pairs:
        lines += [
            "",
            "",
            f"def {_function(item, metric)}(items):",
            f"    return _utils.score({task!r}, {_label(item, metric)!r}, items)",
        ]
    return "\n".join(lines) + "\n"


def _label(item: str, metric: str) -> str:
    return metric if item == "mean" else f"{item}_{metric}"


def _function(item: str, metric: str) -> str:
    return f"{item}_{metric}".replace("-", "_")
