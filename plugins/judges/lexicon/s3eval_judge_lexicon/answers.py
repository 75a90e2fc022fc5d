"""A feature's chained questions answered from a justification, with the words that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.judge import Evidence, FeatureAnswers
from s3eval.tasks.questions import QUESTIONS, UNKNOWN, FeatureQuestion, questions
from s3eval_judge_lexicon.body import Part, limbs, parts_of
from s3eval_judge_lexicon.phrases import Found, Phrases
from s3eval_judge_lexicon.scope import NEGATION, Scope, by_word, lists, negations
from s3eval_judge_lexicon.sides import LEFT, RIGHT, side_of_turn, word_sides
from s3eval_judge_lexicon.words import Words, split_words

__all__ = ["AnswerBook", "answer"]

_VARIES = {
    "freq": "frequency",
    "faster": "frequency",
    "slower": "frequency",
    "speed": "frequency",
    "rate": "frequency",
    "rhythm": "frequency",
    "amp": "amplitude",
    "intensit": "amplitude",
    "size": "amplitude",
}

_EXTENT = {
    "unilateral": "unilateral",
    "onesided": "unilateral",
    "bilateral": "bilateral",
    "generali": "bilateral",
    "convuls": "bilateral",
}
_DURATION = {
    "brief": "brief",
    "short": "brief",
    "momentar": "brief",
    "transient": "brief",
    "sustain": "sustained",
    "prolong": "sustained",
    "continu": "sustained",
    "persist": "sustained",
    "ongoing": "sustained",
    "throughout": "sustained",
}


@dataclass(frozen=True)
class AnswerBook:
    """The phrases of every yes/no question, and which answer wins where both are found."""

    phrases: Phrases
    otherwise: Mapping[str, str]
    wins: Mapping[str, str]

    @classmethod
    def build(cls, data: Mapping[str, Any], lexicon: Mapping[str, Any], where: str) -> AnswerBook:
        """Compile ``answers.toml`` with the classes and negation lists of ``reports.toml``.

        Raises:
            S3EvalError: a question is listed that no feature has.
        """
        phrases: dict[str, Iterable[str]] = {
            f"scope:{name}": lexicon["scope"].get(name, ()) for name in NEGATION
        }
        groups: dict[str, str] = {}
        otherwise: dict[str, str] = {}
        wins: dict[str, str] = {}
        for feature, asked in data.items():
            known = {q.key for q in QUESTIONS.get(feature, ())}
            for key, entry in asked.items():
                if key not in known:
                    raise S3EvalError(f"No feature has the question '{feature}.{key}'", where=where)
                name = f"{feature}.{key}"
                phrases[f"yes:{name}"] = entry.get("yes", ())
                phrases[f"no:{name}"] = entry.get("no", ())
                groups |= {f"yes:{name}": feature, f"no:{name}": feature}
                otherwise[name] = entry.get("else", "no")
                wins[name] = entry.get("wins", "no")
        compiled = Phrases(phrases, lexicon["classes"], lexicon.get("gap_stops", ()), groups)
        return cls(compiled, otherwise, wins)


@dataclass(frozen=True)
class _Text:
    """A justification with everything found in it."""

    words: Words
    hits: Mapping[str, list[Found]]
    negated: Sequence[Scope | None]
    sides: tuple[str | None, ...]
    parts: Sequence[Part]

    def affirmed(self, name: str) -> list[Found]:
        """The hits of a list that no negation covers."""
        return [h for h in self.hits.get(name, ()) if self.negated[h.start] is None]


def answer(feature: str, justification: str, book: AnswerBook) -> FeatureAnswers:
    """The answers of one feature, in order; after a first "no" the others are not asked."""
    text = _read(feature, justification, book)
    answers: dict[str, str | tuple[str, ...]] = {}
    evidence: list[Evidence] = []
    core: list[Found] = []
    for position, question in enumerate(questions(feature)):
        name = f"{feature}.{question.key}"
        value: str | tuple[str, ...]
        if question.form == "yes_no":
            value, hit = _yes_no(text, name, book)
            if position == 0:
                core = text.affirmed(f"yes:{name}")
        else:
            value, hit = _detail(text, feature, question, core)
        answers[question.key] = value
        if hit:
            shown = value if isinstance(value, str) else ", ".join(value)
            evidence.append(text.words.quote(f"{question.key}={shown}", hit.start, hit.end))
        if position == 0 and value == "no":
            break
    return FeatureAnswers(feature, answers, tuple(evidence))


def _read(feature: str, justification: str, book: AnswerBook) -> _Text:
    words = split_words(justification)
    matches = book.phrases.find(words, feature)
    hits: dict[str, list[Found]] = {}
    for one in matches:
        hits.setdefault(one.term, []).append(one)
    sides = word_sides(words)
    return _Text(
        words,
        hits,
        by_word(words, negations(words, lists(matches, "scope"), wide=True)),
        sides,
        parts_of(words, sides),
    )


def _yes_no(text: _Text, name: str, book: AnswerBook) -> tuple[str, Found | None]:
    """Yes where a phrase says so and nothing denies it; a denial anywhere is a "no".

    Justifications name what they deny ("while one arm is flexed, there is no figure 4"), so a
    denial outweighs what else is told.
    """
    affirmed = text.affirmed(f"yes:{name}")
    against = text.affirmed(f"no:{name}")
    denied = [h for h in text.hits.get(f"yes:{name}", ()) if h not in affirmed]
    for_it = [
        h for h in affirmed if not any(a.start <= h.start and h.end <= a.end for a in against)
    ]
    if for_it and (book.wins.get(name) == "yes" or not (against or denied)):
        return "yes", for_it[0]
    if against or denied:
        return "no", (against or denied)[0]
    return book.otherwise.get(name, "no"), None


def _detail(
    text: _Text, feature: str, question: FeatureQuestion, core: Sequence[Found]
) -> tuple[str | tuple[str, ...], Found | None]:
    if question.form == "side":
        if feature in _OF_THE_FACE:
            for part in _parts_near(text, core):
                if part.kind in ("face", "mouth", "eye") and part.side in (LEFT, RIGHT):
                    return str(part.side), Found("part", part.start, part.end)
        for hit in core:
            side = side_of_turn(text.words, text.sides, hit.start, hit.end)
            if side:
                return side, hit
        return "neither", None
    if read := _BY_WORDS.get(question.key):
        return read(text, core)
    parts = _parts_near(text, core)
    if question.key == "body_parts":
        named = {
            kind for p in parts for kind in (("arm", "leg") if p.kind == "limb" else (p.kind,))
        }
        return _some(question, named), _first_word(parts)
    posture = _POSTURE.get((feature, question.key)) or _POSTURE.get((feature, ""))
    arms_only = all("arm" in c for c in question.choices) or question.key == "how_many"
    named_limbs = limbs(parts, posture=posture, words=text.words)
    if feature == "figure4" and posture and not named_limbs:
        named_limbs = _opposite(limbs(parts, posture=_OTHER[posture], words=text.words))
    named_limbs = named_limbs or limbs(parts)
    if arms_only:
        named_limbs = {t for t in named_limbs if "arm" in t}
    if question.key == "how_many":
        many = "both" if "both arms" in named_limbs else "one" if named_limbs else UNKNOWN
        return many, _first_word(parts)
    if question.form == "one_of":
        allowed = [c for c in question.choices if c in named_limbs]
        return (allowed[0] if len(allowed) == 1 else UNKNOWN), _first_word(parts)
    return _some(question, named_limbs), _first_word(parts)


_OTHER = {"flexion": "extension", "extension": "flexion"}
_OF_THE_FACE = frozenset(("face_pulling", "face_twitching"))
# A body part that is said to do nothing is not one of those affected.
_AT_REST = frozenset(
    (
        *("still", "spared", "uninvolved", "unaffected", "motionless", "relaxed", "quiet", "limp"),
        *("stay", "stays", "remain", "remains"),
    )
)

#: Where the arm in one posture is asked for: (feature, question), or "" for all its questions.
_POSTURE = {
    ("arm_flexion", ""): "flexion",
    ("arm_straightening", ""): "extension",
    ("figure4", "flexed"): "flexion",
    ("figure4", "extended"): "extension",
}


def _parts_near(text: _Text, core: Sequence[Found]) -> list[Part]:
    """Body parts told of, not negated, in the sentences of the core sign (or anywhere)."""
    affirmed = [p for p in text.parts if text.negated[p.start] is None]
    affirmed = [p for p in affirmed if not _at_rest(text.words, p)] or affirmed
    sentences = {text.words.sentence[h.start] for h in core}
    near = [p for p in affirmed if text.words.sentence[p.start] in sentences]
    return near or affirmed


def _opposite(arms: Iterable[str]) -> set[str]:
    """The other arm, where one is named."""
    return {{"left arm": "right arm", "right arm": "left arm"}.get(a, a) for a in arms}


def _at_rest(words: Words, part: Part) -> bool:
    """Whether a part is said to be still, right after it in the same clause."""
    following = range(part.end, min(len(words), part.end + 3))
    return any(
        words.words[i] in _AT_REST for i in following if words.clause[i] == words.clause[part.start]
    )


def _some(question: FeatureQuestion, named: Iterable[str]) -> str | tuple[str, ...]:
    have = set(named)
    return tuple(c for c in question.choices if c in have) or UNKNOWN


def _varies(text: _Text, _: Sequence[Found]) -> tuple[str, Found | None]:
    values = {
        value
        for word in text.words.words
        for stem, value in _VARIES.items()
        if word.startswith(stem)
    }
    return ("both" if len(values) > 1 else next(iter(values), UNKNOWN)), None


def _extent(text: _Text, core: Sequence[Found]) -> tuple[str, Found | None]:
    """Unilateral or bilateral: the word itself, or the sides of the body parts that jerk."""
    value, hit = _first_stem(text, _EXTENT)
    if hit:
        return value, hit
    parts = _parts_near(text, core)
    named = limbs(parts)
    sides = {side for name in named for side in (LEFT, RIGHT) if name.startswith(side)}
    if len(sides) > 1 or any(n.startswith("both") or n == "full body" for n in named):
        return "bilateral", _first_word(parts)
    return ("unilateral", _first_word(parts)) if sides else (UNKNOWN, None)


def _duration(text: _Text, _: Sequence[Found]) -> tuple[str, Found | None]:
    return _first_stem(text, _DURATION)


def _first_stem(text: _Text, values: Mapping[str, str]) -> tuple[str, Found | None]:
    """What the first word that is not denied stands for, and the word."""
    for i, word in enumerate(text.words.words):
        value = next((v for stem, v in values.items() if word.startswith(stem)), None)
        if value and text.negated[i] is None:
            return value, Found("word", i, i + 1)
    return UNKNOWN, None


def _first_word(parts: Sequence[Part]) -> Found | None:
    return Found("part", parts[0].start, parts[0].end) if parts else None


#: Questions answered from words of their own, whatever their choices are.
_BY_WORDS = {"varies": _varies, "extent": _extent, "duration": _duration}
