"""Numbers however they are written: spaced, dotted, spelt out, mixed; which of them is a telephone is asked elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.moderation.reading import Reading

_SPELT = {
    "không": "0", "hông": "0", "ko": "0", "một": "1", "mốt": "1", "hai": "2", "ba": "3", "bốn": "4", "tư": "4",
    "năm": "5", "lăm": "5", "nhăm": "5", "sáu": "6", "bảy": "7", "bẩy": "7", "bẫy": "7", "tám": "8", "chín": "9",
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_SPELT_BARE = {
    "khong": "0", "mot": "1", "bon": "4", "tu": "4", "nam": "5", "lam": "5", "sau": "6", "bay": "7", "tam": "8",
    "chin": "9",
}  # fmt: skip
_LETTERS = str.maketrans("oilzsbq", "0112589")
_SIGNS = frozenset(" .-–—_,·•*/|~+()[]:;'\"`^=…\n\t")
_LONGEST_GAP = 4


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that stand together: what they read, the pieces they came in, and whether any was spelt in letters."""

    digits: str
    pieces: tuple[tuple[int, int, int], ...]
    spelt: bool

    def windows(self, sizes: range) -> Iterator[tuple[int, int, str]]:
        """Whole pieces that together have one of the sizes: word indexes and the digits."""
        for at, (first, start, _) in enumerate(self.pieces):
            for word, _, end in self.pieces[at:]:
                size = end - start
                if size >= sizes.stop:
                    break
                if size in sizes:
                    yield first, word + 1, self.digits[start:end]


def runs(reading: Reading) -> Iterator[Run]:
    """Every run of digits of a field."""
    pieces: list[tuple[int, int, int]] = []
    digits = ""
    spelt = False
    last = -2
    bare = reading.toneless
    for index, word in enumerate(reading.words):
        value = _value(word, bare=bare)
        if value is None:
            continue
        if pieces and (index != last + 1 or not _joins(reading, index)):
            if len(digits) > 3:
                yield Run(digits, tuple(pieces), spelt)
            pieces, digits, spelt = [], "", False
        pieces.append((index, len(digits), len(digits) + len(value)))
        digits += value
        spelt = spelt or not word.isdigit()
        last = index
    if len(digits) > 3:
        yield Run(digits, tuple(pieces), spelt)


def _value(word: str, *, bare: bool) -> str | None:
    if word.isdigit():
        return word if word.isascii() else None
    spelt = _SPELT.get(word) or (_SPELT_BARE.get(word) if bare else None)
    if spelt is not None:
        return spelt
    if word == "o":
        return "0"
    if len(word) > 1 and word[0] in "0123456789oil" and any(map(str.isdigit, word)):
        read = word.translate(_LETTERS)
        if read.isdigit() and sum(map(str.isdigit, word)) * 2 >= len(word):
            return read
    return None


def _joins(reading: Reading, index: int) -> bool:
    gap = reading.view.text[reading.ends[index - 1] : reading.starts[index]]
    return len(gap) <= _LONGEST_GAP and all(char in _SIGNS for char in gap)
