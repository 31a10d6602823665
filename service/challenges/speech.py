"""The sound: Vietnamese digits spoken by several voices in a room that is not quiet; no answer is kept."""

import wave
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
from captcha.audio import patch_wave_header

RATE = 8_000

# Speech is this much louder than what goes on around it: people follow it without effort. More noise hardly
# hurts a machine that owns the recordings, and it hurts people soon.
_SPEECH_OVER_BABBLE = 4.0
_SPEECH_OVER_HISS = 8.0

Wave = np.ndarray[tuple[int], np.dtype[np.float64]]


def speak(digits: str, chance: np.random.Generator) -> bytes:
    """Return the digits as a WAV of 8-bit samples, which every browser plays."""
    voices = _voices()
    spoken = [_vary(voices[d][chance.integers(len(voices[d]))], chance) for d in digits]
    gaps = chance.integers(RATE * 45 // 100, RATE * 90 // 100, len(spoken) + 1)
    line = np.zeros(sum(map(len, spoken)) + int(gaps.sum()))
    at = int(gaps[0])
    for word, gap in zip(spoken, gaps[1:], strict=True):
        line[at : at + len(word)] = word
        at += len(word) + int(gap)
    line = _in_a_room(line, chance)
    line += _babble(len(line), chance) / _SPEECH_OVER_BABBLE + _hiss(len(line), chance) / _SPEECH_OVER_HISS
    line *= 0.95 / np.abs(line).max()
    return bytes(patch_wave_header(bytearray(np.uint8(np.round(line * 127) + 128).tobytes())))


@cache
def _voices() -> dict[str, list[Wave]]:
    """Read the recordings once in a process: all voices of each digit, equally loud."""
    folder = files(__package__) / "voices"
    return {digit: [_read(f) for f in sorted((folder / digit).iterdir(), key=str)] for digit in "0123456789"}


def _read(file: Traversable) -> Wave:
    with file.open("rb") as raw, wave.open(raw) as recording:
        samples = np.frombuffer(recording.readframes(-1), np.uint8).astype(np.float64) - 128
    return _even(samples - samples.mean())


def _even(samples: Wave) -> Wave:
    return samples / float(np.sqrt(np.mean(samples**2)))


def _vary(word: Wave, chance: np.random.Generator) -> Wave:
    """Say a word faster or slower, which moves the pitch as well, and louder or softer."""
    length = int(len(word) * chance.uniform(0.9, 1.2))
    stretched = np.interp(np.linspace(0, len(word) - 1, length), np.arange(len(word)), word)
    return stretched * chance.uniform(0.75, 1.0)


def _in_a_room(line: Wave, chance: np.random.Generator) -> Wave:
    """Let the walls answer: a dozen echoes within a tenth of a second, other ones for each clip."""
    echoes = np.zeros(RATE // 10)
    times = chance.integers(RATE // 200, len(echoes), 12)
    echoes[times] = chance.normal(0, 0.25, 12) * np.exp(-times / (RATE * 0.04))
    echoes[0] = 1
    size = 1 << (len(line) + len(echoes)).bit_length()
    return np.fft.irfft(np.fft.rfft(line, size) * np.fft.rfft(echoes, size), size)[: len(line)]


def _babble(length: int, chance: np.random.Generator) -> Wave:
    """Return people talking in the background: our own voices backwards, several at once, in no language."""
    voices = _voices()
    babble = np.zeros(length)
    at = -RATE // 4
    while at < length:
        said = voices[str(chance.integers(10))]
        word = said[chance.integers(len(said))][::-1] * chance.uniform(0.4, 1.0)
        start, end = max(at, 0), min(at + len(word), length)
        if end > start:
            babble[start:end] += word[start - at : end - at]
        at += int(chance.integers(RATE // 20, RATE // 4))
    return _even(babble)


def _hiss(length: int, chance: np.random.Generator) -> Wave:
    """Return noise that falls off towards the treble, as wind and traffic do."""
    size = 1 << length.bit_length()
    spectrum = np.fft.rfft(chance.normal(0, 1, size))
    spectrum /= np.sqrt(np.arange(len(spectrum)) + 20)
    return _even(np.fft.irfft(spectrum, size)[:length])
