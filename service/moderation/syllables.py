"""What a Vietnamese syllable looks like, and what unfinished Telex and VNI typing stood for; no word is judged here."""

import unicodedata
from functools import cache

from service.moderation.text import fold, unify

_ONSETS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph r s t th tr v x"
_RIMES = (
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng "
    "eo ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu o oa oac "
    "oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc "
    "oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh ui um un "
    "ung uôc uôi uôm uôn uông uôt uơ up ut uy uya uych uyên uyêt uyt uynh uyu uyn uyp uâ ư ưa ưc ưi ưng "
    "ươc ươi ươm ươn ương ươp ươt ươu ưt ưu ưm ưn y yêm yên yêng yêt yêu"
)
# After "qu" fewer rimes are spelt.
_AFTER_Q = (
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât ây e ec en eng eo et "
    "ê êch ên ênh êt i it y ych yên yêt ynh yt ơ ơi ơt ôc ôn"
)
_MARKS = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_KEYS = {mark: key for key, mark in _MARKS.items()}
_DIGIT_TONES = dict(zip("12345", "sfrxj", strict=True))
_VOWELS = frozenset("aăâeêioôơuưy")
_WITH_HAT = {"a": "â", "e": "ê", "o": "ô"}
_WITH_HORN = {"o": "ơ", "u": "ư"}


@cache
def syllables() -> frozenset[str]:
    """Every syllable that spelling allows, in the one tone placement of the views."""
    made: set[str] = set()
    for onset, rime in _stems():
        stem = onset + rime
        stopped = rime.endswith(("c", "ch", "p", "t"))
        if not stopped:
            made.add(stem)
        made.update(unify(set_tone(stem, key)) for key in ("sj" if stopped else "sfrxj"))
    return frozenset(made)


@cache
def bare_syllables() -> frozenset[str]:
    """Give the same without any mark."""
    return frozenset(map(fold, syllables())) | {fold(onset + rime) for onset, rime in _stems()}


def _stems() -> list[tuple[str, str]]:
    plain = [(onset, rime) for onset in ("", *_ONSETS.split()) for rime in _RIMES.split()]
    return plain + [("qu", rime) for rime in _AFTER_Q.split()]


def set_tone(stem: str, key: str) -> str:
    """Put the tone of a Telex key on the vowel that carries it."""
    place = _tone_place(stem)
    if place is None:
        return stem
    marked = unicodedata.normalize("NFC", stem[place] + _MARKS[key])
    return stem[:place] + marked + stem[place + 1 :]


def _tone_place(stem: str) -> int | None:
    start = 0
    if (stem.startswith("qu") and len(stem) > 2) or (stem.startswith("gi") and len(stem) > 2 and stem[2] in _VOWELS):
        start = 2
    places = [i for i in range(start, len(stem)) if stem[i] in _VOWELS]
    if not places:
        return None
    shaped = [i for i in places if stem[i] in "ăâêôơư"]
    if shaped:
        return shaped[-1]
    closed = places[-1] < len(stem) - 1
    if len(places) == 1:
        return places[0]
    return places[1] if closed or len(places) == 3 else places[0]


def from_telex(typed: str) -> str | None:
    """Tell what `ddijt` or `loonf` would have become; None where no Telex key was left over."""
    stem, tone, used = "", "", False
    for char in typed:
        place = _shape_place(stem, char)
        if place is not None:
            index, letter = place
            stem = stem[:index] + letter + stem[index + 1 :]
            used = True
        elif char in _MARKS and _has_vowel(stem):
            tone, used = char, True
        else:
            stem += char
    return _finish(stem, tone) if used else None


def _has_vowel(stem: str) -> bool:
    return any(char in _VOWELS for char in stem)


def _shape_place(stem: str, key: str) -> tuple[int, str] | None:
    if key == "d" and stem.startswith("d") and (len(stem) == 1 or stem[-1] != "d"):
        return 0, "đ"
    for index in range(len(stem) - 1, -1, -1):
        letter = stem[index]
        if key in _WITH_HAT and letter == key:
            return index, _WITH_HAT[letter]
        if key == "w" and letter in _WITH_HORN:
            return index, _WITH_HORN[letter]
        if key == "w" and letter == "a":
            return index, "ă"
    return None


def from_vni(typed: str) -> str | None:
    """Tell what `d9i5t` or `lo62n` would have become; None where no digit was left over."""
    stem, tone, used = "", "", False
    for char in typed:
        if not char.isdigit():
            stem += char
            continue
        used = True
        if char in _DIGIT_TONES:
            if not _has_vowel(stem):
                return None
            tone = _DIGIT_TONES[char]
            continue
        changed = _vni_shape(stem, char)
        if changed is None:
            return None
        stem = changed
    return _finish(stem, tone) if used else None


def _vni_shape(stem: str, digit: str) -> str | None:
    table = {"6": _WITH_HAT, "7": _WITH_HORN, "8": {"a": "ă"}, "9": {"d": "đ"}}.get(digit, {})
    for index in range(len(stem) - 1, -1, -1):
        if stem[index] in table:
            return stem[:index] + table[stem[index]] + stem[index + 1 :]
    return None


def retone(word: str) -> str:
    """Bring the tone of a word that was turned round back to the vowel that carries it."""
    key = ""
    letters = ""
    for char in unicodedata.normalize("NFD", word):
        if char in _KEYS:
            key = _KEYS[char]
        else:
            letters += char
    plain = unicodedata.normalize("NFC", letters)
    return unify(set_tone(plain, key) if key else plain)


def _finish(stem: str, tone: str) -> str:
    horned = stem.replace("uơ", "ươ").replace("ưo", "ươ") if len(stem) > 3 else stem
    return unify(set_tone(horned, tone) if tone else horned)


_LONGEST_PIECE = 9


def cut(glued: str, known: frozenset[str], liked: frozenset[str]) -> list[str] | None:
    """Cut words that were typed without spaces into syllables, as many liked ones and as few pieces as can be."""
    best: list[tuple[int, int] | None] = [(0, 0)] + [None] * len(glued)
    back = [0] * (len(glued) + 1)
    for end in range(1, len(glued) + 1):
        for start in range(max(0, end - _LONGEST_PIECE), end):
            before = best[start]
            piece = glued[start:end]
            if before is None or piece not in known:
                continue
            score = (before[0] + (len(piece) if piece in liked else 0), before[1] - 1)
            current = best[end]
            if current is None or score > current:
                best[end], back[end] = score, start
    if best[-1] is None:
        return None
    pieces: list[str] = []
    end = len(glued)
    while end:
        pieces.append(glued[back[end] : end])
        end = back[end]
    return pieces[::-1]
