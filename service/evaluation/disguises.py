"""Disguises as people apply them, written without looking at how the engine lifts them; seeded, so that runs agree."""

import random
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

_TELEX_SHAPES = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_VNI_SHAPES = {"ă": "a8", "â": "a6", "ê": "e6", "ô": "o6", "ơ": "o7", "ư": "u7", "đ": "d9"}
_TONES = {
    "\u0301": ("s", "1"),
    "\u0300": ("f", "2"),
    "\u0309": ("r", "3"),
    "\u0303": ("x", "4"),
    "\u0323": ("j", "5"),
}
_LOOK = {
    "a": "а",
    "c": "с",
    "e": "е",
    "o": "о",
    "p": "р",
    "x": "х",
    "y": "у",
    "i": "і",
    "d": "ԁ",
    "h": "һ",
    "s": "ѕ",
}
_DIGITS = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7", "g": "9", "b": "8"}
_VOWELS = frozenset("aeiouy")
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"

Disguise = Callable[[str, random.Random], str]


def decomposed(phrase: str, _dice: random.Random) -> str:
    """Give marks as characters of their own."""
    return unicodedata.normalize("NFD", phrase)


def zero_width(phrase: str, dice: random.Random) -> str:
    """Something unseen between all letters."""
    return "".join(char + (dice.choice(_UNSEEN) if char.isalpha() else "") for char in phrase)


def homoglyphs(phrase: str, _dice: random.Random) -> str:
    """Letters of another alphabet, marks kept."""
    return unicodedata.normalize("NFC", "".join(_LOOK.get(c, c) for c in unicodedata.normalize("NFD", phrase)))


def mathematical(phrase: str, _dice: random.Random) -> str:
    """Bold letters of the mathematicians; those with marks stay."""
    return "".join(chr(0x1D41A + ord(c) - ord("a")) if "a" <= c <= "z" else c for c in phrase.lower())


def dots(phrase: str, dice: random.Random) -> str:
    """One sign between the letters of each word."""
    sign = dice.choice(".-_*'·")
    return " ".join(sign.join(word) for word in phrase.split(" "))


def spaces(phrase: str, _dice: random.Random) -> str:
    """Every letter by itself."""
    return " ".join(char for char in phrase if char != " ")


def leet(phrase: str, dice: random.Random) -> str:
    """Give a digit in place of one plain vowel or consonant of each word."""
    return " ".join(_leet_word(word, dice) for word in phrase.split(" "))


def _leet_word(word: str, dice: random.Random) -> str:
    bare = [_bare(char) for char in word]
    places = [i for i, char in enumerate(bare) if char in _DIGITS and char in _VOWELS]
    if not places:
        return word
    place = dice.choice(places)
    return word[:place] + _DIGITS[bare[place]] + word[place + 1 :]


def repeats(phrase: str, dice: random.Random) -> str:
    """Give the last vowel of each word held down."""
    words: list[str] = []
    for word in phrase.split(" "):
        places = [i for i, char in enumerate(word) if _bare(char) in _VOWELS]
        at = places[-1] if places else len(word) - 1
        words.append(word[: at + 1] + word[at] * dice.randint(2, 5) + word[at + 1 :])
    return " ".join(words)


def masks(phrase: str, _dice: random.Random) -> str:
    """Stars over the vowels of each word."""
    return " ".join("".join("*" if _bare(c) in _VOWELS else c for c in word) for word in phrase.split(" "))


def telex(phrase: str, _dice: random.Random) -> str:
    """Give the keys of Telex, as where the input method was off."""
    return " ".join(_keys(word, _TELEX_SHAPES, 0) for word in phrase.split(" "))


def vni(phrase: str, _dice: random.Random) -> str:
    """Give the keys of VNI."""
    return " ".join(_keys(word, _VNI_SHAPES, 1) for word in phrase.split(" "))


def _keys(word: str, shapes: Mapping[str, str], column: int) -> str:
    tone, typed = "", ""
    for char in word:
        parts = unicodedata.normalize("NFD", char)
        for mark in parts[1:]:
            if mark in _TONES:
                tone = _TONES[mark][column]
        plain = unicodedata.normalize("NFC", "".join(p for p in parts if p not in _TONES))
        typed += shapes.get(plain, plain)
    return typed + tone


def glued(phrase: str, _dice: random.Random) -> str:
    """No spaces."""
    return phrase.replace(" ", "")


def reversed_words(phrase: str, _dice: random.Random) -> str:
    """Each word from its end."""
    return " ".join(word[::-1] for word in phrase.split(" "))


def bare(phrase: str, _dice: random.Random) -> str:
    """No marks at all: not a disguise where the whole comment is typed so."""
    return "".join(map(_bare, phrase))


def _bare(char: str) -> str:
    base = unicodedata.normalize("NFD", char.lower())[0]
    return "d" if base == "đ" else base


DISGUISES: Mapping[str, Disguise] = MappingProxyType(
    {
        "nfd": decomposed,
        "zero-width": zero_width,
        "homoglyphs": homoglyphs,
        "mathematical": mathematical,
        "dots": dots,
        "spaces": spaces,
        "leet": leet,
        "repeats": repeats,
        "masks": masks,
        "telex": telex,
        "vni": vni,
        "glued": glued,
        "reversed": reversed_words,
    },
)
