"""Finds the entries of the lists in the words of a field; how the words came to be is elsewhere."""

from collections.abc import Iterator

from service.moderation.lexicon import Entry, Index, Node, book
from service.moderation.sheet import Hit, Reading
from service.moderation.text import fold

_STEPS = 200
# Half-lifted words are tried against many entries: past a number of them a field is no sentence.
_WILD = 60
_NOWHERE: frozenset[int] = frozenset()


def scan(reading: Reading, index: Index) -> Iterator[Hit]:
    """Every entry of an index in a field, safe phrases among them."""
    words, breaks, tricks = reading.words, reading.breaks, reading.tricks
    trie, typed = index.trie, book().typed
    last_word, wild = len(words) - 1, 0
    # Only a trick leaves a word half lifted, and few fields hold one.
    half = frozenset(at for at in tricks if _is_wild(words[at])) if tricks else _NOWHERE
    heads = index.heads
    for first in [first for first, word in enumerate(words) if word in heads or first in half]:
        word = words[first]
        node = trie.get(word)
        if first in half:
            wild += 1
            if wild > _WILD:
                continue
        if first < last_word and isinstance(node, dict) and "" not in node and word not in typed:
            following = words[first + 1]
            if following not in node and following not in typed and first + 1 not in half:
                continue
        for entry, last in _walk(index, typed, words, breaks, first):
            trick = reading.trick_in(first, last) if tricks else None
            if entry.toneless and not reading.toneless and trick is None:
                continue
            yield Hit(entry, first, last, trick)


def _is_wild(word: str) -> bool:
    """Whether a word was only half lifted: stars for letters, or known by its look alone."""
    return "*" in word or word[0] == "~"


def _walk(
    index: Index, typed: dict[str, str], words: list[str], breaks: list[bool], first: int
) -> Iterator[tuple[Entry, int]]:
    """Yield the entries that begin at a word; shorthand and masks count as what they stand for inside a phrase."""
    stack: list[tuple[Node, int]] = [(index.trie, first)]
    size = len(words)
    for _ in range(_STEPS):
        if not stack:
            return
        node, at = stack.pop()
        if at > first:
            yield from _ending(node, words, first, at)
        if at < size and (at == first or not breaks[at]):
            stack.extend((below, at + 1) for below in _below(index, node, words[at], typed))


def _ending(node: Node, words: list[str], first: int, at: int) -> Iterator[tuple[Entry, int]]:
    ends = node.get("")
    if isinstance(ends, list):
        for entry in ends:
            if at - first > 1 or words[first] == entry.words[0]:
                yield entry, at


def _below(index: Index, node: Node, word: str, typed: dict[str, str]) -> Iterator[Node]:
    below = node.get(word)
    if isinstance(below, dict):
        yield below
    if word in typed:
        below = node.get(typed[word])
        if isinstance(below, dict):
            yield below
    elif word[0] == "~":
        look = word[1:]
        for key in index.looks.get(look, ()) if node is index.trie else [k for k in node if fold(k) == look]:
            under = node.get(key)
            if isinstance(under, dict):
                yield under
    elif "*" in word:
        head, _, tail = word.partition("*")
        for key in node if node is not index.trie else index.first_words(head, tail):
            under = node.get(key)
            if isinstance(under, dict) and key.startswith(head) and key.endswith(tail) and len(key) > len(head + tail):
                yield under
