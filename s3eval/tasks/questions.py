"""The chained questions behind the interpretation score (paper, Tables 6-8 and Appendix C).

Every feature has an ordered list of questions, from its core manifestation to its details; a
judge is asked all of them about a text, once. The wording is the paper's. Where the paper's list
starts with a detail ("Which body parts are jerking?") a leading yes/no question stands first, as
in the public release.

Which of them a score compares depends on the protocol (`scored_keys`). Under ``paper`` they are
the questions of Tables 6-8, no more and no fewer. Under ``release`` they are the release's, whose
recorded scores of single videos move in steps of 0.3/details: it puts the leading questions
first and leaves out clonic "unilateral or bilateral" and "sustained or brief" and figure-4 "is
the posture sustained", for which it asks the sides and a held posture.

``occur_during_sleep`` has no questions: its score is whether the yes/no answers agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from s3eval.errors import S3EvalError
from s3eval.vocabulary import FEATURE_NAMES, Protocol
from s3eval.vocabulary import feature as _known_feature

__all__ = [
    "PARTS",
    "QUESTIONS",
    "UNKNOWN",
    "FeatureQuestion",
    "Form",
    "questions",
    "scored_keys",
    "tidy",
]

Form = Literal["yes_no", "side", "one_of", "some_of"]
UNKNOWN = "unknown"

YES_NO = ("yes", "no")
SIDE = ("left", "right", "neither")
PARTS = ("head", "eye", "mouth", "face", "arm", "leg", "full body")
ARM_SIDES = ("left arm", "right arm", "both arms")
LIMB_SIDES = (*ARM_SIDES, "left leg", "right leg", "both legs")
PART_SIDES = (*LIMB_SIDES, "left face", "right face", "both sides of face", "full body")


@dataclass(frozen=True)
class FeatureQuestion:
    """One question of a feature's chain.

    Attributes:
        key: names the answer, unique within the feature.
        text: the question as a judge is asked it.
        form: "yes_no" and "side" (left, right, neither) and "one_of" take one choice, "some_of"
            any number of them.
        choices: the answers allowed. Lists ("one_of", "some_of") also allow "unknown".
    """

    key: str
    text: str
    form: Form
    choices: tuple[str, ...]

    @property
    def allows_unknown(self) -> bool:
        """Whether "unknown" is an answer."""
        return self.form in ("one_of", "some_of")

    @property
    def allowed(self) -> tuple[str, ...]:
        """Every answer accepted, "unknown" last where allowed."""
        return (*self.choices, UNKNOWN) if self.allows_unknown else self.choices


def _yes_no(key: str, text: str) -> FeatureQuestion:
    return FeatureQuestion(key, text, "yes_no", YES_NO)


def _side(key: str, text: str) -> FeatureQuestion:
    return FeatureQuestion(key, text, "side", SIDE)


def _one_of(key: str, text: str, choices: tuple[str, ...]) -> FeatureQuestion:
    return FeatureQuestion(key, text, "one_of", choices)


def _some_of(key: str, text: str, choices: tuple[str, ...]) -> FeatureQuestion:
    return FeatureQuestion(key, text, "some_of", choices)


_CHAINS: dict[str, tuple[FeatureQuestion, ...]] = {
    "occur_during_sleep": (),
    "head_turning": (
        _yes_no(
            "forced",
            "Does the head turn forcefully relative to shoulders to one side for at least a few "
            "seconds?",
        ),
        _side("side", "Does the head turn to the patient's left or to the patient's right?"),
    ),
    "blank_stare": (
        _yes_no("eyes_open", "Are the eyes open?"),
        _yes_no("iris_fixed", "Do the iris of the eyes remain in a fixed position?"),
    ),
    "close_eyes": (
        _yes_no("forceful", "Does the closure appear forceful, as if being squeezed shut?"),
    ),
    "eye_blinking": (
        _yes_no("rapid", "Is the blinking happening at a frequency of 1Hz or more?"),
        _yes_no("lasting", "Does the eye blinking happen for at least a few seconds?"),
    ),
    "face_pulling": (
        _yes_no("pulled", "Is the face pulled to one side in a sustained way?"),
        _side("side", "Does the face pull to the patient's left or to the patient's right?"),
        _yes_no("sustained", "Does the face pulling sustain for at least a few seconds?"),
    ),
    "face_twitching": (
        _yes_no("repetitive", "Are the twitches brief and repetitive?"),
        _side("side", "Does the face twitch to the left or right?"),
    ),
    "tonic": (
        _yes_no("stiff", "Does the patient exhibit sudden muscle stiffness or rigidity?"),
        _some_of("body_parts", "Which body parts are affected?", PARTS),
        _some_of(
            "sides",
            "For each affected body part, specify which side of the patient is involved.",
            PART_SIDES,
        ),
    ),
    "clonic": (
        _yes_no("rhythmic", "Are the jerks rhythmic and repetitive?"),
        _some_of("body_parts", "Which body parts are jerking?", PARTS),
        _some_of(
            "sides", "For each jerking body part, which side of the patient is it?", PART_SIDES
        ),
        _one_of("extent", "Is the jerking unilateral or bilateral?", ("unilateral", "bilateral")),
        _one_of("duration", "Is the jerking sustained or brief?", ("sustained", "brief")),
    ),
    "arm_straightening": (
        _yes_no("held", "Is an arm held extended?"),
        _one_of("how_many", "Is one arm extended, or both?", ("one", "both")),
        _yes_no("sustained", "Is the extension sustained?"),
        _one_of("side", "Which arm is extended?", ARM_SIDES),
    ),
    "arm_flexion": (
        _yes_no("held", "Is an arm held flexed?"),
        _one_of("how_many", "Is one arm flexed, or both?", ("one", "both")),
        _yes_no("other_extended", "Is one arm flexed while the other is extended?"),
        _one_of("side", "Which arm is flexed?", ARM_SIDES),
    ),
    "figure4": (
        _yes_no("posture", "Is one arm held flexed while the other is held extended?"),
        _one_of("flexed", "Which arm is flexed?", ("left arm", "right arm")),
        _one_of("extended", "Which arm is extended?", ("left arm", "right arm")),
        _yes_no("sustained", "Is the posture sustained?"),
    ),
    "oral_automatisms": (
        _yes_no(
            "repetitive", "Does the patient have repetitive, stereotyped mouth or lip movements?"
        ),
    ),
    "limb_automatisms": (
        _yes_no(
            "repetitive",
            "Does the patient have repetitive stereotyped movements with their hands or legs?",
        ),
        _some_of(
            "sides",
            "For each involved limb, specify which side of the patient is involved.",
            LIMB_SIDES,
        ),
    ),
    "asynchronous_movement": (
        _yes_no("variable", "Do the limbs shake with variable frequency or amplitude?"),
        _some_of("limbs", "Which limbs of the patient are shaking?", LIMB_SIDES),
        _one_of(
            "varies",
            "Are the limbs shaking at variable frequency, amplitude or both?",
            ("frequency", "amplitude", "both"),
        ),
        _yes_no("non_stereotyped", "Do the movements appear non-stereotyped?"),
        _yes_no("asynchronous", "Are the limb movements asynchronous with respect to one another?"),
    ),
    "pelvic_thrusting": (
        _yes_no("repetitive", "Are there repetitive anterior posterior movements of the hips?"),
    ),
    "full_body_shaking": (_yes_no("whole_body", "Does the patient exhibit full body shaking?"),),
    "arms_move_simultaneously": (
        _yes_no("together", "Did both arms begin to move approximately at the same time?"),
    ),
    "verbal_responsiveness": (
        _yes_no("addressed", "Did anyone address the patient verbally?"),
        _yes_no("coherent", "If yes, did the patient provide a coherent answer?"),
    ),
    "ictal_vocalization": (
        _yes_no("sounds", "Is the patient making groaning, moaning or guttural sounds?"),
        _yes_no("repetitive", "Are the noises stereotyped and repetitive?"),
    ),
}

#: Every feature's chain, in canonical feature order.
QUESTIONS: Mapping[str, tuple[FeatureQuestion, ...]] = MappingProxyType(
    {name: _CHAINS[name] for name in FEATURE_NAMES}
)

# Tables 6-8, where a feature's list is another than all of its questions.
_PAPER: Mapping[str, tuple[str, ...]] = {
    "face_pulling": ("side", "sustained"),
    "clonic": ("body_parts", "extent", "duration"),
    "arm_straightening": ("side", "sustained"),
    "arm_flexion": ("other_extended", "side"),
    "figure4": ("flexed", "extended", "sustained"),
    "asynchronous_movement": ("limbs", "varies", "non_stereotyped", "asynchronous"),
}
# The release's, where it leaves questions out.
_RELEASE: Mapping[str, tuple[str, ...]] = {
    "clonic": ("rhythmic", "body_parts", "sides"),
    "figure4": ("posture", "flexed", "extended"),
}


def questions(feature: str) -> tuple[FeatureQuestion, ...]:
    """The chain of a feature, core first; empty for ``occur_during_sleep``.

    Raises:
        UnknownNameError: no feature is called so.

    >>> [q.key for q in questions("tonic")]
    ['stiff', 'body_parts', 'sides']
    """
    return QUESTIONS[_known_feature(feature).name]


def scored_keys(feature: str, protocol: Protocol) -> tuple[str, ...]:
    """The questions whose answers the interpretation score compares, the core one first.

    Source: paper, Tables 6-8 and Appendix C; for ``release``, the steps of its recorded scores.

    Raises:
        UnknownNameError: no feature is called so.

    >>> scored_keys("figure4", "paper"), scored_keys("figure4", "release")
    (('flexed', 'extended', 'sustained'), ('posture', 'flexed', 'extended'))
    """
    name = _known_feature(feature).name
    chosen = _PAPER if protocol == "paper" else _RELEASE
    return chosen.get(name) or tuple(q.key for q in QUESTIONS[name])


def tidy(question: FeatureQuestion, answer: object) -> str | tuple[str, ...]:
    """A judge's answer as the contract holds it: lower case, one of the choices.

    Several answers come back as a tuple in the order of ``question.choices``, without repeats;
    none at all is "unknown".

    Raises:
        S3EvalError: the answer is not among the allowed ones.

    >>> chain = questions("tonic")
    >>> tidy(chain[0], "Yes"), tidy(chain[1], ["leg", "Arm"]), tidy(chain[1], [])
    ('yes', ('arm', 'leg'), 'unknown')
    """
    several = [answer] if isinstance(answer, (str, bool)) else answer
    if not isinstance(several, (list, tuple)):
        raise _refused(question, answer)
    words = [_word(a) for a in several]
    if any(w not in question.allowed for w in words):
        raise _refused(question, answer)
    if question.form != "some_of":
        if len(words) != 1:
            raise _refused(question, answer)
        return words[0]
    kept = tuple(c for c in question.choices if c in words)
    return kept or UNKNOWN


def _word(answer: object) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return " ".join(str(answer).strip().lower().rstrip(".").replace("_", " ").split())


def _refused(question: FeatureQuestion, answer: object) -> S3EvalError:
    return S3EvalError(
        f"Expected '{question.key}' to be "
        f"{'some' if question.form == 'some_of' else 'one'} of {', '.join(question.allowed)}, "
        f"but got {answer!r:.80}"
    )
