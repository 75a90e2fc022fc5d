"""A format that conforms, and for each check one that breaks it and nothing else."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

from s3eval import Annotation, Dataset, FeatureAnnotation, Lateralization, S3EvalError, Video

COUNTER = itertools.count()
not_callable = 3


def good(path: str) -> Dataset:
    folder = Path(path)
    if not folder.is_dir():
        raise S3EvalError("No such dataset", where=path, fix="good:FOLDER")
    videos = (Video("a", "p1", "a.mp4", "ES", 0, 5.0), Video("b", "p2", "", None, 1, None))
    notes = {"a": Annotation("a", {"tonic": FeatureAnnotation("yes", 1.0, 2.0)})}
    return Dataset("good", videos, notes, folder, "digest", digest_covers="a.mp4")


def _videos(path: str, **changes) -> Dataset:
    data = good(path)
    return replace(data, videos=(replace(data.videos[0], **changes), data.videos[1]))


def none(path: str):
    good(path)


def empty(path: str):
    return replace(good(path), videos=())


def wrong_error(path: str):
    os.listdir(path)
    return good(path)


def opens_anything(path: str):
    return good(path if Path(path).is_dir() else str(Path(path).parent))


def same_names(path: str):
    return _videos(path, name="b", file="")


def no_patient(path: str):
    return _videos(path, patient="")


def endless(path: str):
    return _videos(path, duration=float("inf"))


def facts_no_json(path: str):
    return _videos(path, facts={"folder": Path(path)})


def unknown_feature(path: str):
    notes = {"a": Annotation("a", {"tonicity": FeatureAnnotation("yes")})}
    return replace(good(path), annotations=notes)


def ends_before_start(path: str):
    notes = {"a": Annotation("a", {"tonic": FeatureAnnotation("yes", 3.0, 2.0)})}
    return replace(good(path), annotations=notes)


def outside(path: str):
    return _videos(path, file="../outside.mp4")


def no_digest(path: str):
    return replace(good(path), digest="")


def digest_of_the_moment(path: str):
    return replace(good(path), digest=str(next(COUNTER)))


def another_order(path: str):
    data = good(path)
    return replace(data, videos=data.videos[:: 1 if next(COUNTER) % 2 else -1])


def fold_is_text(path: str):
    return _videos(path, fold="a")


def side_is_none(path: str):
    notes = {"a": Annotation("a", lateralization={"head_turning": Lateralization("up")})}
    return replace(good(path), annotations=notes)


def videos_in_a_list(path: str):
    data = good(path)
    return replace(data, videos=list(data.videos))


def annotates_no_video(path: str):
    return replace(good(path), annotations={"aa": Annotation("aa")})


def ends_after_the_video(path: str):
    notes = {"a": Annotation("a", {"tonic": FeatureAnnotation("yes", 1.0, 900.0)})}
    return replace(good(path), annotations=notes)


def seizure_ends_before_start(path: str):
    notes = {"a": Annotation("a", seizure_start=4.0, seizure_end=1.0)}
    return replace(good(path), annotations=notes)


def patient_in_two_folds(path: str):
    data = good(path)
    return replace(data, videos=tuple(replace(v, patient="p1") for v in data.videos))


def digest_of_something(path: str):
    return replace(good(path), digest_covers="")


def duration_is_text(path: str):
    return _videos(path, duration="20")
