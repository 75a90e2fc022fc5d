"""A report's facts: signs in order, sections, the four localizing values, flags, evidence."""

from __future__ import annotations

from collections.abc import Sequence

from s3eval.judge import Evidence, ReportFacts, Unreadable
from s3eval_judge_lexicon.language import not_english
from s3eval_judge_lexicon.lexicon import Lexicon
from s3eval_judge_lexicon.mentions import Context, Mention, mentions
from s3eval_judge_lexicon.phrases import Found
from s3eval_judge_lexicon.scope import lists
from s3eval_judge_lexicon.sections import postictal, sections_told
from s3eval_judge_lexicon.words import Words, split_words

__all__ = ["read_report"]


def read_report(text: str, lexicon: Lexicon) -> ReportFacts | Unreadable:
    """What a report says. Deterministic; the same text always gives the same facts.

    A report in another language is unreadable: it would be read as one that tells nothing.
    """
    words = split_words(text)
    if not_english(words.words):
        return Unreadable("The report is not in English, which is all that the lexicon reads")
    matches = lexicon.find(words)
    context = Context.of(words, lists(matches, "scope"))
    signs = mentions(words, matches, lexicon, context)
    told = lists(matches, "sections")
    here = {name: [f for f in hits if not context.away[f.start]] for name, hits in told.items()}
    after = postictal(words, [m for m in signs if m.present], here, context.negated)
    over = _earliest(_first(here, "ended"), after)
    present = [m for m in signs if m.present and not (over and _after_end(m, over))]
    features, evidence = _features(words, present)
    evidence += [
        words.quote(f"not {f}", m.start, m.end)
        for m in signs
        if not m.present
        for f in m.term.says
        if f not in features
    ]
    features += _by_convention(features, lexicon)
    localizing, shown = _localizing(words, present)
    sections, where = sections_told(words, present, features, after)
    off_topic = _off_topic(told)
    hazard = _first(told, "hazard")
    flags = [
        words.quote(name, hit.start, hit.end)
        for name, hit in (("off_topic", off_topic), ("hazard", hazard))
        if hit
    ]
    return ReportFacts(
        sections=sections,
        features=tuple(features),
        localizing=localizing,
        off_topic=off_topic is not None,
        hazard=hazard is not None,
        words=len(text.split()),
        evidence=(*evidence, *shown, *where, *flags),
    )


def _earliest(*matches: Found | None) -> Found | None:
    return min((f for f in matches if f), key=lambda f: f.start, default=None)


def _after_end(mention: Mention, over: Found) -> bool:
    """Whether a sign that only counts during the seizure is told from its end on."""
    return mention.term.ictal and mention.start >= over.start


def _features(words: Words, present: Sequence[Mention]) -> tuple[list[str], list[Evidence]]:
    features: list[str] = []
    evidence: list[Evidence] = []
    for mention in present:
        for feature in mention.term.says:
            if feature not in features:
                features.append(feature)
                fact = f"{feature} (uncertain)" if mention.doubted_by else feature
                evidence.append(words.quote(fact, mention.start, mention.end))
    return features, evidence


def _by_convention(features: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Signs the lexicon's conventions add to those told (none of them has evidence)."""
    have = set(features)
    added: list[str] = []
    for if_all, unless, also in lexicon.conventions:
        if if_all <= have and not unless & have:
            added += [f for f in also if f not in have and f not in added]
    return added


def _localizing(words: Words, present: Sequence[Mention]) -> tuple[dict[str, str], list[Evidence]]:
    values = dict.fromkeys(
        ("head_turning", "first_motor_laterality", "asymmetric_posturing", "figure_4"), "none"
    )
    shown: list[Evidence] = []

    def settle(name: str, value: str | None, mention: Mention | None) -> None:
        if value and mention:
            values[name] = value
            fact = f"{name}={value}"
            shown.append(words.quote(fact, mention.start, mention.end))

    turn = _head_turn(present)
    settle("head_turning", turn.side if turn else None, turn)
    first = _first_motor(present)
    settle("first_motor_laterality", first.side if first else None, first)
    posture, value = _posture(present, first)
    settle("asymmetric_posturing", value, posture)
    sign = next((m for m in present if "figure4" in m.term.says), None)
    if sign:
        arm = _extended_arm(words, present, sign)
        settle("figure_4", arm.side if arm else None, arm)
    return values, shown


def _head_turn(present: Sequence[Mention]) -> Mention | None:
    """The first head turn to a side, or else the first such gaze."""
    sided = [m for m in present if m.term.turns and m.side in ("left", "right")]
    return next((m for m in sided if m.term.turns == "head"), sided[0] if sided else None)


def _first_motor(present: Sequence[Mention]) -> Mention | None:
    """The first movement on one side, head and gaze included."""
    return next((m for m in present if m.term.moves and m.side in ("left", "right")), None)


def _posture(present: Sequence[Mention], first: Mention | None) -> tuple[Mention | None, str]:
    """The first arm held on one side, and the value it gives.

    Where only both arms are told of, the recorded readings name the side of the first motor
    sign; an arm held "tonic" without more they mostly call extended.
    """
    held = [m for m in present if m.term.posture in ("extension", "flexion")]
    for mention in held:
        if mention.side in ("left", "right"):
            return mention, f"{mention.side} arm {mention.term.posture}"
    if held and first:
        return held[0], f"{first.side} arm {held[0].term.posture}"
    for mention in present:
        if mention.term.posture == "tonic" and mention.side in ("left", "right"):
            return mention, f"{mention.side} arm extension"
    return None, "none"


def _extended_arm(words: Words, present: Sequence[Mention], sign: Mention) -> Mention | None:
    """The extended arm of a figure-4 sign: told in its sentence, or first anywhere."""
    arms = [m for m in present if m.term.posture == "extension" and m.side in ("left", "right")]
    sentence = words.sentence[sign.start]
    near = [m for m in arms if words.sentence[m.start] == sentence and m.start >= sign.start]
    return next(iter(near or arms), None)


def _off_topic(at: dict[str, list[Found]]) -> Found | None:
    """Who or what does not belong to the seizure, those left out who are only addressed."""
    spoken_to = {f.end for f in at.get("addressed", ())}
    return next((f for f in at.get("off_topic", ()) if f.end not in spoken_to), None)


def _first(at: dict[str, list[Found]], name: str) -> Found | None:
    return next(iter(at.get(name, ())), None)
