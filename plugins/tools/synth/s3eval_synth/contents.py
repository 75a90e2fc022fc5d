"""What a synthetic set contains: its patients, and what each of their videos shows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from s3eval.vocabulary import FEATURE_NAMES
from s3eval_synth.frequencies import ASKED, SHARES
from s3eval_synth.script import RGB3, Patient

__all__ = ["PLAIN_PATIENT", "VideoContents", "contents_of", "patients_of"]

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
#: A patient for videos that show one sign: the first of every list, without a head wrap.
PLAIN_PATIENT = Patient(
    "T0001", "m", _SKINS[0], _HAIRS[0], _GOWNS[0], _EYES[0], cap=False, pitch=110.0
)


@dataclass(frozen=True)
class VideoContents:
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


def contents_of(patients: int, videos: int, seed: int) -> list[VideoContents]:
    """What each video of a set shows, in order of their names.

    Args:
        patients: how many people, at most as many as videos.
        videos: how many recordings, shared out evenly.
    """
    rng = random.Random(f"s3eval parts {seed}")  # These words are part of what a seed means.
    people = patients_of(patients, seed)
    owners = sorted(n % patients for n in range(videos))
    diagnoses = [people[p][1] for p in owners]
    features, verbal = _features_by_video(diagnoses, rng)
    contents, counts = [], [0] * patients
    for n, p in enumerate(owners):
        patient, diagnosis, fold = people[p]
        counts[p] += 1
        recorder = f"{rng.getrandbits(32):08X}"
        code = "sz" if diagnosis == "ES" else "nes"
        contents.append(
            VideoContents(
                f"{patient.name}@1-1-2000@{recorder}@{code}_v{counts[p]}_1",
                patient,
                diagnosis,
                fold,
                frozenset(features[n]),
                verbal[n],
                rng.getrandbits(31),
            )
        )
    return contents


# What a sign brings with it, and what it rules out.
_BRINGS = {"figure4": ("arm_straightening", "arm_flexion", "tonic")}
_EXCLUDES = (("close_eyes", "blank_stare"), ("close_eyes", "eye_blinking"))


def _excluded(feature: str, shown: set[str]) -> bool:
    return any((feature == a and b in shown) or (feature == b and a in shown) for a, b in _EXCLUDES)


def _features_by_video(
    diagnoses: Sequence[str], rng: random.Random
) -> tuple[list[set[str]], list[str]]:
    """Which video shows what: each diagnosis gets its share of each feature, rounded by chance.

    In a set large enough every feature is present in at least two videos (three from 20 on),
    where the shares alone would leave rare ones out.
    """
    shown: list[set[str]] = [set() for _ in diagnoses]
    videos = len(diagnoses)
    least = 3 if videos >= 20 else 2 if videos >= 12 else 1 if videos >= 6 else 0
    names = [f for f in FEATURE_NAMES if f != "verbal_responsiveness"]
    for feature in sorted(names, key=lambda f: (f not in _BRINGS, rng.random())):
        for column, diagnosis in enumerate(("ES", "NES")):
            group = [n for n, d in enumerate(diagnoses) if d == diagnosis]
            wanted = int(SHARES[feature][column] * len(group) + rng.random())
            _add_feature(feature, wanted, group, shown, rng)
        likelier = "ES" if SHARES[feature][0] >= SHARES[feature][1] else "NES"
        group = [n for n in range(videos) if diagnoses[n] == likelier]
        group += [n for n in range(videos) if diagnoses[n] != likelier]
        _add_feature(feature, least, group, shown, rng, ordered=True)
    verbal = ["na"] * len(diagnoses)
    for column, diagnosis in enumerate(("ES", "NES")):
        group = [n for n, d in enumerate(diagnoses) if d == diagnosis]
        rng.shuffle(group)
        yes = int(SHARES["verbal_responsiveness"][column] * len(group) + rng.random())
        no = int(ASKED[column] * len(group) + rng.random())
        for place, n in enumerate(group):
            verbal[n] = "yes" if place < yes else "no" if place < yes + no else "na"
    return shown, verbal


def _add_feature(
    feature: str, wanted: int, group: Sequence[int], shown: list[set[str]], rng: random.Random,
    ordered: bool = False,
) -> None:  # fmt: skip
    present = sum(feature in shown[n] for n in group)
    free = [n for n in group if feature not in shown[n] and not _excluded(feature, shown[n])]
    rank = {n: rng.random() + 0.35 * len(shown[n]) for n in free}
    free.sort(key=lambda n: (group.index(n) * 0.4 if ordered else 0.0) + rank[n])
    for n in free[: max(0, wanted - present)]:
        shown[n].update((feature, *_BRINGS.get(feature, ())))
