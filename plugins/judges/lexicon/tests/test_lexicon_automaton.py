"""The automaton finds what trying every way through a phrase finds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from s3eval_judge_lexicon import automaton
from s3eval_judge_lexicon.phrases import Found, Phrases
from s3eval_judge_lexicon.words import split_words

CLASSES = {"arm": ["arm*", "upper limb*", "upper limb left"], "side": ["left", "right"]}
GAPS = {"..": 3, "...": 7}
STOPS = frozenset({"with"})
WORDS = [
    "arm",
    "arms",
    "upper",
    "limb",
    "limbs",
    "left",
    "right",
    "turn",
    "turns",
    "with",
    "3",
    "x",
]
PIECES = st.sampled_from(["arm", "turn*", "<arm>", "<side>", "upper", "limb*", "left", "#"])
PHRASES = st.lists(PIECES, min_size=1, max_size=4).flatmap(
    lambda pieces: st.lists(
        st.sampled_from(["", " ..", " ..."]), min_size=len(pieces) - 1, max_size=len(pieces) - 1
    ).map(
        lambda gaps: pieces[0] + "".join(f"{g} {p}" for g, p in zip(gaps, pieces[1:], strict=True))
    )
)
TEXTS = st.lists(st.sampled_from([*WORDS, ","]), max_size=14).map(" ".join)


def is_one(word: str, piece: str) -> bool:
    """Whether a word is what a piece of a phrase without classes means."""
    if piece == "#":
        return word[0].isdigit()
    return word.startswith(piece[:-1]) if piece.endswith("*") else word == piece


def ends(pieces: list[str], words: tuple[str, ...], at: int) -> set[int]:
    """Every end of a phrase in the words of one clause, by trying all ways through it."""
    if not pieces:
        return {at}
    piece, *rest = pieces
    if piece in GAPS:
        reached = set(ends(rest, words, at))
        for there in range(at, min(len(words), at + GAPS[piece])):
            if words[there] in STOPS:
                break
            reached |= ends(rest, words, there + 1)
        return reached
    reached = set()
    if piece[0] == "<":
        entries = [entry.split() for entry in CLASSES[piece[1:-1]]]
        short = {e for one in entries if len(one) == 1 for e in ends(one, words, at)}
        # Of the entries of several words the longest counts.
        long = {e for one in entries if len(one) > 1 for e in ends(one, words, at)}
        reached = short | ({max(long)} if long else set())
    elif at < len(words) and is_one(words[at], piece):
        reached = {at + 1}
    return {end for next_at in reached for end in ends(rest, words, next_at)}


def by_trying(phrases: list[str], text: str) -> list[Found]:
    """All phrases of a text, each one a term."""
    words = split_words(text)
    clauses = {c: [i for i, k in enumerate(words.clause) if k == c] for c in words.clause}
    matches = []
    for places in clauses.values():
        first, last = places[0], places[-1] + 1
        for start in range(first, last):
            for term, phrase in enumerate(phrases):
                reached = ends(phrase.split(), words.words[first:last], start - first)
                if reached:
                    matches.append(Found(str(term), start, max(reached) + first))
    return matches


@settings(max_examples=400, deadline=None)
@given(st.lists(PHRASES, min_size=1, max_size=6), st.lists(TEXTS, min_size=1, max_size=3))
def test_every_phrase_is_found_as_far_as_it_reaches(phrases, texts):
    matcher = Phrases({str(i): [p] for i, p in enumerate(phrases)}, CLASSES, STOPS)
    for text in texts:
        matches = matcher.find(split_words(text))
        assert sorted(matches, key=lambda f: (f.start, int(f.term))) == by_trying(phrases, text)
        assert all(a.start <= b.start for a, b in pairwise(matches))


def test_two_gaps_one_after_the_other_reach_as_far_as_both():
    matcher = Phrases({"t": ["turn .. .. arm"]}, CLASSES)
    text = "turn a b c d e f arm"
    assert matcher.find(split_words(text)) == [Found("t", 0, 8)]
    assert matcher.find(split_words(text.replace("f", "f g"))) == []


@pytest.mark.parametrize("most", [1, 7])
def test_what_is_forgotten_is_worked_out_again(monkeypatch, most):
    phrases = {"turn": ["turn* .. <arm>"], "side": ["<side> .. <arm>", "left"]}
    texts = ["turns the left arm", "right upper limb turns", "turn with arm", "left left arm"]
    wanted = [Phrases(phrases, CLASSES, STOPS).find(split_words(text)) for text in texts]
    monkeypatch.setattr(automaton, "_MOST_STEPS", most)
    matcher = Phrases(phrases, CLASSES, STOPS)
    assert [matcher.find(split_words(text)) for text in texts * 2] == wanted * 2


def test_of_the_terms_of_a_group_none_is_missing():
    groups = {"a": "A", "b": "B"}
    matcher = Phrases({"a": ["left"], "b": ["turn", "arm"], "c": ["x"]}, CLASSES, groups=groups)
    words = split_words("turn, arm, left x")
    assert matcher.find(words, "B") == [Found("b", 0, 1), Found("b", 1, 2), Found("c", 3, 4)]
    assert len(matcher.find(words)) == 4
