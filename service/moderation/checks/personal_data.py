"""Numbers that belong to one person: identity cards, bank accounts, payment cards, insurance."""

import re
from collections.abc import Iterator

from service.moderation.lexicon import book
from service.moderation.numbers import runs
from service.moderation.sheet import Reading, Sheet, field_by_field
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
        "gplx",
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
        "viettinbank",
        "vietin",
        "agri",
        "stb",
        "sacom",
        "techcom",
        "vietcom",
    ],
)
_CUSTOMER = re.compile(
    r"\b(?:mã khách hàng|mã kh|số hợp đồng|mã bệnh án|mã bệnh nhân|mã hồ sơ|số hồ sơ|mã số bệnh án|bệnh án số)\s?(?:là|số|:)?\s?[a-z]{0,4}-?\d{6,14}\b"
)
_BOOKLET = re.compile(r"\b[a-z](?:\s?\d){7,8}\b")
_INSURED = re.compile(r"\b[a-z]{2}\d{13}\b")
_HEALTH = re.compile(
    r"\b(?:bhyt|bảo hiểm y tế|bảo hiểm)\b[^.!?\n\d]{0,20}?([a-z]{2}\s?\d(?:[ .-]?\d){10,13}|\d(?:[ .-]?\d){9,14})\b"
)
_BANK_LABEL = re.compile(
    r"(?:(?:số tài khoản|so tai khoan|số tk|so tk|stk|tk|tài khoản|tai khoan)\s?(?:của em|của tôi|ngân hàng|nh|là|số|so)?\s?[:\-]?\s?)?"
    r"(?:(?:vietcombank|vcb|mb|mbbank|mb bank|techcombank|tcb|bidv|agribank|vietinbank|acb|tpbank|sacombank|vpbank|vib|shb|"
    r"hdbank|ocb|msb|seabank|momo|scb|eximbank|lpbank|stk)\s?[:\-]?\s?)?$",
)
_BANK_TAIL = re.compile(
    r"(?:\s?[,\-–(]?\s?(?:ngân hàng|ngan hang|nh|bank)?\s?(?:vietcombank|vcb|mb|mbbank|mb bank|techcombank|tcb|bidv|agribank|"
    r"vietinbank|acb|tpbank|sacombank|vpbank|vib|shb|hdbank|ocb|msb|seabank|momo|scb|eximbank|lpbank)\b)?"
    r"(?:[,\-–:]?\s(?:chủ tk|chu tk|chủ tài khoản|chu tai khoan|ctk|tên|ten)\s?:?\s(?:[^\W\d_]+\s?){2,4}(?=$|[.,;!?)\n]))?",
)
_ALL_WORDS = _ID_WORDS | _BANK_WORDS | {"thue", "ck", "mst"}
_PIECES = 6
# Where a word says what a number is, it may have been spelt digit by digit.
_TOLD_PIECES = 16
_CARD_ID = re.compile(r"0[0-9]{2}[0-3]\d{8}")
_MESSAGES = {
    "id card": ("số giấy tờ tuỳ thân", "the number of an identity card"),
    "bank account": ("số tài khoản ngân hàng", "a bank account number"),
    "payment card": ("số thẻ thanh toán", "a payment card number"),
    "tax number": ("mã số thuế", "a tax number"),
    "customer": ("mã khách hàng", "a customer number"),
    "insurance": ("số bảo hiểm xã hội", "a social insurance number"),
}


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for such numbers in every field."""
    return field_by_field(sheet, NAME, _in_field)


def _in_field(reading: Reading) -> Iterator[Finding]:
    yield from _booklets(reading)
    found_runs = runs(reading)
    told = bool(found_runs) and not _ALL_WORDS.isdisjoint(map(fold, reading.words))
    for run in found_runs:
        found = next(
            iter(_read(reading, run.windows(range(8, 20), _TOLD_PIECES if told else _PIECES), told=told)), None
        )
        if found is None:
            continue
        first, last, entry = found
        start, end = reading.starts[first], reading.ends[last - 1]
        if entry == "bank account":
            start, end = _account_told(reading.view.text, start, end)
        yield _finding(entry, reading.cut(start, end))


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


def _account_told(text: str, start: int, end: int) -> tuple[int, int]:
    """Give the place of an account with the bank and the holder that are named right beside it."""
    label = _BANK_LABEL.search(text, max(0, start - 40), start)
    tail = _BANK_TAIL.match(text, end)
    return label.start() if label else start, tail.end() if tail else end


def _booklets(reading: Reading) -> Iterator[Finding]:
    """Look for the numbers that begin with letters: passports and health insurance, where they are called so."""
    text = reading.view.text
    if "hộ chiếu" in text or "passport" in text or "ho chieu" in text:
        for match in _BOOKLET.finditer(text):
            yield _finding("id card", reading.cut(match.start(), match.end()))
    if any(word in text for word in ("mã khách", "mã kh ", "số hợp đồng", "bệnh án", "mã bệnh", "hồ sơ")):
        for match in _CUSTOMER.finditer(text):
            yield _finding("customer", reading.cut(match.start(), match.end()))
    if "bhyt" in text or "bảo hiểm" in text or "bhxh" in text:
        for match in _INSURED.finditer(text):
            yield _finding("id card", reading.cut(match.start(), match.end()))
        for match in _HEALTH.finditer(text):
            yield _finding("id card", reading.cut(match.start(1), match.end(1)))


def _read(reading: Reading, windows: Iterator[tuple[int, int, str]], *, told: bool) -> Iterator[tuple[int, int, str]]:
    for first, last, digits in sorted(windows, key=lambda w: -len(w[2])):
        if not told and len(digits) not in {12, 16}:
            continue
        near = [fold(word) for word in reading.words[max(0, first - 7) : first]]
        after = [fold(word) for word in reading.words[last : last + 4]]
        whole = _stands_alone(reading, first, last)
        if len(digits) == 16 and whole and digits[0] in "3456" and _luhn(digits):
            yield first, last, "payment card"
        elif len(digits) in {10, 13} and whole and (("so" in near and "thue" in near) or "mst" in near):
            yield first, last, "tax number"
        elif (len(digits) == 12 and ((whole and _CARD_ID.fullmatch(digits)) or _named(near, _ID_WORDS))) or (
            len(digits) == 9 and _named(near, _ID_WORDS)
        ):
            yield first, last, "id card"
        elif len(digits) == 10 and "bhxh" in near:
            yield first, last, "insurance"
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
    told = told or ("ck" in near[-3:] and len(digits) > 9)
    return told or (bool(banks & {*near[-3:], *after}) and len(digits) >= 9)


def _named(near: list[str], words: frozenset[str]) -> bool:
    hits = words & set(near)
    return bool(hits & {"cccd", "cmnd", "cmt", "cmtnd", "passport", "bhyt", "bhxh", "mst", "gplx"}) or len(hits) > 1


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
