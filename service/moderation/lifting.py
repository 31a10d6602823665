"""Puts the words that were meant in the place of the disguised ones of a field; what a disguise hides is known elsewhere."""

from collections.abc import Callable, Iterator

from service.moderation.disguises import Piece, Unveiled, holds_phrase, spelt_out, turned, turned_bare, unveil
from service.moderation.lexicon import book
from service.moderation.sheet import Reading
from service.moderation.syllables import bare_syllables

_CHAIN_LIMIT = 24
# A text spelt letter by letter is read as far as this.
_LONGEST_RUN = 200
# Two letters with a space between them that stand for a curse where a clause begins or ends.
_OPENING = frozenset({"đ m", "d m"})
_CLOSING = frozenset({"v l"})
# What digits are typed as.
_DIGITLIKE = frozenset("0123456789oilzsbq")
# Of so many doubtful words of a field it is asked whether they stand backwards.
_MOST_TURNED = 400
# Past so many letters that stand alone a field is no text with a word in two parts.
_MOST_LETTERS = 400


def lift(reading: Reading, odd: list[int], tied: list[int], gaps: list[str]) -> None:
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
        _turn_neighbours(reading, first, changes[first][1].pieces[0].word, changes, turned)
    plain = bare_syllables()
    for index in doubtful[:_MOST_TURNED]:
        word = reading.words[index]
        backwards = turned_bare(word) if index not in taken and word not in plain else None
        if backwards is not None:
            _turn_neighbours(reading, index, backwards, changes, turned_bare)
    if changes:
        _replace(reading, changes)


def _turn_neighbours(
    reading: Reading,
    index: int,
    backwards: str,
    changes: dict[int, tuple[int, Unveiled, int]],
    turn: Callable[[str], str | None],
) -> None:
    """Turn a word and its neighbours round where that makes a phrase of the lists."""
    words = reading.words
    run: dict[int, str] = {index: backwards}
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(words) and abs(at - index) < 5:
            other = turn(words[at])
            if other is None:
                break
            run[at] = other
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
    """Lift a word; letters that stand for digits, among digits and after a number, are a part of that number."""
    word = reading.words[index]
    if index and reading.words[index - 1][-1].isdigit() and not word.isalpha() and _DIGITLIKE.issuperset(word):
        return None
    found = unveil(word, hidden=_hidden(reading, index, index + 1))
    return (index, index + 1, found) if found else None


def _lift_spaced(reading: Reading, index: int, taken: set[int], barren: set[int]) -> tuple[int, int, Unveiled] | None:
    """Give a word spelt with spaces around this letter: a run of single letters, or a word in two or three parts."""
    words = reading.words
    if len(words[index]) != 1 or not words[index].isalpha():
        return None
    if index not in barren:
        first, last = _run_of_letters(words, index, taken)
        barren.update(range(first, last))
        if last - first > 2:
            joined = "".join(words[first : min(last, first + _LONGEST_RUN)])
            found = _read_joined(joined)
            if found:
                return first, first + len(joined), _spread(reading, first, first + len(joined), found)
        if last - first == 2 and _is_spaced_curse(reading, first, last):
            joined = "".join(words[first:last])
            return first, last, _spread(reading, first, last, Unveiled("spaces", (Piece(joined, 0, 2),)))
    return _lift_parts(reading, index, taken) if len(barren) < _MOST_LETTERS else None


def _is_spaced_curse(reading: Reading, first: int, last: int) -> bool:
    """Whether two letters by themselves are a curse: one that opens or closes a clause, typed small."""
    text = reading.view.text[reading.starts[first] : reading.ends[last - 1]]
    opens = first == 0 or reading.breaks[first]
    closes = last >= len(reading.words) or reading.breaks[last]
    small = reading.span(first + 1, last).text.islower()
    return small and ((text in _OPENING and (opens or closes)) or (text in _CLOSING and closes and not opens))


def _run_of_letters(words: list[str], index: int, taken: set[int]) -> tuple[int, int]:
    """Give where a run of single letters begins and ends around one of them."""
    first, last = index, index + 1
    while first > 0 and len(words[first - 1]) == 1 and first - 1 not in taken:
        first -= 1
    while last < len(words) and len(words[last]) == 1 and last not in taken:
        last += 1
    return first, last


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
