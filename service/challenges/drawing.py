"""The picture: six letters drawn so that people read them and ready-made readers of text do not."""

import io
from functools import cache
from importlib.resources import files

import numpy as np
from captcha.image import ImageCaptcha

LETTERS = "BCDFGHJKLMNPQRSTVXZ"


def draw(letters: str, chance: np.random.Generator) -> bytes:
    """Return the letters as a WebP picture."""
    ink, paper = (20, 40, 90), (245, 246, 250)
    image = _painter().create_captcha_image(letters, (*ink, 255), paper)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=40, method=2)
    return out.getvalue()


@cache
def _painter() -> ImageCaptcha:
    folder = files(__package__) / "fonts"
    return ImageCaptcha(200, 70, [str(f) for f in folder.iterdir() if f.name.endswith("tf")], (44,))
