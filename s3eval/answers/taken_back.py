"""What follows a yes or no and takes it back, or shows that it answered something else."""

from __future__ import annotations

import re

__all__ = ["takes_back"]

# "No, I cannot tell": what follows takes the word back.
_HEDGE = re.compile(
    r"[\s,;:.!(–—*-]{1,6}(?:but |because |as |since |honestly,? |unfortunately,? )?"
    r"(?:(?:I|we)(?:['’]m| am| are)? (?:really |just |honestly )?(?:cannot|can['’]?t|can not"
    r"|could not|couldn['’]t|unable to|not able to) (?:tell|determine|know|answer|judge|be sure"
    r"|decide|assess|say)\b(?!\s(?:any|that\s(?!from|in\b|with)|the|a)\b)"
    r"|(?:I|we)(?:['’]m| am)? (?:do not know|don['’]t know|not sure|unsure|uncertain)\b"
    r"|(?:it|this|that) (?:cannot|can['’]?t|can not) be (?:determined|known|judged|told|answered)\b"
    r"|(?:it|this|that)(?:['’]s| is) (?:not |im)possible to (?:tell|determine|know|say|answer)\b"
    r"|(?:cannot|can['’]?t) (?:tell|determine|be determined)\b"
    r"|(?:(?:it is|it['’]s) )?(?:unclear|hard to (?:say|tell))\b"
    r"|(?:(?:there is|there['’]s|with) )?(?:not enough|insufficient) (?:visual )?(?:information"
    r"|data|details?|evidence(?=\s{0,2}(?:[.;!]|$|to (?:say|tell|determine|judge|decide|answer"
    r"|conclude))))\b"
    r"|(?:(?:this|it) )?(?:cannot|can['’]?t|can not|could not) be (?:determined|known|judged|told"
    r"|answered|assessed|evaluated)\b|(?:not |un)(?:assess|determin|evalu)\w{0,3}able\b"
    r"|(?:(?:I|we)(?:['’]m| am| are) )?(?:unable|not able) to (?:tell|determine|know|answer|judge"
    r"|be sure|decide|assess|say|evaluate|see (?:the|any|him|her)\b)|inconclusive|indeterminate"
    # "Yes, I can help with that": the offer is answered, not the question.
    r"|(?:of course[,!]?\s|sure[,!]?\s)?(?:please (?:share|provide|upload|send)"
    r"|I(?:['’]d| would| will|['’]ll)? (?:can|could|be (?:happy|glad|able) to|am able to)\s"
    r"(?:certainly |help|assist|analy[sz]e|answer|review|process|watch|view)\b)"
    r"|(?:the )?(?:video|frames?|clip)s? (?:does|do)(?:n['’]t| not) (?:provide"
    r"|contain|show|give|have) (?:enough|sufficient) (?:visual )?(?:information|data|details?)\b)",
    re.IGNORECASE,
)
# "Yes, I can see the video.": nothing but that, or a question in return, and so no answer.
_ONLY_SEEN = re.compile(
    r"\W{1,6}I can see (?:the|this|your) (?:video|clip|footage|frames?)\W{0,6}"
    r"(?:(?:what|how|which) [^.!?\n]{0,80}\?)?\W{0,6}$",
    re.IGNORECASE,
)
# "Yes, if shaking counts", "Yes probability: 20%", "Yes is one of the options", "No [deleted]".
_NOT_MEANT = re.compile(
    r"[\"'”’*]{0,3}(?:,?\s{1,2}if (?!not\b)[^.\n]{1,60}"
    r"\b(?:counts?|is meant|qualif\w{1,4}|matters?)\b"
    r"|\s(?:probability|likelihood|chance)\b"
    r"|\s(?:is|was|and no are)\s(?:one of|an? (?:possible|option))"
    r"|,\sI(?:['’]m| am) an? (?:text|language|AI)\b"
    r"|\s\[(?:deleted|removed|redacted|struck)\])",
    re.IGNORECASE,
)
# "No visible arm, so I cannot say", "No clear view of it, so undetermined".
_SO_UNTOLD = re.compile(
    r"[^.\n]{0,80}[,;]\s(?:so|therefore|thus|hence)\b[^.,\n]{0,20}?\b(?:undetermined|unclear|unknown"
    r"|(?:cannot|can['’]t|could not|unable to|not possible to)\s"
    r"(?:say|tell|determine|judge|know|answer|decide)\b)",
    re.IGNORECASE,
)
# "Yes, I understand.", "Yes, please.", "Yes, let me check.": said to whom one talks.
_TALK = re.compile(
    r"\W{1,4}(?:I (?:understand|can do that|(?:have )?(?:received|watched)|see)"
    r"(?:\s(?:the|this|your) (?:video|clip|image|frames?|footage))?|please|go ahead"
    r"|of course\W{1,3}(?:which|what|how)\b[^.!?\n]{0,60}\?|here (?:is|are) [^.:\n]{0,40}:"
    r"|let me (?:check|see|look)|the (?:video|clip|image) (?:was|is|has been) (?:received|loaded"
    r"|visible|there))\W{0,4}$",
    re.IGNORECASE,
)


def takes_back(after: str, bare: bool) -> bool:
    """Whether what follows the word takes it back.

    Args:
        after: the text after the yes or no.
        bare: the word is a yes with nothing before it, which may answer "can you see it?".

    >>> takes_back(", I cannot tell.", False), takes_back(", both arms jerk.", True)
    (True, False)
    >>> takes_back(", let me check.", True), takes_back(", let me check.", False)
    (True, False)
    """
    if any(p.match(after) for p in (_HEDGE, _NOT_MEANT, _SO_UNTOLD)):
        return True
    return bare and bool(_ONLY_SEEN.match(after) or _TALK.match(after))
