"""Which clauses of a field say what was found in it, by what each of its words brought; what they say is not known here."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from math import inf
from typing import TypeAlias

from service.moderation.sheet import Reading

Place: TypeAlias = tuple[int, int]

_CLAUSE_END = re.compile(r"(?:[,.!?…]+|[;:])\s|\n|\s[|–—-]+\s|[)(]")
_EDGES = ' \t\n,.;:!?…|–—-()"“”'
# What is said right before a contact.
_TRAIL = re.compile(
    r"(?:[\s,.;:(–-]+(?:gọi|lh|liên hệ|zalo|zl|tele|telegram|alo|ib|inbox|sđt|sdt|đt|dt|hotline|call|nhắn|số|add|kb|kết bạn|"
    r"qua|ngay|cho|em|mình|goi|lien he|nhan|so|bên|và|hoặc|vào|tại|link|web|trang|đăng ký|ở|vao|tai|id|nhé|nha|với|là|của))+[\s:.(-]*$",
)
_WORD = re.compile(r"\S+")
_HEAD = 6
_ORDINARY = 0.8
# Who is spoken to, and who speaks, at the head of an offer.
_ADDRESSED = re.compile(
    r"(?:ai|bác nào|anh nào|chị nào|mẹ nào|bạn nào|ae nào|mấy anh|anh chị|bà con|nhà nào|các mẹ|anh em|mọi người|cả nhà|cuối tuần|chúc|"
    r"chào|chao|hi|hello|alo|bài|hay|cảm ơn|hôm qua|đêm qua|tối qua|anh chi|ba con|moi nguoi|chong|chồng|vợ|ông xã|bà xã)\b(?![^,]*\s(?:đánh|chơi|quay|bắt|vay|mua))"
)
_OFFERER = re.compile(
    r"(?:(?:bên |nhà |shop |tụi |team |công ty |cty )?(?:em|mình|tôi|tui|anh|chị|shop|chúng tôi)\s(?:đang |có |cần |hiện |còn |mới )?|"
    r"(?:hiện |đang |ai |bác nào |mẹ nào |chị em |anh em )(?:cần |muốn |thích )?)"
)


def clauses(text: str, contacts: Iterable[int] = ()) -> list[Place]:
    """Give where the clauses of a view stand, a call such as "Zalo:" before a contact left out."""
    taken = set(contacts)
    edges = sorted({0, len(text), *(m.end() for m in _CLAUSE_END.finditer(text)), *taken})
    found: list[Place] = []
    for start, end in pairwise(edges):
        body = _TRAIL.sub("", text[start:end]) if end in taken else text[start:end]
        lead = len(body) - len(body.lstrip(_EDGES))
        if len(body.strip(_EDGES)) > 2 and start not in taken:
            found.append((start + lead, start + len(body.rstrip(_EDGES))))
    return found


def telling(reading: Reading, found: Sequence[Place], brought: Sequence[float]) -> tuple[Place, Place]:
    """Give the run of neighbouring clauses that brought most together, and the one of them that brought most.

    `brought` is what each word brought, of which the first few may be all there are.
    """
    worth = _worth(reading.starts, found, brought)
    run, best, begin, total = (0, 1), worth[0], 0, 0.0
    for index, amount in enumerate(worth):
        if total < 0:
            begin, total = index, 0.0
        total += amount
        if total > best:
            run, best = (begin, index + 1), total
    most = max(range(*run), key=worth.__getitem__)
    return (found[run[0]][0], found[run[1] - 1][1]), found[most]


def kernel(reading: Reading, place: Place, brought: Sequence[float]) -> Place:
    """Give the words of a place that say it: the neighbours that together brought most beyond the share of any word there."""
    told = zip(reading.starts, reading.ends, brought, strict=False)
    words = [(start, end, amount) for start, end, amount in told if place[0] <= start < place[1]]
    if not words:
        return place
    ordinary = _ORDINARY * sum(amount for _, _, amount in words) / len(words)
    best, most, begin, total = place, -inf, 0, 0.0
    for start, end, amount in words:
        if total <= 0:
            begin, total = start, 0.0
        total += amount - ordinary
        if total > most:
            best, most = (begin, end), total
    return best


def _worth(starts: Sequence[int], found: Sequence[Place], brought: Sequence[float]) -> list[float]:
    """Give what the words of each clause brought together."""
    worth = [0.0] * len(found)
    number = 0
    for at, amount in zip(starts, brought, strict=False):
        while number < len(found) and found[number][1] <= at:
            number += 1
        if number == len(found):
            break
        if found[number][0] <= at:
            worth[number] += amount
    return worth


def headline(text: str, found: Sequence[Place]) -> Place:
    """Give the words that say what is on offer: the first few of the first clause that greets nobody, without who offers."""
    start, end = next((clause for clause in found if not _ADDRESSED.match(text, *clause)), found[0])
    lead = _OFFERER.match(text, start, end)
    if lead and lead.end() < end:
        start = lead.end()
    words = [match.end() for match in islice(_WORD.finditer(text, start, end), _HEAD)]
    return start, words[-1] if words else end
