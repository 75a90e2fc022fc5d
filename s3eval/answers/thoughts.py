"""What a model thinks before it answers, in the marks of many families, left out.

Marks in use: ``<think>`` and its kin (DeepSeek, Qwen, and with a prefix ``<seed:think>``),
``[THINK]`` (Magistral), ``◁think▷`` (Kimi-VL), ``<|channel|>analysis … <|channel|>final``
(gpt-oss, also with its tokens decoded away: ``analysis…assistantfinal…``),
``<|begin_of_thought|>`` (OpenThinker), ``<|START_THINKING|>`` (Command A), ``<unused94>thought``
(MedGemma), ``<|inner_prefix|>`` (Apertus), a fence or a ``<details>`` block of thoughts.
"""

from __future__ import annotations

import re

from s3eval.answers.hints import is_plain

__all__ = ["without_thinking"]

_NAME = (
    r"(?:(?:\w{1,12}[:_])?(?:think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratchpad|cot"
    r"|deliberation|monologue|rationale|working|scratch|draft|思考|推理)(?:_\w{1,20})?"
    r"|antthinking)"
)
_MARK = re.compile(
    rf"""
    (?P<final>
        <\|channel\|?>\s{{0,3}}final\b (?:\s{{0,3}}<\|message\|>)?
      | <\|(?:begin_of_|start_)(?:solution|response|answer)\|>
      | <\|start\|>\s{{0,3}}assistant\s{{0,3}}<\|message\|>
      | assistantfinal(?=\S)
      | \[BEGIN[ _]FINAL[ _]RESPONSE\]
    )
  | (?P<close>
        <\|?/\s?{_NAME}\s?\|?> | <\|?end_(?:of_)?{_NAME}\|?> | \[/(?:think(?:ing)?|thoughts?)\]
      | ◁/{_NAME}▷ | <unused95> | <\|inner_suffix\|> | <channel\|> | \.\.\.done\ thinking\.
    )
  | (?P<open>
        <\|?(?:(?:begin_|start_)(?:of_)?)?{_NAME}\|?(?:\s[^<>]{{0,80}})?>
      | \[(?:think(?:ing)?|thoughts?)\] | ◁{_NAME}▷ | <unused94>(?:thought)? | <\|inner_prefix\|>
      | <\|channel\|?>\s{{0,3}}(?:analysis|commentary|thoughts?|thinking|reflection)\b
      | \AThinking\.\.\.\s
    )
  | (?P<block_end></details> | ```)
  | (?P<block><details\b[^<>]{{0,80}}>)
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: One of these is in every mark above that is of ASCII letters and signs alone.
_HINTS = ("<", "[", "```", "assistantfinal", "thinking.")
_ESCAPED = re.compile(rf"&lt;(/?{_NAME})&gt;", re.IGNORECASE)
_THOUGHT_FENCE = re.compile(r"(?:think|thinking|thoughts?|reasoning)[ \t]{0,8}\n", re.IGNORECASE)
# Decoded without its special tokens: gpt-oss begins "analysisWe need…", MedGemma "thought\n…".
_BARE_CHANNEL = re.compile(r"\s{0,9}(?:analysis|commentary)(?=[A-Z\"'(])")
_BARE_THOUGHT = re.compile(r"\s{0,9}thought\n")


# "Thought: … Answer: …", as agents write: the heading is the mark.
_HEADING = re.compile(
    r"[\s*#_>]{0,9}(?:here (?:is|are)\s)?(?:(?:my|inner|internal|initial)\s)?"
    r"(?:thoughts?(?: process)?|thinking(?: process)?|chain[ -]of[ -]thought|inner monologue"
    r"|scratchpad|(?<=my )reasoning(?: (?:steps?|process))?)[\s*_]{0,4}:",
    re.IGNORECASE,
)
_ANSWER_HEADING = re.compile(
    r"^[ \t*#_>]{0,9}(?:here is\s)?(?:(?:my|the)\s)?(?:final\s|short\s)?"
    r"(?:answer|response|output|conclusion|result)[ \t*_]{0,4}(?::|$)"
    r"|\[BEGIN[ _]FINAL[ _]RESPONSE\]",
    re.IGNORECASE | re.MULTILINE,
)
# "[REASONING] ... [/REASONING]", which without an end is a heading; "(thinking: ...)".
_BRACKET = r"(?:reasoning|analysis|rationale|reflection|scratchpad)"
_ASIDE = re.compile(
    rf"\[{_BRACKET}\](?:[^\[]|\[(?!/?{_BRACKET}\]))*\[/{_BRACKET}\]"
    r"|【(?:思考|推理)】[^【】]*【/(?:思考|推理)】"
    r"|\((?:thinking|thinks|thought)\s?:[^()\n]{1,2000}\)"
    r"|<!--(?:(?!<!--|-->).)*-->",
    re.IGNORECASE | re.DOTALL,
)
#: One of these begins each of them.
_ASIDES = ("[/", "【", "(think", "(thought", "<!--")


def without_thinking(text: str) -> str:
    """The answer without the reasoning a thinking model writes first.

    A block that was never closed (the answer was cut off while thinking) leaves nothing, and so
    does all that stands before an end without a beginning.

    >>> without_thinking("<think>Hm, maybe no?</think>\\nYes.")
    'Yes.'
    >>> without_thinking("no tags, closing only</think> No")
    'No'
    >>> without_thinking("<think>still thinking")
    ''
    >>> without_thinking("<|channel|>analysis<|message|>Yes?<|channel|>final<|message|>No.")
    'No.'
    """
    text = _without_asides(text)
    if _BARE_CHANNEL.match(text):
        # The channel's name was the mark; without an end all of it is thought.
        text = f"<think>{text}"
    elif _BARE_THOUGHT.match(text):
        return ""
    if heading := _HEADING.match(text):
        answer = _ANSWER_HEADING.search(text, heading.end())
        text = text[answer.start() :] if answer else ""
    if is_plain(text, _HINTS):
        return text.strip()
    kept: list[str] = []
    start, inside = 0, ""
    for mark in _MARK.finditer(text):
        opened = mark.lastgroup in ("open", "block") or _opens_fence(text, mark)
        if not inside:
            if mark.lastgroup in ("close", "final"):
                kept.clear()
                start = mark.end()
            elif opened:
                kept.append(text[start : mark.start()])
                inside = "mark" if mark.lastgroup == "open" else mark.group()[:3].lower()
        elif _ends(inside, mark):
            if mark.lastgroup == "final":
                kept.clear()
            start, inside = mark.end(), ""
    if not inside:
        kept.append(text[start:])
    return " ".join(kept).strip()


def _without_asides(text: str) -> str:
    if "&lt;" in text:
        text = _ESCAPED.sub(r"<\1>", text)
    return text if is_plain(text, _ASIDES) else _ASIDE.sub(" ", text)


def _opens_fence(text: str, mark: re.Match[str]) -> bool:
    return mark.group() == "```" and bool(_THOUGHT_FENCE.match(text, mark.end()))


def _ends(inside: str, mark: re.Match[str]) -> bool:
    """Whether a mark ends what is open: a thought, a fence ("```") or a block ("<de")."""
    if mark.lastgroup == "final":
        return True
    if inside == "mark":
        return mark.lastgroup == "close"
    ending = "```" if inside == "```" else "</details>"
    return mark.group().lower() == ending
