"""A submission as the checks see it: each field's words with disguises lifted, and the list entries found in them."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from service.moderation.disguises import Piece, Unveiled, holds_phrase, spelt_out, turned, unveil
from service.moderation.lexicon import Entry, Node, book, first_words
from service.moderation.syllables import syllables
from service.moderation.text import View, fold, normalise, split
from service.moderation.vocabulary import Facts, Span, Submission

_BREAK = re.compile(r"[.,;:!?()\[\]\"“”\n]\s|\n|[!?;(]|\s[(\"“]")
_PAUSE = re.compile(r"\.{2,}|…")
_CHAIN_LIMIT = 24
_STEPS = 200
# Half-lifted words are tried against many entries: past a number of them a field is no sentence.
_WILD = 60
_BARREN = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """A list entry found from word `first` to before word `last`, and the trick it was hidden by."""

    entry: Entry
    first: int
    last: int
    trick: str | None = None


@dataclass(slots=True)
class Reading:
    """One field: its view, its words as meant, where each stands in the view, and which follow a break.

    `odd` are the words that are no Vietnamese syllable; `memo` keeps what one check found for the next.
    """

    field: str
    given: str
    view: View
    words: list[str]
    starts: list[int]
    ends: list[int]
    breaks: list[bool]
    tricks: dict[int, str]
    toneless: bool
    odd: list[int] = dataclasses.field(default_factory=list)
    hits: list[Hit] = dataclasses.field(default_factory=list)
    memo: dict[str, Any] = dataclasses.field(default_factory=dict)

    def span(self, first: int, last: int) -> Span:
        """Give the place of words `first` to before `last` in the text as given."""
        return self.cut(self.starts[first], self.ends[last - 1])

    def cut(self, start: int, end: int) -> Span:
        """Give the place of a stretch of the view in the text as given."""
        begin, stop = self.view.span(start, end)
        return Span(self.field, begin, stop, self.given[begin:stop])

    def trick_in(self, first: int, last: int) -> str | None:
        """Give the first trick among some words, if any."""
        if not self.tricks:
            return None
        return next((self.tricks[i] for i in range(first, last) if i in self.tricks), None)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The three fields as read, in the order in which people see them, and the facts from outside."""

    readings: tuple[Reading, ...]
    facts: Facts
    submission: Submission

    def reading(self, name: str) -> Reading | None:
        """Give the reading of a field; None where the field is empty."""
        return next((reading for reading in self.readings if reading.field == name), None)


def read(submission: Submission) -> Sheet:
    """Read every field that holds anything."""
    fields = (("name", submission.name), ("title", submission.title), ("body", submission.body))
    readings = tuple(read_field(name, text) for name, text in fields if text)
    return Sheet(readings, submission.facts, submission)


def read_field(name: str, given: str) -> Reading:
    """Read one text."""
    view = normalise(given)
    found = split(view)
    known = syllables()
    odd = [i for i, word in enumerate(found.words) if word not in known]
    gaps = found.gaps
    tied = [i for i, gap in enumerate(gaps) if gap != " " and gap and not gap[0].isspace()]
    breaks = [gap != " " and _is_break(gap) for gap in gaps[:-1]]
    reading = Reading(name, given, view, found.words, found.starts, found.ends, breaks, {}, toneless=False)
    if odd or tied or view.hidden:
        _lift(reading, odd, tied, gaps)
        odd = [i for i, word in enumerate(reading.words) if word not in known]
    reading.odd = odd
    reading.toneless = is_toneless(reading.words)
    reading.hits = list(scan(reading))
    return reading


def is_toneless(words: list[str]) -> bool:
    """Whether a field was typed almost wholly without marks."""
    marked = sum(not word.isascii() for word in words)
    return marked == 0 or marked * 16 < len(words)


@lru_cache(maxsize=4096)
def _is_break(gap: str) -> bool:
    return _BREAK.search(gap) is not None and _PAUSE.search(gap) is None


def scan(reading: Reading) -> Iterator[Hit]:
    """Every list entry in a field, safe phrases among them."""
    words, breaks, tricks = reading.words, reading.breaks, reading.tricks
    lexicon = book()
    trie, typed = lexicon.trie, lexicon.typed
    last_word, wild = len(words) - 1, 0
    for first, word in enumerate(words):
        node = trie.get(word)
        if _is_wild(word):
            wild += 1
            if wild > _WILD:
                continue
        elif node is None and word not in typed:
            continue
        if first < last_word and isinstance(node, dict) and "" not in node and word not in typed:
            following = words[first + 1]
            if following not in node and following not in typed and not _is_wild(following):
                continue
        for entry, last in _walk(trie, typed, words, breaks, first):
            trick = reading.trick_in(first, last) if tricks else None
            if entry.toneless and not reading.toneless and trick is None:
                continue
            yield Hit(entry, first, last, trick)


