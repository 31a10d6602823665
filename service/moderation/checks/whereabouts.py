"""Where to find another person: somebody named with where they live, their plate, their child's class; weighed together.

Each sign alone is ordinary talk of places and people. What they weigh together, and with how like the field is to
written examples, was fitted on such examples with the hand that wrote them left out (docs/adr/0241).
"""

import re
from collections.abc import Iterator
from itertools import islice

from service.moderation.dwellings import further, stated
from service.moderation.findings import quote
from service.moderation.glimpses import quick
from service.moderation.lexicon import book
from service.moderation.likeness import PRIVATE, Likeness, likeness
from service.moderation.sheet import Reading, Sheet, field_by_field
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "whereabouts"
_UPPER = "A-ZĐÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
_NAME = rf"[{_UPPER}][^\W\d_]+"
_PERSON, _PLATE, _CLASS, _PLACE, _BESIDE = "person", "plate", "class", "place", "beside"
_OWN, _POINTED, _ACCUSED = "own", "pointed", "accused"
# The signs in the order in which they are looked for: those first that soonest say that a field points to nobody.
# At the end of a word `(?=\w)` says that none begins, before each alternative is asked.
_SIGNS = {
    _PERSON: re.compile(
        rf"\b(?=\w)(?:(?i:ông|bà|anh|chị|cô|chú|bác|thím|dì|cậu|mợ|thằng|con|lão|mụ|cháu|bé|em|ảnh|tên|thầy|nó|ong|ba|chi|co|chu|bac|thang|ten|chau|be)"
        rf"(?:\s(?i:tên|là|ten|la|họ tên)){{0,2}}\s{_NAME}(?:\s{_NAME}){{0,3}}|{_NAME}(?:\s{_NAME}){{2,3}})",
    ),
    _PLATE: re.compile(r"\b\d\s?\d\s?[A-Za-zđĐ]{1,2}\s?\d?\s?[-. ]\s?\d\s?\d\s?\d\s?\.?\s?\d\s?\d?\b"),
    _CLASS: re.compile(r"\b(?i:lớp|lop|học)\s?\d{1,2}\s?[/.]?\s?[A-Za-z]?\d{0,2}\b|\b\d{1,2}[A-Za-z]\d{1,2}\b"),
    # How people are called who are accused.
    _ACCUSED: re.compile(r"(?i)\b(?=\w)(?:thằng|con nhỏ|lão|mụ|nó|hắn|gã|ả|đứa|kẻ|thang|no|dua)\b"),
    _BESIDE: re.compile(
        r"(?i)\b(?=\w)(?:cạnh|sau|trước|gần|đối diện|kế|cuối|đầu|bên|ngay|sau lưng|doi dien|gan|canh|dau|cuoi)\s"
        r"(?:nhà|chợ|trường|ủy ban|uỷ ban|ubnd|trạm|cổng|chùa|bến|cây|gốc|đình|đường|ngõ|hẻm|làng|lò|sân|truong|cho|chua|tram|ben)\b",
    ),
    # Where somebody is pointed out.
    _POINTED: re.compile(
        r"(?i)\b(?=\w)(?:chứ gì|chớ gì|chứ đâu|chớ đâu|ai chả biết|ai cũng biết|nhớ mặt|coi chừng|cảnh giác|tránh xa|công khai|bịt tên|nói toạc|"
        r"thấy nó|tới tận nhà|tìm ra|hoá ra|hóa ra|biết luôn|nhìn là|nhìn hình|đó mà|này nè|là con|con ông|con bà|vợ anh|chồng chị|tên thật|"
        r"tên nó|nó tên|no ten|hàng xóm)\b",
    ),
    _PLACE: re.compile(
        r"(?i)\b(?=\w)(?:số|so|sn|nhà|căn|phòng|phong|lô|kiốt|ki ốt|quầy|gian|toà|tòa|tầng|block|dãy|thửa)\s?(?:nhà\s|số\s|so\s)?[a-z]{0,3}[-.]?\d[\w/.-]*"
        r"|\b(?=\w)(?:hẻm|ngõ|ngách|kiệt|ấp|thôn|xóm|tổ|phum|buôn|bản|khóm|khu|hem|ngo|ap|thon|xom|to)\s"
        r"(?!chức\b|quốc\b|tiên\b|trưởng\b|thân\b|đồ\b|chất\b|quyền\b|tin\b|án\b|sắc\b|vực\b|dân\b|du\b|trứng\b|ủ\b|chuc\b|quoc\b|tien\b|truong\b|vuc\b|lon\b|nhat\b)[\w/]+|\b[a-z]{1,3}\d?-\d{2,4}\b",
    ),
    # Said of the writer's own.
    _OWN: re.compile(
        r"(?i)\b(?=\w)(?:nhà|quê|lớp|con|mẹ|bố|ba|má|vợ|chồng|trường|xóm|xe|phòng|khu|ngõ|hẻm|đường|que|nha)\s(?:của\s)?"
        r"(?:tôi|tui|em|mình|cháu|con|tớ|toi|minh|chau|bọn em|chúng tôi)\b"
        r"|\b(?=\w)(?:tôi|tui|em|mình|cháu|toi|minh)\s(?:ở|trú|ngụ|trọ|sống|là|o|song|tên|dạy|học)\b",
    ),
}
_LOOKS = {name: quick(sign) for name, sign in _SIGNS.items()}
# They stand for a place in the text; a field is marked from the first to the last of them.
_PLACED = frozenset({_PERSON, _PLATE, _CLASS, _PLACE, _BESIDE})
# What bears the name of somebody who is long dead, right before that name.
_NAMESAKE = re.compile(
    r"(?i)\b(?:đường|phố|hẻm|ngõ|ngách|kiệt|số|trường|chợ|cầu|viện|phường|quận|xã|khu|thcs|thpt|tiểu học|hồ|công viên|giải|sân|"
    r"duong|pho|hem|ngo|so|truong|cho|cau|vien|phuong|quan|xa)(?:\s[\w/.-]*\d[\w/.-]*){0,2}\s$",
)
_NAMESAKE_LOOK = quick(_NAMESAKE)
_NEAR = 24
_MOST = 2
_BIAS, _ALIKE = -0.9, 0.8
_WEIGHTS = {
    _PERSON: 2.5,
    _PLATE: 1.8,
    _CLASS: 1.2,
    _PLACE: 0.8,
    _BESIDE: 0.9,
    _POINTED: 0.9,
    _ACCUSED: 0.6,
    _OWN: -0.5,
}
_WITH_PERSON = {_PLATE: 1.0, _CLASS: 0.2, _PLACE: 0.8, _BESIDE: 0.6}
# The most that each may bring.
_MOST_OF = {name: max(0.0, _MOST * weight) + _WITH_PERSON.get(name, 0.0) for name, weight in _WEIGHTS.items()}
# A name alone, or a place alone, is ordinary talk however like an example it is.
_FEWEST = 2
# Below the first a field is not looked at; from the second on it is held.
_UNLIKE, _LIKE = -6.5, 1.7
_LONGEST = 220
_AROUND = 12
_MESSAGES = {
    "dwelling": ("Có tên và nơi ở của một người", "Contains somebody's name with where they live"),
    "pupil": ("Có trường, lớp của con người khác", "Contains the school and class of somebody's child"),
    "plate": ("Có biển số xe của một người", "Contains the plate of somebody's vehicle"),
    "whereabouts": ("Có thể chỉ ra một người và nơi tìm thấy họ", "May point out a person and where to find them"),
}


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for what is told outright, and where nothing is, weigh what the field points to, unless it is unlike any example."""
    return field_by_field(sheet, NAME, _in_field)


def _in_field(reading: Reading) -> Iterator[Finding]:
    raw = reading.given.encode(errors="replace")
    outright = stated(reading, raw)
    for start, end, form in outright:
        yield _finding(reading, start, end, form)
    like = None if outright or reading.field == "name" else likeness(reading, PRIVATE)
    if like is not None and like.value > _UNLIKE:
        yield from _pointed_out(reading, _likest(reading, like), like.value)


def _likest(reading: Reading, like: Likeness) -> tuple[int, str]:
    """Give the likest stretch of the text as given, with what stands around it, and where it begins."""
    first, last = max(0, like.first - _AROUND), min(len(reading.words), like.last + _AROUND)
    if last - first == len(reading.words):
        return 0, reading.given
    span = reading.span(first, last)
    return span.start, span.text


def _seen(name: str, sign: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Give where a sign stands; streets and schools are named after people."""
    for match in sign.finditer(text):
        before = text[max(0, match.start() - _NEAR) : match.start()]
        first, _, _ = match[0].partition(" ")
        if name != _PERSON or not (_is_namesake(before) or _is_namesake(f"{first} ")):
            yield match


