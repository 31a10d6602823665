"""Links in every disguise: hxxp, spelt-out dots, spaces around dots, shorteners, foreign alphabets."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from service.moderation.lexicon import book
from service.moderation.sheet import Reading, Sheet
from service.moderation.syllables import bare_syllables
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "links"
_SURE = "com|net|vn|org|info|xyz|biz|io|site|online|store|shop|club|link|click|bet|casino|loan|vip|asia|mobi|icu|cyou|"
_SURE += "party|cfd|sbs|lol|monster|bio|watch|poker|website|bid|guru|world|zone|wiki|buzz|quest|bond|rest|monster|skin|ltd|ink|blog"
_WORDLIKE = "win|top|app|me|tv|cc|ly|co|to|gg|pro|fun|live|life|space|tech|dev|ai|us|in|la|tk|ml|ga|cf|pw|ws|re|ee|do|games|game|"
_WORDLIKE += (
    "chat|team|page|news|today|best|work|cash|fit|tips|it|be|gl|gd|gy|st|sh|so|im|ru|cn|kr|jp|de|fr|uk|eu|hk|sg|kh|nz"
)
_SCHEME = re.compile(
    r"(?:h(?:tt|xx|\*\*|t\*|tx)ps?|ftp|zalo|viber|whatsapp|tg|fb|intent)\s?:\s?(?:/\s?/|\\\\)\s?[^\s<>\"“”]{3,}"
)
# Any ending before a path that holds a digit: no two words are typed so.
_CODED = re.compile(r"\b[a-z][a-z0-9-]{1,30}\.[a-z]{1,6}/(?=[\w-]*\d)[\w-]{5,}")
# A machine by its number, with a port or a path.
_NUMBERED = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{2,5}|/[^\s<>\"“”]{2,})\S{0,60}")
# A name and its ending letter by letter; a picture or an arrow in place of the dot.
_LETTERED = re.compile(r"(?<!\S)(?:[a-z0-9]\s){4,40}[.,]\s(?:[a-z]\s?){2,6}(?:/\s(?:\w\s?){2,30})?(?!\S)")
_PICTURE = r"\s?[^\w\s.,:;!?()\"'“”…/+&%–-]{1,3}\s?"
_PICTURED = re.compile(
    rf"\b[a-z0-9][a-z0-9-]{{2,61}}(?:{_PICTURE}[a-z0-9-]{{2,30}}){{0,3}}{_PICTURE}(?:{_SURE}|tv|top|me|win)\b"
)
_WWW = re.compile(r"\bwww\s?\.\s?[^\s<>\"“”]{3,}")
_DOMAIN = re.compile(
    rf"(?<![\w@.])((?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.){{1,4}})({_SURE}|{_WORDLIKE})(?:\.vn)?(?::\d{{2,5}})?(/[^\s<>\"“”]*)?(?![\w@])",
)
_SPELT = re.compile(
    rf"\b([a-z0-9][a-z0-9-]{{1,61}})\s{{0,2}}[\[({{]?\s?(?:chấm|chẩm|\bdot\b|\bd0t\b|\bcham\b|\(\.\)|\[\.\]|\bc\.hấm)\s?[\])}}]?\s{{0,2}}"
    rf"({_SURE}|win|top|app|me|tv|cc|co|pro|fun|live|c0m|c o m|cơm|cờ o mờ|vê nờ|n e t|v n|be)\b"
    r"(?:\s?(?:\.|chấm|dot|cham)\s?vn\b)?(?:\s?(?:/|xẹt|gạch chéo|sẹc|xuyệt|xuyẹt|xược|suyệt)\s?\S+)?",
)
_TAILED = re.compile(
    r"\b([a-z0-9][a-z0-9-]{2,61})\s(?:đuôi|duoi|đuôi là|cộng)\s(?:chấm\s|\.)?(?:com|net|vn|org|xyz)(?:\s?(?:chấm|\.|cham)\s?vn)?\b"
)
_PATHED = re.compile(
    r"\b([a-z0-9][a-z0-9-]{1,61})\s(?:[a-z0-9-]{2,30}\s)?(?:com|net|vn|me|ly|org|xyz|cc|gle)(?:\s/\s?|/)[\w-]+(?:\s?/\s?[\w-]+)*"
)

_BRACKETED = re.compile(
    r"\b([a-z0-9][a-z0-9-]{1,61})\s?[\[({<]\s?(?:\.|,|dot|chấm|d0t|cham|phẩy)\s?[\])}>]\s?([a-z]{2,12})\b(?:\.vn\b)?(?:\s?/\s?\S*)?"
)
_SPACED = re.compile(
    r"\b([a-z0-9][a-z0-9-]{2,61})(?:\s\.\s?|\.\s|\s?,)(com|net|xyz|vip|bet|club|shop|info|org|online|store|site)(?:\s?\.\s?vn)?\b(?:\s?/\s?\S+)?",
)
# A name that is no word, with spaces around the dot before an ending that is one; an ending and its dot in one word.
_LOOSE = re.compile(r"\b([a-z]+\d+[a-z0-9-]*)\s\.\s?(?:tv|top|me|cc|live|app|win|co|io|fun|pro|vip|us|in)\b")
_SAID_IN_ONE = re.compile(r"\b([a-z0-9][a-z0-9-]{2,61})\s(?:cham|chấm|dot)(?:com|net|vn|org|xyz|vip|top|tv)\b")
_APART = re.compile(
    r"\b(?:t|m|wa|zalo|bit|fb|cutt|tiny|s|is|rb|shope|linktr|goo|forms|chng|youtu|discord|amzn|vt|tinyurl)"
    r"\s?[.,]\s?(?:me|ly|ee|id|gd|gl|gle|cc|gy|it|be|gg|to|com)\s?/\s?[\w+-]{3,}"
)
_SHORTENERS = re.compile(
    r"\b(?:bit\.ly|tinyurl\.com|cutt\.ly|t\.me|goo\.gl|s\.id|rebrand\.ly|is\.gd|shorturl\.at|zalo\.me|shope\.ee|"
    r"by\.com\.vn|m\.me|wa\.me|t\.ly|ow\.ly|tiny\.cc|rb\.gy|lnkd\.in|adf\.ly|ouo\.io|link1s\.com|s\.shopee\.vn|"
    r"fb\.me|linktr\.ee|forms\.gle|discord\.gg|chat\.whatsapp\.com|vt\.tiktok\.com|s\.lazada\.vn)\b",
)
# Pages of the state and of the press are named in ordinary talk: noted, below what holds a comment.
_PUBLIC = re.compile(
    r"(?:^|\.|//)(?:[\w-]+\.)?(?:gov\.vn|edu\.vn|csgt\.vn|chinhphu\.vn|vnexpress\.net|tuoitre\.vn|thanhnien\.vn|dantri\.com\.vn|"
    r"vietnamnet\.vn|nhandan\.vn|vtv\.vn|laodong\.vn|vov\.vn|zingnews\.vn|znews\.vn|baochinhphu\.vn|qdnd\.vn|cand\.com\.vn|"
    r"hanoimoi\.vn|sggp\.org\.vn|plo\.vn|vietnamplus\.vn|nld\.com\.vn|tienphong\.vn|wikipedia\.org|who\.int)(?:/|$|[\s.,)])",
)

# What no word is but the end of an address, said after a dot: whatever stands before it is one.
_SAID = re.compile(
    r"\b(?:chấm|chẩm|dot)\s(?:com|net|nét|vn|vờ nờ|vê nờ|org|xyz|vip|bet|info|club|shop|online|store|site|gờ gờ)\b"
    r"(?:\s(?:chấm|dot)\s(?:vn|vờ nờ|vê nờ))?"
)
# Where the words of such an address begin.
_LEADS = frozenset(
    [
        "gõ",
        "vào",
        "vô",
        "trang",
        "web",
        "website",
        "tại",
        "ở",
        "trên",
        "mạng",
        "miền",
        "google",
        "page",
        "search",
        "tìm",
    ]
)
_LONGEST_NAME = 5
# Three letters w, whatever parts them; an address typed letter by letter; one read from its end.
_PARTED = re.compile(r"\bw\W{1,3}w\W{1,3}w\W{1,3}[^\s<>\"“”]{4,}|\b\w[\w-]+\s?\.\s?(?:c\so\sm|n\se\st|v\sn)\b")
_TURNED = re.compile(r"\b(?:moc|zyx|nv\.moc|ofni)\.[a-z0-9][a-z0-9-]{3,40}\b")
# An ending that is told to be added.
_ENDING = re.compile(
    r"\b(?:đuôi|duoi)\s(?:là\s|la\s)?(?:chấm\s|cham\s|\.)?(?:com|net|vn|org|xyz|studio|shop|store|info)\b"
)
_UNDOTTED = re.compile(r"\b[a-z0-9][a-z0-9-]{5,61}\s(?:com|net|org)\svn\b")
_SHORTENED = re.compile(
    r"\b(?:bit\s?ly|tinyurl|cutt\s?ly|linktr\s?ee|google com|zalo me|t me|m me)\s(?:slash|xẹt|sẹc|suyệt|xuyệt|gạch chéo|gạch|gach cheo|xet)\s\S+"
)
# What to look for, and where: as good as an address.
_SOUGHT = re.compile(
    r"\b(?:lên|vào|vô|ra|len|vao|vo)\s(?:google|gu gồ|gúc gồ|gg|gu gồ|cốc cốc|youtube)\s(?:gõ|đánh|search|tìm|go|danh|tim)\s"
    r"(?:chữ\s|từ khoá\s|từ khóa\s|chu\s)?([^.,!?\n]{4,40})"
    r"|\b(?:tìm|gõ|search|tim|go)\s[\"“]?([^.,!?\n\"”]{4,40}?)[\"”]?(?:\s(?:trên|ở|tren|o)\s(?:google|gg|gu gồ))?[, ]\s?"
    r"(?:rồi\s)?(?:bấm|nhấn|chọn|vào|bam|nhan)\s(?:vào\s)?(?:cái\s)?(?:kết quả|trang|web|ket qua|link)\b"
)


# What is seen as a dot.
_DOTS = {ord(dot): "." for dot in "。｡．․·‧∙•★☆●◦▪"}
_DOTTED = re.compile(f"[{''.join(map(chr, _DOTS))}]")
# Two looks that most comments do not pass: a dot before a letter, and the words that spell an address.
_TIGHT = re.compile(
    r"\.[a-z]|\.\s[a-z]\s|\.\d+[:/]|[a-z0-9]\s?[^\x00-\xff\w\s]{1,3}\s?[a-z]|w\Ww\Ww|,[a-z]{2,3}/|:\s?/|[\[({<]\s?(?:[.,]|dot|d0t|ch)|\d\s\.\s?[a-z]|\s\.\s?[a-z]{2,3}\s?/"
)
_SPELLING = frozenset(
    [
        "chấm",
        "chẩm",
        "cham",
        "dot",
        "www",
        "com",
        "net",
        "xyz",
        "vip",
        "bet",
        "club",
        "shop",
        "info",
        "org",
        "hấm",
        "đuôi",
        "duoi",
        "moc",
        "zyx",
        "bitly",
        "tinyurl",
        "google",
        "gồ",
        "gg",
        "gõ",
        "search",
        "kết",
        "online",
        "store",
        "site",
        "slash",
        *(
            f"{dot}{ending}"
            for dot in ("cham", "chấm", "dot")
            for ending in ("com", "net", "vn", "org", "xyz", "vip", "top", "tv")
        ),
        "~dot",
    ],
)


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for links in every field."""
    for reading in sheet.readings:
        for start, end, entry, severity in places(reading):
            span = reading.cut(start, end)
            yield Finding(NAME, Category.LINK, severity, (span,), _message(entry, span), entry, book().version)


