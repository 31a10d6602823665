"""Identity cards, bank accounts and payment cards."""

import re
from collections.abc import Iterator

from service.moderation.lexicon import book
from service.moderation.numbers import runs
from service.moderation.sheet import Reading, Sheet
from service.moderation.text import fold
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "personal_data"
_ID_WORDS = frozenset(
    [
        "cccd",
        "cmnd",
        "cmt",
        "cmtnd",
        "can",
        "cuoc",
        "chung",
        "minh",
        "dinh",
        "danh",
        "passport",
        "ho",
        "chieu",
        "mst",
        "bhyt",
        "bhxh",
    ]
)
_BANK_WORDS = frozenset(
    [
        "stk",
        "tk",
        "khoan",
        "vietcombank",
        "vcb",
        "mb",
        "mbbank",
        "techcombank",
        "tcb",
        "bidv",
        "agribank",
        "vietinbank",
        "ctg",
        "acb",
        "tpbank",
        "sacombank",
        "vpbank",
        "vib",
        "shb",
        "hdbank",
        "ocb",
        "msb",
        "seabank",
        "momo",
        "ngan",
        "hang",
        "bank",
        "the",
        "visa",
        "atm",
        "scb",
        "eximbank",
        "lpbank",
        "lienvietpostbank",
    ],
)
_UPPER = "A-ZĐÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
_FULL_NAME = rf"[{_UPPER}][^\W\d_]+(?: [{_UPPER}][^\W\d_]+){{1,4}}"
_NAMED = re.compile(rf"(?:\b(?:tên|là|tên là|ông|bà|anh|chị|cô|chú|thằng|con|lão|mụ|bé|em)\s+)({_FULL_NAME})")
_DWELLING = re.compile(
    rf"\b(?:nhà|ở|trú|ngụ|địa chỉ|sống|quê)\b[^.!?\n]{{0,14}}?(?:số\s*)?(?:\d+[\w/]*\s+(?:đường|ngõ|hẻm|ngách|phố|[{_UPPER}])"
    rf"|(?:thôn|xóm|ấp|hẻm|ngõ|tổ|khu phố|kp|số nhà|toà|phòng)\s+[\d{_UPPER}])[^.!?\n]{{0,60}}",
)
_LIVES = frozenset({"nhà", "ở", "trú", "ngụ", "địa", "sống", "quê"})
_PLACES = frozenset({"thôn", "xóm", "ấp", "hẻm", "ngõ", "ngách", "phố", "tổ", "phường", "xã", "số", "kp", "toà"})
_OWN = frozenset({"tôi", "em", "mình", "cháu", "con", "tớ"})
_ALL_WORDS = _ID_WORDS | _BANK_WORDS
_PIECES = 6
_CARD_ID = re.compile(r"0[0-9]{2}[0-3]\d{8}")
_MESSAGES = {
    "id card": ("số giấy tờ tuỳ thân", "the number of an identity card"),
    "bank account": ("số tài khoản ngân hàng", "a bank account number"),
    "payment card": ("số thẻ thanh toán", "a payment card number"),
    "dwelling": ("tên và nơi ở của một người", "somebody's name with where they live"),
}


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for such numbers in every field."""
    for reading in sheet.readings:
        yield from _dwellings(reading)
        found_runs = runs(reading)
        told = bool(found_runs) and not _ALL_WORDS.isdisjoint(map(fold, reading.words))
        for run in found_runs:
            found = next(iter(_read(reading, run.windows(range(8, 20), _PIECES), told=told)), None)
            if found is None:
                continue
            first, last, entry = found
            yield _finding(entry, reading.span(first, last))


def _finding(entry: str, span: Span) -> Finding:
    vi, en = _MESSAGES[entry]
    return Finding(
        check=NAME,
        category=Category.PERSONAL_DATA,
        severity=2,
        spans=(span,),
        message=Message(f"Có {vi}: “{span.text}”.", f"Contains {en}: “{span.text}”."),
        entry=entry,
        version=book().version,
    )


def _dwellings(reading: Reading) -> Iterator[Finding]:
    """Look for another person's full name followed by where they live; the writer's own name is no finding."""
    if _PLACES.isdisjoint(reading.words) or _LIVES.isdisjoint(reading.words):
        return
    for match in _NAMED.finditer(reading.given):
        before = reading.given[max(0, match.start() - 40) : match.start()].lower().split()
        if not _OWN.isdisjoint(before[-3:]):
            continue
        where = _DWELLING.search(reading.given, match.end(), match.end() + 80)
        if where:
            start, end = match.start(1), where.end()
            yield _finding("dwelling", Span(reading.field, start, end, reading.given[start:end]))
            return


def _read(reading: Reading, windows: Iterator[tuple[int, int, str]], *, told: bool) -> Iterator[tuple[int, int, str]]:
    for first, last, digits in sorted(windows, key=lambda w: -len(w[2])):
        if not told and len(digits) not in {12, 16}:
            continue
        near = [fold(word) for word in reading.words[max(0, first - 7) : first]]
        after = [fold(word) for word in reading.words[last : last + 4]]
        whole = _stands_alone(reading, first, last)
        if len(digits) == 16 and whole and digits[0] in "3456" and _luhn(digits):
            yield first, last, "payment card"
        elif (len(digits) == 12 and ((whole and _CARD_ID.fullmatch(digits)) or _named(near, _ID_WORDS))) or (
            len(digits) == 9 and _named(near, _ID_WORDS)
        ):
            yield first, last, "id card"
        elif 8 <= len(digits) <= 19 and _is_account(near, after, digits):
            yield first, last, "bank account"


def _stands_alone(reading: Reading, first: int, last: int) -> bool:
    """Whether a number is written in one piece or in even groups of four or three, and not as an amount."""
    sizes = [reading.ends[i] - reading.starts[i] for i in range(first, last)]
    text = reading.view.text[reading.starts[first] : reading.ends[last - 1]]
    return len(sizes) == 1 or (min(sizes) > 2 and "," not in text and "." not in text and "*" not in text)


def _is_account(near: list[str], after: list[str], digits: str) -> bool:
    if re.fullmatch(r"0[35789]\d{8}|1[89]00\d{4,6}|(?:19|20)\d{6}", digits) and "stk" not in near:
        return False
    told = "stk" in near or ("tai" in near and "khoan" in near) or ("so" in near and "the" in near)
    banks = _BANK_WORDS - {"tk", "khoan", "the", "ngan", "hang"}
    return told or (bool(banks & {*near[-3:], *after}) and len(digits) >= 9)


def _named(near: list[str], words: frozenset[str]) -> bool:
    hits = words & set(near)
    return bool(hits & {"cccd", "cmnd", "cmt", "cmtnd", "passport", "bhyt", "bhxh", "mst"}) or len(hits) > 1


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
