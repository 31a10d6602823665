"""The picture: letters drawn so that people read them and ready-made readers do not; no answer is kept.

Two things do most of the work, found by measuring (docs/challenges.md). Each letter stands higher or lower
than the one before it, by chance and not by turns, and reaches into its column: a reader trained on lines of
text sees one thing at a time, and there are no two rows to cut the picture into. And the ground changes
between dark and light beneath them, the letters with it, so that no letter has one colour; people hardly
notice, since every edge has full contrast. Lines through the letters hurt people more than machines and are
left out.
"""

import colorsys
import io
from functools import cache
from importlib.resources import as_file, files

import numpy as np
from captcha.image import ColorTuple, ImageCaptcha
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont

# No vowel and no W: typed with Telex, the usual Vietnamese input method, they would turn into other letters.
# None of B, F, G, J, L, N, Q, R, V and Y: what is left of them in this drawing passes for another letter.
LETTERS = "CDHKMPSTXZ"

_WIDTH, _HEIGHT = 280, 130
_SIZES = (54, 58, 62)
_MARGIN = 8

# How far letters stand from the middle line at most, and how much higher or lower than the one before.
_REACH, _HOP = 29, (14, 32)

# How many pixels neighbours overlap, and the share of a letter's width that the next one keeps clear of, so
# that the order of the letters is never in doubt.
_TOUCH, _CLEAR = 2, 0.76

# How many times the ground changes colour from left to right, how far these edges lean, how far they swing.
_BANDS, _LEAN, _SWING = 8, 40, 10

# How much ink there is at each point, from none to full.
Mask = NDArray[np.float32]


def draw(letters: str, chance: np.random.Generator) -> bytes:
    """Return the letters as a WebP picture of about three kilobytes."""
    out = io.BytesIO()
    Picture(chance).generate_image(letters).save(out, "WEBP", quality=35, method=2)
    return out.getvalue()


