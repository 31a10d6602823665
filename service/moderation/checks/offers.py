"""Offers nobody asked for: loans, gambling, jobs, fake officials, adult services and the rest, by several signs together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from service.moderation.checks import contacts, links
from service.moderation.lexicon import book
from service.moderation.reading import Hit, Reading, Sheet
from service.moderation.vocabulary import Category, Finding, Message

NAME = "offers"
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
_BRAND = re.compile(
    r"(?:[a-z]{3,8}(?:88|888|68|79|99|789|365|188|66|77|89|86)(?:bet|win|vip|club)?|\d{2,3}(?:bet|win|club|vip)|"
    r"(?:w|m|b|f|q|v|k|i)(?:88|188|8|9|79|99)(?:bet|club|vip|win)?|188bet|b52|[a-z]{2,6}\d{1,3}bet|kubet|thabet|okvip|"
    r"(?:ku|sh|hi|jun|new|dafa|sbo|fabet|vn|mig|one|kim|max|hit|rik|sun|iwin|zo|go|man|yo|big|nhat|top|lucky)"
    r"(?:bet|vip|club|casino|win)\d{0,3})",
)
_PLAIN_BRANDS = frozenset(
    [
        "iwin",
        "sunwin",
        "rikvip",
        "hitclub",
        "zowin",
        "manclub",
        "yowin",
        "fabet",
        "dafabet",
        "vwin",
        "fun88",
        "bk8",
        "oxbet",
        "letou",
        "kubet",
        "thabet",
    ],
)


_MOST = 200
_KINDS = frozenset({"offer", "call", "voice", "warning"})


@dataclass(slots=True)
class _Tally:
    """The signs of one field: topics with their phrases, calls and voices, warnings, contacts."""

    topics: dict[str, dict[str, float]] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    voices: set[str] = field(default_factory=set)
    warnings: set[str] = field(default_factory=set)
    contacts: int = 0
    first: int = 1 << 30
    last: int = 0

    def reach(self, first: int, last: int) -> None:
        self.first, self.last = min(self.first, first), max(self.last, last)


def find(sheet: Sheet) -> Iterator[Finding]:
    """Weigh the signs of every field but the name."""
    for reading in sheet.readings:
        tally = _count(reading)
        if not tally.topics:
            continue
        yield from _judge(reading, tally)


def _count(reading: Reading) -> _Tally:
    tally = _Tally()
    hits = [hit for hit in reading.hits if hit.entry.kind in _KINDS][:_MOST]
    if not any(hit.entry.weight > 1 for hit in hits):
        hits = []
    covered: list[tuple[int, int, str]] = []
    for hit in sorted(hits, key=lambda h: (h.first - h.last, h.first)):
        if any(
            first <= hit.first and hit.last <= last and kind in {hit.entry.kind, hit.entry.topic}
            for first, last, kind in covered
        ):
            continue
        covered.append((hit.first, hit.last, hit.entry.kind if hit.entry.kind != "offer" else hit.entry.topic))
        _add(reading, tally, hit)
    for index in reading.odd:
        word = reading.words[index]
        if len(word) > 2 and word.isascii() and (word in _PLAIN_BRANDS or _BRAND.fullmatch(word)):
            tally.topics.setdefault("gambling", {})[word] = 2.0
            tally.reach(reading.starts[index], reading.ends[index])
    if tally.topics:
        for start, end, _, severity in [*contacts.places(reading), *links.places(reading)]:
            if severity > 1:
                tally.contacts += 1
                tally.reach(start, end)
    return tally


def _add(reading: Reading, tally: _Tally, hit: Hit) -> None:
    entry = hit.entry
    if entry.kind == "warning":
        tally.warnings.add(entry.form)
        return
    if entry.kind == "call":
        tally.calls.add(entry.form)
    elif entry.kind == "voice":
        tally.voices.add(entry.form)
    else:
        tally.topics.setdefault(entry.topic, {})[entry.form] = entry.weight
    tally.reach(reading.starts[hit.first], reading.ends[hit.last - 1])


def _judge(reading: Reading, tally: _Tally) -> Iterator[Finding]:
    """One pitch with a way to answer it, or several pitches; talk about a trade in its own words is no offer."""
    ranked = sorted(tally.topics, key=lambda name: -_score(tally.topics[name]))
    topic = ranked[0]
    pitches = sum(weight > 2 for weight in tally.topics[topic].values())
    terms = sum(weight == 2 for weight in tally.topics[topic].values())
    doubt = len(tally.warnings)
    answer = (2.0 if tally.contacts else 0.0) + min(1.5, 1.0 * len(tally.calls)) + min(1.0, 0.34 * len(tally.voices))
    score = _score(tally.topics[topic])
    total = score + answer - min(4.0, 0.8 * doubt) * (0.4 if tally.contacts else 1.0)
    if pitches:
        offered = total >= 4.0 and (answer >= 1.0 or pitches > 1)
    else:
        offered = total >= 4.0 and bool(tally.contacts) and terms > 0
    if doubt and not tally.contacts and not tally.calls:
        offered = False
    if not offered:
        return
    strongest = max(tally.topics[topic].values())
    severe = total >= 7.0 and strongest >= 3 and bool(tally.contacts) and doubt < 2
    span = reading.cut(tally.first, tally.last)
    vi, en = _TOPICS[topic]
    phrases = ", ".join(sorted(tally.topics[topic], key=lambda p: -tally.topics[topic][p])[:3])
    for category in _categories(topic):
        yield Finding(
            check=NAME,
            category=category,
            severity=3 if severe else 2,
            spans=(span,),
            message=Message(
                f"Giống lời mời chào ({vi}): {phrases}" + (", kèm cách liên lạc." if tally.contacts else "."),
                f"Reads like an offer ({en}): {phrases}" + (", with a contact." if tally.contacts else "."),
            ),
            entry=topic,
            version=book().version,
        )


def _score(phrases: dict[str, float]) -> float:
    """Pitches add up; plain terms of a trade count once each up to two, bare words of it hardly."""
    pitches = sum(weight for weight in phrases.values() if weight > 2)
    terms = sum(1.0 for weight in phrases.values() if weight == 2)
    return min(9.0, pitches) + min(2.0, terms) + min(0.5, 0.25 * sum(weight == 1 for weight in phrases.values()))


def _categories(topic: str) -> tuple[Category, ...]:
    if topic == "gambling":
        return (Category.GAMBLING,)
    if topic in {"job", "recover", "official", "prize", "invest"}:
        return (Category.SCAM,)
    if topic == "adult":
        return (Category.SPAM_AD, Category.SEXUAL)
    return (Category.SPAM_AD,)
