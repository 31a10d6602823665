"""Sentence patterns over classes of words: each word becomes one code, each pattern one linear RE2 over the codes."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache, reduce
from importlib.resources import files
from itertools import pairwise, repeat
from operator import or_
from typing import Any

import re2

from service.moderation.lexicon import book, terms
from service.moderation.sheet import Reading, folded
from service.moderation.text import fold

FILES = ("patterns.toml", "pitches.toml")
# Every code takes three bytes of UTF-8, so that a place in the bytes is three times a place in the line.
_WIDTH = 3
_OTHER, _NUMBER, _PAUSE = "\ue000", "\ue001", "\ue002"
_FIRST_CODE = 0xE003


# A number as it stands in a list, and as it is typed: with or without a unit.
_LISTED_NUMBER = re.compile(r"(?<![^\s_/|\"])\d+[a-zđ]{0,3}(?![^\s_/|\"?])")
_AMOUNT = re.compile(r"\d+(?:[a-zđ]{1,5}\d{0,3})?")
_BLOCK = 16
_SIGNS = {"^": f"(?:^|{_PAUSE})", "$": f"(?:$|{_PAUSE})", "<": "(", ">": ")"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """One sentence pattern: what it is filed under, how much it weighs, and the words that must not stand beside it."""

    name: str
    label: str
    weight: int
    regex: Any
    needs: int
    close: bool
    not_before: frozenset[str]
    not_after: frozenset[str]


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern found from word `first` to before word `last`; `bare` where only by how the words look without marks."""

    pattern: Pattern
    first: int
    last: int
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """The patterns of one way of typing, the code of each word they know, and which parts of patterns a code begins.

    `plain` are the codes of the words that stand for no other word.

    A part is a word or choice that a pattern cannot do without, one bit each: a pattern is
    only searched for in a field that holds a beginning of every part it needs, a short one where
    they stand close together, and stands under the part that the fewest words begin.
    """

    codes: dict[str, str]
    plain: dict[str, str]
    patterns: dict[str, dict[int, tuple[Pattern, ...]]]
    begins: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Line:
    """A field as codes, and which parts of patterns begin in it, as a whole and in each pair of neighbouring blocks."""

    codes: list[str]
    held: int
    near: tuple[int, ...]


@cache
def grammar(*, toneless: bool) -> Grammar:
    """Compile the patterns of every file of the lexicon that holds any, with marks or without."""
    codes: dict[str, str] = {}
    parts: dict[frozenset[str], int] = {}
    texts = {name: (files(__package__) / "lexicon" / name).read_text(encoding="utf-8") for name in FILES}
    found = {name: list(_compiled(text, codes, parts, toneless=toneless)) for name, text in texts.items()}
    begins: dict[str, int] = {}
    for part, bit in parts.items():
        for code in part:
            begins[code] = begins.get(code, 0) | bit
    width = {bit: len(part) for part, bit in parts.items()}
    ordered: dict[str, dict[int, tuple[Pattern, ...]]] = {}
    for name, patterns in found.items():
        under: dict[int, list[Pattern]] = {}
        for pattern in patterns:
            bits = [bit for bit in width if bit & pattern.needs]
            under.setdefault(min(bits, key=lambda bit: width[bit]), []).append(pattern)
        ordered[name] = {bit: tuple(row) for bit, row in under.items()}
    typed = book().typed
    plain = {word: code for word, code in codes.items() if word not in typed}
    return Grammar(codes, plain, ordered, begins)


def _compiled(
    text: str, codes: dict[str, str], parts: dict[frozenset[str], int], *, toneless: bool
) -> Iterator[Pattern]:
    source = tomllib.loads(text)
    compiler = _Compiler(codes, source["classes"], toneless, {}, parts, {}, {})
    compiler.numbers = {_NUMBER, *map(compiler.code, sorted(set(_LISTED_NUMBER.findall(text))))}
    for rank, word in enumerate(source["common"].split()):
        compiler.common.setdefault(compiler.code(word), rank)
    for row in source["pattern"]:
        forms = list(row.get("toneless", [])) if toneless else row["forms"]
        if toneless and row.get("fold", source.get("fold", False)):
            forms += row["forms"]
        for form in forms:
            regex, needs, longest = compiler.compile(form)
            yield Pattern(
                name=row["name"],
                label=row.get("category") or row["topic"],
                weight=row.get("severity") or row["weight"],
                regex=re2.compile(regex.encode()),
                needs=needs,
                close=longest <= _BLOCK,
                not_before=_words(row.get("not_before", ""), toneless=toneless),
                not_after=_words(row.get("not_after", ""), toneless=toneless),
            )


