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


def heard(samples):
    """Return how loud each of some bands is, every hundredth of a second: what matching is done on."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (0, FRAME)), FRAME)[::HOP] * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.geomspace(4, FRAME // 2, BANDS + 1).astype(int)
    loud = np.stack([power[:, a : max(b, a + 1)].sum(1) for a, b in itertools.pairwise(edges)], 1)
    return np.log(loud + np.median(loud) * 0.3 + 1e-9)


def templates(recordings):
    """Return each recording of each digit at several speeds, scaled for correlation."""
    made = []
    for digit, words in recordings.items():
        for word in words:
            for speed in SPEEDS:
                length = int(len(word) * speed)
                said = heard(np.interp(np.linspace(0, len(word) - 1, length), np.arange(len(word)), word))
                said -= said.mean(0)
                made.append((digit, said / (np.linalg.norm(said) + 1e-9)))
    return made


def matched(samples, known, length):
    """Return the best row of so many digits that do not overlap: correlate everywhere, then choose the best path."""
    clip = heard(samples)
    score = np.full((len(clip), 10), -1.0)
    span = np.ones((len(clip), 10), int)
    for digit, said in known:
        size = len(said)
        if size >= len(clip):
            continue
        windows = np.lib.stride_tricks.sliding_window_view(clip, size, axis=0).transpose(0, 2, 1)
        away = windows - windows.mean(1, keepdims=True)
        fit = np.tensordot(away, said, 2) / (np.linalg.norm(away, axis=(1, 2)) + 1e-9) * np.sqrt(size) / 8
        better = fit > score[: len(fit), int(digit)]
        score[: len(fit), int(digit)][better] = fit[better]
        span[: len(fit), int(digit)][better] = size
    best = np.full((length + 1, len(clip) + 1), -1e9)
    best[0] = 0
    text = [[""] * (len(clip) + 1) for _ in range(length + 1)]
    for number in range(1, length + 1):
        for at in range(len(clip)):
            digit = int(score[at].argmax())
            end = min(len(clip), at + int(span[at, digit] * 0.9))
            if best[number - 1, at] + score[at, digit] > best[number, end]:
                best[number, end] = best[number - 1, at] + score[at, digit]
                text[number][end] = text[number - 1][at] + str(digit)
        for at in range(1, len(clip) + 1):
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
        clips = [say(code) for code in codes]
        spent = (time.process_time() - begun) / number
        said = [matched(samples_of(clip), known, 6) for clip in clips]
        right = sum(a == b for a, b in zip(said, codes, strict=True))
        digits = sum(x == y for a, b in zip(said, codes, strict=True) for x, y in zip(a, b, strict=True))
        share = digits / number / 6
        print(
            f"{name}: {spent * 1000:.0f} ms to make; matched {right / number:.1%} ({share:.1%} of the digits)",
            flush=True,
        )
