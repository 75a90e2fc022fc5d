"""From samples to a folder that an engine trains from: media, rows, and what was done."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.footage import FootageError
from s3eval_finetune.appendix import TABLE_12
from s3eval_finetune.balance import ItemBalance, balance_of
from s3eval_finetune.formats.checking import faults_of
from s3eval_finetune.formats.rows import Format, Media, Sound
from s3eval_finetune.media.cutting import Cut, Source, cut, open_source
from s3eval_finetune.media.pictures import write_pictures, write_sound
from s3eval_finetune.samples.sample import Left, Sample, Span

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval_finetune.samples.making import Made

__all__ = ["Exported", "Writing", "counts_beside_table_12", "export"]

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Writing:
    """How samples are written.

    Attributes:
        form: the engine's.
        sound: where a model finds it: in the video, or in a file of its own as well.
        pictures: of a clip, where the engine takes no video.
        seed: of the order of the rows.
        jobs: clips cut at a time.
    """

    form: Format
    sound: Sound = "in-video"
    pictures: int = 8
    seed: int = 0
    jobs: int = 1


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        samples: those in the training file.
        cuts: what became of each span.
        left: what made no sample, and why, those whose clip could not be cut included.
        balance: the answers of each item.
    """

    samples: tuple[Sample, ...]
    cuts: Mapping[Span, Cut]
    left: tuple[Left, ...]
    balance: tuple[ItemBalance, ...]


def export(
    dataset: Dataset,
    made: Made,
    samples: Sequence[Sample],
    out: Path,
    writing: Writing,
    facts: Mapping[str, Any],
    advance: Advance = lambda n: None,
) -> Exported:
    """Cut the media of samples and write them as an engine's training data.

    Args:
        made: of `make_samples`.
        samples: those of ``made`` that are wanted, balanced and limited.
        out: a new or empty folder.
        facts: what else export.json records (options, versions).
        advance: called with the number of clips that are done.

    Raises:
        S3EvalError: nothing to write, no files to cut from, a full disk, or rows the engine
            would refuse (which would be a fault of this program).
    """
    if not samples:
        raise S3EvalError("No sample can be made of these videos", where=dataset.name)
    media = out / "media"
    media.mkdir(parents=True, exist_ok=True)
    spans = list(dict.fromkeys(s.span for s in samples))
    cuts, failures = _cut_all(dataset, spans, media, writing, advance)
    kept = tuple(s for s in samples if s.span in cuts)
    if not kept:
        why = next(iter(failures.values()), "")
        raise S3EvalError("No clip could be cut", where=dataset.name, why=why)
    lost = [Left(s.number, f"its clip: {failures[s.span]}") for s in samples if s.span in failures]
    order = list(kept)
    random.Random(f"rows {writing.seed}").shuffle(order)
    rows = [writing.form.row(s, _media(s, media, writing)) for s in order]
    if faults := faults_of(rows, writing.form.name):
        raise S3EvalError("The rows are not what the engine reads", why=faults[0])
    _write_lines(out / "train.jsonl", rows)
    if writing.form.name == "llama-factory":
        _write_json(out / "dataset_info.json", _dataset_info(writing))
    (out / "samples.csv").write_text(_table(kept, cuts), encoding="utf-8", newline="\n")
    done = Exported(kept, cuts, (*made.left, *lost), balance_of(kept))
    _write_json(out / "export.json", _record(done, facts))
    return done


def _cut_all(
    dataset: Dataset, spans: Iterable[Span], media: Path, writing: Writing, advance: Advance
) -> tuple[dict[Span, Cut], dict[Span, str]]:
    """Each span's file, or why it has none; a video is read once."""
    by_video: dict[str, list[Span]] = {}
    for span in spans:
        by_video.setdefault(span.video, []).append(span)
    cuts: dict[Span, Cut] = {}
    failures: dict[Span, str] = {}

    def one(source: Source, span: Span) -> None:
        try:
            cuts[span] = _write(source, span, media, writing)
        except FootageError as error:
            failures[span] = error.what if not error.why else f"{error.what}: {error.why}"
        advance(1)

    with ThreadPoolExecutor(writing.jobs) as pool:
        for name, own_spans in by_video.items():
            try:
                source = open_source(dataset.path(dataset.video(name)), name)
            except FootageError as error:
                failures.update(dict.fromkeys(own_spans, error.what))
                advance(len(own_spans))
                continue
            for done in [pool.submit(one, source, span) for span in own_spans]:
                done.result()
    return cuts, failures


def _write(source: Source, span: Span, media: Path, writing: Writing) -> Cut:
    if writing.form.frames:
        return write_pictures(source, span, _pictures(span, media, writing))
    done = cut(source, span, media / f"{span.name}.mp4")
    if writing.sound == "separate":
        write_sound(source, span, media / f"{span.name}.wav")
    return done


def _pictures(span: Span, media: Path, writing: Writing) -> list[Path]:
    return [media / f"{span.name}-{n}.jpg" for n in range(writing.pictures)]


def _media(sample: Sample, media: Path, writing: Writing) -> Media:
    span, folder = sample.span, media.resolve()
    if writing.form.frames:
        paths = _pictures(span, folder, writing)
        times = [span.seconds * n / len(paths) for n in range(len(paths))]
        return Media(frames=paths, times=times)
    audio = folder / f"{span.name}.wav" if writing.sound == "separate" else None
    return Media(folder / f"{span.name}.mp4", audio)


def counts_beside_table_12(samples: Iterable[Sample]) -> list[tuple[tuple[int, ...], int, int]]:
    """(numbers of the tasks, samples here, samples in Table 12) for each of its rows."""
    here = Counter(s.number for s in samples)
    return [(n, sum(here[i] for i in n), printed) for n, printed in TABLE_12.items()]


def _dataset_info(writing: Writing) -> dict[str, Any]:
    columns = {"messages": "messages", "videos": "videos"}
    if writing.sound == "separate":
        columns["audios"] = "audios"
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user",
            "assistant_tag": "assistant"}  # fmt: skip
    entry = {"file_name": "train.jsonl", "formatting": "sharegpt", "columns": columns, "tags": tags}
    return {"seizure": entry}


_COLUMNS = (
    "id", "number", "task", "item", "label", "video", "patient", "fold", "start", "end", "show",
    "way", "frames", "first_frame", "last_frame", "sound", "file",
)  # fmt: skip


def _table(samples: Sequence[Sample], cuts: Mapping[Span, Cut]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for s in samples:
        done, span = cuts[s.span], s.span
        table.writerow(
            (s.key, s.number, s.task, s.item, s.label, span.video, s.patient, s.fold, span.start,
             span.end, span.show, done.way, done.frames, round(done.first, 6), round(done.last, 6),
             "yes" if done.sound else "no", span.name)
        )  # fmt: skip
    return text.getvalue()


def _record(done: Exported, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **facts,
        "samples": len(done.samples),
        "clips": len(done.cuts),
        "clips_by_way": dict(sorted(Counter(c.way for c in done.cuts.values()).items())),
        "patients": len({s.patient for s in done.samples}),
        "folds": sorted({s.fold for s in done.samples}),
        "counts": [
            {"tasks": list(numbers), "samples": here, "table_12": printed}
            for numbers, here, printed in counts_beside_table_12(done.samples)
        ],
        "balance": [asdict(item) for item in done.balance],
        "left_out": [
            {"task": number, "why": why, "samples": count}
            for (number, why), count in sorted(
                Counter((x.number, x.why) for x in done.left).items()
            )
        ],
    }


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", newline="\n")
