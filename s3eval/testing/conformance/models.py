"""What is checked of a model: it says what it is, answers everything, and always the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.model import Answer, Model, Question
from s3eval.running.boundary import checked_answer, checked_identity
from s3eval.specs import ModelSpec
from s3eval.testing.conformance.model_clips import concurrency, second_clip, threads
from s3eval.testing.conformance.model_options import options_checked, options_in_identity
from s3eval.testing.conformance.model_subject import (
    CLOSE,
    QUESTIONS,
    Subject,
    ask_all,
    ask_as_a_run,
    checked_answers,
    differing,
)
from s3eval.testing.conformance.problems import Check, Problem, package_of, run_checks, shown_error
from s3eval.testing.conformance.specs import (
    adapter_is,
    loads_again,
    refuses_unknown_options,
    spec_fields,
)
from s3eval.testing.noise import noise_clip

if TYPE_CHECKING:
    from s3eval.facts.footage import Footage

__all__ = ["QUESTIONS", "answers_in_this_process", "check_model"]

#: Questions with other choices than yes and no: two, since one may be answered "No." for a reason.
_SIDES = Question("head_turning", "Does the head turn left or right?", ("left", "right"), 8)
_TIMES = Question("time_of_day", "Is it day or night?", ("day", "night"), 8)

#: How often the same is asked again: of two choices drawn at random one is often drawn twice.
_REPEATS = 4


def check_model(spec: ModelSpec, options: Mapping[str, Any] | None = None) -> list[Problem]:
    """Everything that is wrong with a model, an empty list where nothing is.

    The model is loaded and asked about small clips of noise, also in a second process.

    Args:
        spec: the spec, as the hook returns it.
        options: as ``--model-option`` gives them.
    """
    return run_checks(_CHECKS, Subject(spec, options or {}))


def _adapter(subject: Subject) -> Iterator[tuple[str, str]]:
    yield from adapter_is(subject.spec, Model)


def _load(subject: Subject) -> Iterator[tuple[str, str]]:
    yield from loads_again(subject.spec, subject.loaded, Model)


def _options(subject: Subject) -> Iterator[tuple[str, str]]:
    yield from refuses_unknown_options(subject.spec, subject.options)


def _identity(subject: Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as model, subject.loaded() as again:
        before = _facts(model, subject)
        ask_all(model, subject.clip(), subject.questions(model))
        if before is None:
            yield (
                "identity() cannot be written as JSON",
                "return a mapping of names to str, int, float, bool, lists and mappings of those",
            )
        elif before != _facts(again, subject):
            yield (
                "identity() differs between two models loaded with the same options",
                "put only what changes an answer into it: no times, ids or counters",
            )
        elif before != _facts(model, subject):
            yield "identity() changes when the model is asked", "leave counters out of it"


def _facts(model: Model, subject: Subject) -> Any:
    try:
        return checked_identity(model.identity(), subject.spec.name)
    except S3EvalError:
        return None


def _answers(subject: Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as model:
        asked = subject.questions(model)
        for words, footage in _clips(subject):
            given = ask_all(model, footage, asked)
            if len(given) != len(asked):
                yield (
                    f"{len(asked)} questions got {len(given)} answers about {words}",
                    "yield one Answer for each question, in order, failed ones included",
                )
                return
            for question, raw in zip(asked, given, strict=True):
                yield from _one_answer(question, raw)


def _raises(subject: Subject) -> Iterator[tuple[str, str]]:
    """`Model.ask` makes failed answers of exceptions: where they come from is seen here alone."""
    with subject.loaded() as model:
        answer, asked = model.answer, subject.questions(model)
        raised: list[tuple[str, BaseException]] = []

        def noting(footage: Footage, question: Question) -> Any:
            try:
                return answer(footage, question)
            except Exception as error:
                raised.append((question.key, error))
                raise

        model.answer = noting  # type: ignore[method-assign]
        ask_all(model, subject.clip(), asked)
        if raised:
            key, error = raised[0]
            yield (
                f"answer() raised {shown_error(error, package_of(subject.spec))} for '{key}'",
                "give Answer.failed(reason) or Answer.skipped(reason) where there is no answer",
            )


def _clips(subject: Subject) -> Iterator[tuple[str, Footage]]:
    yield "a clip", subject.clip()
    if subject.spec.sees:
        yield "a clip of one frame", subject.clip(1, frames=1, seconds=0.5)
        yield "a clip with a frame of another shape", subject.clip(2, height=96, width=54)
    if subject.spec.hears:
        yield "half a second", subject.clip(3, frames=1 if subject.spec.sees else 0, seconds=0.5)


def _one_answer(question: Question, raw: Any) -> Iterator[tuple[str, str]]:
    where = f"the answer to '{question.key}'"
    answer = checked_answer(raw, question)
    if isinstance(raw, Answer) and raw.status == "answered" and answer.status == "failed":
        yield f"{where} is refused: {answer.reason}", "give an Answer as its docstring describes it"
    elif not isinstance(raw, (Answer, str)) or answer.reason.startswith("the model gave"):
        yield (
            f"{where} is refused: {answer.reason}",
            "give Answer.of(text), Answer.failed(reason) or Answer.skipped(reason)",
        )
    elif isinstance(raw, Answer) and raw.status != "answered" and not raw.reason.strip():
        yield f"{where} is {raw.status} without a reason", "say in one line why"
    elif answer.probabilities and {*answer.probabilities} != {*question.choices}:
        yield f"{where} leaves choices without a probability", "give one for every choice"
    elif answer.probabilities and abs(sum(answer.probabilities.values()) - 1) > CLOSE:
        total = sum(answer.probabilities.values())
        yield f"the probabilities of '{question.key}' sum to {total:.3g}", "normalise them to 1"


def _choices(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yes or no, whatever is offered, is read as nothing by a task with other labels."""
    with subject.loaded() as model:
        senses = subject.spec.senses if model.senses is None else model.senses
        asked = [replace(q, sense=s) for q in (_SIDES, _TIMES) for s in sorted(senses)]
        given = checked_answers(ask_all(model, subject.clip(), asked), asked)
        texts = [answer.text.strip(" .,!\n").lower() for answer in given]
        if asked and all(text in ("yes", "no") for text in texts):
            offered = " or ".join(asked[0].choices)
            yield (
                f"asked for {offered}, it answers '{given[0].text}', which is none of the choices",
                "answer with one of question.choices: tasks offer other words too",
            )


