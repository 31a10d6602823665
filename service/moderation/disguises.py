"""What a word that is not one was meant to be: spacing, dots, leet, masks, repeats, reversal, glue, Telex and VNI."""

import re
from dataclasses import dataclass
from functools import lru_cache

from service.moderation.lexicon import Entry, Node, book
from service.moderation.syllables import bare_syllables, cut, from_telex, from_vni, retone, syllables
from service.moderation.text import fold

LEET = (
    str.maketrans("013456789@$!|€+£¥", "oieasgtbgasiietly"),
    str.maketrans("013456789@$!|€+£¥", "oleasbtbqaslletly"),
)
_STARS = re.compile(r"[*#?%&•×]+|[._…-]{2,}|_")
_NOT_ALNUM = re.compile(r"[\W_]+")
_LONGEST = 60
# English words that stand in adverts; with Vietnamese ones a sentence without spaces is cut into them.
_ENGLISH = frozenset(
    [
        "facebook",
        "zalo",
        "tiktok",
        "youtube",
        "like",
        "follow",
        "ship",
        "cod",
        "sale",
        "shop",
        "online",
        "free",
        "app",
        "vip",
    ]
)
_SENTENCE, _LEAST = 10, 3
# Keys of so many letters that make a syllable with marks are no other word.
_TYPED = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """A word that was meant, and the stretch of the disguised text it stands in."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unveiled:
    """The words behind a disguise and the name of the trick."""

    trick: str
    pieces: tuple[Piece, ...]


@lru_cache(maxsize=16384)
def unveil(raw: str, *, hidden: bool = False) -> Unveiled | None:
    """Read a run of letters, digits and signs that is no plain word; None where it hides nothing known.

    `hidden` says that look-alikes or invisible characters stood in it, so that a reading
    without marks counts as well.
    """
    if len(raw) > _LONGEST:
        return None
    plain = raw.isalnum()
    if plain:
        return _unveil_token(raw, hidden=hidden)
    joined = _NOT_ALNUM.sub("", raw)
    if joined.isdigit() or not joined:
        return None
    if len(joined) < 2:
        meant = lexicon_mask(_STARS.sub("*", raw))
        return _one("mask", meant, len(raw)) if meant else _unveil_mask(raw)
    parts = [part for part in _NOT_ALNUM.split(raw) if part]
    if joined in book().strong and not joined.isascii():
        return _one("dots", joined, len(raw))
    if len(parts) > 1 and any(len(part) > 2 and part in syllables() and not part.isascii() for part in parts):
        return None
    if len(parts) > 1 and all(len(part) > 1 and part in syllables() for part in parts):
        return None
    starred = _STARS.sub("*", raw)
    if meant := lexicon_mask(starred):
        return _one("mask", meant, len(raw))
    found = _whole(joined, raw, "dots") or _unveil_leet(raw)
    if found or "*" in raw:
        return found or _unveil_mask(raw)
    return _spread(raw, joined, _unveil_token(joined, hidden=True)) or _unveil_mask(raw) or _unveil_signs(raw)


def _unveil_signs(raw: str) -> Unveiled | None:
    """Give a short word with signs for letters; which word it is, only a phrase around it can tell."""
    read = raw.translate(LEET[0])
    if len(raw) < 7 and raw[0].isalpha() and read.isalpha() and fold(read) in bare_syllables():
        return _one("leet", f"~{fold(read)}", len(raw))
    return None


def lexicon_mask(starred: str) -> str | None:
    """Give the word that a starred one can only be, if there is one."""
    return book().masks.get(starred) if "*" in starred else None


def _unveil_token(word: str, *, hidden: bool) -> Unveiled | None:
    lexicon = book()
    if word in lexicon.abbreviations or (not word.isascii() and word in syllables()):
        return None
    if not hidden and word in lexicon.listed:
        return None
    if len(word) < 3:
        return _unveil_reversed(word) or _unveil_digits(word)
    telex = _unveil_telex(word)
    if telex:
        return telex
    squeezed = squeeze(word)
    if squeezed != word and not squeezed.isdigit() and word not in bare_syllables() and _is_known(squeezed):
        return _one("repeats", squeezed, len(word))
    if hidden and (meant := lexicon.strong_folded.get(fold(word))):
        return _one("look-alikes", meant, len(word))
    if hidden and word.isalpha() and fold(word) in bare_syllables():
        return _one("look-alikes", f"~{fold(word)}", len(word))
    if not word.isalpha():
        return _unveil_digits(word)
    return _unveil_reversed(word) or _unveil_glued(word)


def _is_known(word: str) -> bool:
    lexicon = book()
    return word in lexicon.vocabulary or word in lexicon.abbreviations


def _unveil_digits(word: str) -> Unveiled | None:
    if word.isdigit() or not any(map(str.isalpha, word)):
        return None
    meant = from_vni(word)
    if meant and meant in book().vocabulary and not meant.isascii():
        return _one("vni", meant, len(word))
    return _unveil_leet(word) or _unveil_look(word)


def _unveil_look(word: str) -> Unveiled | None:
    """Give a word with digits for letters that could be several: only a phrase around it can tell which was meant."""
    if word[-1].isdigit() and (word[0] == "x" or word[:-1] in book().abbreviations):
        return None
    for table in LEET:
        read = word.translate(table)
        if read.isalpha() and sum(map(str.isdigit, word)) * 2 <= len(word):
            if read in book().vocabulary and not read.isascii():
                return _one("leet", read, len(word))
            if fold(read) in bare_syllables():
                return _one("leet", f"~{fold(read)}", len(word))
    return None


def _unveil_leet(raw: str) -> Unveiled | None:
    if sum(map(str.isalpha, raw)) * 2 < len(raw) or not raw[0].isalnum() or not raw[-1].isalnum():
        return None
    if raw[-1].isdigit() and raw[:-1].isalpha() and (len(raw) < 4 or fold(raw[:-1]) in book().strong_folded):
        return None
    for table in LEET:
        read = raw.translate(table)
        if read == raw or not read.isalpha() or len(read) < 2:
            continue
        meant = _known_word(read)
        if meant:
            return _one("leet", meant, len(raw))
        glued = _unveil_glued(squeeze(read))
        if glued and len(squeeze(read)) == len(raw):
            return Unveiled("leet", glued.pieces)
    return None


def _known_word(read: str) -> str | None:
    lexicon = book()
    if read in lexicon.abbreviations and len(read) > 2:
        return read
    if len(read) < 3:
        return None
    return lexicon.strong_folded.get(fold(read)) or lexicon.strong_folded.get(fold(squeeze(read)))


def _unveil_mask(raw: str) -> Unveiled | None:
    """Tell what could be several words stays starred: only a phrase around it can tell which was meant."""
    starred = _STARS.sub("*", raw)
    parts = starred.split("*")
    if len(parts) > 1 and len(starred) < 8 and any(parts) and all(not part or part.isalpha() for part in parts):
        return _one("mask", starred, len(raw))
    return None


def _unveil_telex(word: str) -> Unveiled | None:
    lexicon = book()
    if word.startswith("dd") and f"đ{word[2:]}" in lexicon.abbreviations:
        return _one("telex", f"đ{word[2:]}", len(word))
    for spelt in dict.fromkeys((word, squeeze_last(word))):
        meant = from_telex(spelt)
        known = meant in lexicon.vocabulary or (len(word) >= _TYPED and meant in syllables())
        if meant and len(meant) > 1 and known and not meant.isascii():
            return _one("telex", meant, len(word))
    if len(word) < 6:
        return None
    for at in range(3, len(word) - 2):
        left, right = from_telex(word[:at]), from_telex(word[at:])
        if left and right and left in lexicon.vocabulary and right in lexicon.vocabulary:
            return Unveiled("telex", (Piece(left, 0, at), Piece(right, at, len(word))))
    return None


def _unveil_reversed(word: str) -> Unveiled | None:
    lexicon = book()
    # The first letter at the end.
    if len(word) > 2 and not word.isascii() and word not in syllables() and word[-1] + word[:-1] in lexicon.strong:
        return _one("reversed", word[-1] + word[:-1], len(word))
    if (len(word) > 2 or not word.isascii()) and word[::-1] in lexicon.curses:
        return _one("reversed", word[::-1], len(word))
    if word.isascii():
        plain = len(word) < 3 or word in bare_syllables() or word[::-1] not in lexicon.strong
        return None if plain else _one("reversed", word[::-1], len(word))
    backwards = turned(word)
    if backwards:
        return _one("reversed", backwards, len(word))
    if len(word) > 4:
        pieces = cut(word[::-1], syllables(), lexicon.vocabulary)
        if pieces and any(piece in lexicon.strong for piece in pieces):
            return _one("reversed", next(piece for piece in pieces if piece in lexicon.strong), len(word))
    return None


def turned(word: str) -> str | None:
    """Give the word of the lists that this one is when read from its end; None where it is none."""
    for backwards in (word[::-1], retone(word[::-1])):
        if len(word) > 1 and backwards in book().vocabulary and (backwards in syllables() or word not in syllables()):
            return backwards
    return None


def turned_bare(word: str) -> str | None:
    """Give the word that this one without marks is when read from its end, where the lists hold it in a phrase."""
    lexicon = book()
    if not word.isascii():
        return None
    backwards = word[::-1]
    backwards = lexicon.typed.get(backwards, backwards) if len(word) == 1 else backwards
    return backwards if backwards in lexicon.vocabulary else None


def _unveil_glued(word: str) -> Unveiled | None:
    if len(word) < (5 if word.isascii() else 4):
        return None
    lexicon = book()
    if not word.isascii():
        pieces = cut(word, syllables() | lexicon.abbreviations, lexicon.vocabulary)
        if pieces and len(pieces) > 1 and any(piece in lexicon.vocabulary for piece in pieces):
            return _lay(pieces)
        if len(word) < _SENTENCE:
            return None
        pieces = pieces or cut(word, syllables() | _ENGLISH, lexicon.vocabulary)
        return _lay(pieces) if pieces and len(pieces) >= _LEAST else None
    pieces = cut(word, bare_syllables(), _toneless_vocabulary())
    if pieces and len(pieces) > 1 and holds_phrase(pieces):
        return _lay(pieces)
    return None


def spelt_out(joined: str) -> Unveiled | None:
    """Give the words behind a run of single letters that can only be words with marks; None where it is none."""
    if joined.isascii() or len(joined) < 5:
        return None
    pieces = cut(joined, syllables() | book().abbreviations, book().vocabulary)
    if not pieces or max(map(len, pieces)) < 3:
        return None
    return Unveiled("spaces", _lay(pieces).pieces)


@lru_cache(maxsize=1)
def _toneless_vocabulary() -> frozenset[str]:
    return frozenset(
        word for e in book().entries if len(e.words) > 1 and e.severity > 1 and e.form.isascii() for word in e.words
    )


def holds_phrase(pieces: list[str]) -> bool:
    """Whether a listed phrase of two words or more stands among the pieces."""
    for start in range(len(pieces)):
        node: Node | list[Entry] | None = book().abuse.trie
        for index in range(start, len(pieces)):
            node = node.get(pieces[index]) if isinstance(node, dict) else None
            if not isinstance(node, dict):
                break
            ends = node.get("")
            if index > start and isinstance(ends, list) and any(e.severity > 1 for e in ends):
                return True
    return False


def squeeze(word: str) -> str:
    """One letter for a run of the same letter, the one with the most marks."""
    kept = ""
    for char in word:
        if kept and fold(kept[-1]) == fold(char):
            if kept[-1].isascii():
                kept = kept[:-1] + char
        else:
            kept += char
    return kept


def squeeze_last(word: str) -> str:
    """Give a word whose last letter was held down."""
    while len(word) > 2 and word[-1] == word[-2]:
        word = word[:-1]
    return word


def _whole(joined: str, raw: str, trick: str) -> Unveiled | None:
    """One word behind signs that only stand between its letters."""
    lexicon = book()
    if joined in lexicon.abbreviations or joined in lexicon.strong:
        return _one(trick, joined, len(raw))
    parts = _NOT_ALNUM.split(raw)
    short = max(map(len, parts))
    if not joined.isascii() and joined in syllables() and not syllables().issuperset(parts):
        return _one(trick, joined, len(raw))
    if short < 3 and joined in lexicon.vocabulary and not joined.isascii():
        return _one(trick, joined, len(raw))
    if short < 2 and len(joined) > 2 and joined.isascii() and joined in lexicon.strong_folded:
        return _one(trick, lexicon.strong_folded[joined], len(raw))
    if short < 2 and len(joined) > 2 and joined in syllables():
        return _one(trick, joined, len(raw))
    return None


def _spread(raw: str, joined: str, found: Unveiled | None) -> Unveiled | None:
    """Lay what was found in the joined letters back over the text that held signs between them."""
    if found is None:
        return None
    places = [index for index, char in enumerate(raw) if char.isalnum()]
    if len(places) != len(joined):
        return None
    return Unveiled(
        found.trick,
        tuple(Piece(p.word, places[p.start], places[p.end - 1] + 1) for p in found.pieces),
    )


def _one(trick: str, word: str, length: int) -> Unveiled:
    return Unveiled(trick, (Piece(word, 0, length),))


def _lay(words: list[str]) -> Unveiled:
    pieces: list[Piece] = []
    at = 0
    for word in words:
        pieces.append(Piece(word, at, at + len(word)))
        at += len(word)
    return Unveiled("glued", tuple(pieces))
