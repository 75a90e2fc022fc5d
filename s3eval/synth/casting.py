"""Casting: from a seed to patients, and from a patient to the scripts of their videos."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from s3eval.errors import S3EvalError
from s3eval.synth.frequencies import ASKED, SHARES
from s3eval.synth.plotting import plot
from s3eval.synth.script import RGB3, Patient, Script, Setting, Sign
from s3eval.vocabulary import FEATURE_NAMES

__all__ = ["Part", "cast", "patients_of", "solo"]

_SKINS: tuple[RGB3, ...] = (
    (226, 184, 156), (205, 158, 128), (236, 198, 172), (168, 120, 92), (128, 88, 66),
    (214, 170, 136),
)  # fmt: skip
_HAIRS: tuple[RGB3, ...] = (
    (60, 42, 32), (32, 26, 24), (118, 84, 52), (150, 140, 132), (92, 54, 34), (44, 36, 34),
)  # fmt: skip
_GOWNS: tuple[RGB3, ...] = (
    (150, 176, 206), (166, 196, 176), (188, 176, 206), (204, 190, 168), (150, 190, 198),
)  # fmt: skip
_EYES: tuple[RGB3, ...] = ((86, 112, 140), (92, 66, 44), (84, 104, 72), (70, 52, 40))
FOLDS = 5


@dataclass(frozen=True)
class Part:
    """What one video has to show: its patient, diagnosis, fold and features.

    ``verbal`` is "yes", "no" or "na".
    """

    name: str
    patient: Patient
    diagnosis: str
    fold: int
    features: frozenset[str]
    verbal: str
    seed: int


def patients_of(count: int, seed: int) -> tuple[tuple[Patient, str, int], ...]:
    """Patients with their diagnosis and fold; a patient has one of each, so folds never leak.

    About 35 % have non-epileptic events; fold 0 (the test fold) holds one of each kind.
    """
    rng = random.Random(f"s3eval patients {seed}")
    nes = min(count - 1, max(1, round(0.35 * count))) if count > 1 else 0
    kinds = ["ES"] * (count - nes) + ["NES"] * nes
    places = {"ES": 0, "NES": 0}
    made = []
    letters = "ABCDEFGHJKLMNPRSTVWZ"
    for n, kind in enumerate(kinds):
        sex = "f" if rng.random() < 0.5 else "m"
        pitch = rng.uniform(150, 170) if sex == "f" else rng.uniform(95, 120)
        patient = Patient(
            f"{letters[n % len(letters)]}{n // len(letters) + 1:04d}", sex, rng.choice(_SKINS),
            rng.choice(_HAIRS), rng.choice(_GOWNS), rng.choice(_EYES), rng.random() < 0.4,
            round(pitch, 1),
        )  # fmt: skip
        made.append((patient, kind, places[kind] % FOLDS))
        places[kind] += 1
    return tuple(made)


def cast(patients: int = 8, videos: int = 24, seed: int = 0) -> tuple[Script, ...]:
    """The scripts of a whole dataset, in order of their names.

    Args:
        patients: how many people; never more than videos.
        videos: how many recordings, shared out evenly.
        seed: the same seed gives the same scripts.

    Raises:
        S3EvalError: a count below 1.

    >>> scripts = cast(patients=2, videos=4, seed=1)
    >>> [s.diagnosis for s in scripts], scripts == cast(patients=2, videos=4, seed=1)
    (['ES', 'ES', 'NES', 'NES'], True)
    """
    if patients < 1 or videos < 1:
        raise S3EvalError(
            f"Expected at least one patient and one video, but got {patients} and {videos}"
        )
    parts = _parts(min(patients, videos), videos, seed)
    return tuple(plot(part, index) for index, part in enumerate(parts))


def _parts(patients: int, videos: int, seed: int) -> list[Part]:
    rng = random.Random(f"s3eval parts {seed}")
    people = patients_of(patients, seed)
    slots = sorted(n % patients for n in range(videos))
    kinds = [people[p][1] for p in slots]
    features, verbal = _share_out(kinds, rng)
    parts, counts = [], [0] * patients
    for n, p in enumerate(slots):
        patient, kind, fold = people[p]
        counts[p] += 1
        recorder = f"{rng.getrandbits(32):08X}"
        code = "sz" if kind == "ES" else "nes"
        name = f"{patient.name}@1-1-2000@{recorder}@{code}_v{counts[p]}_1"
        parts.append(
            Part(name, patient, kind, fold, frozenset(features[n]), verbal[n], rng.getrandbits(31))
        )
    return parts


# What a sign brings with it, and what it rules out.
_BRINGS = {"figure4": ("arm_straightening", "arm_flexion", "tonic")}
_EXCLUDES = (("close_eyes", "blank_stare"), ("close_eyes", "eye_blinking"))


def _excluded(feature: str, shown: set[str]) -> bool:
    return any((feature == a and b in shown) or (feature == b and a in shown) for a, b in _EXCLUDES)


def _share_out(kinds: Sequence[str], rng: random.Random) -> tuple[list[set[str]], list[str]]:
    """Which video shows what: each diagnosis gets its share of each feature, rounded by chance.

    In a set large enough every feature is present in at least two videos (three from 20 on),
    where the shares alone would leave rare ones out.
    """
    shown: list[set[str]] = [set() for _ in kinds]
    least = 3 if len(kinds) >= 20 else 2 if len(kinds) >= 12 else 1 if len(kinds) >= 6 else 0
    names = [f for f in FEATURE_NAMES if f != "verbal_responsiveness"]
    for feature in sorted(names, key=lambda f: (f not in _BRINGS, rng.random())):
        for column, kind in enumerate(("ES", "NES")):
            group = [n for n, k in enumerate(kinds) if k == kind]
            wanted = int(SHARES[feature][column] * len(group) + rng.random())
            _give(feature, wanted, group, shown, rng)
        group = sorted(range(len(kinds)), key=lambda n: kinds[n] != _likelier(feature))
        _give(feature, least, group, shown, rng, ordered=True)
    verbal = ["na"] * len(kinds)
    for column, kind in enumerate(("ES", "NES")):
        group = [n for n, k in enumerate(kinds) if k == kind]
        rng.shuffle(group)
        yes = int(SHARES["verbal_responsiveness"][column] * len(group) + rng.random())
        no = int(ASKED[column] * len(group) + rng.random())
        for place, n in enumerate(group):
            verbal[n] = "yes" if place < yes else "no" if place < yes + no else "na"
    return shown, verbal


def _likelier(feature: str) -> str:
    return "ES" if SHARES[feature][0] >= SHARES[feature][1] else "NES"


def _give(
    feature: str, wanted: int, group: Sequence[int], shown: list[set[str]], rng: random.Random,
    ordered: bool = False,
) -> None:  # fmt: skip
    have = sum(feature in shown[n] for n in group)
    free = [n for n in group if feature not in shown[n] and not _excluded(feature, shown[n])]
    rank = {n: rng.random() + 0.35 * len(shown[n]) for n in free}
    free.sort(key=lambda n: (group.index(n) * 0.4 if ordered else 0.0) + rank[n])
    for n in free[: max(0, wanted - have)]:
        shown[n].update((feature, *_BRINGS.get(feature, ())))


def solo(
    feature: str, side: str = "", *, start: float = 3.0, end: float = 11.0, duration: float = 14.0,
    hz: float | None = None, style: str = "", camera: str = "foot", blanket: str | None = None,
    setting: Setting | None = None, fps: int = 25, parts: tuple[str, ...] = (), seed: int = 1,
) -> Script:  # fmt: skip
    """A short video that shows one sign only: for tests, the atlas, trying things out.

    Args:
        feature: the sign; "" for none at all.
        side: of the patient; where the sign needs one, "left" by default.

    >>> solo("clonic", side="right", hz=3.0).signs[0].hz
    3.0
    """
    from s3eval.synth.plotting import lines_for, usual

    patient = Patient("T0001", "m", _SKINS[0], _HAIRS[0], _GOWNS[0], _EYES[0], False, 110.0)
    legs = feature in ("pelvic_thrusting", "full_body_shaking", "tonic", "asynchronous_movement")
    chosen = setting or Setting(camera=camera, blanket=blanket or ("off" if legs else "waist"))
    signs: tuple[Sign, ...] = ()
    if feature:
        if feature == "occur_during_sleep":
            start = 0.0
        sign = usual(feature, start, end, random.Random(seed), side=side, hz=hz, style=style)
        if parts:
            from dataclasses import replace

            sign = replace(sign, parts=parts)
        signs = (sign,)
        if feature == "figure4":
            other = "right" if sign.side == "left" else "left"
            signs = (
                sign, Sign("arm_straightening", start, end, sign.side),
                Sign("arm_flexion", start, end, other),
            )  # fmt: skip
    lines = lines_for(feature, start, end, patient, "yes", random.Random(seed)) if feature else ()
    return Script(
        "T0001@1-1-2000@00000000@sz_v1_1", patient, chosen, duration, signs, (), lines, fps=fps,
        seed=seed, seizure_start=start if feature else None, seizure_end=end if feature else None,
    )  # fmt: skip