def _words(cell: str, *, toneless: bool) -> frozenset[str]:
    words = (terms(part.strip()) for part in cell.split("|") if part.strip())
    return frozenset(fold(" ".join(part)) if toneless else " ".join(part) for part in words)


@dataclass(slots=True)
class _Compiler:
    codes: dict[str, str]
    classes: dict[str, str]
    toneless: bool
    done: dict[str, tuple[str, frozenset[str]]]
    parts: dict[frozenset[str], int]
    listed: dict[str, list[str]]
    common: dict[str, int]
    numbers: set[str] = field(default_factory=set)
    longest: dict[str, int] = field(default_factory=dict)

    def code(self, word: str) -> str:
        if self.toneless:
            word = fold(word)
        if word not in self.codes:
            self.codes[word] = chr(_FIRST_CODE + len(self.codes))
        return self.codes[word]

    def phrase(self, form: str) -> str:
        return "".join(self.code(word) for word in terms(form))

    def members(self, name: str) -> list[str]:
        if name not in self.listed:
            found: list[str] = []
            for part in self.classes[name].split("|"):
                item = part.strip()
                found.extend(self.members(item[1:-1]) if item.startswith("{") else [item])
            self.listed[name] = found
        return self.listed[name]

    def choice(self, phrases: set[str]) -> tuple[str, frozenset[str]]:
        single = "".join(sorted(p for p in phrases if len(p) == 1))
        longer = sorted((p for p in phrases if len(p) > 1), key=lambda p: (-len(p), p))
        parts = [*longer, *([f"[{single}]"] if single else [])]
        return f"(?:{'|'.join(parts)})", frozenset(self.telling(p) for p in phrases)

    def telling(self, phrase: str) -> str:
        """Give the word of a phrase that the fewest comments hold."""
        return min(phrase, key=lambda code: (code in self.common, -self.common.get(code, 0)))

    def compile(self, form: str) -> tuple[str, int, int]:
        """`{class}`, plain words, `a/b` for either, a final `?`, `..3` for up to three words, `^` `$`, `<…>` span.

        Gives the expression, the parts it needs, and how many words it can reach over.
        """
        regex, needs, longest = "", 0, 0
        for element in form.split():
            if element in _SIGNS:
                regex += _SIGNS[element]
            elif element.startswith(".."):
                regex += f"[^{_PAUSE}]{{0,{element[2:]}}}"
                longest += int(element[2:])
            else:
                optional = element.endswith("?")
                text, begins = self._element(element.rstrip("?"))
                longest += self.longest[element.rstrip("?")]
                regex += text + ("?" if optional else "")
                if not optional and begins:
                    needs |= self.parts.setdefault(begins, 1 << len(self.parts))
        return regex, needs, longest

    def _element(self, element: str) -> tuple[str, frozenset[str]]:
        if element in self.done:
            return self.done[element]
        phrases: set[str] = set()
        edge = False
        for part in element.split("/"):
            if part.startswith("{"):
                phrases.update(self.phrase(item) for item in self.members(part[1:-1]))
            elif part == "#":
                phrases |= self.numbers
            elif part == "$":
                edge = True
            else:
                phrases.add(self.phrase(part.replace("_", " ")))
        text, begins = self.choice(phrases)
        self.longest[element] = max(map(len, phrases), default=0)
        if edge:
            text, begins = f"(?:{text}|{_SIGNS['$']})", frozenset()
        self.done[element] = text, begins
        return text, begins


def find_patterns(reading: Reading, name: str, *, pauses: bool) -> Iterator[Match]:
    """Every pattern of a file in a field, each at its first and every further place; pauses part sentences or not."""
    yield from _search(reading, name, toneless=False, pauses=pauses)
    if reading.toneless:
        yield from _search(reading, name, toneless=True, pauses=pauses)