def _is_wild(word: str) -> bool:
    """Whether a word was only half lifted: stars for letters, or known by its look alone."""
    return "*" in word or word[0] == "~"


def _walk(
    trie: Node, typed: dict[str, str], words: list[str], breaks: list[bool], first: int
) -> Iterator[tuple[Entry, int]]:
    """Yield the entries that begin at a word; shorthand and masks count as what they stand for inside a phrase."""
    stack: list[tuple[Node, int]] = [(trie, first)]
    size = len(words)
    for _ in range(_STEPS):
        if not stack:
            return
        node, at = stack.pop()
        if at > first:
            yield from _ending(node, words, first, at)
        if at < size and (at == first or not breaks[at]):
            stack.extend((below, at + 1) for below in _below(node, words[at], typed))


def _ending(node: Node, words: list[str], first: int, at: int) -> Iterator[tuple[Entry, int]]:
    ends = node.get("")
    if isinstance(ends, list):
        for entry in ends:
            if at - first > 1 or words[first] == entry.words[0]:
                yield entry, at


def _below(node: Node, word: str, typed: dict[str, str]) -> Iterator[Node]:
    below = node.get(word)
    if isinstance(below, dict):
        yield below
    if word in typed:
        below = node.get(typed[word])
        if isinstance(below, dict):
            yield below
    elif word[0] == "~":
        look = word[1:]
        for key in book().looks.get(look, ()) if node is book().trie else [k for k in node if fold(k) == look]:
            under = node.get(key)
            if isinstance(under, dict):
                yield under
    elif "*" in word:
        head, _, tail = word.partition("*")
        for key in node if node is not book().trie else first_words(head, tail):
            under = node.get(key)
            if isinstance(under, dict) and key.startswith(head) and key.endswith(tail) and len(key) > len(head + tail):
                yield under


def _lift(reading: Reading, odd: list[int], tied: list[int], gaps: list[str]) -> None:
    """Put the words that were meant in the place of the disguised ones."""
    changes: dict[int, tuple[int, Unveiled, int]] = {}
    for first, last, head, raw in _chains(reading, tied, gaps):
        found = unveil(raw, hidden=_hidden(reading, first, last))
        if found:
            changes[first] = (last, found, reading.starts[first] - head)
    taken = {i for first, (last, _, _) in changes.items() for i in range(first, last)}
    doubtful = sorted({*odd, *_hidden_words(reading)} - taken)
    barren: set[int] = set()
    for index in doubtful:
        if index in taken:
            continue
        change = _lift_spaced(reading, index, taken, barren) or _lift_one(reading, index)
        if change:
            first, last, found = change
            changes[first] = (last, found, reading.starts[first])
            taken.update(range(first, last))
    for first in [first for first, (_, found, _) in changes.items() if found.trick == "reversed"]:
        _turn_neighbours(reading, first, changes)
    if changes:
        _replace(reading, changes)


def _turn_neighbours(reading: Reading, index: int, changes: dict[int, tuple[int, Unveiled, int]]) -> None:
    """Around a word that was turned round, turn its neighbours too where that makes a phrase of the lists."""
    words = reading.words
    run: dict[int, str] = {index: changes[index][1].pieces[0].word}
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(words) and abs(at - index) < 5:
            backwards = turned(words[at])
            if backwards is None:
                break
            run[at] = backwards
            at += step
    places = sorted(run)
    phrases = [[run[i] for i in places], [run[i] for i in reversed(places)]]
    if len(run) > 1 and any(holds_phrase(phrase) for phrase in phrases):
        for at in places:
            size = len(words[at])
            changes[at] = (at + 1, Unveiled("reversed", (Piece(run[at], 0, size),)), reading.starts[at])


def _hidden_words(reading: Reading) -> list[int]:
    if not reading.view.hidden:
        return []
    return [i for i in range(len(reading.words)) if _hidden(reading, i, i + 1)]


def _hidden(reading: Reading, first: int, last: int) -> bool:
    hidden = reading.view.hidden
    return bool(hidden) and any(i in hidden for i in range(reading.starts[first], reading.ends[last - 1]))


