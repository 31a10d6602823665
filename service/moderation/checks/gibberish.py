"""Text that says nothing: keys struck at random, one thing over and over, signs without words."""

import re
from collections import Counter
from collections.abc import Iterator

from service.moderation.lexicon import book
from service.moderation.sheet import Reading, Sheet
from service.moderation.syllables import bare_syllables
from service.moderation.vocabulary import Category, Finding, Message

NAME = "gibberish"
_CONSONANTS = re.compile(r"[bcdđghklmnpqrstvxzwfj]{5,}")
_KEYBOARD = re.compile(
    r"asdf|sdfg|dfgh|fghj|ghjk|hjkl|qwer|wert|erty|rtyu|tyui|yuio|uiop|zxcv|xcvb|cvbn|vbnm|qazwsx|lkjh|kjhg|jhgf|hgfd|gfds|fdsa"
)
_LAUGH = re.compile(r"(?:[hk][aieouhk]?)+|(?:ke|ka|ki|hi|ha|he|ho|hu|hih|hah|kkk)+|z+|m+|v+|b+r+|gr+|w+")
_LONG_RUN = re.compile(r"([^\W\d_])\1{9,}|([^\w\s])\2{19,}")


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look at the body and the title, each alone."""
    for reading in sheet.readings:
        if reading.field == "name":
            continue
        yield from _repeated(reading)
        yield from _random(reading)


def _repeated(reading: Reading) -> Iterator[Finding]:
    words = reading.words
    if len(words) >= 12 and len(set(words)) * 10 <= len(words) * 6:
        word, times = Counter(words).most_common(1)[0]
        threes = Counter(zip(words, words[1:], words[2:], strict=False))
        most = max(threes.values())
        if times * 2 > len(words) or (most >= 5 and most * 3 * 2 > len(words)):
            severity = 3 if times * 10 > len(words) * 8 and len(words) >= 20 else 2
            yield _finding(
                reading,
                0,
                len(words),
                "repeated words",
                severity,
                f"lặp đi lặp lại “{word}”",
                f"repeats “{word}”",
            )
            return
    run = _LONG_RUN.search(reading.view.text) if len(words) < 12 else None
    if run:
        span = reading.cut(run.start(), run.end())
        share = (run.end() - run.start()) / max(1, len(reading.view.text))
        if share > 0.5 and len(span.text) >= 10:
            yield Finding(
                NAME, Category.GIBBERISH, 2, (span,),
                Message("Một ký tự lặp lại quá nhiều lần.", "One character repeated too often."),
                "repeated character", book().version,
            )  # fmt: skip


def _random(reading: Reading) -> Iterator[Finding]:
    known = bare_syllables()
    struck = [
        (i, word)
        for i in reading.odd
        if len(word := reading.words[i]) > 2
        and word.isalpha()
        and word.isascii()
        and word not in known
        and is_struck(word)
    ]
    if not struck:
        return
    total = sum(map(len, reading.words))
    size = sum(len(word) for _, word in struck)
    if size * 2 < total or size < 7:
        return
    first, last = struck[0][0], struck[-1][0] + 1
    severity = 3 if size >= 20 and size * 10 > total * 8 else 2
    yield _finding(reading, first, last, "struck keys", severity, "gõ phím ngẫu nhiên", "keys struck at random")


def is_struck(word: str) -> bool:
    """Whether a word looks like keys struck at random rather than any language."""
    if _LAUGH.fullmatch(word):
        return False
    if _KEYBOARD.search(word):
        return True
    if _CONSONANTS.search(word) and len(word) >= 6:
        return True
    vowels = sum(char in "aeiouy" for char in word)
    return len(word) >= 7 and vowels * 7 < len(word)


def _finding(reading: Reading, first: int, last: int, entry: str, severity: int, vi: str, en: str) -> Finding:
    span = reading.span(first, last)
    message = Message(f"Nội dung vô nghĩa: {vi}.", f"Says nothing: {en}.")
    return Finding(NAME, Category.GIBBERISH, severity, (span,), message, entry, book().version)
