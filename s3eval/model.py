"""The contract of a model: it watches a clip once and answers all questions about it."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.plugin_calls import described
from s3eval.vocabulary import Sense

if TYPE_CHECKING:
    from s3eval.facts.examination import Examination
    from s3eval.facts.footage import Footage
    from s3eval.specs import ModelSpec

__all__ = ["FAILURE_KINDS", "Answer", "AnswerStatus", "FailureKind", "Model", "Question"]

AnswerStatus = Literal["answered", "failed", "skipped"]
#: What failed: the video or sound file, the process that decodes it, the model, its memory, the
#: server that was asked, the worker of an executor; "" where it is not known.
FailureKind = Literal["", "media", "decoder", "model", "memory", "server", "worker"]
FAILURE_KINDS: tuple[FailureKind, ...] = (
    "", "media", "decoder", "model", "memory", "server", "worker",
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """One question about a clip.

    Attributes:
        key: names the question within its task, e.g. a feature's name; also what scripted
            models answer by.
        text: what the model reads.
        choices: the one-word answers whose probabilities are wanted, e.g. ("yes", "no");
            empty for free text.
        max_tokens: the longest answer generated.
        sense: what answering takes; a model without it is not asked ("skipped").
        system: an optional system instruction.
        repeat: which repetition of the same question this is, from 0 on.
        seed: of what is drawn for it, where the model draws (`Model.temperature`).
    """

    key: str
    text: str
    choices: tuple[str, ...] = ()
    max_tokens: int = 64
    sense: Sense = "sight"
    system: str = ""
    repeat: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """What came back for a question: text, or a failure with its reason. Never a default.

    Attributes:
        status: "answered", "failed" (tried and could not), "skipped" (not tried).
        text: the raw text, unchanged; "" unless answered.
        reason: why there is none, one line; "" when answered.
        probabilities: for each of the question's choices, normalised to sum to 1 over the
            choices; empty where the model gives none.
        mass: the total probability the model gave to all choices before normalising, in
            [0, 1]; a small mass means the probabilities mean little. None without them.
        kind: of a failure: what failed.
        note: what else must be known of an answer, one line: that less of the clip was shown
            than its sampling says, since memory ran out.
        thoughts: what the model wrote before its answer, where that is known apart from it; kept,
            never read.
    """

    status: AnswerStatus
    text: str = ""
    reason: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    mass: float | None = None
    kind: FailureKind = ""
    note: str = ""
    thoughts: str = ""

    @classmethod
    def of(cls, text: str, **more: Any) -> Answer:
        """An answered answer."""
        return cls("answered", text, **more)

    @classmethod
    def failed(cls, reason: str, kind: FailureKind = "") -> Answer:
        """A failed answer with its reason."""
        return cls("failed", reason=reason, kind=kind)

    @classmethod
    def skipped(cls, reason: str) -> Answer:
        """A question that was not put, and why."""
        return cls("skipped", reason=reason)


class Model(ABC):
    """Base of every model adapter.

    The smallest model overrides :meth:`answer`. One that can share work between questions
    overrides :meth:`watch` (encode the clip once) and :meth:`ask` (answer from what it saw).

    >>> class Yes(Model):
    ...     uses_footage = False
    ...     def answer(self, footage, question):
    ...         return "yes"
    >>> [a.text for a in Yes().ask(None, [Question("tonic", "Tonic?")])]
    ['yes']
    """

    #: False when the model ignores footage; then videos need not exist and nothing is decoded.
    uses_footage: bool = True

    #: Questions that the model answers at the same time, about any clips. Above 1 :meth:`watch`,
    #: :meth:`ask` and :meth:`release` are called from several threads at once, a clip in each;
    #: a server's clients and engines that batch say so. 1: one clip after the other, in one
    #: thread, in the order of the dataset.
    concurrency: int = 1

    #: Above 0 answers are drawn, so that a question asked again (`Question.repeat`) may get
    #: another answer; each draw follows from the question's seed, repetition and text. At 0 the
    #: same question about the same clip always gets the same answer.
    temperature: float = 0.0

    def __init_subclass__(cls, **options: Any) -> None:
        """Take the former name of `uses_footage`, ``looks``, from adapters written for 0.1."""
        super().__init_subclass__(**options)
        if "looks" in vars(cls) and "uses_footage" not in vars(cls):
            cls.uses_footage = vars(cls)["looks"]

    @property
    def senses(self) -> frozenset[Sense] | None:
        """What the loaded model perceives, where loading tells; None for all its spec states.

        A spec states what a model may perceive. One whose checkpoint decides (`hf`) says here
        which of these it does; questions, footage and the run's facts follow.
        """
        return None

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The user's options, checked and as typed values; nothing is loaded, opened or sent.

        Called for every model of a command before the first one is asked, also where nothing will
        be (``s3eval plan``), so that a misspelt option costs nothing. The values returned are
        those that a run records, that name its folder, and that :meth:`load` gets. Without it
        wrong options are noticed only when the model is loaded.

        Args:
            spec: as for :meth:`load`.
            options: the user's, never with a permission among them.

        Returns:
            the same keys with values that JSON knows; options that were not given stay away.

        Raises:
            S3EvalError: an unknown option, a value that does not fit, or one that is needed and
                was not given.

        >>> from s3eval.specs import ModelSpec
        >>> Model.checked_options(ModelSpec("plain", adapter=""), {"seed": 1})
        Traceback (most recent call last):
        s3eval.errors.S3EvalError: Model 'plain' takes no options, but got seed.
        """
        if options and getattr(cls.load, "__func__", None) is getattr(Model.load, "__func__", None):
            raise S3EvalError(
                f"Model '{spec.name}' takes no options, but got {', '.join(sorted(options))}"
            )
        return options

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> Model:
        """Make the model ready.

        Args:
            spec: the spec it was listed with (its checkpoint among others).
            options: the user's ``--model-option key=value`` pairs; unknown keys are an error.
        """
        cls.checked_options(spec, options)
        return cls()

    def identity(self) -> Mapping[str, Any]:
        """What makes this model's answers this model's: checkpoint, revision, dtype, options...

        JSON-able; part of the key under which answers are stored, so nothing that changes an
        answer may be left out, and nothing that does not (device, batch size) put in.
        """
        return {}

    def notice(self) -> str:
        """One line the run's output says before anything is asked, "" for none.

        For what was found rather than named, e.g. which server answers at a default address.
        """
        return ""

    def spent(self) -> float | None:
        """US dollars that the answers so far cost, for the display of progress.

        None where nothing is charged, or where the price is not known.
        """
        return None

    def prepare(self, footage: Footage) -> Any:
        """The part of watching that needs no accelerator: resizing, tokenising, encoding.

        Optional. Thread-safe: it runs for later clips, several at once, while :meth:`watch` and
        :meth:`ask` are at work on this one. What is returned is handed to :meth:`watch`; where it
        has an integer ``nbytes``, that is what it counts for in the memory that waiting clips
        may take, else as much as the footage.
        """
        return footage

    def watch(self, footage: Any) -> Any:
        """Take in a clip once; what is returned is handed to :meth:`ask`. Default: as it is.

        Args:
            footage: what :meth:`prepare` returned: the `Footage` itself, unless overridden.
        """
        return footage

    def release(self, watched: Any) -> None:
        """Free what :meth:`watch` returned; called once all questions about it are answered."""

    def ask(self, watched: Any, questions: Sequence[Question]) -> Iterable[Answer]:
        """Answer the questions, in order, one Answer each; yield early so each is durable.

        The default calls :meth:`answer` for each; one that raises becomes a failed answer and
        the others are still asked.
        """
        for question in questions:
            try:
                given = self.answer(watched, question)
            except (StopRunError, MachineError, MemoryError, KeyboardInterrupt):
                raise
            except BaseException as error:  # a plugin may raise anything, SystemExit included
                # What the library of an accelerator raises when its memory is used up.
                if type(error).__name__ == "OutOfMemoryError":
                    raise
                yield Answer.failed(described(error))
            else:
                yield given if isinstance(given, Answer) else Answer.of(given)

    def ask_as_completed(
        self, watched: Any, questions: Sequence[Question]
    ) -> Iterable[tuple[int, Answer]] | None:
        """Answer in any order, each answer with its question's position; None (the default) not.

        For models that have several questions with a server at once: an answer is durable when it
        comes, not when those before it are there, too. Such a model gives the same answers by
        :meth:`ask`, in order; a subclass that overrides ``ask`` alone is asked by that.
        """
        return None

    def answer(self, footage: Footage, question: Question) -> str | Answer:
        """Answer one question about a clip."""
        raise NotImplementedError(f"{type(self).__name__} defines neither ask nor answer")

    def usage(self) -> Mapping[str, int]:
        """Tokens since loading: ``{"tokens_in": …, "tokens_out": …}``, {} where nobody counts.

        For a run's account of where time and tokens went; no answer depends on it.
        """
        return {}

    def examine(self, footage: Footage, questions: Sequence[Question]) -> Examination | None:
        """What the model can tell of how it takes this clip; None for nothing (the default).

        For ``s3eval check-model``: tokens, prompt, sharing. Answers nothing and keeps nothing.
        """
        return None

    def close(self) -> None:
        """Free what was loaded."""
