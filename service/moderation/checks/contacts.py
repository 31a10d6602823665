"""Ways to reach somebody: telephones in every disguise, mail addresses, accounts on messengers."""

import re
from collections.abc import Iterator

from service.moderation.lexicon import book
from service.moderation.numbers import runs
from service.moderation.sheet import Reading, Sheet
from service.moderation.text import fold
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "contacts"
_MOBILE = re.compile(r"0[35789]\d{8}|84[35789]\d{8}|0084[35789]\d{8}|840[35789]\d{8}")
_LANDLINE = re.compile(r"02\d{8,9}|842\d{8,9}")
_HOTLINE = re.compile(r"1[89]00\d{4}|1[89]00\d{6}")
_SHORT = re.compile(r"[35789]\d{8}")
_ASKED = frozenset(
    [
        "zalo",
        "sđt",
        "sdt",
        "dt",
        "đt",
        "lh",
        "alo",
        "call",
        "hotline",
        "phone",
        "tel",
        "telegram",
        "viber",
        "zl",
        "imess",
        "số",
        "so",
        "gọi",
        "whatsapp",
        "ib",
    ]
)
_ASKED |= {"84", "điện", "thoại"}
_MAIL = re.compile(r"[a-z0-9._%+-]{2,64}@[a-z0-9-]{2,60}(?:\.[a-z]{2,12}){1,3}")
_SPELT_MAIL = re.compile(
    r"[a-z0-9._-]{3,64}\s{0,2}[\[(]?\s?(?:@|\bat\b|a còng|acòng|a cong|a móc|@ còng)\s?[\])]?\s{0,2}"
    r"(?:gmail|yahoo|hotmail|outlook|icloud|[a-z0-9-]{2,30})\s{0,2}[\[(]?\s?(?:\.|\bdot\b|chấm|cham)\s?[\])]?\s{0,2}"
    r"(?:com|vn|net|org|edu|info)(?:\s{0,2}(?:\.|chấm|cham|dot)\s{0,2}vn)?",
)
_HANDLE = re.compile(
    r"\b(?:zalo|zl|tele|telegram|tlgr|teleg|wechat|whatsapp|viber|skype|line|facebook|fb|insta|instagram|ig|tiktok|"
    r"messenger|mess)\b\s{0,2}(?:id|của em|của mình|em|mình|là|nick)?\s{0,2}[:=\-–>]{0,3}\s{0,2}"
    r"(@[a-z0-9_.]{3,32}|[a-z][a-z]*[_.\d][a-z0-9_.]{2,30})",
)
_MESSENGERS = frozenset(
    [
        *("zalo", "zl", "tele", "telegram", "tlgr", "teleg", "wechat", "whatsapp", "viber", "skype", "line"),
        *("facebook", "fb", "insta", "instagram", "ig", "tiktok", "messenger", "mess"),
    ],
)
_LIVE = re.compile(r"\blive\s?:\s?[a-z0-9._-]{4,40}")
_FREE_HANDLE = re.compile(r"(?:^|[\s:(])(@[a-z][a-z0-9]*[_\d][a-z0-9_]{1,30})")


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for contacts in every field."""
    for reading in sheet.readings:
        for start, end, entry, severity in places(reading):
            span = reading.cut(start, end)
            yield Finding(
                check=NAME,
                category=Category.CONTACT_INFO,
                severity=severity,
                spans=(span,),
                message=_message(entry, span),
                entry=entry,
                version=book().version,
            )


def places(reading: Reading) -> list[tuple[int, int, str, int]]:
    """Every contact of a field, found once: where in the view, of which kind, how grave."""
    if NAME not in reading.memo:
        reading.memo[NAME] = _places(reading)
    found: list[tuple[int, int, str, int]] = reading.memo[NAME]
    return found


def _places(reading: Reading) -> list[tuple[int, int, str, int]]:
    found = list(_phones(reading))
    text = reading.view.text
    if "@" in text or "còng" in text or " at " in text or "cong" in text:
        found.extend((m.start(), m.end(), "mail", 2) for m in _MAIL.finditer(text))
        found.extend((m.start(), m.end(), "mail", 2) for m in _SPELT_MAIL.finditer(text))
        found.extend((m.start(1), m.end(1), "account", 2) for m in _FREE_HANDLE.finditer(text))
    if "live" in reading.words:
        found.extend((m.start(), m.end(), "account", 2) for m in _LIVE.finditer(text))
    if not _MESSENGERS.isdisjoint(reading.words):
        found.extend((m.start(1), m.end(1), "account", 2) for m in _HANDLE.finditer(text))
    kept: list[tuple[int, int, str, int]] = []
    for place in sorted(found, key=lambda p: (p[0], -p[1])):
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
    return kept


def _phones(reading: Reading) -> Iterator[tuple[int, int, str, int]]:
    for run in runs(reading):
        taken = -1
        for first, last, digits in run.windows(range(8, 15)):
            if first < taken or _inside_amount(reading, first):
                continue
            kind = _kind(reading, first, digits)
            if kind:
                taken = last
                yield reading.starts[first], reading.ends[last - 1], kind, 1 if kind == "hotline" else 2


def _inside_amount(reading: Reading, first: int) -> bool:
    """Whether the piece only goes on with a number such as 12.345.678.900."""
    if not first:
        return False
    gap = reading.view.text[reading.ends[first - 1] : reading.starts[first]]
    return gap in {".", ","} and reading.words[first - 1].isdigit()


def _kind(reading: Reading, first: int, digits: str) -> str | None:
    if _MOBILE.fullmatch(digits):
        return "phone"
    if _LANDLINE.fullmatch(digits):
        return "landline"
    if _HOTLINE.fullmatch(digits):
        return "hotline"
    near = reading.words[max(0, first - 3) : first]
    if _SHORT.fullmatch(digits) and any(fold(word) in _ASKED or word in _ASKED for word in near):
        return "phone"
    return None


def _message(entry: str, span: Span) -> Message:
    what_vi, what_en = {
        "phone": ("số điện thoại", "a telephone number"),
        "landline": ("số điện thoại bàn", "a landline number"),
        "hotline": ("số tổng đài", "a hotline number"),
        "mail": ("địa chỉ thư điện tử", "a mail address"),
        "account": ("tài khoản mạng xã hội", "a social media account"),
    }[entry]
    return Message(f"Có {what_vi}: “{span.text}”.", f"Contains {what_en}: “{span.text}”.")
