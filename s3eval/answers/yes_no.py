"""Yes, no and not applicable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from s3eval.answers.hints import is_plain
from s3eval.answers.refusals import nothing_seen
from s3eval.answers.sections import split_sections
from s3eval.answers.stated import ANSWER, LETTER, MARKS, from_objects, masked
from s3eval.answers.taken_back import takes_back
from s3eval.answers.text import cleaned, find_objects, shortened, single_spaced
from s3eval.task import Reading

__all__ = ["read_yes_no", "split_yes_no"]

_WORDS = {"yes": "yes", "no": "no", "not applicable": "na"}
_WORD = r"(?P<word>yes|no|n/a|n\.a\.?|na|not applicable)(?![^\W_]|/)"
#: Part of each pattern below that finds a later answer: most texts hold none after the first.
_ANY_WORD = re.compile(_WORD, re.IGNORECASE)
_PLAIN = r"(?:yes|no|n/a|n\.a\.?|na|not applicable)"
_QUOTED = rf"[\"'“‘`*]{{0,3}}{_PLAIN}[\"'”’`*]{{0,3}}"
# "yes or no", "yes/no", "'yes', 'no', or 'NA'": the choice itself, which is no answer.
_CHOICE = re.compile(
    rf"(?<![^\W_])(?<!/){_QUOTED}(?:\s?,\s?{_QUOTED}){{0,2}}\s?,?\s?(?:\bor\b|\band\b|\bvs\b\.?|/|\|)\s?"
    rf"{_QUOTED}(?![^\W_]|/)",
    re.IGNORECASE,
)
# The word ends a clause here: "no." is an answer, "no jerking" may be one, "no idea" is none.
_ENDS = r"(?=[\"'”’*_)\]`]{0,4}\s{0,4}(?:[.,!;:\n–—…(\[|]|-\s|<|$))"
_SPEECH = r"(?![^:\n]{0,60}\b(?:say|says|said|asks?|asked|repl(?:y|ies|ied)|responds|answers)\b)"
_INTRO = (
    r"(?:(?:based|in|from|according|looking|given|after|overall|so|thus|therefore|hence|well|ok"
    r"|okay|sure|certainly|upon|judging|as|to|considering|for)\b[^.\n:?!]{0,100}?,\s{0,3}"
    r"|so\s|(?:indeed|absolutely|definitely|certainly|clearly|unfortunately|sadly|regrettably),?\s)"
)
# A label of its own line that is no heading of an answer: thoughts, reasons, other speakers.
_NO_LABEL = (
    r"(?!(?:(?:my|the)\s)?(?:thoughts?|thinking|reason(?:ing|s)?|analysis|explanation|justification"
    r"|observations?|patient|nurse|doctor|mother|father|caregiver|examiner|errors?)\b[^:\n]{0,20}:)"
)
_LEADING = re.compile(
    rf"^{MARKS}{LETTER}(?:(?:(?:the|my|final|short|correct|best)\s{{1,3}}){{0,3}}"
    rf"(?:{ANSWER}|response\b))?{MARKS}{LETTER}{_WORD}",
    re.IGNORECASE,
)
# "Blank stare: yes", "Based on the video, no."
_INTRODUCED = re.compile(
    rf"^{MARKS}(?:{_NO_LABEL}{_SPEECH}[^\n.:?!\"']{{1,60}}:{MARKS}|{_INTRO}){_WORD}{_ENDS}",
    re.IGNORECASE,
)
# "The answer is no", "Answer: **Yes**", "I would say yes.", "..., so no."
_STATED = re.compile(
    rf"{ANSWER}(?:\s{{1,3}}(?:is|was)\b)?{MARKS}{LETTER}{_WORD}(?!{MARKS}\?)"
    rf"|\bI(?:['’]d|['’]ll| would| will)? (?:say|answer|respond|choose|conclude)\b{MARKS}"
    rf"{_WORD.replace('word', 'said')}{_ENDS}"
    rf"|\b(?:so|thus|therefore|hence)\b,? (?:it is |it['’]s )?{MARKS}"
    rf"{_WORD.replace('word', 'so')}(?=\W{{0,4}}(?:\n|$)|\.)",
    re.IGNORECASE,
)
#: One of these is in every statement.
_STATING = (
    *("answer", "label", "prediction", "verdict", "conclusion", "decision", "result"),
    *("diagnosis", "option", "choice", "response", "say", "respond", "choose", "conclude"),
    *("so", "thus", "therefore", "hence"),
)
# A sentence of its own, or its first word: "... stiffen. Yes.", "... No, the arm rests."
_START = (
    r"(?:^|[.!?\n;…–—]|\*\*|\s-|\b(?:wait|actually|sorry|correction|rather|hmm|instead|scratch that"
    r"|overall)\b[,:]?)"
)
_ALONE = re.compile(
    rf"{_START}\s{{0,4}}[*_(\[]{{0,4}}{LETTER}[*_]{{0,2}}{_WORD}{_ENDS}(?![*_\s()]{{0,4}}\?)",
    re.IGNORECASE,
)
# "Tonic: yes, clonic: no": answers to several questions, of which one was put.
_LABELLED = re.compile(
    rf"(?:[,;\n]|\.\s)\s?{_NO_LABEL}[^\W\d_][\w /-]{{0,40}}\s?[:=]\s{{0,2}}{_WORD}{_ENDS}",
    re.IGNORECASE,
)
# "Yes at first glance, but no.", "yes (left), no (right)", "Yes. On closer inspection, no."
_TURNED = re.compile(
    r"\b(?:but|then|inspection|review|reflection|look|mistake|er|uh|um|for the \w{4,5} \w{3,4})\b"
    rf"\W{{1,3}}{_WORD}(?![^\W\d_])(?=\W{{0,3}}(?:$|\n|[.;(]|for the\b))"
    rf"|\)\s?[,;/]\s?{_WORD.replace('word', 'other')}(?=\s?\()"
    rf"|\(\s?{_WORD.replace('word', 'asked')}\s?\?\s?\)",
    re.IGNORECASE,
)
_ALONE_QUOTED = re.compile(
    rf"(?:[.!?\n;]|\*\*)\s{{0,4}}[\"'“‘*_(\[]{{0,4}}{_WORD}{_ENDS}", re.IGNORECASE
)
# "Yes, no.", "No, but yes.", "yes no yes no": the second word takes back the first.
_AT_ONCE = re.compile(
    r"(?:[^\w\n.\"“]{0,8}|[^\w\n\"'“‘]{0,6})(?:(?:or|but|and|also|maybe|perhaps|possibly|then"
    r"|i mean|on reflection|on second thoughts?|rather|sorry|wait|actually|well|hmm)\b"
    r"[\s,:]{0,3}){0,3}"
    rf"{_WORD}(?=\W{{0,4}}(?:{_PLAIN})(?![^\W_])|\s?(?:[.!,;\n)\]'’]|$))",
    re.IGNORECASE,
)
#: Words right after the first that are looked at: "yes yes yes ..." needs no more.
AT_ONCE = 8
_PERSON = (
    r"(?:one|body|people|persons?|patients?|individuals?|humans?|subjects?|staff|nurses?|caregivers?"
    r"|family|doctors?|other persons?|other people)"
)
# "No one spoke", "No idea", "No information is given", "No. 5": here the word is no answer.
_DETERMINER = re.compile(
    rf"no\s{{1,3}}(?:{_PERSON}\s{{0,3}}(?:[.,;!]|$|(?:is|are|was|were|can|could|in|on|visible|present"
    r"|appears?|speaks?|spoke|talks?|talked|address(?:es|ed)|asks?|asked|else|other|seems?|other"
    r"|interacts?|verbally|calls?|called|around|here|seen)\b)"
    r"|(?:one|body|idea|clue|way|can do|error|match|doubt|question|problems?|worries"
    r"|need|comment|opinion|matter|wonder"
    r"|thanks|thank you|access|certainty|more than|less than|longer than)\b"
    r"|(?:sé|se|lo|la|le|me|hay|es|está|estoy|entiendo|puedo|tengo|consigo|so|è|há|sei)\b"
    r"|(?:\w{1,20}\s){0,3}?(?:information|info|details?|data|context|conclusions?|determination"
    r"|judge?ment|assessment|decision|answer|visuals?)\b(?!\s(?:from|by|to the)\b))"
    r"|no\s{1,3}(?:\w{1,20}\s){0,2}?(?:input|content|stream|link|url|signal|predictions?|results?"
    r"|output|description|metadata|visibility|observations?|evaluation|analysis|view|faces?"
    r"|response(?=\spossible|\W{0,3}$))\s{0,3}(?:$|[.,;!]|(?:is|was|were|are|can|could|has|possible|provided"
    r"|available|given|visible|of the (?:patient|face|body))\b)"
    r"|no\.\s{0,2}(?:\d|one\b|body\b)",
    re.IGNORECASE,
)
# "yes is wrong", "Yes ❌": the word is denied where it stands.
_WRONG = re.compile(
    r"[\"'”’)\]*]{0,3}\s{0,2}(?:[✗✘❌✖]|(?:is|was|would be|=|would have been)\s(?:the\s|an?\s)?"
    r"(?:wrong|incorrect|false|not)\b)"
    # "Yes was my first thought, but no."; "Yes is my initial assessment" is an answer.
    r"|[\"'”’)\]*]{0,3}\swas (?:my|the) (?:first|initial)(?:\s\w{1,14}){1,2}[\s.,;–—-]{1,4}"
    r"(?:but|however)\b"
    # "Yes," the patient says.
    r"|[\s,.!]{0,3}[\"'”’][\s,]{0,3}(?:(?:the|a)\s\w{1,20}\s)?(?:say|says|said|asks?|asked|repl"
    r"(?:y|ies|ied)|responds|answers|answered|responded)\b"
    r"|\s{0,2}(?:only\s)?(?:if|unless)\s(?:the|he|she|it|they|his|her|there)\b[^.\n]{0,80}\.?$",
    re.IGNORECASE,
)
# "Yes: 30%, No: 70%", "Yes (0.3) No (0.7)", "A) Yes B) No": the choices with something beside each.
_SHARES = r"[^\w\n]{0,5}(?:\d{1,3}(?:[.,]\d{1,4})?[^\w\n]{0,5})?"
_LISTED = re.compile(
    rf"(?<![^\W_])(?P<one>yes|no)(?![^\W_]){_SHARES}\n?[^\w\n]{{0,5}}"
    rf"(?:(?P<letter>[b-e2-9])[).:]\s?|[✓✔✅☑☒]\s?)?(?P<two>yes|no)(?![^\W_])"
    r"(?=[^\w\n]{0,5}(?P<number>\d)|(?P<end>\W{0,8}(?:[c-e3-9][).:]|$)))",
    re.IGNORECASE,
)
_EMPTY_BOX = re.compile(
    rf"(?:\[\s?\]|\(\s?\)|[☐□⬜❌✗✘✖])[ ]{{0,2}}{_PLAIN}(?![^\W_])", re.IGNORECASE
)
# "I do not think the answer is yes", "the chance that the answer is yes": stated for nobody.
_LEFT_OPEN = re.compile(
    r"(?:(?:\b(?:not|never|hardly|cannot|unable to)\b|n['’]t\b)\s(?:\w{1,12}\s){0,2}?(?:think"
    r"|believe|say|sure|certain|know|tell|determine|conclude|clear|confirm|agree|assume)\b"
    r"|(?:\b(?:not|never|cannot)|n['’]t)(?= $)"
    r"|\b(?:whether|if|unless|chance|probability|likelihood|doubt|possib\w{1,6}|wrong to)\b)"
    r"[^.;:\n]{0,40}$",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:could|may|might)\s(?:also\s)?be\b", re.IGNORECASE)
_ONLY_IF = re.compile(r"[\"'”’*]{0,3}\s(?:only\s)?(?:if|unless|provided)\b", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]")
_HEAD_OF_STATED = re.compile(
    r"(?:\b(?:so|thus|therefore|hence),?\s{1,3})?(?:\b(?:the|my|final|correct)\s{1,3}){0,3}$",
    re.IGNORECASE,
)
_JOINING = re.compile(r"^[\s\"'”’`*_)\]}>:;,.!\-–—|]+")
_HEADING = re.compile(
    r"^(?:\*\*)?(?:justification|explanation|reason(?:ing)?)(?:\*\*)?\s*[:\-–—]\s*(?:\*\*)?\s*",
    re.IGNORECASE,
)
_JSON_KEYS = (
    "answer",
    "final_answer",
    "final",
    "label",
    "response",
    "prediction",
    "result",
    "value",
    "yes_no",
)
_JUSTIFICATION_KEYS = ("justification", "explanation", "reason", "reasoning", "description")


def read_yes_no(text: str, na: bool = False) -> Reading:
    """ "yes", "no" and, where ``na``, "na".

    A JSON object's answer; else the first word, a stated answer ("the answer is no") and a yes
    or no that stands alone as a sentence, which must agree. Unreadable is what offers both
    ("yes or no"), says both, only uses the words, or says that nothing was shown.

    >>> read_yes_no("Yes, the right arm stiffens.").value
    'yes'
    >>> read_yes_no("N/A", na=True).value
    'na'
    >>> read_yes_no("There is no way to tell.").reason
    "neither yes nor no: 'There is no way to tell.'"
    >>> read_yes_no("No video was provided.").reason
    "says that nothing was seen: 'No video was provided.'"
    """
    return split_yes_no(text, na)[0]


def split_yes_no(text: str, na: bool = False) -> tuple[Reading, str]:
    """The yes or no, and the rest of the text: its justification.

    >>> reading, why = split_yes_no("No. The patient is awake.")
    >>> reading.value, why
    ('no', 'The patient is awake.')
    >>> split_yes_no('{"answer": "yes", "justification": "Both arms jerk."}')[1]
    'Both arms jerk.'
    """
    return _split(text, na)


# Two tasks read the same answers, and one of them again where it combines and asks to merge.
@lru_cache(maxsize=65536)
def _split(text: str, na: bool) -> tuple[Reading, str]:
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said" if not text.strip() else "only thinking"), ""
    if nothing_seen(proper):
        return _unreadable("says that nothing was seen", proper), proper
    reading = from_objects(proper, _JSON_KEYS, lambda answer: _from_prose(answer, na)[0])
    if reading is not None:
        return reading, _json_justification(proper)
    section, rest = split_sections(single_spaced(proper))
    reading, why = _from_prose(section, na)
    return reading, why if why or not reading.readable else _rest(rest)


def _from_prose(text: str, na: bool) -> tuple[Reading, str]:
    proper = single_spaced(text).strip()
    plain = masked(masked(proper, _CHOICE), _EMPTY_BOX)
    if any(_lists_both(m) for m in _LISTED.finditer(plain)):
        return _unreadable("says both no and yes", proper), proper
    leading = _first_word(plain, na)
    start = leading.end("word") if leading else 0
    hits = [(m, _word(m)) for m in _later(plain, start, na, leading is not None)]
    values = {value for _, value in hits}
    if leading:
        values.add(_word(leading))
    if len(values) > 1:
        both = " and ".join(sorted(values))
        return _unreadable(f"says both {both}", proper), proper
    if leading:
        after = proper[start:]
        # "The answer is yes. I can see the video." says it for certain.
        bare = _word(leading) == "yes" and not _LETTERS.search(proper[: leading.start("word")])
        if takes_back(after, bare):
            return _unreadable("says that it cannot be told", proper), proper
        # "No evidence of jerking": here the word is part of the reason, which would be turned
        # into its opposite without it.
        joined = re.match(r" [^\W\d_]", after)
        return Reading(_word(leading)), _rest(proper[leading.start("word") :] if joined else after)
    if hits:
        # A stated answer comes before the same word found as a sentence: it begins earlier.
        last = max(hits, key=lambda hit: hit[0].start(_group(hit[0])))[0]
        before = _HEAD_OF_STATED.sub("", proper[: last.start()])
        after = proper[last.end() :].lstrip(" .,;:!*_\"'”’)")
        return Reading(_word(last)), _rest(f"{before} {after}")
    says = "offers both" if plain != proper else "neither yes nor no"
    return _unreadable(says, proper), proper


def _first_word(text: str, na: bool) -> re.Match[str] | None:
    """The answer that stands first, unless its "no" belongs to what follows it."""
    for pattern in (_LEADING, _INTRODUCED):
        match = pattern.match(text)
        if not match or not (na or _word(match) != "na"):
            continue
        at = match.start("word")
        after = match.end("word")
        denied = re.match(r"[*_\"'”’ ()]{0,6}\?", text[after:]) or _WRONG.match(text, after)
        if not denied and not _DETERMINER.match(text, at):
            return match
    return None


def _later(text: str, start: int, na: bool, led: bool) -> Iterator[re.Match[str]]:
    """Answers stated after the first word, or anywhere where nothing stands first."""
    if not _ANY_WORD.search(text, start):
        return iter(())
    matches: list[re.Match[str]] = []
    at_once = _AT_ONCE.match(text, start) if led else None
    while at_once and len(matches) < AT_ONCE:
        matches.append(at_once)
        at_once = _AT_ONCE.match(text, at_once.end())
    stated = () if is_plain(text, _STATING) else (_STATED,)
    for pattern in (*stated, _ALONE, _LABELLED, *((_TURNED,) if led else ())):
        matches += pattern.finditer(text, start)
    kept = [m for m in matches if _counts(m, text, na)]
    if not kept and not led:
        kept = [m for m in _ALONE_QUOTED.finditer(text) if _counts(m, text, na)]
    return iter(kept)


def _lists_both(match: re.Match[str]) -> bool:
    """Whether two words that stand side by side are the choices offered, or shares of them."""
    if match["one"].lower() == match["two"].lower():
        return False
    return bool(match["letter"] or match["number"])


def _counts(match: re.Match[str], text: str, na: bool) -> bool:
    if not na and _word(match) == "na":
        return False
    group = _group(match)
    if _WRONG.match(text, match.end(group)):
        return False
    if group in ("word", "said") and match.re is _STATED:
        before = text[max(0, match.start() - 80) : match.start()]
        if _LEFT_OPEN.search(before) or _CONDITION.search(match.group()):
            return False
        if _ONLY_IF.match(text, match.end(group)):
            return False
    return not _DETERMINER.match(text, match.start(_group(match)))


def _group(match: re.Match[str]) -> str:
    return next(name for name, matched in match.groupdict().items() if matched)


def _word(match: re.Match[str]) -> str:
    return _WORDS.get(match[_group(match)].lower(), "na")


def _json_justification(text: str) -> str:
    for json_object in find_objects(text):
        for key in _JUSTIFICATION_KEYS:
            if isinstance(json_object.get(key), str):
                return str(json_object[key]).strip()
    return ""


def _rest(text: str) -> str:
    """What follows the answer, without the marks that joined them or a heading of its own."""
    text = _JOINING.sub("", text, count=1)
    return " ".join(_HEADING.sub("", text, count=1).split())


def _unreadable(why: str, text: str) -> Reading:
    return Reading(reason=f"{why}: {shortened(text)!r}")
