"""The base of every adapter on the transformers library.

An adapter names its architecture and defines how a clip is passed to its processor:

    class Mine(TransformersModel):
        architecture = "MineForConditionalGeneration"
        model_types = ("mine",)
        media_ends = (("<|vision_end|>", "<|vision_end|>"),)

        def media(self, footage):
            return Media(frozenset({"sight"}), ({"type": "video"},), {"videos": [...]})
"""

from __future__ import annotations

import copy
import sys
import threading
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, cast

from s3eval.errors import S3EvalError, StopRunError
from s3eval.hf.clips import PreparedMedia, WatchedClip
from s3eval.hf.comparing import compared_on_loading
from s3eval.hf.environment import is_out_of_memory
from s3eval.hf.examining import examined
from s3eval.hf.generation import AnswerGenerator, TokenizedQuestion
from s3eval.hf.independent import IndependentGenerator
from s3eval.hf.loading import Loaded, load_checkpoint, named_class
from s3eval.hf.media import Media
from s3eval.hf.options import Options, parse_options
from s3eval.hf.parallel import (
    SynchronizedGenerator,
    WorkerProcesses,
    check_launch,
    with_fixed_memory_limit,
)
from s3eval.hf.prefix import Prefix, prefill
from s3eval.hf.prompting import Template
from s3eval.hf.sharing import COMPARED_BY_TESTS, SharingCheck
from s3eval.hf.thinking import AS_IT_LIKES, thinking_of
from s3eval.model import Answer, Model, Question
from s3eval.vocabulary import NOTHING_THERE

if TYPE_CHECKING:
    from s3eval.facts.examination import Examination
    from s3eval.footage import Footage
    from s3eval.specs import ModelSpec
    from s3eval.vocabulary import Sense

__all__ = ["TransformersModel"]


