"""A site's own rules: its words, phrases, patterns and domains, found in the text as read; the policy weighs them.

Not here: which rules there are and whether they act (`service.rules`), and the shipped lists (`abuse`, `links`).
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import re2

from service.moderation.checks import links
from service.moderation.disguises import LEET, squeeze
from service.moderation.findings import NAMES, TRICKS, quote
from service.moderation.lexicon import terms
from service.moderation.sheet import Reading, Sheet
from service.moderation.syllables import bare_syllables, syllables
from service.moderation.text import Words, fold, split, unify
from service.moderation.vocabulary import Category, Finding, Message, Outcome, Rulebook, RuleKind, SiteRule, Span

NAME = "rules"
SEVERITY = {Outcome.APPROVE: 1, Outcome.HOLD: 2, Outcome.REJECT: 3}
LEADS_TO = {severity: outcome for outcome, severity in SEVERITY.items()}
CHANGING = frozenset({RuleKind.THRESHOLD, RuleKind.ACTION})
PATTERN_LENGTH = 500
PATTERN_MEMORY = 1 << 20
"""Bytes that RE2 may use for one pattern, compiled and running."""
SPANS = 5

_END = ""
_BREAK = re.compile(r"[.,;:!?]\s|\n")
_SIGNS = re.compile(r"[^\w\s]{1,3}|_{1,3}")
_DOT = re.compile(r"\s*[\[({]?\s*(?:\b(?:chấm|chẩm|cham|dot|c\.hấm)\b|[.,])\s*[\])}]?\s*")
_HOST = re.compile(r"^(?:[a-z*]{2,6}\s?:\s?(?:/\s?/|\\\\)\s?)?([^/\s?#]+)")
_LONE = re.compile("[\ud800-\udfff]")
_RUN = 40
_RUNS = 12
_SHORTEST = 3

Trie: TypeAlias = "dict[str, Trie | tuple[SiteRule, ...]]"
Place = tuple[SiteRule, int, int, str | None]


class BadPattern(Exception):
    """RE2 refuses the pattern, or it would match everything; the text is RE2's, '' for the latter."""


@dataclass(slots=True)
class _Index:
    """The rules of a book, ready for look-up."""

    exact: Trie = field(default_factory=dict)
    toneless: Trie = field(default_factory=dict)
    joined: dict[str, list[SiteRule]] = field(default_factory=dict)
    skeletons: dict[str, list[SiteRule]] = field(default_factory=dict)
    masks: dict[tuple[str, str, int], list[tuple[str, SiteRule]]] = field(default_factory=dict)
    domains: dict[str, list[SiteRule]] = field(default_factory=dict)
    patterns: list[tuple[Any, SiteRule]] = field(default_factory=list)


def book_of(rules: Iterable[SiteRule]) -> Rulebook:
    """Bind rules to a book whose key follows from what they say."""
    ordered = sorted(rules, key=lambda rule: rule.entry)
    finding = tuple(rule for rule in ordered if rule.kind not in CHANGING)
    changing = tuple(rule for rule in ordered if rule.kind in CHANGING)
    key = hashlib.sha256(repr((finding, changing)).encode("utf-8", "surrogatepass")).hexdigest() if ordered else ""
    return Rulebook(key, finding, changing)


