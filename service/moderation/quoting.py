"""Whether words are used or only mentioned: quoted from somebody, told of, denied, or spoken of as words; no lists here."""

import re
from itertools import pairwise

from service.moderation.sheet import Reading

_OPEN = re.compile(r"[\"“‘«]|(?<!\w)'(?=\w)")
_QUOTES = {'"': '"', "“": "”", "‘": "’", "«": "»", "'": "'"}
_LONGEST = 160
_NEAR = 7

# Whoever says so reports words; the first ones speak of the word itself.
_OF_WORDS = frozenset(["chữ", "từ", "cụm", "tiếng", "tên", "nghĩa", "âm"])
_SAYING = frozenset(
    [
        "chửi",
        "mắng",
        "gọi",
        "nói",
        "bảo",
        "câu",
        "lời",
        "quát",
        "hét",
        "nhắn",
        "tin",
        "viết",
        "thoại",
        "nhục",
        "luận",
        "chê",
        "miệt",
        "kêu",
        "doạ",
        "mạ",
        "tục",
        "ngữ",
        "dao",
        "rủa",
        "ghi",
        "ví",
        "đe",
    ]
)
_TELLING = frozenset(["chửi", "mắng", "gọi", "chê", "miệt", "nhục", "quát", "rủa", "kêu"])
_SPEAKER = frozenset(["tôi", "tao", "tui", "tau", "mình", "phải", "đáng", "nên", "cứ"])
_ADDRESSED = frozenset(["mày", "mi", "ông", "bà", "anh", "chị", "cậu", "mấy", "bọn", "lũ", "chúng", "nó", "thằng"])
_DENYING = (
    ("ai", "bảo"), ("ai", "nói"), ("đừng", "nói"), ("đừng", "bảo"), ("đừng", "nghĩ"), ("hay", "nói"), ("cứ", "nói"),
    ("đừng", "gọi"), ("hay", "bảo"), ("người", "nói"), ("người", "bảo"), ("hay", "chê"), ("đừng", "chê"),
    ("định", "kiến"), ("không", "phải"), ("ai", "kêu"), ("tưởng", "rằng"), ("cho", "rằng"),
)  # fmt: skip
# Where a book, a play or a trial is spoken of, its people are called what they are called there.
_TOLD = (
    ("nhân", "vật"), ("tác", "phẩm"), ("tiểu", "thuyết"), ("ca", "dao"), ("tục", "ngữ"), ("thành", "ngữ"), ("số", "đỏ"),
    ("chí", "phèo"), ("truyện", "kiều"), ("vũ", "trọng"), ("nam", "cao"), ("nguyễn", "du"), ("vai", "diễn"),
    ("đóng", "vai"), ("vở", "kịch"), ("vở", "chèo"), ("tập", "truyện"), ("nhà", "văn"), ("hồi", "ký"), ("bộ", "phim"),
    ("kịch", "bản"), ("bị", "cáo"), ("từ", "điển"),
)  # fmt: skip


def mentioned(reading: Reading, first: int, last: int) -> bool:
    """Whether words `first` to before `last` stand as somebody else's, or as words that are spoken of."""
    words = reading.words
    before = words[max(0, first - _NEAR) : first]
    return _told(before) or _quoted(reading, first, last)


def denied(reading: Reading, first: int) -> bool:
    """Whether what begins at a word is said to be what others say, and wrong."""
    near = reading.words[max(0, first - 4) : first]
    return any(pair in _DENYING for pair in pairwise(near))


def of_a_work(reading: Reading) -> bool:
    """Whether a field speaks of a book, a play, a saying or a trial."""
    words = reading.words
    return any(pair in _TOLD for pair in pairwise(words))


def _told(before: list[str]) -> bool:
    """Whether somebody is told to have called somebody so: a verb, whom, and `là` right before it."""
    if not before or before[-1] != "là":
        return False
    verb = next((at for at in range(len(before) - 1, -1, -1) if before[at] in _TELLING), None)
    if verb is None or (verb > 0 and before[verb - 1] in _SPEAKER):
        return False
    return "bị" in before or (verb + 2 < len(before) and _ADDRESSED.isdisjoint(before[verb + 1 :]))


def _quoted(reading: Reading, first: int, last: int) -> bool:
    text, start, end = reading.view.text, reading.starts[first], reading.ends[last - 1]
    marks = [match.start() for match in _OPEN.finditer(text, max(0, start - _LONGEST), start)]
    if not marks:
        return False
    opened = marks[-1]
    shuts = _QUOTES[text[opened]]
    inside = text[opened + 1 : start]
    if shuts in inside or (shuts == '"' and text.count('"', 0, opened) % 2):
        return False
    closed = text.find(shuts, end, end + _LONGEST)
    if closed < 0:
        return False
    begins = next(i for i, at in enumerate(reading.starts) if at >= opened)
    ends = next((i for i, at in enumerate(reading.starts) if at > closed), len(reading.words))
    before = reading.words[max(0, begins - _NEAR) : begins]
    after = reading.words[ends : ends + 3]
    saying = [at for at, word in enumerate(before) if word in _SAYING or word in _OF_WORDS]
    if saying:
        return saying[-1] == 0 or before[saying[-1] - 1] not in _SPEAKER
    return bool(_SAYING.intersection(after) or _OF_WORDS.intersection(after))


def of_the_word(reading: Reading, first: int) -> bool:
    """Whether the word itself is spoken of: `chữ …`, `từ …`."""
    return first > 0 and reading.words[first - 1] in _OF_WORDS