def _search(reading: Reading, name: str, *, toneless: bool, pauses: bool) -> Iterator[Match]:
    rules = grammar(toneless=toneless)
    words = folded(reading) if toneless else reading.words
    coded = _coded(reading, rules, words, toneless=toneless)
    codes, places = coded.codes, list(range(len(words) + 1))
    if pauses and True in reading.breaks:
        codes, places = _with_pauses(reading, codes)
    line: bytes | None = None
    for pattern in _possible(reading, rules, name, coded, toneless=toneless):
        line = line or "".join(codes).encode()
        for found in pattern.regex.finditer(line):
            begin, stop = found.span(1 if found.re.groups else 0)
            start, end = begin // _WIDTH, stop // _WIDTH
            while start < end and codes[start] == _PAUSE:
                start += 1
            while end > start and codes[end - 1] == _PAUSE:
                end -= 1
            if end <= start:
                continue
            first, last = places[start], places[end - 1] + 1
            if not _forbidden(pattern, words, first, last):
                yield Match(pattern, first, last, toneless)


def _coded(reading: Reading, rules: Grammar, words: list[str], *, toneless: bool) -> _Line:
    """Give a field as codes, made once for every file of patterns."""
    memo = f"codes {toneless}"
    if memo not in reading.memo:
        known, typed = rules.plain, book().typed
        codes = [
            known.get(word) or (_code(reading, rules, words, index) if word in typed else _unlisted(word))
            for index, word in enumerate(words)
        ]
        begun = list(map(rules.begins.get, codes, repeat(0)))
        blocks = [reduce(or_, begun[at : at + _BLOCK], 0) for at in range(0, len(codes) + _BLOCK + 1, _BLOCK)]
        near = tuple(left | right for left, right in pairwise(blocks))
        reading.memo[memo] = _Line(codes, reduce(or_, near), near)
    found: _Line = reading.memo[memo]
    return found


def _possible(reading: Reading, rules: Grammar, name: str, line: _Line, *, toneless: bool) -> list[Pattern]:
    """Give the patterns of a file whose parts a field holds, looked for once."""
    memo = f"possible {name} {toneless}"
    if memo not in reading.memo:
        held = line.held
        reading.memo[memo] = [
            pattern
            for bit, rows in rules.patterns[name].items()
            if bit & held
            for pattern in rows
            if pattern.needs & held == pattern.needs and (not pattern.close or _stand_close(pattern.needs, line.near))
        ]
    found: list[Pattern] = reading.memo[memo]
    return found


def _stand_close(needs: int, near: tuple[int, ...]) -> bool:
    for part in near:  # noqa: SIM110 - asked so often that a generator would cost more than the question.
        if part & needs == needs:
            return True
    return False


def _code(reading: Reading, rules: Grammar, words: list[str], index: int) -> str:
    """Give the code of a word that is also shorthand: of what it stands for, or of itself where it is none here."""
    word = words[index]
    counted = index > 0 and words[index - 1].isdigit()
    if not counted and (len(word) > 1 or _is_shorthand(reading, words, index)):
        return rules.codes.get(book().typed[word], _OTHER)
    return rules.codes.get(word) or _unlisted(word)


@lru_cache(maxsize=16384)
def _unlisted(word: str) -> str:
    """Give the code of a word that the patterns do not list: of a number, or of any word."""
    return _NUMBER if word[0].isdigit() and _AMOUNT.fullmatch(word) else _OTHER


def _with_pauses(reading: Reading, coded: list[str]) -> tuple[list[str], list[int]]:
    line: list[str] = []
    places: list[int] = []
    done = 0
    for index in [index for index, pause in enumerate(reading.breaks) if pause]:
        line += coded[done:index]
        line.append(_PAUSE)
        places += range(done, index)
        places.append(index)
        done = index
    line += coded[done:]
    places += range(done, len(coded))
    places.append(len(coded))
    return line, places


def _is_shorthand(reading: Reading, words: list[str], index: int) -> bool:
    """Whether a single letter stands for a word here, and not for a metre or a variable."""
    alone = index == 0 or reading.view.text[reading.starts[index] - 1].isspace()
    return alone and reading.span(index, index + 1).text.islower() and len(words) > 2


def _forbidden(pattern: Pattern, words: list[str], first: int, last: int) -> bool:
    if pattern.not_before and _touches(pattern.not_before, words[last : last + 3], after=True):
        return True
    return bool(pattern.not_after) and _touches(pattern.not_after, words[max(0, first - 3) : first], after=False)


def _touches(listed: frozenset[str], near: list[str], *, after: bool) -> bool:
    sizes = range(1, len(near) + 1)
    return any(" ".join(near[:n] if after else near[len(near) - n :]) in listed for n in sizes)
