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
_UPPER = "A-ZĐÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
_FULL_NAME = rf"[{_UPPER}][^\W\d_]+(?: [{_UPPER}][^\W\d_]+){{1,4}}"
_NAMED = re.compile(rf"(?:\b(?:tên|là|tên là|ông|bà|anh|chị|cô|chú|thằng|con|lão|mụ|bé|em)\s+)({_FULL_NAME})")
_DWELLING = re.compile(
    rf"\b(?:nhà|ở|trú|ngụ|địa chỉ|sống|quê)\b[^.!?\n]{{0,14}}?(?:số\s*)?(?:\d+[\w/]*\s+(?:đường|ngõ|hẻm|ngách|phố|[{_UPPER}])"
    rf"|(?:thôn|xóm|ấp|hẻm|ngõ|tổ|khu phố|kp|số nhà|toà|phòng)\s+[\d{_UPPER}])[^.!?\n]{{0,60}}",
)
_LIVES = frozenset({"nhà", "ở", "trú", "ngụ", "địa", "sống", "quê"})
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
_STREET = re.compile(
    rf"(?:\b(?:nhà|địa chỉ|ở)\s(?:ở\s)?)?\b(?:(?:số|nhà|phòng|căn|lô|p)\s?(?:nhà\s|số\s)?[{_UPPER}]?\d+[\w/.]*(?:\s(?:ngõ|ngách|hẻm|kiệt|đường|phố|block|toà|tòa|"
    rf"lô|tầng|chung cư|khu|tổ|cc)\s[\w/.]+)+|(?:số\s)?\d+[\w/]*\s(?:ngõ|ngách|hẻm|kiệt|đường|phố|khu phố|tổ|ấp)\s[\d{_UPPER}][\w/]*"
    rf"|(?:ấp|thôn|xóm|tổ|buôn|bản|khu phố|hẻm|ngõ|ngách|kiệt)\s[\w/]+,?\s(?:(?:xã|phường|thị trấn|phố|đường|huyện)\s[{_UPPER}]|(?:xóm|thôn|ấp|đội)\s\w))"
    rf"(?:,?\s(?:[{_UPPER}][^\W\d_]*|\d+|phố|đường|phường|xã|quận|huyện|chung cư|khu|tp|ngõ|hẻm|ngách|tổ|block))*",
)
# One of these stands in every street's address; looking for them first costs a tenth.
_NUMBERED = re.compile(r"\d[\w/]*\s(?:ngõ|ngách|hẻm|kiệt|đường|phố|block|toà|tòa|lô|tầng|chung cư|khu|tổ|cc|ấp)\s")
_VILLAGES = frozenset({"ấp", "thôn", "xóm", "tổ", "buôn", "bản", "khu", "hẻm", "ngõ", "ngách", "kiệt"})
_BORN = re.compile(
    rf"({_FULL_NAME})\s?[,(-]?\s?(?:sn|sinh|sinh năm|sinh ngày|s/n)\s?\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:19|20)?\d\d"
    rf"(?:[, ]+(?:trú|ở|quê|nhà|hktt|ngụ|học|làm|số)\s[^.!?\n]{{2,60}})?",
)
_OTHERS = re.compile(
    r"\b(?:nhà|địa chỉ|chỗ ở)\s(?:của\s)?(?:bà|ông|nó|hắn|thằng|con|lão|mụ|cô ấy|anh ấy|chị ấy|mẹ con|vợ chồng|cô ta|anh ta|chị ta|chúng nó|thằng kia|gã|ả)\b"
    r"|\b(?:chồng|vợ|con|mẹ|bố) (?:nó|hắn|bà ta|ông ta|cô ta|tên)\b|\b(?:cô ta|anh ta|chị ta|hắn|nó|bà ta|ông ta|lão|mụ)\s(?:đang\s)?(?:thuê|ở|trọ|sống|trú|làm)\b|\bai (?:rảnh|gần|tiện|thích)\b|\bqua mà\b|\btới mà\b|\bđến mà\b"
    r"|\b(?:bà|ông|lão|mụ|chị|anh|cô|thằng|con)\s(?:[^\W\d_]+\s){0,3}(?:ấy|đó|kia|này|ta)\s(?:thì\s(?:cô|anh|bà|ông|nó|hắn)\s)?(?:thuê|ở|trọ|sống|trú|nhà)\b|\bcon (?:gái|trai) học\b"
    r"|\b(?:thằng|con|lão|mụ|gã) (?:đó|này|kia|ấy|cướp|lừa)\b",
)
_TITLED = re.compile(rf"\btên (?:là )?[{_UPPER}]")
_PLATE = re.compile(r"\b\d{2}[a-zđ]{1,2}\d?\s?[-. ]\s?(?:\d{3}\.?\d{2}|\d{4})\b")
_OWNER = re.compile(rf"[,:]?\s?(?:của|chủ|chủ xe)?\s?(?:là|tên|ông|bà|anh|chị)?\s?(?:ông |bà |anh |chị )?{_FULL_NAME}")
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
_OWN = frozenset({"tôi", "em", "mình", "cháu", "con", "tớ"})
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
    "plate": ("biển số xe của một người", "the plate of somebody's vehicle"),
    "customer": ("mã khách hàng", "a customer number"),
    "insurance": ("số bảo hiểm xã hội", "a social insurance number"),
    "dwelling": ("tên và nơi ở của một người", "somebody's name with where they live"),
}


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for such numbers in every field."""
    for reading in sheet.readings:
        homes = list(_dwellings(reading))
        yield from homes
        if homes or "chủ" in reading.words or "biển" in reading.words:
            yield from _plates(reading, told=bool(homes))
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


def _plates(reading: Reading, *, told: bool) -> Iterator[Finding]:
    """Look for the plate of a vehicle, where its owner or somebody's home is told as well."""
    for match in _PLATE.finditer(reading.view.text):
        if told or _OWNER.match(reading.given, match.end()):
            yield _finding("plate", reading.cut(match.start(), match.end()))


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


def _dwellings(reading: Reading) -> Iterator[Finding]:
    """Look for another person's full name followed by where they live; the writer's own name is no finding."""
    if "sinh" in reading.words or "sn" in reading.words:
        born = _BORN.search(reading.given)
        if born and _OWN.isdisjoint(reading.given[max(0, born.start() - 30) : born.start()].lower().split()[-3:]):
            yield _finding("dwelling", Span(reading.field, born.start(1), born.end(), born[0]))
            return
    if _PLACES.isdisjoint(reading.words):
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
    if _VILLAGES.isdisjoint(reading.words) and not _NUMBERED.search(reading.given):
        return
    street = _STREET.search(reading.given)
    if (
        street
        and (_OTHERS.search(reading.given.lower()) or _TITLED.search(reading.given))
        and _OWN.isdisjoint(reading.given[max(0, street.start() - 20) : street.start()].lower().split())
    ):
        yield _finding("dwelling", Span(reading.field, street.start(), street.end(), street[0]))


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
