"""Each heard sign, measured in the sound: pitch by autocorrelation, loudness by power.

Who speaks is told by pitch and timbre alone (one microphone).
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from s3eval_synth.generate import single_sign
from s3eval_synth.script import Patient, Script
from s3eval_synth.sound import RATE, STAFF_PITCH, sound_of

STEP = 0.05


def loud(sound: np.ndarray) -> np.ndarray:
    """Root mean square of each 50 ms."""
    n = round(STEP * RATE)
    return np.sqrt((sound[: len(sound) // n * n].reshape(-1, n) ** 2).mean(axis=1))


def pitch(sound: np.ndarray, start: float, end: float) -> tuple[float, float]:
    """Median pitch (Hz) and the share of voiced frames between two times."""
    found, frames = [], 0
    n = round(0.06 * RATE)
    for a in range(round(start * RATE), round(end * RATE) - n, n // 2):
        piece = sound[a : a + n] * np.hanning(n)
        frames += 1
        spectrum = np.abs(np.fft.rfft(piece, 2 * n)) ** 2
        auto = np.fft.irfft(spectrum)[:n]
        lags = slice(round(RATE / 330), round(RATE / 70))
        best = lags.start + int(auto[lags].argmax())
        if auto[best] > 0.35 * auto[0] and auto[0] > 1e-3:
            found.append(RATE / best)
    return (float(np.median(found)) if found else 0.0), len(found) / max(frames, 1)


def brightness(sound: np.ndarray, start: float, end: float) -> float:
    """The centre of gravity of the spectrum, Hz."""
    power = np.abs(np.fft.rfft(sound[round(start * RATE) : round(end * RATE)])) ** 2
    hz = np.fft.rfftfreq(round(end * RATE) - round(start * RATE), 1 / RATE)
    return float((hz * power).sum() / power.sum())


def spoken(sound: np.ndarray) -> list[tuple[float, float]]:
    """Stretches of voice: (start, end) in seconds, pauses under 0.3 s bridged."""
    on = loud(sound) > 0.02
    spans: list[list[float]] = []
    for k in np.flatnonzero(on):
        t = float(k * STEP)
        if spans and t - spans[-1][1] < 0.3:
            spans[-1][1] = t + STEP
        else:
            spans.append([t, t + STEP])
    return [(a, b) for a, b in spans if b - a > 0.2]


def with_patient(script: Script, sex: str, hz: float) -> Script:
    patient: Patient = dataclasses.replace(script.patient, sex=sex, pitch=hz)
    return dataclasses.replace(script, patient=patient)


@pytest.mark.parametrize("seed", [0, 1, 3])
@pytest.mark.parametrize(("sex", "hz"), [("m", 105.0), ("f", 160.0)])
def test_groans_are_low_voiced_repeated_and_where_they_should_be(sex, hz, seed):
    script = with_patient(single_sign("ictal_vocalization", start=3, end=11, seed=seed), sex, hz)
    sound = sound_of(script)
    groans = spoken(sound)
    assert len(groans) >= 3, "repetitive"
    assert groans[0][0] == pytest.approx(3.0, abs=0.2)
    assert groans[-1][1] == pytest.approx(11.0, abs=0.3)
    for start, end in groans:
        found, voiced = pitch(sound, start + 0.1, end - 0.1)
        assert 0.8 * hz < found < 1.25 * hz
        assert voiced > 0.9, "one long vowel"
    outside = np.concatenate([loud(sound)[:55], loud(sound)[-50:]])
    assert outside.max() < 0.1 * loud(sound).max()


@pytest.mark.parametrize(("sex", "hz"), [("m", 105.0), ("f", 165.0)])
def test_question_and_answer_are_two_voices(sex, hz):
    script = with_patient(single_sign("verbal_responsiveness", start=3, end=11), sex, hz)
    sound = sound_of(script)
    asked, answered = spoken(sound)
    staff, _ = pitch(sound, *asked)
    patient, _ = pitch(sound, *answered)
    assert asked[0] == pytest.approx(3.0, abs=0.2)
    assert staff == pytest.approx(STAFF_PITCH, rel=0.15)
    assert patient == pytest.approx(script.patient.pitch, rel=0.15)
    assert staff > 1.2 * patient


def test_question_rises_and_answer_falls():
    sound = sound_of(single_sign("verbal_responsiveness", start=3, end=11))
    (a, b), (c, d) = spoken(sound)
    assert pitch(sound, b - 0.25, b)[0] > 1.12 * pitch(sound, a, (a + b) / 2)[0]
    assert pitch(sound, d - 0.25, d)[0] < 0.96 * pitch(sound, c, (c + d) / 2)[0]


def test_unanswered_question_is_asked_again_by_the_same_voice():
    import random

    from s3eval_synth.schedule import lines_for

    blank = single_sign("", duration=14)
    lines = lines_for("verbal_responsiveness", 3, 11, blank.patient, "no", random.Random(4))
    sound = sound_of(dataclasses.replace(blank, lines=lines))
    voices = [pitch(sound, *span)[0] for span in spoken(sound)]
    assert len(voices) == 2
    assert voices == pytest.approx([STAFF_PITCH] * 2, rel=0.15)


def test_quiet_room_has_no_voice():
    sound = sound_of(single_sign("", duration=10))
    assert spoken(sound) == []
    assert 0 < loud(sound).max() < 0.02


def test_speech_is_not_groaning():
    # Speech is cut into syllables and bright; a groan is one long dark vowel.
    talk = sound_of(single_sign("verbal_responsiveness", start=3, end=11))
    groan = sound_of(single_sign("ictal_vocalization", start=3, end=11))
    (_, (c, d)) = spoken(talk)
    (e, f), *_ = spoken(groan)
    assert brightness(groan, e, f) < 0.9 * brightness(talk, c, d)
    dips = loud(talk)[round(c / STEP) : round(d / STEP)]
    flat = loud(groan)[round(e / STEP) + 3 : round(f / STEP) - 4]
    assert dips.std() / dips.mean() > 1.5 * flat.std() / flat.mean()
