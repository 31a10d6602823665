"""Words and phrases split between two fields: the end of the name or title and the beginning of what follows."""

from collections.abc import Iterator

from service.moderation.findings import about
from service.moderation.lexicon import ABUSE, Entry, Node, book
from service.moderation.sheet import Reading, Sheet
from service.moderation.vocabulary import Finding, Span

NAME = "seam"
_REACH = 4


def find(sheet: Sheet) -> Iterator[Finding]:
    """Read across each border between neighbouring fields."""
    for left, right in zip(sheet.readings, sheet.readings[1:], strict=False):
        if not left.words or not right.words:
            continue
        found = _split_word(left, right) or _split_phrase(left, right)
        if found:
            yield found


def _split_word(left: Reading, right: Reading) -> Finding | None:
    """One word whose halves end one field and begin the next, with what follows it."""
    lexicon = book()
    tail, head = left.words[-1], right.words[0]
    if not _touches_edge(left, right):
        return None
    joined = tail + head
    if joined not in lexicon.strong or joined.isascii():
        return None
    entry, size = _longest([joined, *right.words[1:_REACH]])
    if entry is None or entry.category is None:
        return None
    spans = (left.span(len(left.words) - 1, len(left.words)), right.span(0, size))
    return _finding(entry, spans)


def _split_phrase(left: Reading, right: Reading) -> Finding | None:
    """Give a grave phrase that begins in one field and ends in the next."""
    for count in range(min(_REACH, len(left.words)), 0, -1):
        words = [*left.words[-count:], *right.words[:_REACH]]
        entry, size = _longest(words)
        if entry is None or entry.category is None or size <= count or entry.severity < 2:
            continue
        if entry.toneless and not (left.toneless and right.toneless):
            continue
        if entry.severity < 3 and entry.category not in {"profanity", "threat"} and not _touches_edge(left, right):
            continue
        spans = (left.span(len(left.words) - count, len(left.words)), right.span(0, size - count))
        return _finding(entry, spans)
    return None


def _touches_edge(left: Reading, right: Reading) -> bool:
    """Whether nothing but space stands between the last word of one field and the first of the next."""
    return not left.view.text[left.ends[-1] :].strip() and not right.view.text[: right.starts[0]].strip()


def _longest(words: list[str]) -> tuple[Entry | None, int]:
    """Give the longest entry of abuse that begins at the first word; a safe phrase there excuses it."""
    node: Node | list[Entry] | None = book().abuse.trie
    best: tuple[Entry | None, int] = (None, 0)
    for size, word in enumerate(words, 1):
        node = node.get(word) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            break
        ends = node.get("")
        for entry in ends if isinstance(ends, list) else []:
            if entry.kind == "safe":
                best = (None, size)
            elif entry.category in ABUSE:
                best = (entry, size)
    return best


def _finding(entry: Entry, spans: tuple[Span, ...]) -> Finding:
    if entry.category is None:
        raise ValueError(entry.form)
    return Finding(
        check=NAME,
        category=entry.category,
        severity=entry.severity,
        spans=spans,
        message=about(entry.category, spans, "split"),
        entry=entry.form,
        version=book().version,
    )
