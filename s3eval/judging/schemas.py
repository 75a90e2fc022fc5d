"""What a judge's JSON must look like, and what it becomes.

The shape of a report's reading is the public release's (``*_modified.csv``): four fields
``structural_completeness``, ``event_sequence``, ``localizing_features``, ``content_analysis``.
What does not validate is refused with its reason; nothing is filled in by default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from s3eval.errors import S3EvalError
from s3eval.judge import FeatureAnswers, ReportFacts
from s3eval.tasks.questions import questions, tidy
from s3eval.vocabulary import FEATURE_NAMES, FEATURES, LOCALIZING, SECTIONS

__all__ = [
    "FIELDS",
    "POSTURES",
    "ReportReply",
    "answers_schema",
    "canonical_feature",
    "feature_answers",
    "report_facts",
    "report_row",
]

#: The four fields of a reading, in the release's order.
FIELDS = (
    "structural_completeness",
    "event_sequence",
    "localizing_features",
    "content_analysis",
)
#: Values of ``asymmetric_posturing`` beside "none".
POSTURES = ("left arm extension", "left arm flexion", "right arm extension", "right arm flexion")

Side = Literal["left", "right", "none"]
Posture = Literal[
    "left arm extension", "left arm flexion", "right arm extension", "right arm flexion", "none"
]
Section = Literal["onset", "propagation", "postictal"]
UnknownFeatures = Literal["refuse", "drop", "keep"]

# Spellings judges use for a canonical feature.
_ALIASES = {
    "arm_extension": "arm_straightening",
    "arm_straighten": "arm_straightening",
    "figure_4": "figure4",
    "figure_four": "figure4",
    "figure_4_sign": "figure4",
    "head_turn": "head_turning",
    "head_version": "head_turning",
    "eye_closure": "close_eyes",
    "eyes_closed": "close_eyes",
    "closed_eyes": "close_eyes",
    "staring": "blank_stare",
    "blinking": "eye_blinking",
    "oral_automatism": "oral_automatisms",
    "limb_automatism": "limb_automatisms",
    "asynchronous_movements": "asynchronous_movement",
    "vocalization": "ictal_vocalization",
    "occurs_during_sleep": "occur_during_sleep",
}


class _Strict(BaseModel):
    # Judges add comments of their own; those are ignored, but nothing missing is invented.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Localizing(_Strict):
    """The four localizing values; "none" when the report does not mention one."""

    head_turning: Side
    first_motor_laterality: Side
    asymmetric_posturing: Posture
    figure_4: Side

    @field_validator("*", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        if value is None:
            return "none"
        return (
            " ".join(value.lower().replace("_", " ").split()) if isinstance(value, str) else value
        )


class Content(_Strict):
    """Whether the report holds hazardous advice or what does not belong to the seizure."""

    has_safety_issues: bool
    includes_non_seizure: bool


class ReportReply(_Strict):
    """A judge's reading of one report, as JSON (the release's shape).

    >>> reply = ReportReply.model_validate({
    ...     "structural_completeness": ["onset"], "event_sequence": ["tonic"],
    ...     "localizing_features": {"head_turning": "Left", "first_motor_laterality": "none",
    ...                             "asymmetric_posturing": "none", "figure_4": "none"},
    ...     "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False}})
    >>> reply.localizing_features.head_turning
    'left'
    """

    structural_completeness: list[Section] = Field(
        description="the sections present: onset, propagation, postictal"
    )
    event_sequence: list[str] = Field(
        description="features in the order told, from: " + ", ".join(FEATURE_NAMES)
    )
    localizing_features: Localizing
    content_analysis: Content

    @field_validator("structural_completeness", mode="before")
    @classmethod
    def _lower_sections(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        return [v.strip().lower() if isinstance(v, str) else v for v in value]


class _RecordedReply(ReportReply):
    """A reading kept by the release: localizing values as recorded ("yes" occurs once)."""

    localizing_features: dict[str, str]  # type: ignore[assignment]

    @field_validator("localizing_features")
    @classmethod
    def _all_four(cls, value: dict[str, str]) -> dict[str, str]:
        missing = [name for name in LOCALIZING if name not in value]
        if missing:
            raise ValueError(f"{', '.join(missing)} missing")
        return {name: " ".join(value[name].lower().split()) for name in LOCALIZING}


def canonical_feature(name: str) -> str | None:
    """The canonical feature a judge means by ``name``, or None.

    >>> canonical_feature("Arm extension"), canonical_feature("sits up")
    ('arm_straightening', None)
    """
    key = re.sub(r"[\s\-]+", "_", name.strip().lower().strip(".;"))
    if key in FEATURE_NAMES:
        return key
    return _ALIASES.get(key) or _LABELS.get(key)


_LABELS = {re.sub(r"[\s\-]+", "_", f.label): f.name for f in FEATURES}


def report_facts(
    reply: ReportReply | Mapping[str, Any], *, words: int, unknown: UnknownFeatures = "refuse"
) -> ReportFacts:
    """A validated reading as `ReportFacts`.

    Args:
        reply: the judge's JSON.
        words: number of words of the report read.
        unknown: a feature name nobody knows is refused, left out ("drop"), or kept as written
            ("keep": the release's own readings hold a few, and its tables count them).

    Raises:
        S3EvalError: the JSON does not validate, or names an unknown feature.

    >>> facts = report_facts({
    ...     "structural_completeness": ["postictal", "onset"],
    ...     "event_sequence": ["Arm extension", "tonic", "arm_straightening"],
    ...     "localizing_features": {"head_turning": "none", "first_motor_laterality": "right",
    ...         "asymmetric_posturing": "right arm extension", "figure_4": "right"},
    ...     "content_analysis": {"has_safety_issues": False, "includes_non_seizure": True}},
    ...     words=9)
    >>> facts.sections, facts.features, facts.off_topic
    (('onset', 'postictal'), ('arm_straightening', 'tonic'), True)
    """
    checked = reply if isinstance(reply, ReportReply) else _validated(reply, ReportReply)
    features: dict[str, None] = {}
    for name in checked.event_sequence:
        known = canonical_feature(name)
        if known is None and unknown == "refuse":
            raise S3EvalError(f"Expected a feature of the 20, but the judge named {name!r:.60}")
        if known is None and unknown == "drop":
            continue
        features[known or name.strip()] = None
    return ReportFacts(
        sections=tuple(s for s in SECTIONS if s in checked.structural_completeness),
        features=tuple(features),
        localizing=dict(checked.localizing_features),
        off_topic=checked.content_analysis.includes_non_seizure,
        hazard=checked.content_analysis.has_safety_issues,
        words=words,
    )


def report_row(
    row: Mapping[str, str], *, words: int | None = None, unknown: UnknownFeatures = "keep"
) -> ReportFacts:
    """A row of the release's ``*_modified.csv`` (JSON in each field) as `ReportFacts`.

    The four localizing values are kept as recorded, lower-cased.

    Args:
        row: the fields of `FIELDS`, and ``report_length`` where ``words`` is not given (the
            release counts words there for predictions, but characters for references).

    Raises:
        S3EvalError: a field is missing, is not JSON, or does not validate.
    """
    parsed: dict[str, Any] = {}
    for name in FIELDS:
        try:
            parsed[name] = json.loads(row[name])
        except KeyError:
            raise S3EvalError(f"The column '{name}' is missing") from None
        except (TypeError, ValueError) as error:
            raise S3EvalError(f"The field '{name}' holds no JSON", why=str(error)) from error
    if words is None:
        try:
            words = int(float(row["report_length"]))
        except (KeyError, TypeError, ValueError):
            raise S3EvalError("Expected 'report_length' to be a number of words") from None
    return report_facts(_validated(parsed, _RecordedReply), words=words, unknown=unknown)


def answers_schema(feature: str) -> dict[str, Any]:
    """The JSON schema of a feature's answers, to ask a server for structured output.

    >>> answers_schema("blank_stare")["properties"]["eyes_open"]["enum"]
    ['yes', 'no']
    """
    properties: dict[str, Any] = {}
    for question in questions(feature):
        one = {"type": "string", "enum": [*question.allowed]}
        properties[question.key] = (
            {"type": "array", "items": one} if question.form == "some_of" else one
        )
        properties[question.key]["description"] = question.text
    chain = questions(feature)
    return {
        "type": "object",
        "properties": properties,
        # After a first "no" the others are not asked, so only the first is required.
        "required": [chain[0].key] if chain else [],
        "additionalProperties": False,
    }


def feature_answers(feature: str, reply: Mapping[str, Any]) -> FeatureAnswers:
    """A judge's JSON as `FeatureAnswers`; what stands after a first "no" is left out.

    Raises:
        S3EvalError: an answer is missing or not among the allowed ones.

    >>> feature_answers("blank_stare", {"eyes_open": "Yes", "iris_fixed": False}).answers
    {'eyes_open': 'yes', 'iris_fixed': 'no'}
    """
    answers: dict[str, str | tuple[str, ...]] = {}
    for position, question in enumerate(questions(feature)):
        if question.key not in reply:
            raise S3EvalError(f"The answer to '{question.key}' is missing", where=feature)
        answers[question.key] = tidy(question, reply[question.key])
        if position == 0 and answers[question.key] == "no":
            break
    return FeatureAnswers(feature, answers)


def _validated(reply: Mapping[str, Any], shape: type[ReportReply]) -> ReportReply:
    try:
        return shape.model_validate(reply)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise S3EvalError(
            "The judge's JSON does not have the shape of a report's reading",
            where=where,
            why=first["msg"],
        ) from error
