"""Answers that say nothing was shown, or that it could not be watched.

"No video was provided" begins with "no" and is not one: such an answer says nothing about the
patient, whatever word stands first.
"""

from __future__ import annotations

import re

from s3eval.answers.hints import is_plain

__all__ = ["nothing_seen"]

_MEDIUM = (
    r"(?:videos?|clips?|footage|recordings?|images?|pictures?|frames?|photos?|media|files?"
    r"|attachments?|visuals|audio|sound ?tracks?|(?:visual|multimedia|video|audio) (?:content"
    r"|input|information|data|files?|frames?|clips?|tracks?|streams?)"
    r"|images? or videos?|videos? or images?)"
)
_WORDS = r"(?:[\w'’-]{1,20}\s{1,3})"
# "No usable video", but not "no longer in the frame".
_KIND = r"(?:(?!(?:in|of|on|at|by|from|the|a|an|longer|other)\b)[\w'’-]{1,20}\s{1,3})"
# Not "see any twitching in the video": only what belongs to the medium's own name.
_THE = (
    r"(?:(?:an?|any|the|this|that|your|such|access|to|of|actual|attached|uploaded|provided|given|kind"
    r"|sort|external|raw|shared|content|contents|individual|specific|real|entire|original|image|video"
    r"|visual|or|and|directly)\s{1,3})"
)
_GIVEN = (
    r"(?:provided|given|attached|available|uploaded|shared|supplied|included|accessible|received"
    r"|sent|load(?:ed)?|found|viewable|visible|play(?:ed)?|open(?:ed)?|viewed|accessed|processed"
    r"|seen|embedded|audible|detected|supported)"
)
_CANNOT = (
    r"(?:cannot|can['’]?t|can not|could ?n[o'’]t|could not|couldn['’]t|(?:not |un)able to"
    r"|(?:not |im)possible to|(?:not|n['’]t) have (?:the|any) (?:ability|capability|means) to"
    r"|incapable of|not capable of|no ability to|not equipped to)"
)
_NOT = r"(?:not|n['’]t|never)"
# Not a statement about the medium: "no video evidence of jerking", "no frame in which ...".
_BUT = r"(?!\s{1,3}(?:evidence|signs?|proof|findings?|in which|where|that|with|shows?|of)\b)"
_PHRASES = (
    # No video was provided. No frames available. No image.
    rf"\bno\s{{1,3}}{_KIND}{{0,3}}?{_MEDIUM}(?:\s{{1,3}}(?:of the patient|content|data|input))?"
    r"(?:\s{0,3}(?:[.,;!)]|$)|\s{1,3}(?:(?:was|were|is|are|has|have|had|could|can)\b"
    rf"(?!\s(?:heard|audible to))|{_GIVEN}\b|here\b|yet\b|so\b|to (?:analy|view|watch|see)))",
    rf"\bthere(?:['’]s| is| are| was| were)\s{{1,3}}(?:no|not any|not an?)\s{{1,3}}{_KIND}{{0,3}}?"
    rf"{_MEDIUM}\b{_BUT}",
    # I cannot view the video. Unable to access images.
    rf"\b{_CANNOT}\s{{1,3}}{_WORDS}{{0,2}}?(?:see|view|watch|access|open|process|play|load|hear"
    r"|analy[sz]e|listen to|perceive|interpret|viewing|watching|accessing|processing|seeing)"
    rf"\s{{1,3}}{_THE}{{0,5}}{_MEDIUM}\b{_BUT}",
    # The video is not available. The file could not be opened. The frames are missing.
    rf"\b(?:the|this|your|any|an?)\s{{1,3}}{_WORDS}{{0,2}}?{_MEDIUM}\s{{1,3}}(?:(?:is|was|are|were"
    rf"|has|have|did|does|do|could|can)\s{{0,3}}{_NOT}|cannot|failed to|fails to)\s{{1,3}}"
    rf"{_WORDS}{{0,2}}?{_GIVEN}\b",
    rf"\b{_MEDIUM}\s{{1,3}}(?:is|was|are|were|seems?|appears?)\s{{1,3}}(?:to be\s{{1,3}})?"
    r"(?:too dark|(?:(?:all|entirely|completely|fully|totally)\s)?black|missing|unavailable"
    r"|inaccessible|blank|empty|corrupt(?:ed)?|absent|unreadable)\b",
    # I do not see a video. You have not provided an image.
    rf"\b(?:I|we|you)\b(?:['’]ve)?\s{{0,3}}{_WORDS}{{0,1}}?\s{{0,3}}(?:(?:do|did|have|has|does)"
    rf"\s{{0,3}})?{_NOT}\s{{1,3}}{_WORDS}{{0,2}}?(?:see|have|received?|get|got|find|been given"
    rf"|been provided with|been shown|provided?|attach(?:ed)?|upload(?:ed)?|shared?|included?)"
    rf"\s{{1,3}}{_THE}{{0,5}}{_MEDIUM}\b{_BUT}",
    rf"\bplease\s{{1,3}}{_WORDS}{{0,2}}?(?:provide|(?:re-?)?upload|share|attach|(?:re)?send|supply)\b",
    rf"\b(?:as|being)\s{{1,3}}an?\s{{1,3}}{_WORDS}{{0,4}}?(?:model|AI|LLM|assistant|chatbot)\b"
    rf"[^.\n]{{0,60}}?(?:{_CANNOT}|do(?: not|n['’]t) have)",
    rf"\bwithout\s{{1,3}}(?:access to|seeing|viewing|watching|having|being able to (?:see|view)|the"
    rf"|an?|any)\s{{1,3}}{_THE}{{0,4}}{_MEDIUM}\b[^.\n]{{0,60}}?{_CANNOT}",
    rf"\b{_CANNOT}\b[^.\n]{{0,60}}?\bwithout\s{{1,3}}(?:(?:see|view|watch|hav)ing\s)?"
    rf"{_THE}{{0,5}}{_MEDIUM}\b",
    r"\btext-(?:only|based)\s{1,3}(?:\w{1,12}\s{1,3})?(?:model|AI|assistant|interface|format)\b",
    # No sound was supplied; "no sound is heard" is an answer.
    r"\bno\s{1,3}(?:sound|audio)\s{1,3}(?:(?:(?:was|is|were|has been)\s)?(?:provided|available"
    r"|supplied|included|given)|(?:is )?in the (?:file|data))\b",
    # I'm sorry, but I cannot help with that.
    rf"\b(?:{_CANNOT}|won['’]t|will not)\s{{1,3}}{_WORDS}{{0,1}}?(?:assist|help|comply|fulfil+"
    r"|offer|provide (?:an? )?(?:medical|diagnos\w{1,5}|answer|assessment|analysis))\b",
)
_SAID = tuple(re.compile(phrase, re.IGNORECASE) for phrase in _PHRASES)
#: The phrases that name no medium; the others hold one of these words.
_OF_NO_MEDIUM = tuple(
    pattern for pattern, phrase in zip(_SAID, _PHRASES, strict=True) if _MEDIUM not in phrase
)
#: Words of which each of them holds one.
_NEEDED = dict(
    zip(
        _OF_NO_MEDIUM,
        (
            ("please",),
            ("model", "ai", "llm", "assistant", "chatbot"),
            ("text-",),
            ("sound", "audio"),
            ("assist", "help", "comply", "fulfil", "offer", "provide"),
        ),
        strict=True,
    )
)
_MEDIA = re.compile(
    r"video|clip|footage|recording|image|picture|frame|photo|media|file|attachment|visual|audio"
    r"|sound",
    re.IGNORECASE,
)
#: One of these words is in every phrase above; most answers hold none and cost one search.
_HINTS = re.compile(
    r"\bno\b|not\b|n['’]t\b|unable|impossible|incapable|please|without|missing|unavailable"
    r"|inaccessible|black|too dark|blank|empty|corrupt|absent|unreadable|text-|fail|never",
    re.IGNORECASE,
)
#: A refusal stands early; what follows 20,000 characters is a model that runs on.
LENGTH = 20_000


def nothing_seen(text: str) -> bool:
    """Whether an answer says that nothing was shown, could be watched or will be answered.

    It looks at the first 20,000 characters.

    >>> nothing_seen("No video was provided."), nothing_seen("I'm unable to view videos.")
    (True, True)
    >>> nothing_seen("No video evidence of jerking."), nothing_seen("The face is not visible.")
    (False, False)
    """
    text = text[:LENGTH]
    if not _HINTS.search(text):
        return False
    possible = _SAID if _MEDIA.search(text) else _OF_NO_MEDIUM
    return any(pattern.search(text) for pattern in possible if _possible(pattern, text))


def _possible(pattern: re.Pattern[str], text: str) -> bool:
    return pattern not in _NEEDED or not is_plain(text, _NEEDED[pattern])