def _chains(reading: Reading, tied: list[int], gaps: list[str]) -> Iterator[tuple[int, int, int, str]]:
    """Give runs of words tied by signs alone, and words with stars before or after them."""
    size = len(reading.words)
    joins = {i for i in tied if 0 < i < size and not any(map(str.isspace, gaps[i]))}
    starred = "*" in reading.view.text
    firsts = {i - 1 for i in joins} | (set(range(size)) if starred else set())
    done = 0
    for index in sorted(firsts - joins):
        if index < done:
            continue
        last = index + 1
        while last in joins:
            last += 1
        done = last
        stars = head = 0
        if starred:
            tail, lead = gaps[last], gaps[index]
            stars = len(tail) - len(tail.lstrip("*"))
            head = len(lead) - len(lead.rstrip("*"))
        if (last - index > 1 or stars or head) and last - index <= _CHAIN_LIMIT:
            start, end = reading.starts[index] - head, reading.ends[last - 1] + stars
            yield index, last, head, reading.view.text[start:end]


def _lift_one(reading: Reading, index: int) -> tuple[int, int, Unveiled] | None:
    found = unveil(reading.words[index], hidden=_hidden(reading, index, index + 1))
    return (index, index + 1, found) if found else None


def _lift_spaced(reading: Reading, index: int, taken: set[int], barren: set[int]) -> tuple[int, int, Unveiled] | None:
    """Give a word spelt with spaces around this letter: a run of single letters, or a word in two or three parts."""
    words = reading.words
    if len(words[index]) != 1 or not words[index].isalpha():
        return None
    if index not in barren:
        run = _run_of_letters(reading, index, taken)
        if run is not None:
            return run
        barren.update(range(index, index + _BARREN))
    return _lift_parts(reading, index, taken)


def _run_of_letters(reading: Reading, index: int, taken: set[int]) -> tuple[int, int, Unveiled] | None:
    words = reading.words
    first, last = index, index + 1
    while first > 0 and index - first < 12 and len(words[first - 1]) == 1 and first - 1 not in taken:
        first -= 1
    while last < len(words) and last - index < 40 and len(words[last]) == 1 and last not in taken:
        last += 1
    if last - first > 2:
        joined = "".join(words[first:last])
        found = _read_joined(joined)
        if found:
            return first, last, _spread(reading, first, last, found)
    return None


def _read_joined(joined: str) -> Unveiled | None:
    lexicon = book()
    if joined in lexicon.abbreviations or joined in lexicon.vocabulary:
        return Unveiled("spaces", (Piece(joined, 0, len(joined)),))
    return unveil(joined, hidden=True) or spelt_out(joined)


def _lift_parts(reading: Reading, index: int, taken: set[int]) -> tuple[int, int, Unveiled] | None:
    words, strong = reading.words, book().strong
    if all(map(str.isascii, words[max(0, index - 1) : index + 3])):
        return None
    for first, last in (
        (index - 1, index + 2),
        (index, index + 2),
        (index - 1, index + 1),
        (index, index + 3),
    ):
        if first < 0 or last > len(words) or any(i in taken or reading.breaks[i] for i in range(first + 1, last)):
            continue
        joined = "".join(words[first:last])
        if joined in strong and not joined.isascii() and first not in taken:
            found = Unveiled("spaces", (Piece(joined, 0, len(joined)),))
            return first, last, _spread(reading, first, last, found)
    return None


def _spread(reading: Reading, first: int, last: int, found: Unveiled) -> Unveiled:
    """Lay pieces of the joined letters over the text that held spaces between them."""
    base = reading.starts[first]
    places = [at - base for i in range(first, last) for at in range(reading.starts[i], reading.ends[i])]
    return Unveiled(
        "spaces",
        tuple(Piece(p.word, places[p.start], places[p.end - 1] + 1) for p in found.pieces),
    )


def _replace(reading: Reading, changes: dict[int, tuple[int, Unveiled, int]]) -> None:
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    breaks: list[bool] = []
    index = 0
    while index < len(reading.words):
        change = changes.get(index)
        if change is None:
            words.append(reading.words[index])
            starts.append(reading.starts[index])
            ends.append(reading.ends[index])
            breaks.append(reading.breaks[index])
            index += 1
            continue
        last, found, base = change
        for place, piece in enumerate(found.pieces):
            reading.tricks[len(words)] = found.trick
            words.append(piece.word)
            starts.append(base + piece.start)
            ends.append(base + piece.end)
            breaks.append(reading.breaks[index] if place == 0 else False)
        index = last
    reading.words, reading.starts, reading.ends, reading.breaks = words, starts, ends, breaks


def folded(reading: Reading) -> list[str]:
    """Give the words of a field without marks."""
    return [fold(word) for word in reading.words]
