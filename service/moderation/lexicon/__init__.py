"""The lists of words and phrases, read once from the readable files beside this one; how they are found is elsewhere."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeAlias

from service.moderation.text import fold, normalise, split, unify
from service.moderation.vocabulary import Category

OFFER_KINDS = frozenset({"offer", "call", "voice", "warning"})
ABUSE = ("profanity", "insult", "hate", "threat", "sexual")

Node: TypeAlias = "dict[str, Node | list[Entry]]"
_END = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One form of a list: what it is filed under, how grave it is, and where it may be read.

    `kind` is word (counts alone and under any disguise), phrase, teencode, context (a rule in
    the check decides), offer, signal or safe. `toneless` forms count only in a field typed
    without marks, or where the word as typed was disguised.
    """

    form: str
    words: tuple[str, ...]
    category: Category | None
    severity: int
    kind: str
    toneless: bool
    region: str = ""
    topic: str = ""
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Index:
    """Some entries, ready for look-up word by word; `looks` has their first words by how these look without marks.

    `heads` are the words that an entry may begin at: first words, and shorthand.
    """

    trie: Node
    looks: dict[str, tuple[str, ...]]
    heads: frozenset[str]

    def first_words(self, head: str, tail: str) -> tuple[str, ...]:
        """Give the first words of entries that begin and end so."""
        return tuple(word for word in self.trie if word.startswith(head) and word.endswith(tail))


@dataclass(frozen=True, slots=True)
class Book:
    """All entries, in one index those of abuse and in one those of offers, and what the disguises are compared with."""

    version: str
    entries: tuple[Entry, ...]
    abuse: Index
    offers: Index
    strong: frozenset[str]
    strong_folded: dict[str, str]
    abbreviations: frozenset[str]
    doubtful: frozenset[str]
    curses: frozenset[str]
    vocabulary: frozenset[str]
    listed: frozenset[str]
    masks: dict[str, str]
    typed: dict[str, str]


def terms(form: str) -> tuple[str, ...]:
    """Give a form as the words in which a comment's view would hold it."""
    return tuple(split(normalise(form)).words)


def rows(name: str) -> Iterator[dict[str, str]]:
    """Give the rows of a list by column, in order."""
    text = (files(__package__) / name).read_text(encoding="utf-8")
    head, *lines = text.splitlines()
    columns = head.split("\t")
    for line in lines:
        cells = line.split("\t")
        yield dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))], strict=False))


@cache
def book() -> Book:
    """Read and index every list."""
    entries = tuple(_entries())
    alone = [e for e in entries if e.kind == "word" and len(e.words) == 1 and e.severity > 1]
    strong = frozenset(e.words[0] for e in alone)
    abuse = [e for e in entries if e.category in ABUSE and e.kind != "safe"]
    typed = {unify(form): unify(row["stands for"]) for row in rows("teencode.tsv") for form in row["typed"].split("|")}
    vocabulary = frozenset(word for e in abuse for word in e.words) | frozenset(typed.values())
    return Book(
        version=_version(),
        entries=entries,
        abuse=_index((e for e in entries if e.kind not in OFFER_KINDS), typed),
        offers=_index((e for e in entries if e.kind in OFFER_KINDS), typed),
        strong=strong,
        strong_folded=_folded(alone),
        abbreviations=frozenset(e.words[0] for e in entries if len(e.words) == 1 and e.kind != "safe"),
        curses=frozenset(e.words[0] for e in abuse if e.kind == "teencode" and len(e.words) == 1 and e.severity > 1),
        vocabulary=vocabulary,
        listed=frozenset(word for e in entries for word in e.words),
        masks=_masks([e.words[0] for e in alone if not _is_english(e)]) | _masks_english(alone) | _STARRED,
        typed=typed,
        doubtful=frozenset(form for row in rows("doubtful.tsv") for form in row["forms"].split("|")),
    )


def _version() -> str:
    whole = hashlib.sha256()
    for item in sorted(files(__package__).iterdir(), key=lambda item: item.name):
        if item.name.endswith((".tsv", ".toml")):
            whole.update(item.read_bytes())
    return whole.hexdigest()[:8]