def compiled(pattern: str) -> Any:
    """Return the pattern for RE2, over UTF-8, in any case and one tone placement; raise `BadPattern`."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    options.max_mem = PATTERN_MEMORY
    try:
        made = re2.compile(unify(unicodedata.normalize("NFC", pattern)).encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else ""
        raise BadPattern(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from error
    if made.search(b"") is not None:
        raise BadPattern("")
    return made


def find(sheet: Sheet, book: Rulebook, counting: Collection[str] = ()) -> Iterator[Finding]:
    """Look for every rule in every field: one finding a rule, those that act before those that only count."""
    index = _index(book)
    found: dict[str, tuple[SiteRule, list[Span], str | None]] = {}
    for reading in sheet.readings:
        for rule, start, end, trick in _places(reading, index):
            span = reading.cut(start, end)
            _, spans, _ = found.setdefault(rule.entry, (rule, [], trick))
            if len(spans) < SPANS and span not in spans:
                spans.append(span)
    for rule, spans, trick in sorted(found.values(), key=lambda one: one[0].entry in counting):
        yield Finding(
            check=NAME,
            category=rule.category,
            severity=SEVERITY[rule.outcome],
            spans=tuple(spans),
            message=_message(rule, tuple(spans), trick),
            entry=rule.entry,
            version=str(rule.version),
        )


def said_of_change(rule: SiteRule) -> Finding:
    """Tell that a rule of the site changed what a category leads to; it weighs nothing itself."""
    number = rule.entry.rpartition(":")[2]
    vi, en = NAMES.get(rule.category, (rule.category.value, rule.category.value))
    return Finding(
        check=NAME,
        category=rule.category,
        severity=1,
        spans=(),
        message=Message(
            f"Quy tắc {number} của trang đổi cách xử lý {vi}.",
            f"Rule {number} of the site changes what {en} leads to.",
        ),
        entry=rule.entry,
        version=str(rule.version),
    )


def _message(rule: SiteRule, spans: tuple[Span, ...], trick: str | None) -> Message:
    kind, _, number = rule.entry.partition(":")
    vi, en = TRICKS.get(trick or "", ("", ""))
    tail_vi, tail_en = (f" ({vi})", f" ({en})") if vi else ("", "")
    words = quote(spans)
    if kind == "block":
        return Message(
            f"Có cụm từ đang bị chặn: “{words}”{tail_vi}.", f"Contains a blocked phrase: “{words}”{tail_en}."
        )
    return Message(
        f"Trùng quy tắc {number} của trang: “{words}”{tail_vi}.",
        f"Matches the site's rule {number}: “{words}”{tail_en}.",
    )


@lru_cache(maxsize=32)
def _index(book: Rulebook) -> _Index:
    index = _Index()
    for rule in book.finding:
        for form in rule.forms:
            if rule.kind is RuleKind.PATTERN:
                index.patterns.append((compiled(form), rule))
            elif rule.kind is RuleKind.DOMAIN:
                index.domains.setdefault(form.lower(), []).append(rule)
            else:
                _add_words(index, rule, terms(form))
    return index


def _add_words(index: _Index, rule: SiteRule, words: tuple[str, ...]) -> None:
    if not words:
        return
    _plant(index.exact, words, rule)
    bare = tuple(map(fold, words))
    # A single word without its marks is often another word; a phrase seldom is.
    if bare != words and (len(bare) > 1 or bare[0] not in bare_syllables()):
        _plant(index.toneless, bare, rule)
    joined = "".join(words)
    if len(joined) >= _SHORTEST:
        index.joined.setdefault(joined, []).append(rule)
        index.skeletons.setdefault(fold(joined), []).append(rule)
    if len(words) == 1 and _SHORTEST <= len(joined) <= 20:
        index.masks.setdefault((fold(joined[0]), fold(joined[-1]), len(joined)), []).append((joined, rule))


def _plant(trie: Trie, words: tuple[str, ...], rule: SiteRule) -> None:
    node = trie
    for word in words:
        below = node.setdefault(word, {})
        if isinstance(below, dict):
            node = below
    ends = node.get(_END, ())
    node[_END] = (*ends, rule) if isinstance(ends, tuple) else (rule,)


def _places(reading: Reading, index: _Index) -> Iterator[Place]:
    if index.exact:
        raw = split(reading.view)
        yield from _listed(raw.words, raw.starts, raw.ends, _breaks(raw), index, toneless=reading.toneless)
        if reading.tricks:
            found = _listed(
                reading.words, reading.starts, reading.ends, reading.breaks, index, toneless=reading.toneless
            )
            for rule, start, end, _ in found:
                yield rule, start, end, None
        yield from _disguised(reading, raw, index)
    if index.domains:
        yield from _linked(reading, index)
    if index.patterns:
        yield from _patterned(reading, index)


def _breaks(raw: Words) -> list[bool]:
    return [gap != " " and _BREAK.search(gap) is not None for gap in raw.gaps[:-1]]


def _listed(
    words: list[str], starts: list[int], ends: list[int], breaks: list[bool], index: _Index, *, toneless: bool
) -> Iterator[Place]:
    passes: list[tuple[Trie, list[str]]] = [(index.exact, words)]
    if toneless and index.toneless:
        passes.append((index.toneless, [fold(word) for word in words]))
    for trie, spelt in passes:
        for first, word in enumerate(spelt):
            node = trie.get(word)
            at = first + 1
            while isinstance(node, dict):
                for rule in node.get(_END, ()):
                    if isinstance(rule, SiteRule):
                        yield rule, starts[first], ends[at - 1], None
                if at >= len(spelt) or breaks[at]:
                    break
                node, at = node.get(spelt[at]), at + 1


def _disguised(reading: Reading, raw: Words, index: _Index) -> Iterator[Place]:
    """Find words with signs or spaces between their letters, stars, digits, repeats or look-alikes, or glued together."""
    yield from _in_letters(raw, index)
    hidden = reading.view.hidden
    for at, word in enumerate(raw.words):
        start, end = raw.starts[at], raw.ends[at]
        gap = raw.gaps[at + 1]
        if gap[:1] == "*" and at + 1 < len(raw.words) and not gap.strip("*"):
            yield from _masked(reading, start, raw.ends[at + 1], index)
        veiled = bool(hidden) and any(i in hidden for i in range(start, end))
        if word in syllables() and not veiled:
            continue
        for spelt, trick in _meant(word, veiled=veiled):
            for rule in index.skeletons.get(fold(spelt), ()):
                yield rule, start, end, trick


def _meant(word: str, *, veiled: bool) -> Iterator[tuple[str, str]]:
    if len(word) < _SHORTEST or len(word) > _RUN:
        return
    if veiled:
        yield word, "look-alikes"
    elif len(word) > 4:
        yield word, "glued"
    squeezed = squeeze(word)
    if squeezed != word and len(squeezed) >= _SHORTEST:
        yield squeezed, "repeats"
    if not word.isalpha() and not word.isdigit():
        for table in LEET:
            read = word.translate(table)
            if read.isalpha():
                yield read, "leet"


def _masked(reading: Reading, start: int, end: int, index: _Index) -> Iterator[Place]:
    text = reading.view.text[start:end]
    head, _, tail = text.partition("*")
    tail = tail.lstrip("*")
    for form, rule in index.masks.get((fold(text[0]), fold(text[-1]), len(text)), ()):
        if fold(form).startswith(fold(head)) and fold(form).endswith(fold(tail)):
            yield rule, start, end, "mask"


def _in_letters(raw: Words, index: _Index) -> Iterator[Place]:
    """Find words whose letters stand apart: the whole of a run, or all of it but one letter at an end."""
    size, at, runs = len(raw.words), 0, 0
    while at < size and runs < _RUNS:
        last, trick = at + 1, "spaces"
        while last < size and last - at < _RUN and (sign := _joins(raw, last)):
            trick = "dots" if sign != " " else trick
            last += 1
        if last - at > 1:
            runs += 1
            for first, end in ((at, last), (at + 1, last), (at, last - 1)):
                joined = "".join(raw.words[first:end])
                for rule in index.joined.get(joined, ()) if end - first > 1 else ():
                    yield rule, raw.starts[first], raw.ends[end - 1], trick
        at = last


def _joins(raw: Words, at: int) -> str:
    """Return what ties a word to the one before it in a disguise; '' where nothing does."""
    gap, before, word = raw.gaps[at], raw.words[at - 1], raw.words[at]
    if len(before) == 1 and len(word) == 1 and gap == " ":
        return gap
    return gap if min(len(before), len(word)) < 3 and _SIGNS.fullmatch(gap) else ""


def _linked(reading: Reading, index: _Index) -> Iterator[Place]:
    for start, end, _, _ in links.places(reading):
        labels = host(reading.view.text[start:end]).split(".")
        for first in range(len(labels) - 1):
            for rule in index.domains.get(".".join(labels[first:]), ()):
                yield rule, start, end, None


def host(address: str) -> str:
    """Return the host of a link as people write it, spelt-out dots read as dots."""
    match = _HOST.match(_DOT.sub(".", address.strip().lower()))
    name = (match.group(1) if match else "").rpartition("@")[2]
    return name.partition(":")[0].strip(".").removeprefix("www.")


def _patterned(reading: Reading, index: _Index) -> Iterator[Place]:
    # A lone surrogate has no UTF-8; another sign in its place keeps the offsets.
    encoded = _LONE.sub("\ufffd", reading.view.text).encode()
    for pattern, rule in index.patterns:
        for number, match in enumerate(pattern.finditer(encoded)):
            if number >= SPANS:
                break
            start = len(encoded[: match.start()].decode())
            yield rule, start, start + len(match.group().decode()), None


def default_category(kind: RuleKind) -> Category:
    """Return the category under which a rule's finds are filed where nobody named one."""
    return Category.LINK if kind is RuleKind.DOMAIN else Category.POLICY
