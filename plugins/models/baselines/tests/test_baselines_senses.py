"""Models that look and listen, on pictures and sounds made here."""

from __future__ import annotations

import json

import numpy as np
import pytest
from s3eval_model_baselines.hearing import features_of_sound, voices
from s3eval_model_baselines.senses import Motion, MotionAndSound, Sound, heard_answer
from s3eval_model_baselines.vision import (
    BANDS,
    face_at,
    features_of_frames,
    moving_side,
    seizure_span,
)
from s3eval_model_baselines.weights import Weights

from s3eval import Clip, Footage, Question, Sampling
from s3eval.vocabulary import SEEN

FPS = 12.0
DENSE = Sampling(FPS, 360)


def bed(seconds=12.0, seed=0):
    """A pillow, a head, a trunk and two arms, standing still, with a little grain."""
    rng = np.random.default_rng(seed)
    picture = np.full((120, 160, 3), 110, np.int16)
    picture[8:45, 55:105] = 220
    picture[16:34, 72:88] = 120
    picture[45:100, 62:98] = 150
    frames = np.repeat(picture[None], round(seconds * FPS), axis=0)
    return frames + rng.integers(-2, 3, frames.shape)


def shown(frames):
    return frames.clip(0, 255).astype(np.uint8)


def shake(frames, hz, rows=slice(55, 75), cols=slice(110, 130), first=0.0, last=99.0):
    times = np.arange(len(frames)) / FPS
    course = 60 * np.sin(2 * np.pi * hz * times) * ((times >= first) & (times < last))
    frames[:, rows, cols] += course[:, None, None, None].astype(np.int16)
    return frames


def footage(frames, sound=None, start=0.0):
    seconds = len(frames) / FPS
    clip = Clip("v", start, start + seconds, DENSE)
    return Footage(clip, shown(frames), start + np.arange(len(frames)) / FPS, sound, 99.0)


def hum(pitch, seconds, rate=16_000):
    t = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 12))
    flanks = np.minimum(1, np.minimum(t, seconds - t) / 0.04)
    return (0.1 * wave * flanks).astype(np.float32)


def talk(pitch, syllables):
    gap = np.zeros(800, np.float32)
    return np.concatenate([np.concatenate([hum(pitch, 0.18), gap]) for _ in range(syllables)])


def scene(*parts, seconds=12.0, seed=0):
    """Parts (start, wave) in a room with quiet noise."""
    rng = np.random.default_rng(seed)
    sound = 0.002 * rng.standard_normal(round(seconds * 16_000)).astype(np.float32)
    for start, wave in parts:
        at = round(start * 16_000)
        sound[at : at + len(wave)] += wave
    return sound


@pytest.mark.parametrize("hz", [1.0, 1.6, 2.5, 3.5, 5.0])
def test_a_rhythm_is_strongest_in_its_own_band_and_region(hz):
    found = features_of_frames(shown(shake(bed(), hz)), FPS)
    [own] = [name for name, (a, b) in BANDS.items() if a <= hz < b]
    strengths = {name: found[f"right_{name}"] for name in BANDS}
    assert max(strengths, key=strengths.get) == own
    assert found[f"right_{own}"] > found[f"left_{own}"] + 1


def test_the_face_is_found_where_it_is():
    frames = bed()
    from s3eval_model_baselines.vision import _small

    row, col = face_at(np.median(_small(shown(frames))[1], axis=0))
    assert row == pytest.approx(25 / 120, abs=0.06) and col == pytest.approx(0.5, abs=0.06)


def test_a_held_change_is_a_posture_and_a_rhythm_is_none():
    held = bed()
    held[60:, 50:60, 100:125] += 70
    still, posture = (features_of_frames(shown(f), FPS) for f in (bed(), held))
    shaken = features_of_frames(shown(shake(bed(), 3.0)), FPS)
    assert posture["held_all"] > still["held_all"] + 0.1
    assert shaken["held_all"] < posture["held_all"]


def test_side_and_span_of_movement():
    frames = shown(shake(bed(), 2.0, first=4.0, last=8.0))
    assert moving_side(frames) > 0.7, "the picture's right is the patient's left"
    start, end = seizure_span(frames, FPS)
    assert start == pytest.approx(4.0, abs=1.0) and end == pytest.approx(8.0, abs=1.0)
    assert seizure_span(np.zeros((60, 120, 160, 3), np.uint8), FPS) is None


