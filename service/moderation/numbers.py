"""Numbers however they are written: spaced, dotted, spelt out, mixed; which of them is a telephone is asked elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from service.moderation.sheet import Reading

_SPELT = {
    "không": "0", "hông": "0", "ko": "0", "một": "1", "mốt": "1", "hai": "2", "ba": "3", "bốn": "4", "tư": "4",
    "hổng": "0", "mười": "1", "chục": "0", "lẻ": "0", "linh": "0", "năm": "5", "lăm": "5", "nhăm": "5", "sáu": "6", "bảy": "7", "bẩy": "7", "bẫy": "7", "tám": "8", "chín": "9",
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_SPELT_BARE = {
    "khong": "0", "hong": "0", "muoi": "1", "chuc": "0", "mot": "1", "bon": "4", "tu": "4", "nam": "5", "lam": "5", "sau": "6", "bay": "7", "tam": "8",
    "chin": "9",
}  # fmt: skip
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_ALL_SPELT = _SPELT | _SPELT_BARE | _ROMAN
_GLUED = re.compile("|".join(sorted((word for word in _SPELT | _SPELT_BARE if len(word) > 1), key=len, reverse=True)))
# Said between the digits of one number, and no digit.
_FILLERS = frozenset(
    [
        *("mươi", "trăm", "rồi", "xong", "tiếp", "và", "tới", "phẩy", "gạch", "cách", "bỏ", "ngoặc", "dấu", "ngang"),
        *("bờ", "lờ"),
        *("tram", "roi", "tiep", "toi", "gach", "cach", "ngoac", "dau"),
    ]
)
_MOST_FILLERS = 2
_STARTS = frozenset("0123456789oilzsb")
_LETTERS = str.maketrans("oilzsbq", "0112589")
_UNJOINED = frozenset("%₫$€<>&#@!?")
_LONGEST_GAP = 5
# A longer row of digits is no number of anybody.
_MOST = 300


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that stand together: what they read, the pieces they came in, and whether any was spelt in letters."""

    digits: str
    pieces: tuple[tuple[int, int, int], ...]
    spelt: bool

    def windows(self, sizes: range, pieces: int = 14) -> Iterator[tuple[int, int, str]]:
        """Whole pieces, up to a number of them, that together have one of the sizes: word indexes and digits."""
        for at, (first, start, _) in enumerate(self.pieces[:_MOST]):
            for word, _, end in self.pieces[at : at + pieces]:
                size = end - start
                if size >= sizes.stop:
                    break
                if size in sizes:
                    yield first, word + 1, self.digits[start:end]


def runs(reading: Reading) -> list[Run]:
    """Every run of digits of a field, found once."""
    if "runs" not in reading.memo:
        reading.memo["runs"] = list(_find_runs(reading))
    found: list[Run] = reading.memo["runs"]
    return found


def _find_runs(reading: Reading) -> Iterator[Run]:
    values = [(index, value) for index, value in enumerate(map(_value, reading.words)) if value]
    if sum(len(value) for _, value in values) < 6:
        return
    pieces: list[tuple[int, int, int]] = []
    digits, spelt, last = "", False, -2
    for index, value in values:
        if pieces and not _follows(reading, last, index):
            if len(digits) > 5:
                yield Run(digits, tuple(pieces), spelt)
            pieces, digits, spelt = [], "", False
        pieces.append((index, len(digits), len(digits) + len(value)))
        digits += value
        spelt = spelt or not reading.words[index].isdigit()
        last = index
    if len(digits) > 5:
        yield Run(digits, tuple(pieces), spelt)


@lru_cache(maxsize=16384)
def _value(word: str) -> str | None:
    spelt = _ALL_SPELT.get(word)
    if spelt is None and (word[0] in _STARTS or not word.isalpha()):
        return _digits(word)
    return spelt


def _digits(word: str) -> str | None:
    if word.isdigit():
        return word if word.isascii() else None
    if word == "o":
        return "0"
    if len(word) > 1 and any(map(str.isdigit, word)):
        read = word.translate(_LETTERS)
        if read.isdigit() and sum(map(str.isdigit, word)) * 3 >= len(word):
            return read
        if len(word) > 2:
            read = _GLUED.sub(lambda found: _ALL_SPELT[found[0]], word).translate(_LETTERS)
            return read if read.isdigit() and read.isascii() else None
    return None


def _follows(reading: Reading, last: int, index: int) -> bool:
    """Whether a piece goes on with the number of the piece before it, if need be over words that are said between."""
    between = reading.words[last + 1 : index]
    return (
        len(between) <= _MOST_FILLERS
        and all(word in _FILLERS for word in between)
        and all(_joins(reading, at) for at in range(last + 1, index + 1))
    )


def _joins(reading: Reading, index: int) -> bool:
    gap = reading.view.text[reading.ends[index - 1] : reading.starts[index]]
    return len(gap) <= _LONGEST_GAP and _UNJOINED.isdisjoint(gap)
