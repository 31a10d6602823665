"""The picture: always legible by its tones, never the same twice, with letters that nobody's input method eats."""

import io
from itertools import pairwise

import numpy as np
from PIL import Image

from service.challenges.drawing import LETTERS, Picture, draw
from tests.bench.captcha_strength import contrast

CODES = ["".join(np.random.default_rng(seed).permutation(list(LETTERS))[:6]) for seed in range(40)]


def test_every_picture_has_the_size_of_its_frame_and_enough_contrast():
    for seed, code in enumerate(CODES):
        raw = draw(code, np.random.default_rng(seed))
        image = Image.open(io.BytesIO(raw))
        assert (image.format, image.size) == ("WEBP", (280, 130))
        assert len(raw) < 8_000
        assert contrast(raw) >= 4.5


def test_the_same_letters_never_look_the_same():
    assert len({draw("CDHKMP", np.random.default_rng(seed)) for seed in range(20)}) == 20


def test_no_letter_turns_into_another_when_typed_with_telex():
    assert not set(LETTERS) & set("AEIOUYWJFR")


def test_letters_hop_up_and_down_by_chance_so_that_there_are_no_two_rows_to_cut_out():
    paths = [Picture(np.random.default_rng(seed))._path(6) for seed in range(200)]

    assert all(abs(step) <= 29 for path in paths for step in path)
    assert all(abs(b - a) >= 14 for path in paths for a, b in pairwise(path) if abs(b) < 29)
    by_turns = [all((b - a) * (c - b) < 0 for a, b, c in zip(p, p[1:], p[2:], strict=False)) for p in paths]
    assert sum(by_turns) < 150