def _senses(subject: Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as model:
        asked = subject.questions(model)
        if (
            model.uses_footage
            and model.senses is not None
            and not model.senses <= subject.spec.senses
        ):
            yield (
                "the loaded model perceives more than its spec states",
                "state in the spec whatever it may perceive",
            )
        full = noise_clip(5)
        whole = checked_answers(ask_all(model, full, asked), asked)
        if not subject.spec.hears:
            without = checked_answers(ask_all(model, replace(full, sound=None), asked), asked)
            if changed := differing(whole, without, asked):
                yield (
                    f"the spec says it does not hear, but without sound {changed} is other",
                    "state hears=True, or do not use footage.sound",
                )
        if not subject.spec.sees:
            without = checked_answers(ask_all(model, noise_clip(5, frames=0), asked), asked)
            if changed := differing(whole, without, asked):
                yield (
                    f"the spec says it does not see, but without frames {changed} is other",
                    "state sees=True, or do not use footage.frames",
                )


def _uses_footage(subject: Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as model:
        if model.uses_footage:
            return
        clip = _untouchable(subject.clip())
        ask_all(model, clip, subject.questions(model))
        if touched := clip.touched:  # type: ignore[attr-defined]
            contents = " and ".join(f"footage.{name}" for name in sorted(touched))
            yield (
                f"uses_footage is False, but it reads {contents}",
                "set uses_footage = True: without it nothing is decoded and footage is empty",
            )


def _untouchable(footage: Footage) -> Footage:
    """Footage that notes which of its contents are read."""
    touched: set[str] = set()

    class Noting(type(footage)):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            if name in ("frames", "times", "sound"):
                touched.add(name)
            return super().__getattribute__(name)

    noting = Noting(footage.clip, footage.frames, footage.times, footage.sound, footage.duration)
    object.__setattr__(noting, "touched", touched)
    return noting  # type: ignore[no-any-return]


def _unchanged(subject: Subject) -> Iterator[tuple[str, str]]:
    import numpy as np

    with subject.loaded() as model:
        clip, before = subject.clip(7), subject.clip(7)
        ask_all(model, clip, subject.questions(model))
        same = all(
            np.array_equal(getattr(clip, name), getattr(before, name))
            for name in ("frames", "times", "sound")
        )
        if not same:
            yield (
                "it changes the frames, their times or the sound it is handed",
                "work on a copy: several models and questions share the footage",
            )


def _determinism(subject: Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as model:
        asked = subject.questions(model)
        first = checked_answers(ask_all(model, subject.clip(), asked), asked)
        for _ in range(_REPEATS):
            again = checked_answers(ask_all(model, subject.clip(), asked), asked)
            if changed := differing(first, again, asked):
                yield (
                    f"asked the same twice, it answers {changed} differently",
                    "answer without sampling (temperature 0), or seed by the clip and the question",
                )
                return


def _alone(subject: Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as model:
        asked = subject.questions(model)
        together = checked_answers(ask_all(model, subject.clip(), asked), asked)
        alone = [checked_answers(ask_all(model, subject.clip(), [q]), [q])[0] for q in asked]
        turned = checked_answers(ask_all(model, subject.clip(), asked[::-1]), asked[::-1])[::-1]
        if changed := differing(together, alone, asked):
            yield (
                f"{changed} is answered differently alone than together with others",
                "let no question see another's text, answer or state",
            )
        elif changed := differing(together, turned, asked):
            yield (
                f"{changed} is answered differently in another order",
                "let no question see another's text, answer or state",
            )
        else:
            yield from _as_completed(subject, model, asked, together)


def _as_completed(
    subject: Subject, model: Model, asked: Sequence[Question], expected: Sequence[Answer]
) -> Iterator[tuple[str, str]]:
    fix = "yield each answer once, with its question's position among those asked"
    try:
        given = checked_answers(ask_as_a_run(model, subject.clip(), asked), asked)
    except S3EvalError as error:
        yield f"ask_as_completed(): {error}", fix
        return
    if changed := differing(given, expected, asked):
        yield f"{changed} is answered differently by ask_as_completed() than by ask()", fix


def _process(subject: Subject) -> Iterator[tuple[str, str]]:
    with subject.loaded() as model:
        here = answers_in_this_process(subject.spec, subject.options, model)
    program = (
        "import json, sys\n"
        "from s3eval.specs import ModelSpec\n"
        "from s3eval.testing.conformance.models import answers_in_this_process as answers\n"
        "spec, options = json.loads(sys.argv[1])\n"
        "spec['needs'] = tuple(spec['needs'])\n"
        "print('\\n' + json.dumps(answers(ModelSpec(**spec), options)))\n"
    )
    argument = json.dumps([asdict(subject.spec), dict(subject.options)])
    # Another hash seed: what depends on the order of a set is not the same everywhere.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    env["PYTHONHASHSEED"] = "4711"
    done = subprocess.run(
        [sys.executable, "-c", program, argument],
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ended"])[-1]
        yield f"it does not work in a new process: {last}", "depend on nothing set before load()"
        return
    there = json.loads(done.stdout.splitlines()[-1])
    if there["identity"] != here["identity"]:
        yield (
            "identity() differs in another process",
            "no hash(), id() or path of a temporary file in it: answers would be asked again",
        )
    asked = [Question(**q) for q in here["questions"]]
    first, second = ([Answer(**a) for a in one["answers"]] for one in (here, there))
    if changed := differing(first, second, asked):
        yield (
            f"{changed} is answered differently in another process",
            "seed by a digest, not by hash(), and depend on nothing set before load()",
        )


def answers_in_this_process(
    spec: ModelSpec, options: Mapping[str, Any], model: Model | None = None
) -> dict[str, Any]:
    """Identity, questions and answers of a model, JSON-able; loads it where none is given."""
    subject = Subject(spec, options)
    chosen = model or spec.load().load(spec, dict(options))
    asked = subject.questions(chosen)
    answers = checked_answers(ask_all(chosen, subject.clip(), asked), asked)
    identity = checked_identity(chosen.identity(), spec.name)
    facts = {"identity": identity, "questions": [asdict(q) for q in asked]}
    return {**facts, "answers": [asdict(a) for a in answers]}


_LOADED = ("adapter", "load")
_STEADY = (*_LOADED, "answers", "footage unchanged", "determinism", "second clip")
_CHECKS: Sequence[Check[Subject]] = (
    Check("spec", lambda subject: spec_fields(subject.spec)),
    Check("adapter", _adapter),
    Check("load", _load, ("adapter",)),
    Check("options", _options, _LOADED),
    Check("checked options", options_checked, (*_LOADED, "options")),
    Check("answers", _answers, _LOADED),
    Check("raises", _raises, (*_LOADED, "answers")),
    Check("choices", _choices, (*_LOADED, "answers")),
    Check("identity", _identity, (*_LOADED, "answers")),
    Check("uses_footage", _uses_footage, (*_LOADED, "answers")),
    Check("footage unchanged", _unchanged, (*_LOADED, "answers", "uses_footage")),
    Check("determinism", _determinism, (*_LOADED, "answers")),
    Check("second clip", second_clip, (*_LOADED, "answers", "footage unchanged", "determinism")),
    Check("senses", _senses, _STEADY),
    Check("alone", _alone, _STEADY),
    Check("threads", threads, _STEADY),
    Check("concurrency", concurrency, (*_STEADY, "alone", "threads")),
    Check("process", _process, (*_STEADY, "identity")),
    Check("options in identity", options_in_identity, (*_STEADY, "identity", "options")),
)
