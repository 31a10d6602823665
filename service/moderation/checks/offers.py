"""Offers nobody asked for: loans, gambling, jobs, fake officials, adult services and the rest, by several signs together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from service.moderation.checks import contacts, links
from service.moderation.clauses import clauses, headline, telling
from service.moderation.findings import DELIBERATE
from service.moderation.grammar import FILES, find_patterns
from service.moderation.lexicon import book
from service.moderation.likeness import OFFER, WINDOW, Likeness, kinds, likeness
from service.moderation.scanning import scan
from service.moderation.sheet import Reading, Sheet, field_by_field
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "offers"
_, PITCHES = FILES
_TOPICS: dict[str, tuple[str, str]] = {
    "loan": ("cho vay tiền", "loans"),
    "gambling": ("cờ bạc, cá cược", "gambling"),
    "job": ("việc làm, kiếm tiền dễ dàng", "easy jobs or money"),
    "sim": ("bán sim", "SIM cards"),
    "sale": ("bán hàng", "goods for sale"),
    "service": ("dịch vụ", "services"),
    "papers": ("giấy tờ, hàng cấm", "forged papers or forbidden goods"),
    "hack": ("chiếm hoặc mở khoá tài khoản", "breaking into accounts"),
    "recover": ("lấy lại tiền, đòi nợ", "recovering money"),
    "official": ("giả danh cơ quan, ngân hàng", "posing as an authority or bank"),
    "prize": ("trúng thưởng, tặng quà", "prizes and gifts"),
    "invest": ("đầu tư sinh lời", "investments with sure profit"),
    "adult": ("dịch vụ người lớn", "adult services"),
    "medicine": ("thuốc, thực phẩm chức năng", "medicines"),
}
_KINDS_OF_OFFER = {
    Category.SPAM_AD: ("quảng cáo", "advertising"),
    Category.SCAM: ("có dấu hiệu lừa đảo", "signs of fraud"),
    Category.GAMBLING: ("cờ bạc, cá cược", "gambling"),
}
# Every other topic is advertising.
_CATEGORIES = {
    "gambling": Category.GAMBLING,
    "job": Category.SCAM,
    "recover": Category.SCAM,
    "official": Category.SCAM,
    "prize": Category.SCAM,
    "invest": Category.SCAM,
}
_BRAND = re.compile(
    r"(?:[a-z]{3,8}(?:88|888|68|79|99|789|365|188|66|77|89|86)(?:bet|win|vip|club)?|\d{2,3}(?:bet|win|club|vip)|"
    r"(?:w|m|b|f|q|v|k|i)(?:88|188|8|9|79|99)(?:bet|club|vip|win)?|188bet|b52|[a-z]{2,6}\d{1,3}bet|kubet|thabet|okvip|"
    r"(?:ku|sh|hi|jun|new|dafa|sbo|fabet|vn|mig|one|kim|max|hit|rik|sun|iwin|zo|go|man|yo|big|nhat|top|lucky)"
    r"(?:bet|vip|club|casino|win)\d{0,3})",
)
_QUOTED = re.compile(r"[\"“][^\"“”\n]{2,80}[\"”]")
_MOST = 200
# How much a sign weighs beside likeness in finding the clauses that say most.
_SAID = 0.3
_AROUND = 12
# A pitch weighs three; talk of its trade, doubts and ways to answer are weighed against it.
_PITCH, _TERM = 3.0, 2.0
_OFFERED = 4.0
# Nobody hides the words of an honest offer.
_VEILED = 3.0
# Who ends on a question wants an answer, not a customer.
_ASKED = 2.0
# How like the examples a field must be: to be looked at, and, with its signs weighed in, to be held.
_UNLIKE, _LIKE, _TRUST = -1.2, 1.65, 0.4
# Of a long field the likest stretch is taken, which is liker by chance alone.
_LONGER = 1.0
# How far beyond that an offer with a contact must go to be rejected.
_BLATANT = 1.5
# Where people are promised their lost money back, fraud is part of the pitch.
_OF_FRAUD = frozenset({"lừa đảo", "bị lừa", "lừa", "nạn nhân", "luật", "công an"})


@dataclass(frozen=True, slots=True)
class Sign:
    """A word, phrase or shape that belongs to offers: of which topic or kind, how much it weighs, and where."""

    label: str
    name: str
    weight: float
    first: int
    last: int


@dataclass(slots=True)
class _Tally:
    """The signs of one field: by topic, the calls and voices, warnings with what they weigh, contacts in the view."""

    topics: dict[str, list[Sign]] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    voices: set[str] = field(default_factory=set)
    warnings: dict[str, float] = field(default_factory=dict)
    contacts: list[tuple[int, int]] = field(default_factory=list)
    veiled: bool = False
    asks: bool = False


def find(sheet: Sheet) -> Iterator[Finding]:
    """Weigh the signs of every field but the name, where it is at all like an offer."""
    return field_by_field(sheet, NAME, _in_field)


def _in_field(reading: Reading) -> Iterator[Finding]:
    like = likeness(reading, OFFER)
    if like is None or like.value > _UNLIKE or _places(reading):
        yield from judge(reading, like)


def _count(reading: Reading, like: Likeness | None) -> _Tally:
    """Gather the signs; of a long field those around the stretch that is likest an offer."""
    tally = _Tally()
    first, last = (like.first - _AROUND, like.last + _AROUND) if like else (0, len(reading.words))
    text = reading.view.text
    quoted = [match.span() for match in _QUOTED.finditer(text)] if '"' in text or "“" in text else []
    for sign in _apart([*_listed(reading), *_shaped(reading), *_brands(reading)]):
        if sign.last <= first or sign.first >= last or _is_quoted(sign, reading, quoted):
            continue
        if sign.label == "warning":
            tally.warnings[sign.name] = sign.weight
        elif sign.label == "call":
            tally.calls.add(sign.name)
        elif sign.label == "voice":
            tally.voices.add(sign.name)
        else:
            tally.topics.setdefault(sign.label, []).append(sign)
            tally.veiled |= reading.trick_in(sign.first, sign.last) in DELIBERATE
    tally.asks = reading.view.text.rstrip().endswith("?")
    tally.contacts = _places(reading)
    return tally


def _places(reading: Reading) -> list[tuple[int, int]]:
    """Give where the field says how to answer it."""
    places = [*contacts.places(reading), *links.places(reading)]
    return [(start, end) for start, end, _, severity in places if severity > 1]


def _is_quoted(sign: Sign, reading: Reading, quoted: list[tuple[int, int]]) -> bool:
    """Whether a sign stands in quotation marks: whoever quotes an offer seldom makes it."""
    start, end = reading.starts[sign.first], reading.ends[sign.last - 1]
    return any(opened < start and end < closed for opened, closed in quoted)


def _listed(reading: Reading) -> Iterator[Sign]:
    for hit in islice(scan(reading, book().offers), _MOST):
        entry = hit.entry
        label = entry.topic if entry.kind == "offer" else entry.kind
        yield Sign(label, entry.form, entry.weight, hit.first, hit.last)


def _shaped(reading: Reading) -> Iterator[Sign]:
    for match in find_patterns(reading, PITCHES, pauses=False):
        words = " ".join(reading.words[match.first : match.last])
        yield Sign(match.pattern.label, words, match.pattern.weight, match.first, match.last)


def _brands(reading: Reading) -> Iterator[Sign]:
    for index in reading.odd:
        word = reading.words[index]
        if len(word) > 2 and word.isascii() and _BRAND.fullmatch(word):
            yield Sign("gambling", word, _TERM, index, index + 1)


def _apart(signs: list[Sign]) -> list[Sign]:
    """Of signs of one label that lie over each other, the weightiest and tightest; a warning inside a voice is none."""
    kept: dict[str, list[Sign]] = {}
    over: dict[tuple[str, int], list[Sign]] = {}
    for sign in sorted(signs, key=lambda s: (-s.weight, s.last - s.first, s.first)):
        places = range(sign.first, sign.last)
        labels = (sign.label, "voice") if sign.label == "warning" else (sign.label,)
        rivals = (other for label in labels for at in places for other in over.get((label, at), ()))
        if all(_shared(sign, other) * 2 <= len(places) for other in rivals):
            kept.setdefault(sign.label, []).append(sign)
            for at in places:
                over.setdefault((sign.label, at), []).append(sign)
    return [sign for signs_of_label in kept.values() for sign in signs_of_label]


def _shared(one: Sign, other: Sign) -> int:
    return max(0, min(one.last, other.last) - max(one.first, other.first))


def judge(reading: Reading, like: Likeness | None) -> Iterator[Finding]:
    """An offer has pitches and a way to answer them, or is much like offers known; talk about a trade is none."""
    tally = _count(reading, like)
    topic = max(tally.topics, key=lambda name: _score(tally.topics[name]), default="")
    weight = _weight(tally, topic)
    pitched = any(sign.weight > _TERM for sign in tally.topics.get(topic, ()))
    answered = bool(tally.contacts or (like is None and tally.calls))
    # A pitch with a contact is one in whatever words; without, the words must be like those of offers known.
    by_signs = (weight - _OFFERED) * _TRUST if pitched and answered else -1.0
    alike = -1.0
    if like is not None:
        longer = _LONGER if len(reading.words) > WINDOW else 0.0
        alike = like.value + _TRUST * weight - _LIKE - longer
    beyond = max(by_signs, alike)
    if beyond < 0:
        return
    category, topic = _filed(tally, like if alike >= by_signs else None)
    signs = tally.topics.get(topic, [])
    severe = beyond >= _BLATANT and pitched and bool(tally.contacts) and len(tally.warnings) < 2
    for also in (category, Category.SEXUAL) if topic == "adult" else (category,):
        yield Finding(
            check=NAME,
            category=also,
            severity=3 if severe else 2,
            spans=_spans(reading, tally, signs, like),
            message=_message(topic, signs, category, contact=bool(tally.contacts)),
            entry=topic or f"like {category}",
            version=book().version,
        )


def _filed(tally: _Tally, like: Likeness | None) -> tuple[Category, str]:
    """Give the category that signs and likeness together speak for most, and the topic in it with the most signs."""
    alike = kinds(like) if like else {}
    worth = {category: alike.get(category, 0.0) for category in _KINDS_OF_OFFER}
    for topic, signs in tally.topics.items():
        worth[_CATEGORIES.get(topic, Category.SPAM_AD)] += _TRUST * _score(signs)
    category = max(worth, key=lambda name: worth[name])
    topics = [topic for topic in tally.topics if _CATEGORIES.get(topic, Category.SPAM_AD) is category]
    return category, max(topics, key=lambda name: _score(tally.topics[name]), default="")


def _weight(tally: _Tally, topic: str) -> float:
    """Give what all signs weigh together; doubts weigh less where a contact is given."""
    doubt = sum(w for name, w in tally.warnings.items() if topic != "recover" or name not in _OF_FRAUD)
    doubt += _ASKED if tally.asks else 0.0
    answer = (2.0 if tally.contacts else 0.0) + min(1.5, 1.0 * len(tally.calls)) + min(1.0, 0.34 * len(tally.voices))
    veiled = _VEILED if tally.veiled and topic else 0.0
    return (
        _score(tally.topics.get(topic, [])) + answer + veiled - min(5.0, 0.8 * doubt) * (0.4 if tally.contacts else 1.0)
    )


def _message(topic: str, signs: list[Sign], category: Category, *, contact: bool) -> Message:
    vi, en = _TOPICS[topic] if topic else _KINDS_OF_OFFER[category]
    phrases = ", ".join(dict.fromkeys(sign.name for sign in sorted(signs, key=lambda s: -s.weight)[:3]))
    return Message(
        f"Giống lời mời chào ({vi})"
        + (f": {phrases}" if phrases else "")
        + (", kèm cách liên lạc." if contact else "."),
        f"Reads like an offer ({en})" + (f": {phrases}" if phrases else "") + (", with a contact." if contact else "."),
    )


def _spans(reading: Reading, tally: _Tally, signs: list[Sign], like: Likeness | None) -> tuple[Span, ...]:
    """Give the clauses that pitch as a whole, the one that says most, and the words that say what is offered.

    They end where a contact begins: contacts are findings of their own.
    """
    text = reading.view.text
    found = clauses(text, (start for start, _ in tally.contacts)) or [(0, len(text))]
    brought = like.brought.tolist() if like else [0.0] * len(reading.words)
    for sign in signs:
        if sign.first < len(brought):
            brought[sign.first] += _SAID * sign.weight
    pitch, most = telling(reading, found, brought)
    places = {pitch, most, headline(text, found)}
    return tuple(reading.cut(start, end) for start, end in sorted(places, key=lambda place: (place[0], -place[1])))


def _score(signs: list[Sign]) -> float:
    """Pitches add up; plain terms of a trade count once each up to two, bare words of it hardly."""
    pitches = sum(sign.weight for sign in signs if sign.weight > _TERM)
    terms = sum(1.0 for sign in signs if sign.weight == _TERM)
    return min(9.0, pitches) + min(2.0, terms) + min(0.5, 0.25 * sum(sign.weight < _TERM for sign in signs))