def places(reading: Reading) -> list[tuple[int, int, str, int]]:
    """Every link of a field, found once: where in the view, of which kind, how grave."""
    if NAME not in reading.memo:
        reading.memo[NAME] = _places(reading)
    found: list[tuple[int, int, str, int]] = reading.memo[NAME]
    return found


def _places(reading: Reading) -> list[tuple[int, int, str, int]]:
    text = reading.view.text
    if _DOTTED.search(text):
        text = text.translate(_DOTS)
    if _TIGHT.search(text) is None and _SPELLING.isdisjoint(reading.words):
        return []
    found: list[tuple[int, int, str, int]] = []
    for pattern in (_SCHEME, _WWW, _CODED, _NUMBERED):
        found.extend(_trimmed(text, m.start(), m.end(), "link") for m in pattern.finditer(text))
    found.extend(
        _trimmed(text, match.start(), match.end(), "link")
        for match in _DOMAIN.finditer(text)
        if _is_domain(reading, match)
    )
    for pattern in (_APART, _PARTED, _TURNED, _ENDING, _SHORTENED, _LETTERED, _PICTURED):
        found.extend((m.start(), m.end(), "spelt link", 2) for m in pattern.finditer(text))
    found.extend((_name_begins(reading, m.start()), m.end(), "spelt link", 2) for m in _SAID.finditer(text))
    found.extend(
        (m.start(m.lastindex or 0), m.end(m.lastindex or 0), "described link", 2) for m in _SOUGHT.finditer(text)
    )
    found.extend(
        (m.start(), m.end(), "spelt link", 2)
        for m in _UNDOTTED.finditer(text)
        if m[0].split()[0] not in bare_syllables()
    )
    for pattern in (_SPELT, _BRACKETED, _SPACED, _TAILED, _PATHED, _LOOSE, _SAID_IN_ONE):
        found.extend((m.start(), m.end(), "spelt link", 2) for m in pattern.finditer(text) if _is_label(m.group(1)))
    kept: list[tuple[int, int, str, int]] = []
    for place in sorted(found, key=lambda p: (p[0], -p[1])):
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
    return kept