def test_a_groan_is_long_and_steady_and_speech_is_not():
    groaning = features_of_sound(scene((2.0, hum(95, 1.4)), (4.5, hum(95, 1.4))))
    speaking = features_of_sound(scene((2.0, talk(200, 5))))
    assert groaning["groan_seconds"] == pytest.approx(2.8, abs=0.5)
    assert speaking["groan_seconds"] == 0 and speaking["utterances"] == 1
    assert heard_answer("ictal_vocalization", groaning)["yes"] > 0.5
    assert heard_answer("ictal_vocalization", speaking)["yes"] < 0.5


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(2.0, talk(220, 5)), (4.0, talk(120, 5))], "yes"),
        ([(2.0, talk(220, 5)), (6.5, talk(220, 5))], "no"),
        ([], "na"),
        ([(2.0, hum(95, 1.4))], "na"),
    ],
)
def test_who_answers_whom(parts, expected):
    question = Question("verbal_responsiveness", "?", ("yes", "no", "na"))
    model = Sound()
    clip = Clip("v", 0.0, 12.0, DENSE)
    empty = Footage.unseen(clip)
    heard = Footage(clip, empty.frames, empty.times, scene(*parts), 12.0)
    [answer] = model.ask(model.prepare(heard), [question])
    assert answer.text == expected
    assert sum(answer.probabilities.values()) == pytest.approx(1.0)


def test_silence_and_short_sounds_hold_no_voice():
    assert voices(np.zeros(16_000, np.float32)) == []
    assert voices(np.zeros(10, np.float32)) == []
    assert features_of_sound(np.zeros(0, np.float32))["utterances"] == 0


def test_every_seen_feature_is_answered_with_a_probability():
    model = Motion()
    watched = model.prepare(footage(shake(bed(), 2.5)))
    questions = [Question(name, "?", ("yes", "no")) for name in SEEN]
    answers = [*model.ask(watched, questions)]
    assert [a.status for a in answers] == ["answered"] * len(SEEN)
    for answer in answers:
        assert answer.text == max(answer.probabilities, key=answer.probabilities.get)
    again = [*model.ask(model.prepare(footage(shake(bed(), 2.5))), questions)]
    assert again == answers


def test_only_the_beginning_shows_sleep():
    model = Motion()
    question = Question("occur_during_sleep", "?", ("yes", "no"))
    [answer] = model.ask(model.prepare(footage(bed(), start=25.0)), [question])
    assert answer.text == "no"


def test_what_cannot_be_judged_is_skipped_with_its_reason():
    clip = Clip("v", 0.0, 30.0, Sampling())
    slow = Footage(clip, np.zeros((60, 48, 64, 3), np.uint8), np.arange(60) / 2.0, None, 30.0)
    seen, heard = Question("clonic", "?", ("yes", "no")), Question("ictal_vocalization", "?")
    both = MotionAndSound()
    a, b = both.ask(both.prepare(slow), [seen, heard])
    assert a.status == "skipped" and "dense" in a.reason
    assert b.status == "skipped" and "no sound" in b.reason
    sound, motion = Sound(), Motion()
    [a] = sound.ask(sound.prepare(slow), [seen])
    [b] = motion.ask(motion.prepare(footage(bed())), [heard])
    assert "does not see" in a.reason and "does not hear" in b.reason
    [c] = motion.ask(motion.prepare(footage(bed())), [Question("report", "Describe.")])
    assert c.status == "skipped"


def test_places_and_times_are_answered():
    model = Motion()
    watched = model.prepare(footage(shake(bed(), 2.0, first=4.0, last=8.0)))
    side, start = model.ask(
        watched, [Question("arm_movement", "?", ("left", "right")), Question("seizure_start", "?")]
    )
    assert side.text == "left" and side.probabilities["left"] > 0.7
    assert start.text in ("00:03", "00:04", "00:05")


def test_the_weights_say_how_they_were_made():
    weights = Weights.built_in()
    assert set(weights.lines) == set(SEEN)
    assert weights.made["windows"] > 50
    json.dumps(dict(Motion().identity()))
    names = set(features_of_frames(shown(bed(5.0)), FPS))
    assert set(weights.usual) == names, "the weights belong to other measurements than these"
