"""Sound: voices by source and filter, room tone, the monitor's beep. Mono float32 in [-1, 1].

Staff and patient differ as people do: pitch, formants (vocal tract length) and distance.
A question rises at its end, an answer falls; a groan is one long dark vowel, low and rough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from s3eval_synth.script import Line, Patient, Script

__all__ = ["RATE", "STAFF_PITCH", "sound_of"]

RATE = 32_000
STAFF_PITCH = 225.0
Wave = NDArray[np.float64]

# Formants in Hz of an adult man; others by their vocal tract.
_VOWELS = {
    "a": (730, 1090, 2440), "e": (530, 1840, 2480), "i": (270, 2290, 3010),
    "o": (570, 840, 2410), "u": (300, 870, 2240), "uh": (640, 1190, 2390),
}  # fmt: skip
_BANDS = (80.0, 110.0, 170.0)


def _formant(wave: Wave, hz: float, band: float) -> Wave:
    """A two-pole resonator, by its frequency response (SciPy takes a second to load)."""
    r = np.exp(-np.pi * band / RATE)
    a1, a2 = -2 * r * np.cos(2 * np.pi * hz / RATE), r * r
    n = len(wave) + 2048  # Room for the resonance to die away.
    n += -n % 1024
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(n))
    response = (1 + a1 + a2) / (1 + a1 * z + a2 * z * z)
    return np.fft.irfft(np.fft.rfft(wave, n) * response, n)[: len(wave)]


def _glottis(pitch: Wave, rng: np.random.Generator, rough: float) -> Wave:
    """Glottal pulses following ``pitch`` Hz a sample, with jitter and breath."""
    jitter = 1 + rough * np.repeat(rng.standard_normal(len(pitch) // 160 + 1), 160)[: len(pitch)]
    phase = np.cumsum(pitch * jitter / RATE)
    saw = phase - np.floor(phase)
    pulse = np.where(saw < 0.6, np.sin(np.pi * saw / 0.6) ** 2 * saw, 0.0)
    flow: Wave = np.diff(pulse, prepend=0.0) * 14
    return flow + 0.012 * rng.standard_normal(len(pitch))


def _vowel(source: Wave, name: str, tract: float) -> Wave:
    out = source
    for hz, band in zip(_VOWELS[name], _BANDS, strict=True):
        out = _formant(out, hz * tract, band)
    return out


def _flanks(n: int, rise: float, fall: float) -> Wave:
    t = np.arange(n) / RATE
    gate: Wave = np.clip(t / rise, 0, 1) * np.clip((n / RATE - t) / fall, 0, 1)
    smooth: Wave = np.sin(gate * np.pi / 2) ** 2
    return smooth


def _speech(line: Line, pitch: float, tract: float, rng: np.random.Generator) -> Wave:
    n = round((line.end - line.start) * RATE)
    s = np.linspace(0, 1, n)
    question = line.kind == "ask"
    melody = 1 + 0.06 * np.sin(2 * np.pi * line.syllables * s / 2)
    melody = melody * (1 + 0.40 * np.clip((s - 0.6) / 0.4, 0, 1) if question else 1.08 - 0.20 * s)
    source = _glottis(pitch * melody, rng, 0.012)
    out = np.zeros(n)
    edges = np.linspace(0, n, line.syllables + 1).astype(int)
    names = [str(rng.choice(("a", "e", "i", "o", "u"))) for _ in range(line.syllables)]
    for name, a, b in zip(names, edges[:-1], edges[1:], strict=True):
        onset = round(0.045 * RATE)
        voiced = _vowel(source[a:b], name, tract) * _flanks(b - a, 0.05, 0.09)
        out[a:b] += voiced
        hiss = np.diff(rng.standard_normal(onset + 1))[: min(onset, b - a)]
        out[a : a + len(hiss)] += (
            0.25 * np.abs(voiced).max() * hiss * _flanks(len(hiss), 0.01, 0.02)
        )
    return _level(out, 0.10)


def _groan(line: Line, patient: Patient, rng: np.random.Generator) -> Wave:
    n = round((line.end - line.start) * RATE)
    s = np.linspace(0, 1, n)
    low = 0.92 * patient.pitch
    melody = low * (1 + 0.16 * np.sin(np.pi * s) + 0.015 * np.sin(2 * np.pi * 5.5 * s * n / RATE))
    rough = 1 + 0.25 * np.sin(np.pi * np.cumsum(melody) / RATE)
    out = _vowel(_glottis(melody, rng, 0.02) * rough, "uh" if s.size % 2 else "o", _tract(patient))
    return _level(out * _flanks(n, 0.18, 0.30), 0.13)


def _tract(patient: Patient) -> float:
    return 1.12 if patient.sex == "f" else 0.98


def _level(wave: Wave, rms: float) -> Wave:
    now = float(np.sqrt(np.mean(wave**2))) or 1.0
    return wave * (rms / now)


def _far(wave: Wave) -> Wave:
    """A voice at the bedside but away from the microphone: two early echoes."""
    out = wave.copy()
    for delay, gain in ((0.013, 0.35), (0.029, 0.22)):
        k = round(delay * RATE)
        out[k:] += gain * wave[:-k]
    return out


def _room(n: int, script: Script, rng: np.random.Generator) -> Wave:
    noise = _formant(rng.standard_normal(n), 160, 400) * 0.02
    noise = _level(noise + 0.02 * rng.standard_normal(n) * 0.05, 0.004)
    if script.seed % 3 == 0:
        # The monitor: a quiet short beep a heartbeat.
        t = np.arange(round(0.06 * RATE)) / RATE
        beep = 0.012 * np.sin(2 * np.pi * 940 * t) * _flanks(t.size, 0.005, 0.02)
        for begin in np.arange(0.4, n / RATE - 0.1, 0.86):
            k = round(begin * RATE)
            noise[k : k + t.size] += beep
    if script.setting.tv:
        # A murmur from the television: speech-like swells, no pitch.
        swell = np.interp(np.arange(n), np.linspace(0, n, 40 + n // RATE * 3),
                          rng.random(40 + n // RATE * 3))  # fmt: skip
        noise += _level(_formant(rng.standard_normal(n), 900, 900) * swell, 0.004)
    return noise


def sound_of(script: Script) -> NDArray[np.float32]:
    """The sound of a script: float32 mono at 32 kHz, shape (round(duration x 32000),).

    >>> from s3eval_synth.generate import single_sign
    >>> sound_of(single_sign("ictal_vocalization", duration=14)).shape
    (448000,)
    """
    rng = np.random.Generator(np.random.PCG64(script.seed))
    n = round(script.duration * RATE)
    out = _room(n, script, rng)
    for line in script.lines:
        if line.kind == "groan":
            wave = _groan(line, script.patient, rng)
        elif line.who == "staff":
            wave = _far(_speech(line, STAFF_PITCH, 1.20, rng))
        else:
            wave = _speech(line, script.patient.pitch, _tract(script.patient), rng)
        k = round(line.start * RATE)
        out[k : k + len(wave)] += wave[: max(0, n - k)]
    return np.clip(out, -0.98, 0.98).astype(np.float32)
