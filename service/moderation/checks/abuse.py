"""Profanity, insults, hate, threats and sexual content, from the lists and from the sentence patterns."""

from collections.abc import Iterator
from dataclasses import replace

from service.moderation.findings import DELIBERATE, about
from service.moderation.grammar import FILES, find_patterns
from service.moderation.lexicon import ABUSE, book
from service.moderation.likeness import ABUSE as ABUSIVE
from service.moderation.likeness import likeness
from service.moderation.quoting import denied, mentioned, of_a_work, of_the_word
from service.moderation.sheet import Hit, Reading, Sheet, field_by_field
from service.moderation.vocabulary import Category, Finding

NAME = "abuse"
PATTERNS, _ = FILES
_MOST = 200
# Where one follows on another they are one outburst.
_JOINED = frozenset({Category.PROFANITY, Category.INSULT})
# How like the examples of abuse a field without marks must be, where its words may mean something else.
_UNLIKELY, _DOUBTED = -1.5, 0.5
# What is also a measure, by its first word.
_MEASURES = frozenset({"dm", "ml"})
_AFTER_VL = frozenset(
    ["luôn", "ra", "quá", "thật", "á", "thế", "nha", "nhé", "rồi", "thôi", "ạ", "à", "mà", "vậy", "trời"]
)
_ARTERIES = frozenset(
    [
        "cảnh",
        "vành",
        "chủ",
        "phổi",
        "nhánh",
        "não",
        "thận",
        "đùi",
        "cánh",
        "gan",
        "quay",
        "trụ",
        "liên",
        "đốt",
        "chậu",
        "dưới",
        "mũ",
        "trái",
        "phải",
        "thông",
        "cổ",
        "chày",
        "lách",
    ]
)
_BEFORE_MATERIAL = frozenset(
    ["bán", "cửa", "xe", "giá", "mua", "đại", "tiền", "nhà", "chở", "kho", "hàng", "tập", "kết", "đổ"]
)


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for abuse in every field."""
    return field_by_field(sheet, NAME, _in_field)


def _in_field(reading: Reading) -> Iterator[Finding]:
    yield from _listed(reading)
    yield from _patterned(reading)


def safe_ranges(reading: Reading) -> list[tuple[int, int]]:
    """Where a harmless phrase stands that a listed word is part of."""
    return [(hit.first, hit.last) for hit in reading.hits if hit.entry.kind == "safe"][:_MOST]


def _listed(reading: Reading) -> Iterator[Finding]:
    hits = [hit for hit in reading.hits if hit.entry.category in ABUSE and hit.entry.kind != "safe"][:_MOST]
    if not hits:
        return
    safe = safe_ranges(reading)
    kept = _widest([hit for hit in hits if not _excused(reading, hit, safe)])
    for hit, last in _curses_joined(reading, kept):
        category = hit.entry.category
        if category is None:
            continue
        spans = (reading.span(hit.first, last),)
        yield Finding(
            check=NAME,
            category=category,
            severity=1 if _only_mentioned(reading, hit, last) else _severity(hit),
            spans=spans,
            message=about(category, spans, hit.trick),
            entry=hit.entry.form,
            version=book().version,
        )


def _curses_joined(reading: Reading, hits: list[Hit]) -> Iterator[tuple[Hit, int]]:
    """Give each hit with the word it ends before; a curse that follows right on another or lies over it is one with it."""
    index = 0
    while index < len(hits):
        hit, last, index = hits[index], hits[index].last, index + 1
        while (
            index < len(hits)
            and _follows(reading, last, hits[index])
            and hit.entry.category == hits[index].entry.category
            and hit.entry.category in _JOINED
        ):
            gravest = max(hit, hits[index], key=_severity)
            hit = replace(gravest, first=hit.first)
            last, index = max(last, hits[index].last), index + 1
        yield hit, last


def _follows(reading: Reading, last: int, hit: Hit) -> bool:
    return hit.first < last or (hit.first == last and not reading.breaks[last])


def _severity(hit: Hit) -> int:
    """Mild words count for more when somebody took the trouble to hide them."""
    return max(hit.entry.severity, 2) if hit.trick in DELIBERATE else hit.entry.severity


def _only_mentioned(reading: Reading, hit: Hit, last: int) -> bool:
    """Whether a word is quoted, told of or spoken of; the vulgarest are held even then, unless as a word."""
    if hit.trick is not None:
        return False
    if hit.entry.category == Category.PROFANITY or hit.entry.severity > 2:
        of_words = of_the_word(reading, hit.first) and mentioned(reading, hit.first, last)
        return of_words or (hit.entry.category == Category.INSULT and of_a_work(reading))
    return mentioned(reading, hit.first, last)


def _excused(reading: Reading, hit: Hit, safe: list[tuple[int, int]]) -> bool:
    """Whether a harmless phrase holds the hit, or the word is one that needs its neighbours and lacks them."""
    if hit.trick is None and any(
        first <= hit.first and hit.last <= last and (last - first) > (hit.last - hit.first) for first, last in safe
    ):
        return True
    if hit.trick is None and hit.entry.form in book().doubtful and _unlikely(reading, _DOUBTED):
        return True
    before = reading.words[hit.first - 1] if hit.first and not reading.breaks[hit.first] else ""
    if hit.entry.words[0] in _MEASURES:
        return before.isdigit()
    if hit.entry.form == "đm" and _is_artery(reading, hit):
        return True
    if hit.entry.kind == "context":
        return hit.trick is None and not _is_adverb(reading, hit, before)
    return before.isdigit() and hit.entry.form.startswith("đ ")


def _is_artery(reading: Reading, hit: Hit) -> bool:
    """Physicians write ĐM for a động mạch and TM for a tĩnh mạch."""
    typed = reading.span(hit.first, hit.last).text
    return typed == "ĐM" and hit.last < len(reading.words) and reading.words[hit.last] in _ARTERIES


def _is_adverb(reading: Reading, hit: Hit, before: str) -> bool:
    typed = reading.span(hit.first, hit.last).text
    if typed.isupper() or before in _BEFORE_MATERIAL:
        return False
    ends = hit.last >= len(reading.words) or reading.breaks[hit.last]
    return ends or reading.words[hit.last] in _AFTER_VL


def _widest(hits: list[Hit]) -> list[Hit]:
    """Of hits of one category that lie within each other, the widest, at the gravest severity of them."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.first, -h.last, -h.entry.severity)):
        holder = next(
            (
                k
                for k in kept
                if k.first <= hit.first
                and hit.last <= k.last
                and k.entry.category == hit.entry.category
                and k.entry.severity >= hit.entry.severity
            ),
            None,
        )
        if holder is None:
            kept.append(hit)
    return kept


