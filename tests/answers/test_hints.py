"""The quick looks before patterns change no reading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3eval.answers import refusals, text, thoughts, yes_no

HERE = Path(__file__).parent
LABELLED = [
    json.loads(line)["text"]
    for name in ("ordinary_answers.jsonl", "further_answers.jsonl")
    for line in (HERE / name).read_text(encoding="utf-8").splitlines()
]
ODD = (
    "AI",
    "\tmodel \n no",
    "yes, and then\nassistant",
    "The patient lies still and does not respond. USER: And now?",
    "…done thinking. No",
    "Hm, maybe ...Done Thinking. No, the arm rests and nothing else is seen here.",
    "Thinking...\nmaybe no ...done thinking. Yes",
    "analysisWe need yes.aSSISTANTFINALNo, the arm rests for all of the time",
    "Both arms jerk. I would ſay no.",
    "Both arms jerk, \u017fo no",
    "The an\u017fwer is no",
    "No. Plea\u017fe upload it.",
    "No a\u0130 could, as an A\u0131 model I cannot",
    "No, I cannot a\u017f\u017fist",
    "Yes.\x0bNo.\x1cNo",
    "  two  blanks\u00a0here ",
    "Text-based model: no",
    "It is stiff; THEREFORE, YES",
)
WORDS = st.sampled_from(
    [
        *("yes", "no", "n/a", "not", "cannot", "please", "upload", "help", "the", "arm", "a"),
        *(
            "answer",
            "is",
            "so",
            "hence",
            "say",
            "I",
            "would",
            "thinking.",
            "Thinking...",
            "<think>",
        ),
        *("</think>", "[INST]", "```", "\\boxed{yes}", "user:", "AI", "assistant", "\n", "  "),
        ".",
        *("...done thinking.", "assistantfinalYes", "video", "without", "text-only", "model"),
        "as",
        *("an", "\u017fo", "\u0130", ":", "**", "\t", "(", "provided"),
    ]
)


def readings(said: str) -> list[object]:
    read = yes_no._split.__wrapped__
    return [
        text.cleaned(said),
        text.single_spaced(said),
        thoughts.without_thinking(said),
        refusals.nothing_seen(said),
        read(said, False),
        read(said, True),
    ]


def without_looks(said: str) -> list[object]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (yes_no, thoughts, refusals):
            patch.setattr(module, "is_plain", lambda said, hints: False)
        patch.setattr(text, "_LONGEST_ROLE", 10**9)
        return readings(said)


@pytest.mark.parametrize("said", ODD)
def test_odd_texts_are_read_alike(said):
    assert readings(said) == without_looks(said)


def test_labelled_answers_are_read_alike():
    assert len(LABELLED) > 100
    for said in LABELLED:
        assert readings(said) == without_looks(said)


@settings(max_examples=500, deadline=None)
@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_any_text_is_read_alike(said):
    assert readings(said) == without_looks(said)