class TransformersModel(Model):
    """Loads a checkpoint, encodes each clip once and answers all questions from there."""

    #: Class of the transformers library.
    architecture: ClassVar[str]
    #: ``model_type`` values a checkpoint's configuration may have.
    model_types: ClassVar[tuple[str, ...]]
    #: What a clip's part of the prompt may end with in the chat template, and the token it ends
    #: with once the processor has written it out.
    media_ends: ClassVar[tuple[tuple[str, str], ...]]
    #: The ``model_type`` values for which tests compare sharing with independent calls; for any
    #: other both are compared on loading.
    compared_by_tests: ClassVar[frozenset[str]] = COMPARED_BY_TESTS
    #: The family's options.
    options_type: ClassVar[type[Options]] = Options

    def __init__(
        self,
        spec: ModelSpec,
        options: Options,
        loaded: Loaded,
        workers: WorkerProcesses | None = None,
    ) -> None:
        self.spec, self.options, self._loaded, self._workers = spec, options, loaded, workers
        self.model, self.processor = loaded.model, loaded.processor
        self._read_tokens = 0
        self._preparing, self._twin = threading.Lock(), cast("TransformersModel | None", None)
        # Not before the processor is as the family needs it.
        self.thinking = AS_IT_LIKES
        self.temperature = options.temperature or 0.0
        self.make_ready()
        self.thinking = thinking_of(self.processor, options.thinking, spec.name)
        self.sharing: SharingCheck | None = None
        self._generator = self._new_generator()

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options as the family's own types them.

        Raises:
            S3EvalError: an unknown option, or a value that does not fit.
        """
        chosen = parse_options(cls.options_type, spec.name, options)
        return chosen.model_dump(include=set(options))

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> TransformersModel:
        """Load the checkpoint named in the options, or else in the spec.

        Raises:
            S3EvalError: unknown options, no such checkpoint, wrong architecture, missing
                weights or packages, too little memory; nothing stays loaded.
        """
        chosen = parse_options(cls.options_type, spec.name, options)
        check_launch()
        if chosen.tensor_parallel == 1:
            model = cls(spec, chosen, cls.loaded(spec, chosen))
            model.check_sharing()
            return model
        workers = WorkerProcesses(cls, spec, chosen)
        try:
            with workers.rendezvous():
                loaded = cls.loaded(spec, chosen)
            chosen = with_fixed_memory_limit(chosen, loaded.device)
            workers.send(chosen.memory_limit)
            model = cls(spec, chosen, loaded, workers)
            model.check_sharing()
            return model
        except BaseException:
            workers.close()
            raise

    @classmethod
    def loaded(cls, spec: ModelSpec, options: Options) -> Loaded:
        """The checkpoint named in the options, or else in the spec, in memory."""
        checkpoint = options.checkpoint or spec.checkpoint
        known = spec.parameters if checkpoint == spec.checkpoint else 0
        return load_checkpoint(
            spec.name,
            checkpoint,
            named_class(cls.architecture, cls.model_types),
            options,
            known,
            mixture="Moe" in cls.architecture,
        )

    def make_ready(self) -> None:
        """Adjust the loaded model, where a family needs it."""

    @abstractmethod
    def media(self, footage: Footage) -> Media:
        """What this clip is for the family's processor; ``senses`` empty when nothing."""

    def template(self, media: Media) -> Template:
        """The chat template around this clip."""
        return Template(self.processor, media.content, dict(self.media_ends), self.thinking)

    def tail(self, clip: WatchedClip, prefix: Prefix, question: Question) -> tuple[int, ...]:
        """The tokens of a question's prompt after the clip.

        Raises:
            S3EvalError: the prompt cannot be split there.
        """
        return clip.template.split(question.text, question.system).tokens

    @property
    def senses(self) -> frozenset[Sense]:
        """What the loaded model perceives."""
        return self.spec.senses

    def notice(self) -> str:
        """How questions are asked, where that was found out on loading."""
        notices = [str(self.sharing)] if self.sharing else []
        if self.thinking.is_within_answer:
            notices.append(
                "it thinks before it answers, within the answer's tokens, and fails where the "
                "thought does not end there: --model-option thinking=off, or thinking=TOKENS"
            )
        return "; ".join(notices)

    def check_sharing(self) -> None:
        """Compare sharing with independent calls on a small clip, unless the tests do so.

        What is not exact is not used: the next slower way is, down to independent calls.

        Raises:
            S3EvalError: a way the user asked for is not exact.
        """
        wanted = self.options.sharing
        if self.model.config.model_type in self.compared_by_tests:
            return
        if wanted == "independent":
            self.sharing = SharingCheck("independent", reason="sharing=independent")
            return
        self.sharing = self._compared()
        if wanted not in ("auto", self.sharing.way):
            raise S3EvalError(
                f"sharing={wanted} is not exact for this checkpoint",
                where=self.spec.name,
                why=self.sharing.reason or f"its cache layers allow {self.sharing.way} only",
                fix="--model-option sharing=auto",
            )
        self.options = self.options.model_copy(update={"sharing": self.sharing.way})
        self._generator = self._new_generator()

    def _compared(self) -> SharingCheck:
        return compared_on_loading(self, self._generator)

    def _new_generator(self) -> AnswerGenerator:
        kind = AnswerGenerator if self.options.tensor_parallel == 1 else SynchronizedGenerator
        return kind(self.model, self.processor.tokenizer, self.options, self.thinking)

    def identity(self) -> Mapping[str, Any]:
        """Checkpoint and version, dtype, attention, options that change answers, positions."""
        identity = {
            **self._loaded.identity,
            **self.options.that_change_answers(),
            "repetition_penalty": self._generator.penalty,
        }
        # Until 0.2 such a thought was recorded as the answer: those are not to be found again.
        return {**identity, "thought": "apart"} if self.thinking.is_within_answer else identity

    def prepare(self, footage: Footage) -> PreparedMedia | Footage:
        """What the processor makes of the clip and of the prompt up to it, on the CPU.

        By a copy of the processor, one clip at a time: a tokenizer that pads in one thread while
        another writes answers out raises an error.

        Raises:
            S3EvalError: the clip is over the frame budget.
        """
        if self._workers is not None:
            return footage  # the other processes prepare for themselves
        with self._preparing:
            if self._twin is None:
                self._twin = copy.copy(self)
                self._twin.processor = copy.deepcopy(self.processor)
            return self._twin._prepared(footage)

    def _prepared(self, footage: Footage) -> PreparedMedia:
        media, inputs = self.media(footage), None
        if media.senses and self.options.sharing != "independent":
            inputs = self.processed(self.template(media).head(""), media)
        return PreparedMedia(footage, media, inputs)

    def watch(self, footage: Footage | PreparedMedia) -> WatchedClip:
        """Encode the clip and prefill the prompt up to it.

        Args:
            footage: what `prepare` gave; a clip as it is is prepared here.

        Raises:
            S3EvalError: the clip is over the frame or token budget.
        """
        ready = footage if isinstance(footage, PreparedMedia) else self._prepared(footage)
        clip, media = ready.footage.clip, ready.media
        where = f"{clip.video} {clip.start:.1f}-{clip.end:.1f} s"
        watched = WatchedClip(where, media, self.template(media))
        if self._workers is not None:
            watched.number = self._workers.watch(ready.footage)
            self._workers.forget_with(watched, watched.number)
        if ready.inputs is not None:
            inputs = {**self.placed(ready.inputs), **media.forward}
            watched.prefixes[""] = self._prefilled(watched, inputs)
        return watched

    def ask(self, watched: Any, questions: Sequence[Question]) -> Iterable[Answer]:
        """Answer from the shared prefix, in order; what the clip or model lacks is skipped."""
        clip = cast(WatchedClip, watched)
        if self._workers is not None:
            self._workers.ask(clip.number, questions)
        for skipped, run in groupby(questions, key=lambda q: self._cannot(clip, q)):
            if skipped:
                yield from (Answer.skipped(skipped) for _ in run)
                continue
            for system, same in groupby(run, key=lambda q: q.system):
                yield from self._ask(clip, system, list(same))

    def examine(self, footage: Footage, questions: Sequence[Question]) -> Examination:
        """The clip's tokens, what is wrong with the prompt, sharing against independence."""
        media = self.media(footage)
        clip = WatchedClip("a clip", media, self.template(media))
        return examined(self, clip, self._generator, questions)

    def usage(self) -> Mapping[str, int]:
        """Tokens read, a clip's once for all its questions, and generated; none independently."""
        if self.options.sharing == "independent":
            return {}
        return {"tokens_in": self._read_tokens, "tokens_out": self._generator.written_tokens}

    def close(self) -> None:
        """Free the weights."""
        if self._workers is not None:
            self._workers.close()
        self.model, self._twin = None, None
        self._generator = cast(AnswerGenerator, None)
        self._loaded = Loaded(None, None, "", self._loaded.identity)
        AnswerGenerator._release()

    def _cannot(self, watched: WatchedClip, question: Question) -> str:
        """Why a question is not put, "" when it is."""
        if question.sense not in self.senses:
            verb = {"sight": "see", "hearing": "hear"}[question.sense]
            return f"{self.spec.name} does not {verb}"
        return "" if question.sense in watched.media.senses else NOTHING_THERE[question.sense]

    def _ask(
        self, watched: WatchedClip, system: str, questions: Sequence[Question]
    ) -> Iterator[Answer]:
        if self.options.sharing == "independent":
            yield from self._ask_independently(watched, questions)
            return
        if system not in watched.prefixes:
            watched.prefixes[system] = self.prefilled(watched, system)
        prefix = watched.prefixes[system]
        asked = []
        for question in questions:
            tail = self.tail(watched, prefix, question)
            asked.append(TokenizedQuestion(question, tail, self._longest(question)))
        self._check_context(watched, prefix, asked)
        self._read_tokens += sum(len(a.tail) for a in asked)
        yield from self._generator.ask(prefix, asked)

    def _ask_independently(
        self, watched: WatchedClip, questions: Sequence[Question]
    ) -> Iterator[Answer]:
        generator = IndependentGenerator(
            self.model,
            self.processor.tokenizer,
            self._generator.penalty,
            self.options.score_choices,
            self.thinking,
            self.temperature,
        )
        for question in questions:
            prompt = self.whole_prompt(watched, question)
            longest = self._longest(question)
            self._check_tokens(watched, prompt, longest + self.thinking.budget)
            yield generator.answer(prompt, question, longest)

    def whole_prompt(self, clip: WatchedClip, question: Question) -> dict[str, Any]:
        """The whole prompt of a question, as the model takes it."""
        return self.inputs(clip.template.render(question.text, question.system), clip.media)

    def _longest(self, question: Question) -> int:
        """Tokens an answer may have: the task's limit, or the user's where lower."""
        return min(question.max_tokens, self.options.max_new_tokens or question.max_tokens)

    def prefilled(self, watched: WatchedClip, system: str = "") -> Prefix:
        """The prompt up to the clip's end, read by the model.

        Raises:
            S3EvalError: the clip is over the model's context, or memory ran out.
        """
        inputs = self.inputs(watched.template.head(system), watched.media)
        return self._prefilled(watched, inputs)

    def _prefilled(self, watched: WatchedClip, inputs: dict[str, Any]) -> Prefix:
        import torch

        self._check_tokens(watched, inputs)
        try:
            with torch.inference_mode():
                prefix = prefill(self.model, inputs)
            self._read_tokens += prefix.length
            return prefix
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            AnswerGenerator._release()
            # The worker processes would wait for this process in the middle of the clip.
            kind = S3EvalError if self.options.tensor_parallel == 1 else StopRunError
            raise kind(
                f"Memory ran out while a clip of {inputs['input_ids'].shape[1]:,} tokens was read",
                where=watched.where,
                fix="--model-option max_media_tokens or max_pixels lower, or quantization",
            ) from error

    def inputs(self, text: str, media: Media) -> dict[str, Any]:
        """A prompt with its clip as the model takes it, on the model's device."""
        return {**self.placed(self.processed(text, media)), **media.forward}

    def processed(self, text: str, media: Media) -> Any:
        """What the processor makes of a prompt with its clip, on the CPU."""
        return self.processor(text=[text], return_tensors="pt", **media.processor)

    def placed(self, made: Any) -> Any:
        """The same on the model's device."""
        return made.to(self.model.device)

    def _check_tokens(self, watched: WatchedClip, inputs: Mapping[str, Any], more: int = 0) -> None:
        count, budget = inputs["input_ids"].shape[1] + more, self.context
        if count >= budget:
            raise S3EvalError(
                f"The clip takes {count:,} tokens, but the model reads {budget:,}",
                where=watched.where,
                fix="--model-option max_media_tokens, or fewer frames",
            )

    def _check_context(
        self, watched: WatchedClip, prefix: Prefix, asked: Sequence[TokenizedQuestion]
    ) -> None:
        longest = max(len(a.tail) + a.longest for a in asked) + self.thinking.budget
        if prefix.length + longest > self.context:
            raise S3EvalError(
                f"Clip and question take {prefix.length + longest:,} tokens, but the model reads "
                f"{self.context:,}",
                where=watched.where,
                fix="--model-option max_media_tokens, or fewer frames",
            )

    @property
    def context(self) -> int:
        """The tokens that the model reads at once."""
        text = self.model.config.get_text_config()
        return int(getattr(text, "max_position_embeddings", None) or sys.maxsize)
