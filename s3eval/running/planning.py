"""What a run would take, reckoned before anything is loaded, asked or spent.

Frames are counted as they would be sampled. Tokens of clips are each model family's own arithmetic
(`ModelSpec.tokens`) at the size of the pictures of a few videos; tokens of texts are a quarter of
their characters, which is what English takes of the usual vocabularies, within a third.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, sample_times
from s3eval.facts.tokens import ClipSize
from s3eval.plugin_calls import call_plugin

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.plan import Plan
    from s3eval.specs import ModelSpec

__all__ = ["Need", "Tempo", "needed", "picture_size"]

#: Videos that are opened to learn how large pictures are.
_OPENED = 8
#: Bytes of an answer beside its text: 390 measured for a yes or no (docs/long-runs.md).
_BYTES_AN_ANSWER = 400
_CHARACTERS_A_TOKEN, _BYTES_A_TOKEN = 4, 4
#: What chat templates put around a question.
_TEMPLATE_TOKENS = 12


@dataclass(frozen=True)
class Tempo:
    """How fast a model was seen to be.

    Attributes:
        seconds: that ``questions`` took; ``loading`` what came before the first.
        source: where that was seen, in words.
    """

    seconds: float
    questions: int
    source: str
    loading: float = 0.0


@dataclass(frozen=True)
class Need:
    """What a run would take.

    Attributes:
        videos, unplanned: that can be asked about, and that cannot.
        clips, questions: each once, however many tasks want them; ``wanted`` by task.
        frames: that are decoded for the model; ``shown`` seconds of video, overlaps included.
        media_tokens: of all clips, each taken in once; None where nobody knows.
        text_tokens: of all questions, about; ``answer_tokens`` of all answers, at most.
        sent_tokens: of all requests, where every question brings its clip along.
        disk: bytes of the run, at most.
        seconds: None where the tempo is not known; ``tempo`` says from what.
        cost: US dollars at most, None without prices.
        picture: width and height that frames were taken to have; ``opened`` from how many videos.
    """

    videos: int
    unplanned: int
    clips: int
    questions: int
    wanted: Mapping[str, int]
    frames: int
    shown: float
    media_tokens: int | None
    text_tokens: int
    answer_tokens: int
    sent_tokens: int | None
    disk: int
    seconds: float | None = None
    tempo: str = ""
    cost: float | None = None
    picture: tuple[int, int] = (0, 0)
    opened: int = 0


#: Tokens of one clip; no model takes more.
_MOST_TOKENS = 10**9


def needed(
    spec: ModelSpec,
    plan: Plan,
    picture: tuple[int, int],
    opened: int,
    options: Mapping[str, Any],
    tempo: Tempo | None = None,
) -> Need:
    """What asking a plan takes.

    Args:
        picture: width and height of the videos' pictures; ``opened`` how many were opened for it.
        options: of the model; ``prompt_price`` and ``completion_price`` are dollars for a million
            tokens.
        tempo: how fast the model was seen to be, None where it was not.

    Raises:
        S3EvalError: the model's arithmetic fails.
    """
    tokens = _tokens_of(spec, picture, options)
    clips = frames = media = sent = text = answers = 0
    shown = 0.0
    for clip, questions in _clips(plan):
        clips += 1
        shown += clip.seconds
        frames += len(sample_times(clip)) if "sight" in spec.senses else 0
        asked = sum(_text_tokens(q.text + q.system) for q in questions)
        text += asked
        answers += sum(q.max_tokens for q in questions)
        if tokens is not None:
            one = tokens(clip)
            media += one
            sent += one * len(questions) + asked
    counts = plan.count()
    total = counts.pop("together")
    return Need(
        videos=len(plan.videos),
        unplanned=len(plan.unplanned),
        clips=clips,
        questions=total,
        wanted=counts,
        frames=frames,
        shown=round(shown, 1),
        media_tokens=None if tokens is None else media,
        text_tokens=text,
        answer_tokens=answers,
        sent_tokens=None if tokens is None else sent,
        disk=total * _BYTES_AN_ANSWER + answers * _BYTES_A_TOKEN,
        seconds=None if tempo is None else _seconds(tempo, total),
        tempo="" if tempo is None else tempo.source,
        cost=_cost(options, sent, answers) if tokens is not None else None,
        picture=picture,
        opened=opened,
    )


def _clips(plan: Plan) -> Iterator[tuple[Clip, Sequence[Any]]]:
    for video in plan.videos:
        yield from video.questions.items()


def _text_tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS_A_TOKEN) + _TEMPLATE_TOKENS


def _seconds(tempo: Tempo, questions: int) -> float:
    return round(tempo.loading + tempo.seconds / max(1, tempo.questions) * questions, 1)


def _cost(options: Mapping[str, Any], sent: int, answers: int) -> float | None:
    prompt, completion = (options.get(f"{k}_price") for k in ("prompt", "completion"))
    if prompt is None and completion is None:
        return None
    return round((sent * float(prompt or 0) + answers * float(completion or 0)) / 1e6, 2)


def _tokens_of(
    spec: ModelSpec, picture: tuple[int, int], options: Mapping[str, Any]
) -> Callable[[Clip], int] | None:
    if not spec.tokens:
        return None
    from s3eval.footage.sizes import target_size

    module, _, name = spec.tokens.partition(":")
    try:
        reckon = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise S3EvalError(
            f"Tokens of '{spec.name}' cannot be reckoned", where=spec.tokens, why=str(error)
        ) from error
    sees, hears = "sight" in spec.senses, "hearing" in spec.senses
    what, known = f"Reckoning tokens of '{spec.name}'", dict[tuple[Any, ...], int]()

    def tokens(clip: Clip) -> int:
        count = len(sample_times(clip)) if sees else 0
        key = (clip.sampling, count, round(clip.seconds, 3))
        if key not in known:
            wide, high = target_size(*picture, clip.sampling)
            size = ClipSize(count, wide, high, clip.seconds if hears else 0.0)
            given: Any = call_plugin(what, spec.tokens, lambda: int(reckon(size, options)))
            if not 0 <= given <= _MOST_TOKENS:
                raise S3EvalError(
                    f"{what} gave {given:.3g} for a clip"
                    if abs(given) < 1e300
                    else f"{what} gave a number without bounds",
                    where=spec.tokens,
                )
            known[key] = given
        return known[key]

    return tokens


def picture_size(dataset: Dataset, most: int = _OPENED) -> tuple[tuple[int, int], int]:
    """The largest picture among a few videos spread over a dataset, and how many were opened.

    Where none can be opened, the largest that any sampling profile shows (1280 x 720) and 0.
    """
    from s3eval.footage.decoding import probe

    videos = dataset.videos
    some = videos[:: max(1, len(videos) // most)][:most]
    sizes = []
    for video in some:
        try:
            facts = probe(dataset.path(video), name=video.name)
        except (S3EvalError, OSError):
            continue
        if facts.width and facts.height:
            sizes.append((facts.width, facts.height))
    return max(sizes, key=lambda s: s[0] * s[1], default=(1280, 720)), len(sizes)
