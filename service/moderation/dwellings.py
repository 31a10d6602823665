"""Where somebody lives, in the forms that say so outright; what only points there is weighed elsewhere (`checks.whereabouts`)."""

import re
from collections.abc import Iterator
from typing import TypeAlias

from service.moderation.glimpses import quick
from service.moderation.sheet import Reading

Stated: TypeAlias = tuple[int, int, str]
"""From where to where in the text as given, and which form."""

_UPPER = "A-ZĐÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
_FULL_NAME = rf"[{_UPPER}][^\W\d_]+(?: [{_UPPER}][^\W\d_]+){{1,4}}"
_NAMED = re.compile(rf"(?:\b(?=\w)(?:tên|là|tên là|ông|bà|anh|chị|cô|chú|thằng|con|lão|mụ|bé|em)\s+)({_FULL_NAME})")
_DWELLING = re.compile(
    rf"\b(?:nhà|ở|trú|ngụ|địa chỉ|sống|quê)\b[^.!?\n]{{0,14}}?(?:số\s*)?(?:\d+[\w/]*\s+(?:đường|ngõ|hẻm|ngách|phố|[{_UPPER}])"
    rf"|(?:thôn|xóm|ấp|hẻm|ngõ|tổ|khu phố|kp|số nhà|toà|phòng)\s+[\d{_UPPER}])[^.!?\n]{{0,60}}",
)
_PLACES = frozenset(
    {
        "thôn",
        "xóm",
        "ấp",
        "hẻm",
        "ngõ",
        "ngách",
        "phố",
        "kiệt",
        "phòng",
        "căn",
        "đường",
        "tổ",
        "phường",
        "xã",
        "số",
        "kp",
        "toà",
    }
)
_ON = rf"(?:,?\s(?:[{_UPPER}][^\W\d_]*|\d+|phố|đường|phường|xã|quận|huyện|chung cư|khu|tp|ngõ|hẻm|ngách|tổ|block))*"
_FURTHER = re.compile(rf"[\w/]*{_ON}")
_STREET = re.compile(
    rf"(?:\b(?:nhà|địa chỉ|ở)\s(?:ở\s)?)?\b(?:(?:số|nhà|phòng|căn|lô|p)\s?(?:nhà\s|số\s)?[{_UPPER}]?\d+[\w/.]*(?:\s(?:ngõ|ngách|hẻm|kiệt|đường|phố|block|toà|tòa|"
    rf"lô|tầng|chung cư|khu|tổ|cc)\s[\w/.]+)+|(?:số\s)?\d+[\w/]*\s(?:ngõ|ngách|hẻm|kiệt|đường|phố|khu phố|tổ|ấp)\s[\d{_UPPER}][\w/]*"
    rf"|(?:ấp|thôn|xóm|tổ|buôn|bản|khu phố|hẻm|ngõ|ngách|kiệt)\s[\w/]+,?\s(?:(?:xã|phường|thị trấn|phố|đường|huyện)\s[{_UPPER}][^\W\d_]*|(?:xóm|thôn|ấp|đội)\s\w))"
    rf"{_ON}",
)
_NAMED_LOOK, _STREET_LOOK = quick(_NAMED), quick(_STREET)
# One of these stands in every street's address that names no village.
_NUMBERED = re.compile(r"\d[\w/]*\s(?:ngõ|ngách|hẻm|kiệt|đường|phố|block|toà|tòa|lô|tầng|chung cư|khu|tổ|cc|ấp)\s")
_VILLAGES = frozenset({"ấp", "thôn", "xóm", "tổ", "buôn", "bản", "khu", "hẻm", "ngõ", "ngách", "kiệt"})
_BORN = re.compile(
    rf"({_FULL_NAME})\s?[,(-]?\s?(?:sn|sinh|sinh năm|sinh ngày|s/n)\s?\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:19|20)?\d\d"
    rf"(?:[, ]+(?:trú|ở|quê|nhà|hktt|ngụ|học|làm|số)\s[^.!?\n]{{2,60}})?",
)
_OTHERS = re.compile(
    r"\b(?:nhà|địa chỉ|chỗ ở)\s(?:của\s)?(?:bà|ông|nó|hắn|thằng|con|lão|mụ|cô ấy|anh ấy|chị ấy|mẹ con|vợ chồng|cô ta|anh ta|chị ta|chúng nó|thằng kia|gã|ả)\b"
    r"|\b(?:chồng|vợ|con|mẹ|bố) (?:nó|hắn|bà ta|ông ta|cô ta|tên)\b|\b(?:cô ta|anh ta|chị ta|hắn|nó|bà ta|ông ta|lão|mụ)\s(?:đang\s)?(?:thuê|ở|trọ|sống|trú|làm)\b|\bai (?:rảnh|gần|tiện|thích)\b|\bqua mà\b|\btới mà\b|\bđến mà\b"
    r"|\b(?:bà|ông|lão|mụ|chị|anh|cô|thằng|con)\s(?:[^\W\d_]+\s){0,3}(?:ấy|đó|kia|này|ta)\s(?:thì\s(?:cô|anh|bà|ông|nó|hắn)\s|giờ\s|đang\s|hiện\s|mới\s)?(?:thuê|ở|trọ|sống|trú|nhà)\b|\bcon (?:gái|trai) học\b"
    r"|\btrong (?:clip|video|ảnh|hình|bài)\s(?:này\s)?(?:đang\s)?(?:nhà|ở|trọ|thuê)\b"
    r"|\b(?:thằng|con|lão|mụ|gã) (?:đó|này|kia|ấy|cướp|lừa)\b",
)
_PUPIL = re.compile(
    r"\bcon\s(?:gái\s|trai\s|út\s|lớn\s|đầu\s)?(?:của\s)?(?:bà|ông|anh|chị|cô|chú|lão|mụ|gã|thằng|nó|hắn|tên)\b"
    r"(?!\s(?:tôi|tui|mình|em|nhà|bạn|hàng xóm))[^.!?\n]{0,30}?\b(học\s(?:ở\s)?lớp\s\d{1,2}\w{0,3}[^.!?\n]{0,20}?trường\s[^,.!?\n]{3,30})",
    re.IGNORECASE,
)
_TITLED = re.compile(rf"\btên (?:là )?[{_UPPER}]")
_PLATE = re.compile(r"\b\d{2}[a-zđ]{1,2}\d?\s?[-. ]\s?(?:\d{3}\.?\d{2}|\d{4})\b")
_OWNER = re.compile(rf"[,:]?\s?(?:của|chủ|chủ xe)?\s?(?:là|tên|ông|bà|anh|chị)?\s?(?:ông |bà |anh |chị )?{_FULL_NAME}")
_OWN = frozenset({"tôi", "em", "mình", "cháu", "con", "tớ"})


