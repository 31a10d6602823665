"""The pictures and sounds made ahead, so that no request waits for a drawing; the store keeps them."""

import secrets

import numpy as np

from service.challenges import store
from service.challenges.drawing import LETTERS, draw
from service.challenges.speech import speak
from service.challenges.store import Media
from service.challenges.vocabulary import Challenges

_LENGTH = 6

# The most one call makes: about a second of work, so that the scheduler's other jobs wait no longer.
_AT_ONCE: dict[Media, int] = {"image": 100, "sound": 25}

# Entries are stored a few at a time: what was made is not lost if the process is stopped.
_BATCH = 10


def refill(challenges: Challenges, *, pictures: int, sounds: int) -> tuple[int, int]:
    """Top the pools up towards these sizes and say how many entries of each were added.

    One call makes a bounded number; the next one goes on.
    """
    return _top_up(challenges, "image", pictures), _top_up(challenges, "sound", sounds)


def make(challenges: Challenges, kind: Media) -> bytes:
    """Make one entry: think of an answer, draw or speak it, and forget the answer."""
    chance = np.random.default_rng(secrets.randbits(128))
    if kind == "image":
        # No letter twice. Typed with Telex, the usual Vietnamese input method, DD would turn into Đ, and
        # where glyphs touch VV reads as W.
        answer = "".join(secrets.SystemRandom().sample(LETTERS, _LENGTH))
        return store.new_entry(challenges, kind, answer, draw(answer, chance))
    answer = "".join(secrets.choice("0123456789") for _ in range(_LENGTH))
    return store.new_entry(challenges, kind, answer, speak(answer, chance))


def _top_up(challenges: Challenges, kind: Media, size: int) -> int:
    missing = min(size - store.pool_length(challenges, kind), _AT_ONCE[kind])
    for done in range(0, missing, _BATCH):
        entries = [make(challenges, kind) for _ in range(min(_BATCH, missing - done))]
        store.add_to_pool(challenges, kind, entries, limit=size)
    return max(0, missing)
