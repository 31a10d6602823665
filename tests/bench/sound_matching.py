"""How many spoken codes fall to template matching: the attacker owns every recording, as of any open project."""

import io
import itertools
import time
import wave

import numpy as np
from captcha.audio import AudioCaptcha

from service.challenges import speech

RATE = speech.RATE
HOP, FRAME, BANDS = 80, 256, 24
SPEEDS = (0.9, 0.97, 1.05, 1.13, 1.2)
WEIGHTS = (0.0, 0.5)
"""How much a match counts for itself rather than for its loudness: attackers try both."""


def heard(samples):
    """Return how loud each of some bands is, every hundredth of a second: what matching is done on."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (0, FRAME)), FRAME)[::HOP] * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.geomspace(4, FRAME // 2, BANDS + 1).astype(int)
    return np.sqrt(np.stack([power[:, a : max(b, a + 1)].sum(1) for a, b in itertools.pairwise(edges)], 1))


def trimmed(word):
    """Return a recording without the silence around it."""
    energy = np.convolve(word**2, np.ones(200) / 200, "same")
    loud = np.flatnonzero(energy > energy.max() * 0.01)
    return word[loud[0] : loud[-1] + 1]


def templates(recordings):
    """Return each recording of each digit at several speeds, scaled for correlation."""
    made = []
    for digit, words in recordings.items():
        for word in map(trimmed, words):
            for speed in SPEEDS:
                length = int(len(word) * speed)
                said = heard(np.interp(np.linspace(0, len(word) - 1, length), np.arange(len(word)), word))
                said = said - said.mean(0)
                made.append((int(digit), said / np.linalg.norm(said)))
    return made


def fits(clip, known, weight):
    """Return how well each digit fits from each moment on, and for how long."""
    moments = len(clip)
    score, span = np.full((moments, 10), -1.0), np.ones((moments, 10), int)
    squares = np.cumsum(np.r_[[0], (clip**2).sum(1)])
    sums = np.cumsum(np.vstack([np.zeros(BANDS), clip]), 0)
    for digit, said in known:
        size = len(said)
        left = moments - size
        if left <= 0:
            continue
        wide = 1 << (moments + size).bit_length()
        both = (np.fft.rfft(clip, wide, axis=0) * np.conj(np.fft.rfft(said, wide, axis=0))).sum(1)
        mean = (sums[size:moments] - sums[:left]) / size
        norm = np.sqrt(np.maximum(1e-9, squares[size:moments] - squares[:left] - size * (mean**2).sum(1)))
        fit = np.fft.irfft(both, wide)[:left] / norm**weight
        better = fit > score[:left, digit]
        score[:left, digit][better], span[:left, digit][better] = fit[better], size
    return score, span


def matched(samples, known, length, weight):
    """Return the best row of so many digits that do not overlap: correlate everywhere, then choose the best path."""
    score, span = fits(heard(samples), known, weight)
    moments = len(score)
    best = np.full((length + 1, moments + 1), -1e9)
    best[0] = 0
    text = [[""] * (moments + 1) for _ in range(length + 1)]
    for number in range(1, length + 1):
        for at in range(moments):
            digit = int(score[at].argmax())
            end = min(moments, at + int(span[at, digit] * 0.9))
            if best[number - 1, at] + score[at, digit] > best[number, end]:
                best[number, end] = best[number - 1, at] + score[at, digit]
                text[number][end] = text[number - 1][at] + str(digit)
        for at in range(1, moments + 1):
            if best[number, at - 1] > best[number, at]:
                best[number, at], text[number][at] = best[number, at - 1], text[number][at - 1]
    return text[length][-1]


def samples_of(clip):
    with wave.open(io.BytesIO(clip)) as file:
        samples = np.frombuffer(file.readframes(-1), np.uint8).astype(np.float64) - 128
        return samples[:: max(1, file.getframerate() // RATE)]


def report(number):
    """Print the rate and the time for the package's sound and for ours."""
    chance = np.random.default_rng(5)
    package = AudioCaptcha()
    package.load()
    # The package keeps one recording a digit, at our rate and in eight bits.
    theirs = {digit: [np.frombuffer(bytes(package._cache[digit][0]), np.uint8) - 128.0] for digit in "0123456789"}
    ways = {
        "package, 6 digits": (theirs, lambda code: bytes(package.generate(code))),
        "ours, 6 digits (shipped)": (speech._voices(), lambda code: speech.speak(code, chance)),
    }
    print(f"\nSounds, {number} of each, one try each, every recording known to the attacker")
    for name, (recordings, say) in ways.items():
        known = templates(recordings)
        codes = ["".join(str(digit) for digit in chance.integers(0, 10, 6)) for _ in range(number)]
        begun = time.process_time()
        clips = [samples_of(say(code)) for code in codes]
        spent = (time.process_time() - begun) / number
        rates = []
        for weight in WEIGHTS:
            said = [matched(clip, known, 6, weight) for clip in clips]
            rates.append(sum(a == b for a, b in zip(said, codes, strict=True)) / number)
        tried = ", ".join(f"{rate:.1%}" for rate in rates)
        print(f"{name}: {spent * 1000:.0f} ms to make; matched {max(rates):.1%} (tried: {tried})", flush=True)