class Picture(ImageCaptcha):
    """The package's captcha with letters, ground and blending of our own.

    The package pastes ink by its luminance, which leaves the contrast of pale ink to chance; here a mask says
    how much ink there is, and the colour does not matter.
    """

    def __init__(self, chance: np.random.Generator) -> None:
        """Take the source of all randomness: the same one draws the same picture."""
        super().__init__(_WIDTH, _HEIGHT)
        self._chance = chance

    @property
    def truefonts(self) -> list[FreeTypeFont]:
        """Return the fonts that ship with the project, read once in a process."""
        return _fonts()

    def generate_image(
        self, chars: str, bg_color: ColorTuple | None = None, fg_color: ColorTuple | None = None
    ) -> Image.Image:
        """Draw the letters; dark ink on light paper of any hue unless the colours are given."""
        paper = bg_color or self._colour(lightness=(0.93, 0.97))
        ink = fg_color or self._colour(lightness=(0.10, 0.18))
        return self.create_captcha_image(chars, ink, paper)

    def create_captcha_image(self, chars: str, color: ColorTuple, background: ColorTuple) -> Image.Image:
        """Blend ink and paper: dark letters where the ground is light, light ones where it is dark."""
        letters = self._bend(self._line_up([self._letter(c) for c in chars]))
        ground = self._ground()
        mask = np.rint(255 * (letters + ground - 2 * letters * ground)).astype(np.uint8)
        blend = np.linspace(background[:3], color[:3], 256).round().astype(np.uint8)
        return Image.fromarray(blend[mask])

    def _letter(self, letter: str) -> Mask:
        """Draw one letter in a font of chance, turned, slanted, and stretched or squeezed."""
        fonts = self.truefonts
        font = fonts[self._chance.integers(len(fonts))]
        left, top, right, bottom = font.getbbox(letter)
        room = 20
        glyph = Image.new("L", (int(right - left) + 2 * room, int(bottom - top) + 2 * room))
        ImageDraw.Draw(glyph).text((room - left, room - top), letter, font=font, fill=255)
        angle = np.deg2rad(self._chance.uniform(-17, 17))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        slant = np.array([[1, self._chance.uniform(-0.15, 0.15)], [0, 1]])
        stretch = np.diag([self._chance.uniform(0.85, 1.1), 1])
        (a, b), (d, e) = back = np.linalg.inv(turn @ slant @ stretch)
        middle = np.array(glyph.size) / 2
        c, f = middle - back @ middle
        glyph = glyph.transform(glyph.size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BICUBIC)
        return np.asarray(glyph.crop(glyph.getbbox()), np.float32) / np.float32(255)

    def _line_up(self, letters: list[Mask]) -> Mask:
        """Set the letters side by side, each higher or lower than the one before, until their ink touches."""
        canvas = np.zeros((_HEIGHT, 3 * _WIDTH), np.float32)
        edge = np.full(_HEIGHT, -1)  # The last column with ink of each row.
        x = width = 0
        for letter, off in zip(letters, self._path(len(letters)), strict=True):
            height = min(letter.shape[0], _HEIGHT - 2)
            letter = letter[:height]  # noqa: PLW2901 - what is too tall is cut, and used only so.
            top = int(np.clip((_HEIGHT - height) / 2 + off, 1, _HEIGHT - height - 1))
            rows = slice(top, top + height)
            inked = letter > 0.5
            begins = np.where(inked.any(1), inked.argmax(1), 3 * _WIDTH)
            facing = (edge[rows] >= 0) & (begins < 3 * _WIDTH)
            if facing.any():
                close = int((edge[rows] - begins)[facing].max()) - _TOUCH
                x = max(close, x + int(_CLEAR * width))
            else:
                x += width
            width = letter.shape[1]
            canvas[rows, x : x + width] = np.maximum(canvas[rows, x : x + width], letter)
            ends = np.where(inked.any(1), x + width - 1 - inked[:, ::-1].argmax(1), -1)
            edge[rows] = np.maximum(edge[rows], ends)
            # Ink that is only just above or below touches too.
            edge = np.maximum.reduce([edge, np.roll(edge, 1), np.roll(edge, -1)])
        return _fit(canvas[:, : x + width])

    def _path(self, length: int) -> list[float]:
        """Return how far below the middle line each letter stands: a hop from the one before, either way."""
        path = [self._chance.uniform(-_REACH, _REACH)]
        while len(path) < length:
            hop = self._chance.uniform(*_HOP)
            ways = [there for there in (path[-1] - hop, path[-1] + hop) if abs(there) <= _REACH]
            # From the middle line a wide hop leads out on both sides: then the way to the edge is wide enough.
            path.append(self._chance.choice(ways or [-_REACH, _REACH]))
        return path

    def _bend(self, flat: Mask) -> Mask:
        """Let the whole line swim, so that no letter keeps the outline of its font."""
        y, x = _rows(), _columns()
        across = x + 3 * self._swing(y, _HEIGHT, (0.7, 1.4)) + 1.5 * self._swing(x, _WIDTH, (2, 4))
        down = y + 3 * self._swing(x, _WIDTH, (1, 2.2))
        across, down = np.clip(across, 0, _WIDTH - 1.01), np.clip(down, 0, _HEIGHT - 1.01)
        column, row = across.astype(np.intp), down.astype(np.intp)
        right, low = across - column, down - row
        upper = flat[row, column] * (1 - right) + flat[row, column + 1] * right
        lower = flat[row + 1, column] * (1 - right) + flat[row + 1, column + 1] * right
        return np.asarray(upper * (1 - low) + lower * low, np.float32)

    def _ground(self) -> Mask:
        """Return where the ground is dark: bands, cut by one long wave, all with soft edges of one pixel."""
        y, x = _rows(), _columns()
        crest = _HEIGHT * (self._chance.uniform(0.35, 0.65) + 0.25 * self._swing(x, _WIDTH, (1.2, 2.6)))
        tilt = _HEIGHT * self._chance.uniform(-0.2, 0.2) * (x / _WIDTH - 0.5)
        ground = np.clip(y - crest - tilt + 0.5, 0, 1)
        for band in range(_BANDS):
            edge = _WIDTH * (band + self._chance.uniform(0.3, 0.7)) / _BANDS
            lean = self._chance.uniform(-_LEAN, _LEAN) * (y / _HEIGHT - 0.5)
            side = np.clip(x - edge - lean - _SWING * self._swing(y, _HEIGHT, (0.5, 1.2)) + 0.5, 0, 1)
            ground = ground + side - 2 * ground * side
        return np.asarray(ground, np.float32)

    def _swing(self, along: Mask, length: int, turns: tuple[float, float]) -> Mask:
        """Return a sine of chance: between so many turns over the length, from anywhere."""
        turn = 2 * np.pi * self._chance.uniform(*turns) / length
        return np.asarray(np.sin(along * turn + self._chance.uniform(0, 2 * np.pi)), np.float32)

    def _colour(self, *, lightness: tuple[float, float]) -> ColorTuple:
        hue, light, full = self._chance.random(), self._chance.uniform(*lightness), self._chance.random()
        red, green, blue = colorsys.hls_to_rgb(hue, light, 0.25 + 0.6 * full)
        return round(red * 255), round(green * 255), round(blue * 255)


def _fit(line: Mask) -> Mask:
    """Squeeze or stretch a line to the width of the picture, the stretching within reason."""
    inked = np.flatnonzero(line.any(0))
    line = line[:, inked[0] : inked[-1] + 1]
    width = min(_WIDTH - 2 * _MARGIN, int(line.shape[1] * 1.25))
    image = Image.fromarray(np.uint8(line * 255)).resize((width, _HEIGHT), Image.Resampling.BICUBIC)
    fitted = np.zeros((_HEIGHT, _WIDTH), np.float32)
    start = (_WIDTH - width) // 2
    fitted[:, start : start + width] = np.asarray(image, np.float32) / 255
    return fitted


def _rows() -> Mask:
    return np.arange(_HEIGHT, dtype=np.float32)[:, None]


def _columns() -> Mask:
    return np.arange(_WIDTH, dtype=np.float32)[None, :]


@cache
def _fonts() -> list[FreeTypeFont]:
    with as_file(files(__package__) / "fonts") as folder:
        names = [str(font) for font in sorted(folder.iterdir()) if font.suffix in {".otf", ".ttf"}]
        return ImageCaptcha(fonts=names, font_sizes=_SIZES).truefonts
