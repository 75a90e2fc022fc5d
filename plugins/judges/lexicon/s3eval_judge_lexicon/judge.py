"""The lexicon judge: reads reports and justifications without a model and without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from s3eval.errors import S3EvalError
from s3eval.judge import FeatureAnswers, Judge, MergedText, ReportFacts, Unreadable
from s3eval.specs import JudgeSpec
from s3eval_judge_lexicon.answers import AnswerBook, answer
from s3eval_judge_lexicon.lexicon import Lexicon as Words
from s3eval_judge_lexicon.lexicon import load_books
from s3eval_judge_lexicon.merging import SAME, merge_texts
from s3eval_judge_lexicon.reports import read_report

__all__ = ["Lexicon"]

T = TypeVar("T")
ShowProgress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
# Texts that take about two seconds on a busy machine.
_LONG = 5000


class Lexicon(Judge):
    """Deterministic and offline. Every fact comes with the words it was read from.

    Options: ``file=PATH`` adds a TOML file of one's own to the built-in lexicon.

    >>> judge = Lexicon()
    >>> [facts] = judge.read_reports(["Stares off, then versive head turn to the left."])
    >>> facts.features, facts.localizing["head_turning"]
    (('blank_stare', 'head_turning'), 'left')
    """

    def __init__(self, words: Words | None = None, book: AnswerBook | None = None) -> None:
        if words is None or book is None:
            words, book = load_books()
        self._words, self._book = words, book
        self._progress: ShowProgress | None = None

    @classmethod
    def load(cls, spec: JudgeSpec, options: Mapping[str, Any]) -> Lexicon:
        """The judge, with the user's ``file`` if one is given."""
        unknown = sorted(set(options) - {"file"})
        if unknown:
            raise S3EvalError(
                f"Judge '{spec.name}' knows no option {', '.join(unknown)}",
                fix="--judge-option file=WORDS.toml",
            )
        return cls(*load_books(options.get("file")))

    def identity(self) -> Mapping[str, Any]:
        """Name and version of the lexicon; nothing is sampled."""
        return {
            "judge": "lexicon",
            "version": self._words.version,
            "digest": self._words.digest,
            "model": None,
            "deterministic": True,
            "merge_same": SAME,
        }

    def read_reports(self, texts: Sequence[str]) -> list[ReportFacts | Unreadable]:
        """What each report says; an empty report is unreadable."""
        with self._shown(len(texts)) as advance:
            return [advance(self._report(text)) for text in texts]

    def answer_questions(
        self, items: Sequence[tuple[str, str]]
    ) -> list[FeatureAnswers | Unreadable]:
        """Each feature's answers; an empty justification is unreadable."""
        with self._shown(len(items)) as advance:
            return [advance(self._answers(feature, text)) for feature, text in items]

    def merge(self, groups: Sequence[Sequence[str]], kind: str) -> list[MergedText | Unreadable]:
        """Every sentence once, in order, as written."""
        return [
            merge_texts(group)
            if any(text.strip() for text in group)
            else Unreadable(f"No window has a {kind} to merge")
            for group in groups
        ]

    def report_to(
        self, notify: Callable[[str], None], progress: ShowProgress | None = None
    ) -> None:
        """Where progress is shown, for lists that take seconds."""
        self._progress = progress

    @contextmanager
    def _shown(self, total: int) -> Iterator[Callable[[T], T]]:
        """Hands out what passes each result on and counts it."""
        if self._progress is None or total < _LONG:
            yield lambda result: result
            return
        with self._progress("lexicon", total) as advance:

            def counted(result: T) -> T:
                advance(1)
                return result

            yield counted

    def _report(self, text: str) -> ReportFacts | Unreadable:
        return read_report(text, self._words) if text.strip() else Unreadable("The report is empty")

    def _answers(self, feature: str, text: str) -> FeatureAnswers | Unreadable:
        if text.strip():
            return answer(feature, text, self._book)
        return Unreadable(f"The justification for {feature} is empty")