def _entries() -> Iterator[Entry]:
    for name in ABUSE:
        for row in rows(f"{name}.tsv"):
            for form in _forms(row["forms"]):
                yield Entry(
                    form=form,
                    words=terms(form),
                    category=Category(row["category"]),
                    severity=int(row["severity"]),
                    kind=row["kind"],
                    toneless=row["toneless"] == "t",
                    region=row["region"],
                )
            yield from _safe(row["unless"])
    for row in rows("safe.tsv"):
        yield from _safe(row["forms"])
    yield from _offers()


def _offers() -> Iterator[Entry]:
    """Give the words of offers; those of two words or more are read without marks as well, since a sum decides."""
    for row in rows("offers.tsv"):
        for form in _forms(row["forms"]):
            words = terms(form)
            spellings = [(words, False)]
            bare = tuple(map(fold, words))
            if bare != words and (len(words) > 1 or float(row["weight"]) > 2):
                spellings.append((bare, True))
            for spelt, toneless in spellings:
                yield Entry(
                    form=form,
                    words=spelt,
                    category=Category(row["category"]) if row["category"] else None,
                    severity=0,
                    kind=row["kind"],
                    toneless=toneless,
                    topic=row["topic"],
                    weight=float(row["weight"]),
                )


def _forms(cell: str) -> list[str]:
    return [form.strip() for form in cell.split("|") if form.strip()]


def _safe(cell: str) -> Iterator[Entry]:
    for form in _forms(cell):
        yield Entry(form, terms(form), None, 0, "safe", toneless=False)


def _index(entries: Iterable[Entry], typed: Iterable[str]) -> Index:
    trie: Node = {}
    for entry in entries:
        _plant(trie, entry)
    return Index(trie, _looks(trie), frozenset((*trie, *typed)))


def _plant(trie: Node, entry: Entry) -> None:
    node = trie
    for word in entry.words:
        below = node.setdefault(word, {})
        if not isinstance(below, dict):
            raise TypeError(entry.form)
        node = below
    ends = node.setdefault(_END, [])
    if isinstance(ends, list):
        ends.append(entry)


def _looks(trie: Node) -> dict[str, tuple[str, ...]]:
    """Give the first words of entries by how they look without marks."""
    found: dict[str, list[str]] = {}
    for word in trie:
        found.setdefault(fold(word), []).append(word)
    return {look: tuple(words) for look, words in found.items()}


def _folded(alone: list[Entry]) -> dict[str, str]:
    """Give the words that count alone, by how they look without marks; the first listed wins."""
    found: dict[str, str] = {}
    for entry in alone:
        word = entry.words[0]
        if len(word) > 2:
            found.setdefault(fold(word), word)
    return found


# A mask that leaves no more than these could hide any of many words.
_ONSETS = frozenset(["ch", "gh", "gi", "kh", "ng", "nh", "ph", "th", "tr", "qu", "ngh"])


# A đ with nothing but stars after it hides one of three words, all of a kind.
_STARRED = {"đ*": "đéo"}


def _is_english(entry: Entry) -> bool:
    return (entry.form.isascii() and any(letter in entry.form for letter in "fjwz")) or entry.form in _ENGLISH


_ENGLISH = frozenset(
    [
        "shit",
        "shits",
        "shitty",
        "bitch",
        "bitches",
        "cunt",
        "cunts",
        "prick",
        "asshole",
        "whore",
        "slut",
        "sluts",
        "bastard",
        "tits",
        "pussy",
    ]
)


def _masks_english(alone: list[Entry]) -> dict[str, str]:
    """English words are masked by their vowels; fewer letters left would fit too many names."""
    words = [e.words[0] for e in alone if _is_english(e)]
    return {re.sub("[aeiou]+", "*", word): word for word in words if re.search("[aeiou]", word[1:-1])}


def _masks(words: Iterable[str]) -> dict[str, str]:
    """Every way of putting stars over letters that leaves the first letter and one more standing."""
    found: dict[str, str] = {}
    for word in words:
        for spelt in (word, fold(word)):
            if len(spelt) < 3:
                continue
            for end in range(1, len(spelt)):
                for resume in range(end + 1, len(spelt) + 1):
                    if resume == len(spelt) and (end == 1 or spelt[:end] in _ONSETS):
                        continue
                    if len(spelt) > 4 and end + len(spelt) - resume < 3:
                        continue
                    found.setdefault(f"{spelt[:end]}*{spelt[resume:]}", word)
    return found
