"""Normalised views of a text with an exact map back to the text as given, and its words; nothing is judged here."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from service.moderation.lookalikes import DIGITS, INVISIBLE, LETTERS, PICTURES, SHAPES, TONES

_VOWELS = "aăâeêioôơuưy"
_TONED = "".join(unicodedata.normalize("NFC", vowel + mark) for vowel in _VOWELS for mark in ("", *sorted(TONES)))
_VIETNAMESE = _TONED + _TONED.upper() + "đĐ"
_ORDINARY = re.escape(_VIETNAMESE + "“”‘’…–—•₫°") + r"\t\n\r\x20-\x7e"
_ODD = re.compile(f"[^{_ORDINARY}]")
_ODD_RUN = re.compile(f"(?s).?[^{_ORDINARY}]+")
_MARKED_VOWELS = frozenset("aeiouy")

# Both placements of a tone are one word: every syllable is brought to the older one, here and in all lists.
_PLACEMENTS = tuple(
    (
        unicodedata.normalize("NFC", first + second + tone),
        unicodedata.normalize("NFC", first + tone + second),
    )
    for first, second in ("oa", "oe", "uy")
    for tone in sorted(TONES)
)

_WORD = re.compile(r"([^\W_]+)")
_FOLD = str.maketrans(
    {c: unicodedata.normalize("NFD", c)[0] for c in _TONED if not c.isascii()} | {"đ": "d"},
)


@dataclass(frozen=True, slots=True)
class View:
    """A text as it is matched: `text[i]` was `given[starts[i]:ends[i]]`; `hidden` holds the altered places."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    hidden: frozenset[int] = frozenset()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the view stands in the text as given."""
        if end <= start:
            return (self.starts[start], self.starts[start]) if start < len(self.text) else (0, 0)
        return self.starts[start], self.ends[end - 1]


@dataclass(slots=True)
class Words:
    """The words of a view in order, where each stands in it, and what separates them.

    `gaps[i]` is the text before word `i`; the last gap is what follows the last word.
    """

    words: list[str]
    starts: list[int]
    ends: list[int]
    gaps: list[str]


def unify(text: str) -> str:
    """Bring lower-case text to one placement of tones, length for length."""
    for modern, older in _PLACEMENTS:
        if modern in text:
            text = text.replace(modern, older)
    return text


def fold(text: str) -> str:
    """Lower-case Vietnamese without any mark, length for length."""
    return text if text.isascii() else text.translate(_FOLD)


def normalise(text: str) -> View:
    """Give the matched view: NFC, lower case, look-alikes read as letters, nothing invisible, one tone placement."""
    if _ODD.search(text) is None:
        size = len(text)
        return View(unify(text.lower()), range(size), range(1, size + 1))
    draft = _Draft([], [], [], set())
    position = 0
    for match in _ODD_RUN.finditer(text):
        begin, end = match.span()
        draft.plain(text, position, begin)
        _read_odd(text, begin, end, draft)
        position = end
    draft.plain(text, position, len(text))
    return View(unify("".join(draft.out)), draft.starts, draft.ends, frozenset(draft.hidden))


def split(view: View) -> Words:
    """Give the words of a view: runs of letters and digits, with what stands between them."""
    parts = _WORD.split(view.text)
    edges = list(accumulate(map(len, parts), initial=0))
    return Words(parts[1::2], edges[1:-1:2], edges[2::2], parts[0::2])


def words_of(text: str) -> list[str]:
    """Give the same words of a view's text alone, wherever they stand."""
    found: list[str] = _WORD.findall(text)
    return found


@dataclass(slots=True)
class _Draft:
    out: list[str]
    starts: list[int]
    ends: list[int]
    hidden: set[int]

    def plain(self, text: str, begin: int, end: int) -> None:
        if end > begin:
            self.out.extend(text[begin:end].lower())
            self.starts.extend(range(begin, end))
            self.ends.extend(range(begin + 1, end + 1))

    def put(self, letters: str, begin: int, end: int, *, altered: bool) -> None:
        if altered:
            self.hidden.update(range(len(self.out), len(self.out) + len(letters)))
        self.out.extend(letters)
        self.starts.extend([begin] * len(letters))
        self.ends.extend([end] * len(letters))


def _read_odd(text: str, begin: int, end: int, draft: _Draft) -> None:
    """Read a stretch that holds unusual characters, cluster by cluster; marks past the fourth are not read."""
    cluster, opened, closed, marks = "", begin, begin, 0
    veiled = False
    for index in range(begin, end):
        char = text[index]
        if char in INVISIBLE:
            veiled = True
        elif cluster and unicodedata.category(char)[0] == "M":
            marks += 1
            if marks <= 4:
                cluster += char
            closed = index + 1
        else:
            if cluster:
                _put_cluster(cluster, opened, closed, draft)
            if veiled and draft.out and draft.out[-1].isalnum() and char.isalnum():
                draft.hidden.add(len(draft.out))
            cluster, opened, closed, marks, veiled = char, index, index + 1, 0, False
    if cluster:
        _put_cluster(cluster, opened, closed, draft)


def _put_cluster(cluster: str, begin: int, end: int, draft: _Draft) -> None:
    if cluster.isspace():
        draft.put(" " if cluster not in "\t\n\r" else cluster, begin, end, altered=False)
        return
    if cluster in PICTURES:
        draft.put(PICTURES[cluster], begin, end, altered=True)
        return
    letters, altered = _read_cluster(cluster)
    draft.put(letters, begin, end, altered=altered)


def _read_cluster(cluster: str) -> tuple[str, bool]:
    """Give the letters a cluster stands for, and whether it was more than an unusual spelling of them."""
    if cluster in DIGITS:
        return DIGITS[cluster], True
    if cluster.isdecimal() and not cluster.isascii():
        return str(unicodedata.decimal(cluster[0])), True
    composed = unicodedata.normalize("NFC", cluster)
    if len(composed) == 1 and composed in _VIETNAMESE:
        return composed.lower(), False
    pieces: list[str] = []
    altered = False
    for char in unicodedata.normalize("NFKD", cluster):
        base = LETTERS.get(char)
        if base is not None:
            pieces.append(base)
            altered = True
        elif unicodedata.category(char)[0] != "M":
            pieces.append(char.lower()[0])
            altered = altered or (char.isalnum() and char not in cluster)
        elif not _keeps_mark(pieces, char):
            altered = True
    letters = unicodedata.normalize("NFC", "".join(pieces))
    return letters, altered and any(map(str.isalnum, letters))


def _keeps_mark(pieces: list[str], mark: str) -> bool:
    """Whether the mark belongs to the letter before it in Vietnamese; if so it is kept there, once of its kind."""
    if not pieces or pieces[-1][0] not in _MARKED_VOWELS:
        return False
    kind = SHAPES if mark in SHAPES else TONES if mark in TONES else frozenset[str]()
    if not kind or any(kept in kind for kept in pieces[-1][1:]):
        return False
    pieces[-1] += mark
    return True
