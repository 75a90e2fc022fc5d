"""The script of a drawn video: the one object that the renderer, the sound and the tables read.

Because the picture and the annotation are both functions of the same `Script`, the annotation
is exact by construction; nothing is labelled afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from s3eval.vocabulary import FEATURE_NAMES

__all__ = ["RGB3", "Act", "Line", "Patient", "Script", "Setting", "Sign"]

RGB3 = tuple[int, int, int]


@dataclass(frozen=True)
class Sign:
    """One sign shown from ``start`` to ``end`` (seconds in the video).

    Attributes:
        feature: one of the 20 features.
        side: "left", "right", "both" or "" - always the patient's.
        hz: cycles a second of a rhythmic sign, 0.0 for a posture.
        parts: what takes part, e.g. ("arm", "leg").
        lag: seconds by which the second arm follows the first (arms that do not start together).
        amount: size of the movement, 1.0 is ordinary.
        style: variant: "chewing", "lip-smacking", "patting", "fumbling", "squeezed", ...
    """

    feature: str
    start: float
    end: float
    side: str = ""
    hz: float = 0.0
    parts: tuple[str, ...] = ()
    lag: float = 0.0
    amount: float = 1.0
    style: str = ""

    def __post_init__(self) -> None:
        if self.feature not in FEATURE_NAMES:
            raise ValueError(f"Expected feature to be one of the 20, but got {self.feature!r}")
        if not 0.0 <= self.start < self.end:
            raise ValueError(f"Expected 0 <= start < end, but got {self.start}, {self.end}")

    def moves(self, side: str) -> bool:
        """Whether that side of the patient takes part."""
        return self.side in (side, "both")


@dataclass(frozen=True)
class Act:
    """Ordinary behaviour that is no sign: "look" (turns the head at ease), "scratch", "shift"."""

    kind: str
    start: float
    end: float
    side: str = "left"


@dataclass(frozen=True)
class Line:
    """Something said or voiced: ``who`` is "staff" or "patient", ``kind`` "ask", "answer", "groan".

    ``syllables`` is how many syllables are spoken; ``words`` is what they stand for.
    """

    who: str
    kind: str
    start: float
    end: float
    syllables: int = 4
    words: str = ""


@dataclass(frozen=True)
class Patient:
    """Looks and voice of one patient; the same in all their videos.

    ``skin``, ``hair``, ``gown`` and ``eyes`` are RGB; ``cap`` is an EEG head wrap over the
    hair; ``pitch`` is the fundamental of the voice in Hz.
    """

    name: str
    sex: str
    skin: RGB3
    hair: RGB3
    gown: RGB3
    eyes: RGB3
    cap: bool
    pitch: float
    size: float = 1.0


@dataclass(frozen=True)
class Setting:
    """The room and how it is filmed.

    Attributes:
        camera: "foot", "side-left" (at the patient's left) or "side-right".
        jitter: three numbers in [-1, 1] that shift the camera a little.
        blanket: how far up it lies: "off", "knees", "waist", "chest".
        covered: an arm under the blanket ("left", "right" or "" for none).
        staff: (time in, time out, side) of a visitor, None for nobody.
        lights: (time, "on" | "off") switches; night is filmed in infrared. The first is at 0.
        tv: a television flickers.
        wall, blanket_colour: RGB.
    """

    camera: str = "foot"
    jitter: tuple[float, float, float] = (0.0, 0.0, 0.0)
    blanket: str = "waist"
    covered: str = ""
    staff: tuple[float, float, str] | None = None
    lights: tuple[tuple[float, str], ...] = ((0.0, "on"),)
    tv: bool = False
    wall: RGB3 = (196, 204, 200)
    blanket_colour: RGB3 = (120, 160, 186)

    def lit(self, time: float) -> bool:
        """Whether the lights are on at that time.

        >>> Setting(lights=((0.0, "off"), (9.5, "on"))).lit(9.0)
        False
        """
        return [state for when, state in self.lights if when <= time][-1] == "on"


@dataclass(frozen=True)
class Script:
    """One video, whole: who, where, what happens when.

    ``seizure_start`` and ``seizure_end`` are None where there is none.
    """

    name: str
    patient: Patient
    setting: Setting
    duration: float
    signs: tuple[Sign, ...] = ()
    acts: tuple[Act, ...] = ()
    lines: tuple[Line, ...] = ()
    width: int = 640
    height: int = 480
    fps: int = 25
    seed: int = 0
    diagnosis: str = "ES"
    seizure_start: float | None = None
    seizure_end: float | None = None

    def of(self, feature: str) -> Sign | None:
        """The sign of that feature, None when the video does not show it."""
        return next((s for s in self.signs if s.feature == feature), None)

    @property
    def frame_count(self) -> int:
        """Frames of the encoded file."""
        return round(self.duration * self.fps)