def _unlikely(reading: Reading, least: float) -> bool:
    """Whether a field without marks is too unlike the examples of abuse to be doubted for what its words may mean."""
    like = likeness(reading, ABUSIVE)
    return like is not None and like.value < least


def _pattern_mentioned(reading: Reading, category: Category, first: int, last: int) -> bool:
    if mentioned(reading, first, last):
        return True
    return category in {Category.HATE, Category.INSULT} and denied(reading, first)


def _patterned(reading: Reading) -> Iterator[Finding]:
    safe = safe_ranges(reading)
    seen: list[tuple[str, int, int]] = []
    for match in find_patterns(reading, PATTERNS, pauses=True):
        if match.bare and _unlikely(reading, _UNLIKELY):
            continue
        rule = match.pattern
        inside = any(first <= match.first and match.last <= last for first, last in safe)
        if inside or any(n == rule.name and f <= match.first < t for n, f, t in seen):
            continue
        seen.append((rule.name, match.first, match.last))
        category = Category(rule.label)
        spans = (reading.span(match.first, match.last),)
        yield Finding(
            check=NAME,
            category=category,
            severity=1 if _pattern_mentioned(reading, category, match.first, match.last) else rule.weight,
            spans=spans,
            message=about(category, spans, reading.trick_in(match.first, match.last)),
            entry=rule.name,
            version=book().version,
        )