def _is_namesake(before: str) -> bool:
    return bool(_NAMESAKE_LOOK.search(before.encode(errors="replace")) and _NAMESAKE.search(before))


def _pointed_out(reading: Reading, stretch: tuple[int, str], like: float) -> Iterator[Finding]:
    """Weigh the signs of a stretch, until those that are left could not bring the field over the bar."""
    offset, text = stretch
    raw = text.encode(errors="replace")
    weight, left = _BIAS + _ALIKE * like, sum(_MOST_OF.values())
    found: dict[str, list[tuple[int, int]]] = {}
    for name, look in _LOOKS.items():
        if not look.search(raw):
            found[name] = []
            left -= _MOST_OF[name]
            if weight + left < _LIKE:
                return
    for name, sign in _SIGNS.items():
        if name in found:
            continue
        found[name] = [match.span() for match in islice(_seen(name, sign, text), _MOST)]
        weight += _WEIGHTS[name] * len(found[name])
        if found[name] and found[_PERSON]:
            weight += _WITH_PERSON.get(name, 0.0)
        left -= _MOST_OF[name]
        if weight + left < _LIKE:
            return
    places = sorted(place for name in _PLACED for place in found[name])
    sorts = sum(bool(found[name]) for name in _PLACED) + bool(found[_POINTED] or found[_ACCUSED])
    if not places or sorts < _FEWEST:
        return
    start = places[0][0]
    end = max(last for first, last in places if last - start <= _LONGEST or first == start)
    yield _finding(reading, offset + start, further(reading.given, offset + end), "whereabouts")


def _finding(reading: Reading, start: int, end: int, entry: str) -> Finding:
    span = Span(reading.field, start, end, reading.given[start:end])
    vi, en = _MESSAGES[entry]
    words = quote((span,))
    return Finding(
        check=NAME,
        category=Category.PERSONAL_DATA,
        severity=2,
        spans=(span,),
        message=Message(f"{vi}: “{words}”.", f"{en}: “{words}”."),
        entry=entry,
        version=book().version,
    )