def _trimmed(text: str, start: int, end: int, entry: str) -> tuple[int, int, str, int]:
    while end > start and text[end - 1] in ".,;:!?)]}'\"…”":
        end -= 1
    address = text[start:end]
    if _SHORTENERS.search(address):
        return start, end, "shortener", 3
    return start, end, entry, 1 if _PUBLIC.search(address) else 2


def _name_begins(reading: Reading, dot: int) -> int:
    """Give where the words of an address begin that ends in a dot that is said: after what leads to it."""
    at = bisect_left(reading.starts, dot)
    first = next((i for i in range(at - 1, max(-1, at - _LONGEST_NAME - 2), -1) if reading.words[i] in _LEADS), at - 2)
    return reading.starts[max(0, min(first + 1, at - 1))]


def _is_domain(reading: Reading, match: re.Match[str]) -> bool:
    """Give a name with an ending that is also a word is taken for a missed space unless it looks like an address."""
    labels, ending, path = match.group(1)[:-1], match.group(2), match.group(3)
    last = labels.rsplit(".", 1)[-1]
    given = reading.cut(match.start(2), match.end(2)).text
    if path and len(path) > 1:
        return True
    if ending in _SURE.split("|"):
        if not last.isascii():
            return ending in {"com", "net", "vn", "org", "xyz"} and given.islower()
        return not (given[0].isupper() and not given.isupper() and last in bare_syllables())
    return given.islower() and last.isascii() and last not in bare_syllables() and len(last) > 2 and not last.isdigit()


def _is_label(label: str) -> bool:
    return not label.isdigit() and label.isascii()


def _message(entry: str, span: Span) -> Message:
    vi, en = {
        "link": ("đường dẫn", "a link"),
        "described link": ("chỉ dẫn tới một trang", "directions to a page"),
        "spelt link": ("đường dẫn viết lách", "a link in disguise"),
        "shortener": ("đường dẫn rút gọn hoặc vào nhóm kín", "a shortened link or one into a closed group"),
    }[entry]
    return Message(f"Có {vi}: “{span.text}”.", f"Contains {en}: “{span.text}”.")
