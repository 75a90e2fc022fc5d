"""The lexicon: data read from TOML, extended by the user's file, compiled into phrases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.toml_file import read_toml
from s3eval.vocabulary import FEATURE_NAMES
from s3eval_judge_lexicon.answers import AnswerBook
from s3eval_judge_lexicon.phrases import Found, Phrases
from s3eval_judge_lexicon.words import Words

__all__ = ["Lexicon", "Term", "load_books", "load_lexicon"]

HERE = Path(__file__).parent
_PARTS = ("", "head", "eyes", "face", "arm", "leg", "limb", "body")
_LISTS = ("sections", "scope", "order")
# Lists that only tell where a mention of somebody else or of another time ends: they are looked
# for in the few texts that have one, since their words are everywhere.
_ENDS = frozenset(
    f"scope:{name}" for name in ("patient", "somebody_until", "predicate", "earlier_until")
)
_BEGINS = frozenset(
    f"scope:{name}" for name in ("somebody", "earlier", "earlier_alone", "long_since")
)


@dataclass(frozen=True)
class Term:
    """A sign as reports write it. The fields are explained at the head of ``reports.toml``."""

    name: str
    says: tuple[str, ...] = ()
    moves: str = ""
    posture: str = ""
    turns: str = ""
    survives_negation: bool = False
    ictal: bool = False


@dataclass(frozen=True)
class Lexicon:
    """Terms by name, and one matcher for their phrases and for those of every list.

    The matcher's names are ``sign:NAME`` for terms and ``LIST:NAME`` for lists, e.g.
    ``scope:no``, ``sections:postictal``.
    """

    version: str
    terms: Mapping[str, Term]
    phrases: Phrases
    hides: Mapping[str, frozenset[str]]
    conventions: tuple[tuple[frozenset[str], frozenset[str], tuple[str, ...]], ...] = ()
    digest: str = ""

    def find(self, words: Words) -> list[Found]:
        """The phrases in a text; where a mention of others ends, only if there is one."""
        matches = self.phrases.find(words, "signs")
        if any(one.term in _BEGINS for one in matches):
            matches += [f for f in self.phrases.find(words, "ends") if f.term in _ENDS]
        return matches


def load_books(extra: str | Path | None = None) -> tuple[Lexicon, AnswerBook]:
    """The built-in lexicon and answer book, with a user's file merged in.

    In the user's file a class, a list or a term's ``phrases`` adds to the built-in one;
    ``remove = [...]`` in a term takes phrases away; other fields of a term replace. Phrases for
    questions stand under ``[answers.FEATURE.QUESTION]``.

    Raises:
        S3EvalError: the file cannot be read, or says something the lexicon does not understand.
    """
    reports, asked = read_toml(HERE / "reports.toml"), read_toml(HERE / "answers.toml")
    where = str(extra or "the built-in lexicon")
    if extra is not None:
        own = read_toml(Path(extra), "The lexicon file is not TOML")
        asked = _merged_answers(asked, own.pop("answers", {}))
        reports = _merged(reports, own, where)
    digest = hashlib.sha256(json.dumps([reports, asked], sort_keys=True).encode()).hexdigest()[:16]
    return _compiled(reports, where, digest), AnswerBook.build(asked, reports, where)


def load_lexicon(extra: str | Path | None = None) -> Lexicon:
    """The part of `load_books` that reads reports."""
    return load_books(extra)[0]


def _compiled(data: Mapping[str, Any], where: str, digest: str) -> Lexicon:
    terms = {name: _term(name, entry, where) for name, entry in data["terms"].items()}
    phrases: dict[str, Iterable[str]] = {
        f"sign:{name}": entry.get("phrases", ()) for name, entry in data["terms"].items()
    }
    for group in _LISTS:
        for name, entries in data.get(group, {}).items():
            phrases[f"{group}:{name}"] = entries
    return Lexicon(
        str(data.get("version", "")),
        terms,
        Phrases(
            phrases,
            data.get("classes", {}),
            data.get("gap_stops", ()),
            {term: "ends" if term in _ENDS else "signs" for term in phrases},
        ),
        _hides(data["terms"], where),
        tuple(_convention(c, where) for c in data.get("conventions", ())),
        digest,
    )


def _term(name: str, entry: Mapping[str, Any], where: str) -> Term:
    says = tuple(entry.get("says", ()))
    for feature in says:
        if feature not in FEATURE_NAMES:
            raise UnknownNameError("feature", feature, FEATURE_NAMES, fix="s3eval list features")
    if entry.get("moves", "") not in _PARTS:
        raise S3EvalError(
            f"Expected 'moves' of '{name}' to be one of {', '.join(_PARTS[1:])}, "
            f"but got {entry['moves']!r}",
            where=where,
        )
    return Term(
        name,
        says,
        entry.get("moves", ""),
        entry.get("posture", ""),
        entry.get("turns", ""),
        entry.get("negated", "absent") == "present",
        bool(entry.get("ictal", False)),
    )


def _hides(terms: Mapping[str, Mapping[str, Any]], where: str) -> dict[str, frozenset[str]]:
    """What each term hides; a term that says and moves nothing hides everything inside it."""
    hides: dict[str, frozenset[str]] = {}
    for name, entry in terms.items():
        hidden = entry.get("hides", ())
        for other in hidden:
            if other not in terms:
                raise S3EvalError(f"'{name}' hides '{other}', which is no term", where=where)
        if not entry.get("says") and not entry.get("moves"):
            hidden = ("*",)
        if hidden:
            hides[f"sign:{name}"] = frozenset(h if h == "*" else f"sign:{h}" for h in hidden)
    return hides


def _convention(
    entry: Mapping[str, Any], where: str
) -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    for feature in (*entry.get("if", ()), *entry.get("unless", ()), *entry.get("also", ())):
        if feature not in FEATURE_NAMES:
            raise UnknownNameError("feature", feature, FEATURE_NAMES, fix=f"look into {where}")
    return (
        frozenset(entry.get("if", ())),
        frozenset(entry.get("unless", ())),
        tuple(entry.get("also", ())),
    )


def _merged(base: dict[str, Any], extra: dict[str, Any], where: str) -> dict[str, Any]:
    unknown = set(extra) - {"version", "classes", "terms", "conventions", "gap_stops", *_LISTS}
    if unknown:
        raise S3EvalError(
            f"The lexicon file has a section nobody knows: {', '.join(sorted(unknown))}",
            where=where,
            fix="use classes, terms, sections, scope, order, conventions or gap_stops",
        )
    merged = {**base, "version": f"{base.get('version')}+{extra.get('version', 'own')}"}
    for group in ("classes", *_LISTS):
        lists = dict(base.get(group, {}))
        for name, entries in extra.get(group, {}).items():
            lists[name] = [*lists.get(name, ()), *entries]
        merged[group] = lists
    for name in ("conventions", "gap_stops"):
        merged[name] = [*base.get(name, ()), *extra.get(name, ())]
    terms = dict(base["terms"])
    for name, entry in extra.get("terms", {}).items():
        old = terms.get(name, {})
        removed = set(entry.get("remove", ()))
        kept = [p for p in old.get("phrases", ()) if p not in removed]
        terms[name] = {**old, **entry, "phrases": [*kept, *entry.get("phrases", ())]}
    merged["terms"] = terms
    return merged


def _merged_answers(base: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    merged = {feature: dict(asked) for feature, asked in base.items()}
    for feature, asked in extra.items():
        for key, entry in asked.items():
            old = merged.setdefault(feature, {}).get(key, {})
            merged[feature][key] = {
                **old,
                **entry,
                **{word: [*old.get(word, ()), *entry.get(word, ())] for word in ("yes", "no")},
            }
    return merged
