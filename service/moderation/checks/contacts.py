"""Ways to reach somebody: telephones in every disguise, mail addresses, accounts on messengers."""

import re
from collections.abc import Iterator

from service.moderation.alike import alike
from service.moderation.checks import links
from service.moderation.lexicon import book
from service.moderation.likeness import REACH
from service.moderation.numbers import runs
from service.moderation.sheet import Reading, Sheet, field_by_field
from service.moderation.syllables import bare_syllables
from service.moderation.text import fold
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "contacts"
_LIKE = 1.5
_MOBILE = re.compile(r"0[35789]\d{8}|84[35789]\d{8}|0084[35789]\d{8}|840[35789]\d{8}")
_LANDLINE = re.compile(r"02\d{8,9}|842\d{8,9}")
_HOTLINE = re.compile(r"1[89]00\d{4}|1[89]00\d{6}")
_ABROAD = re.compile(r"(?<![\w+])\+[1-9]\d{0,2}(?:[ .-]?\d){7,12}(?!\d)")
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
_ASKED |= {"84", "điện", "thoại", "ring", "mobi", "dđ", "đtdđ", "hl", "sms", "nhắn", "bấm", "quay"}
_TURNED = frozenset({"ngược", "đảo", "nguoc", "dao", "phải"})
_LENGTH = 10
_ACCOUNTS = frozenset(
    {"tài", "khoản", "tk", "stk", "cccd", "cmnd", "thẻ", "căn", "cước", "thuế", "tai", "khoan", "hồ", "sơ", "hs"}
)
# What somebody writes after a word that asks for a number is one, if it is not of quite the right length.
_ODD_LENGTH = re.compile(r"0[1-9]\d{7,9}|840?[1-9]\d{7,9}")
# A number told in parts and out of order.
_PARTS = re.compile(
    r"\b(?:số\s)?(?:đầu|giữa|đuôi|cuối|dau|giua|duoi|cuoi)(?:\s(?:số|là|so|la))?\s\d[\d.]{0,7}"
    r"(?:[,.]?\s(?:rồi|và|roi|va)?\s?(?:số\s)?(?:đầu|giữa|đuôi|cuối|dau|giua|duoi|cuoi)(?:\s(?:số|là|so|la))?"
    r"\s\d[\d.]{0,7}){1,3}",
)
# A number with gaps that are told apart from it.
_GAPPED = re.compile(
    r"\b(?:0|84)[35789x*_?]?[\dx*_?.]{6,9}\d[^\n]{0,14}?\b(?:thay|điền|đổi|thế|x|xx|xxx|dấu)\b[^\n]{0,12}?(?:bằng|là|=)\s?\d{1,4}"
)
_PART_WORDS = frozenset({"đuôi", "giữa", "cuối", "duoi", "giua", "cuoi"})
_MAIL = re.compile(
    r"[a-z0-9._%+-]{2,64}\s?@\s?(?:[a-z0-9-]{2,60}(?:\.[a-z]{2,12}){1,3}"
    r"|(?:gmail|yahoo|hotmail|outlook|icloud|proton|protonmail|live|ymail)(?:\s?[.,]\s?(?:com|me|vn|net))?\b)",
)
# A mailbox of a well-known provider, whatever stands for the sign.
_BARE_MAIL = re.compile(
    r"\b[a-z0-9][a-z0-9._-]{3,64}\s(?:(?:ở|tại|vòng|a vòng|o|tai)\s)?(?:gmail|yahoo|hotmail|outlook|icloud|protonmail)"
    r"\s?(?:\.|,|chấm|cham|dot)\s?(?:com|me|vn)(?:\.vn)?\b",
)
_SPELT_MAIL = re.compile(
    r"[a-z0-9._-]{3,64}\s{0,2}[\[(]?\s?(?:@|\bat\b|a còng|acòng|a cong|a móc|@ còng|còng|a vòng|a-còng|a - còng|a_còng|a moc|a khoanh|@còng)\s?[\])]?\s{0,2}"
    r"(?:gmail|yahoo|hotmail|outlook|icloud|[a-z0-9-]{2,30})\s{0,2}[\[(]?\s?(?:\.|\bdot\b|chấm|cham)\s?[\])]?\s{0,2}"
    r"(?:com|vn|net|org|edu|info|me|c0m|co|io)\b(?:\s{0,2}(?:\.|chấm|cham|dot)\s{0,2}vn)?",
)
_HANDLE = re.compile(
    r"\b(?:zalo|zl|tele|te-le|tê lê|tê lê gram|telegram|tlgr|teleg|wechat|whatsapp|viber|skype|line|facebook|fb|insta|instagram|ig|tiktok|"
    r"messenger|mess|face|phây|signal|discord|kakao|kakaotalk|threads|thread|lotus|gapo|twitter|imessage|locket|steam)\b"
    r"(?:\s{0,2}(?:id|của em|của mình|của tôi|của tui|cua em|cua minh|em|mình|là|la|nick|tên|ten|user|username|acc|ad|"
    r"admin|tui|tớ|này|nay|nè|cá nhân)){0,2}\s{0,2}[:=\-–>]{0,3}\s{0,2}"
    r"(@\s?[a-z0-9_.]{3,32}(?:\s_\s?[a-z0-9]{2,20})?|(?=[a-z0-9_.]{6})[a-z]+[_.\d][a-z0-9_.]{1,30}|[a-z0-9_.]{3,32}#\d{4})",
)
# An account without a sign or a digit in it, where it is told to be one.
_TOLD_HANDLE = re.compile(
    r"\b(?:zalo|tele|telegram|wechat|whatsapp|viber|skype|line|facebook|fb|face|insta|instagram|ig|tiktok|discord|"
    r"signal|kakao|kakaotalk|threads)\s?(?:\s(?:id|nick|user|username|acc)\s?[:=]?\s?|\s?[:=]\s?)([a-z]{6,30})\b",
)
# What somebody is called there, where people are asked to look for them.
_TOLD_NAME = re.compile(
    r"\b(?:ib|inbox|pm|kb|add|nhắn|nhắn tin|kết bạn|tìm|tìm|liên hệ|lh|nt|dm)\b[^.!?\n]{0,12}\b(?:zalo|fb|facebook|face|phây|"
    r"tiktok|insta)\s(?:tên|tên là|là|cá nhân|ten|nick)\s?:?\s?((?:[^\W\d_]+\s?){2,5})",
)
# A page or an account that people are asked to visit, by the name it goes by.
_VISITED = re.compile(
    r"\b(?:tìm|ghé|theo dõi|kiếm|vô|vào|nhắn|ib|inbox|kb|add|follow|tim|ghe)\s(?:trên\s|vào\s|qua\s)?"
    r"(?:fb|facebook|face|phây|phây búc|zalo|fanpage|phanh pết|page|tiktok|tóp tóp|kênh|nhóm|group|gr)\s(?:tên\s|là\s|nick\s)?"
    r"[\"“]?((?:[^\W_]+\s?){2,8})",
)
_PAGES = frozenset(["fanpage", "page", "kênh", "nhóm", "group", "gr", "tóp", "pết", "búc"])
_MESSENGERS = frozenset(
    [
        *("te", "lê"),
        *("face", "phây", "signal", "discord", "kakao", "kakaotalk", "threads", "thread", "imessage", "twitter"),
        *("zalo", "zl", "tele", "telegram", "tlgr", "teleg", "wechat", "whatsapp", "viber", "skype", "line"),
        *("facebook", "fb", "insta", "instagram", "ig", "tiktok", "messenger", "mess"),
    ],
)
_MAIL_WORDS = ("còng", " at ", "cong", "mail", "(at", "[at", "{at", "yahoo", "outlook", "icloud", "a móc", "vòng")
_LIVE = re.compile(r"\blive\s?:\s?[a-z0-9._-]{4,40}")
_FREE_HANDLE = re.compile(r"(?:^|[\s:(])(@[a-z][a-z0-9]*[._\d][a-z0-9_.]{1,30}[a-z0-9_])")


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for contacts in every field, and where there is none for directions to one."""
    return field_by_field(sheet, NAME, _in_field)


def _in_field(reading: Reading) -> Iterator[Finding]:
    found = places(reading)
    # A title is too short to be judged by likeness: numbers of any kind fill it.
    told = any(severity > 1 for _, _, _, severity in (*found, *links.places(reading)))
    if reading.field == "body" and not told:
        yield from alike(reading, REACH, check=NAME, least=_LIKE)
    for start, end, entry, severity in found:
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
    if "+" in text:
        found.extend((m.start(), m.end(), "phone", 2) for m in _ABROAD.finditer(text))
    if "@" in text or any(word in text for word in _MAIL_WORDS):
        found.extend((m.start(), m.end(), "mail", 2) for m in _BARE_MAIL.finditer(text))
        found.extend((m.start(), m.end(), "mail", 2) for m in _MAIL.finditer(text))
        found.extend((m.start(), m.end(), "mail", 2) for m in _SPELT_MAIL.finditer(text))
        found.extend((m.start(1), m.end(1), "account", 2) for m in _FREE_HANDLE.finditer(text))
    if "live" in reading.words:
        found.extend((m.start(), m.end(), "account", 2) for m in _LIVE.finditer(text))
    if not _MESSENGERS.isdisjoint(reading.words):
        found.extend((m.start(1), m.end(1), "account", 2) for m in _HANDLE.finditer(text))
        known = bare_syllables()
        told = _TOLD_HANDLE.finditer(text)
        found.extend((m.start(1), m.end(1), "account", 2) for m in told if m[1] not in known)
        found.extend((*_called(reading, m), "account", 2) for m in _TOLD_NAME.finditer(text) if _is_called(reading, m))
    if not (_MESSENGERS | _PAGES).isdisjoint(reading.words):
        visited = _VISITED.finditer(text)
        found.extend((*_called(reading, m), "account", 2) for m in visited if _is_called(reading, m))
    if "thay" in reading.words or "bằng" in reading.words:
        found.extend((m.start(), m.end(), "phone", 2) for m in _GAPPED.finditer(text) if "x" in m[0] or "*" in m[0])
    if not _PART_WORDS.isdisjoint(reading.words):
        told = _PARTS.finditer(text)
        found.extend((m.start(), m.end(), "phone", 2) for m in told if sum(map(str.isdigit, m[0])) in range(9, 12))
    kept: list[tuple[int, int, str, int]] = []
    for place in sorted(found, key=lambda p: (p[0], -p[1])):
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
    return kept


def _called(reading: Reading, match: re.Match[str]) -> tuple[int, int]:
    """Give the words of a name that are written as one, from its first."""
    start = end = match.start(1)
    for word in re.finditer(r"\S+", match[1]):
        first = match.start(1) + word.start()
        if not reading.cut(first, first + 1).text.isupper():
            break
        end = match.start(1) + word.end()
    return start, end


def _is_called(reading: Reading, match: re.Match[str]) -> bool:
    start, end = _called(reading, match)
    return " " in reading.view.text[start:end]


def _phones(reading: Reading) -> Iterator[tuple[int, int, str, int]]:
    yield from _scattered(reading)
    for run in runs(reading):
        taken = -1
        for first, last, digits in run.windows(range(8, 15)):
            if first < taken or _inside_amount(reading, first):
                continue
            kind = _kind(reading, first, digits)
            if kind:
                taken = last
                yield reading.starts[first], reading.ends[last - 1], kind, 1 if kind == "hotline" else 2
        if taken < 0 and _MOBILE.fullmatch(run.digits[::-1]) and not _TURNED.isdisjoint(reading.words):
            yield reading.starts[run.pieces[0][0]], reading.ends[run.pieces[-1][0]], "phone", 2
        elif taken < 0 and _ODD_LENGTH.fullmatch(run.digits):
            first, last = run.pieces[0][0], run.pieces[-1][0] + 1
            if (run.spelt or _is_asked(reading, first)) and _ACCOUNTS.isdisjoint(_before(reading, first)):
                yield reading.starts[first], reading.ends[last - 1], "phone", 2


def _scattered(reading: Reading) -> Iterator[tuple[int, int, str, int]]:
    """Give a number whose digits stand one by one among words: ten of them, and no other number in the field."""
    found = [at for at, word in enumerate(reading.words) if word[0].isdigit()]
    digits = "".join(reading.words[at] for at in found)
    if len(found) == _LENGTH == len(digits) and _MOBILE.fullmatch(digits):
        yield reading.starts[found[0]], reading.ends[found[-1]], "phone", 2


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
    return "phone" if _SHORT.fullmatch(digits) and _is_asked(reading, first) else None


def _before(reading: Reading, first: int) -> list[str]:
    return reading.words[max(0, first - 3) : first]


def _is_asked(reading: Reading, first: int) -> bool:
    """Whether a word that asks for a number stands right before."""
    return any(fold(word) in _ASKED or word in _ASKED for word in _before(reading, first))


def _message(entry: str, span: Span) -> Message:
    what_vi, what_en = {
        "phone": ("số điện thoại", "a telephone number"),
        "landline": ("số điện thoại bàn", "a landline number"),
        "hotline": ("số tổng đài", "a hotline number"),
        "mail": ("địa chỉ thư điện tử", "a mail address"),
        "account": ("tài khoản mạng xã hội", "a social media account"),
    }[entry]
    return Message(f"Có {what_vi}: “{span.text}”.", f"Contains {what_en}: “{span.text}”.")
