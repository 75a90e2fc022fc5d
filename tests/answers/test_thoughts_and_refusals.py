"""Thoughts in the marks of many families, wrappers around answers, and answers without sight."""

from __future__ import annotations

import pytest

from s3eval.answers import (
    cleaned,
    find_objects,
    read_diagnosis,
    read_sequence,
    read_side,
    read_time,
    read_yes_no,
    split_yes_no,
    without_thinking,
)
from s3eval.answers.refusals import nothing_seen

#: A thought, as each family marks it; {} is what is thought.
MARKED = [
    "<think>{}</think>",
    "<thinking>{}</thinking>\n",
    "<thought>{}</thought>",
    "<THINK>{}</THINK>",
    "<reasoning>{}</reasoning>",
    "<reflection>{}</reflection>",
    "<analysis>{}</analysis>",
    "<scratchpad>{}</scratchpad>",
    "<seed:think>{}</seed:think>",
    "<longcat_think>{}</longcat_think>",
    "<|think|>{}<|/think|>",
    "<|begin_of_thought|>{}<|end_of_thought|><|begin_of_solution|>",
    "<|START_THINKING|>{}<|END_THINKING|><|START_RESPONSE|>",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel>thought\n{}<channel|>",
    "<|inner_prefix|>{}<|inner_suffix|>",
    "<unused94>thought\n{}<unused95>",
    "[THINK]{}[/THINK]",
    "◁think▷{}◁/think▷",
    "&lt;think&gt;{}&lt;/think&gt;",
    "<details><summary>Thinking</summary>{}</details>",
    "```thinking\n{}\n```\n",
    "Thinking...\n{}\n...done thinking.\n\n",
    "{}</think>",
    "{}</thinking>\n",
    "analysis{}assistantfinal",
    "<rationale>{}</rationale>",
    "<antThinking>{}</antThinking>",
    "<begin_of_thought>{}<end_of_thought>",
    "Here is my thought process:\n{}\n\nHere is my response:\n\n",
    "Here are my reasoning steps:\n{}\n[BEGIN FINAL RESPONSE]\n",
]
#: Marks that count only where they end: without an end they are a heading or a remark.
ENDED = [
    "[REASONING]{}[/REASONING]",
    "【思考】{}【/思考】",
    "(thinking: {}) ",
    "<!-- {} -->",
    "Reasoning: {}\n\nFinal answer: ",
    "### Rationale\n{}\n\n### Answer\n",
    "<CAPTION>{}</CAPTION>\n<CONCLUSION>",
    "{}\n[BEGIN FINAL RESPONSE]\n",
]
#: Of these nothing but the thought is there: its end was never reached.
UNFINISHED = [mark.split("{}")[0] for mark in MARKED if not mark.startswith("{}")]


@pytest.mark.parametrize("mark", MARKED)
@pytest.mark.parametrize("thought", ["Yes.", "The answer is yes.", "Left, no: yes\n\nyes"])
def test_a_thought_in_any_mark_never_counts(mark, thought):
    assert read_yes_no(mark.format(thought) + "No").value == "no"
    assert read_side(mark.format(thought) + "right").value == "right"


@pytest.mark.parametrize("mark", [*MARKED, *ENDED])
def test_what_was_thought_is_no_part_of_a_sequence_or_a_time(mark):
    thought = "it is blank stare at 00:10, or ES"
    assert read_sequence(mark.format(thought) + "tonic").value == ["tonic"]
    assert read_time(mark.format(thought) + "00:31").value == 31.0
    assert read_diagnosis(mark.format(thought) + "NES").value == "NES"
    assert read_yes_no(mark.format("Yes. Or yes") + "No").value == "no"


@pytest.mark.parametrize("key", ["thought", "reasoning", "rationale", "thinking"])
def test_what_is_thought_in_json_never_counts(key):
    assert read_time(f'{{"{key}": "0:10?", "final_answer": "0:31"}}').value == 31.0
    assert read_sequence(f'{{"{key}": "blank stare?", "response": "tonic"}}').value == ["tonic"]
    assert not read_time(f'{{"{key}": "perhaps 0:10"}}').readable
    assert not read_sequence(f'{{"{key}": "perhaps tonic"}}').readable


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("Reasoning: The arms jerk.\nAnswer: yes", "yes", "The arms jerk."),
        ("**Answer:** No\n\n**Justification:** The arm rests.", "no", "The arm rests."),
        ("Answer: no\nExplanation: Actually, yes.", None, None),
        ("Answer: no\nAnswer: yes", None, None),
    ],
)
def test_reasons_under_headings_stay_reasons(text, value, why):
    found, justification = split_yes_no(text)
    assert found.value == value
    assert why is None or justification == why


@pytest.mark.parametrize("mark", UNFINISHED)
def test_a_thought_that_never_ended_leaves_no_answer(mark):
    found = read_yes_no(f"{mark}Yes, the answer is yes.")
    assert not found.readable
    assert found.reason == "only thinking"


def test_arrows_and_fences_are_no_ends_of_thoughts():
    assert without_thinking("tonic --> clonic") == "tonic --> clonic"
    assert without_thinking("```json\n{}\n``` yes") == "```json\n{}\n``` yes"
    assert without_thinking("<think>a</think>b <think>c</think>d").split() == ["b", "d"]


@pytest.mark.parametrize(
    ("text", "proper"),
    [
        (r"\boxed{Yes}", "Yes"),
        (r"Hence $\boxed{\text{No}}$.", "No"),
        ("<|begin_of_box|>Yes<|end_of_box|>", "Yes"),
        ("[ANSWER]left[/ANSWER]", "left"),
        ("<answer>yes</answer> or <answer>no</answer>", "yes\nno"),
        ("<|im_start|>user\nIs it?<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>", "Yes"),
        ("USER: Is it? ASSISTANT: Yes", "Yes"),
        ("No\nuser\nAnd now?\nassistant\nYes", "No"),
        ("<|assistant|>No", "No"),
        ("```\nyes\n```", "yes"),
        ("Yes\x00 \u200bx", "Yes x"),
    ],
)
def test_wrappers_are_opened(text, proper):
    assert cleaned(text) == proper


def test_every_object_in_a_text_is_found():
    assert find_objects('{"Answer": "yes"} and {"answer": "no"}') == [
        {"answer": "yes"},
        {"answer": "no"},
    ]
    assert find_objects("none {here") == []


@pytest.mark.parametrize(
    "text",
    [
        "No video was provided.",
        "No usable frames are available",
        "There is no image.",
        "I'm unable to view videos.",
        "I can’t access the footage you mention.",
        "The attached file could not be opened.",
        "The frames are missing.",
        "I don't see any video here.",
        "You have not uploaded a clip.",
        "Please share the recording.",
        "As a language model, I am unable to judge that.",
        "I cannot answer without seeing the video.",
        "I'm sorry, I can't assist with that.",
    ],
)
def test_an_answer_without_sight_is_known(text):
    assert nothing_seen(text)
    # Whatever word stands first.
    assert not read_yes_no(f"No. {text}").readable


@pytest.mark.parametrize(
    "text",
    [
        "No video evidence of jerking.",
        "No frame shows the patient jerking.",
        "The face is not visible.",
        "I cannot see any jerking in the video.",
        "The video does not show pelvic thrusting.",
        "The nurse is no longer in the frame.",
        "There are no visual cues of shaking.",
        "No audio response is heard.",
        "The patient is watching a video.",
    ],
)
def test_what_was_not_observed_is_not_what_was_not_shown(text):
    assert not nothing_seen(text)