def stated(reading: Reading, raw: bytes) -> list[Stated]:
    """Give a home or a child's class that is told outright, and the plates beside it or beside their owner's name; `raw` is the text in UTF-8."""
    homes = list(_homes(reading, raw))
    if homes or "chủ" in reading.words or "biển" in reading.words:
        return [*homes, *_plates(reading, told=bool(homes))]
    return homes


def further(given: str, end: int) -> int:
    """Give where a place that is told up to there really ends: what it is part of stands behind it, by name or number."""
    found = _FURTHER.match(given, end)
    return found.end() if found else end


def _plates(reading: Reading, *, told: bool) -> Iterator[Stated]:
    """Look for the plate of a vehicle, where its owner or somebody's home is told as well."""
    for match in _PLATE.finditer(reading.view.text):
        if told or _OWNER.match(reading.given, match.end()):
            span = reading.cut(match.start(), match.end())
            yield span.start, span.end, "plate"


def _homes(reading: Reading, raw: bytes) -> Iterator[Stated]:
    """Look for another person's full name followed by where they live; the writer's own name is no finding."""
    given = reading.given
    if "trường" in reading.words and "lớp" in reading.words:
        pupil = _PUPIL.search(given)
        if pupil:
            yield pupil.start(1), pupil.end(), "pupil"
            return
    if "sinh" in reading.words or "sn" in reading.words:
        born = _BORN.search(given)
        if born and _OWN.isdisjoint(given[max(0, born.start() - 30) : born.start()].lower().split()[-3:]):
            yield born.start(1), born.end(), "dwelling"
            return
    if _PLACES.isdisjoint(reading.words):
        return
    for match in _NAMED.finditer(given) if _NAMED_LOOK.search(raw) else ():
        before = given[max(0, match.start() - 40) : match.start()].lower().split()
        if not _OWN.isdisjoint(before[-3:]):
            continue
        where = _DWELLING.search(given, match.end(), match.end() + 80)
        if where:
            yield match.start(1), where.end(), "dwelling"
            return
    if _VILLAGES.isdisjoint(reading.words) and not _NUMBERED.search(given):
        return
    street = _STREET.search(given) if _STREET_LOOK.search(raw) else None
    if (
        street
        and (_OTHERS.search(given.lower()) or _TITLED.search(given))
        and _OWN.isdisjoint(given[max(0, street.start() - 20) : street.start()].lower().split())
    ):
        yield street.start(), street.end(), "dwelling"
