"""A quick look overlooks nothing that its expression finds."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from service.moderation.glimpses import quick

SIGNS = tuple(
    (exact, quick(exact))
    for exact in (
        re.compile(r"(?i)\b(?=\w)(?:nhà|no|ả|đứa)\b"),
        re.compile(r"\b(?=\w)[A-ZĐÁ][^\W\d_]+\s[A-ZĐÁ]|\b\d{2}[a-z]\s?\d\b"),
        re.compile(r"(?i)\b(?:tổ|ấp)\s[\w/.-]+,?\s\w"),
        re.compile(r"(?i)\b(?=\w)(?:tổ|ấp)\s(?!chức\b|nhà\b)[\w/]+"),
        re.compile(r"(?i)\b(?:phố|ngõ)(?:\s[\w/.-]*\d[\w/.-]*){0,2}\s$"),
    )
)
PIECES = st.sampled_from(
    [
        *"aAáđĐ19²½_ \n\t\x1c\x85\u00a0\u2003\u0301×.,/-\ud800",
        "nhà",
        "NHÀ",
        "Ả",
        "tổ 5 ",
        "ngõ 3/1 ",
        "Phố",
        "30a1",
        "𑈿",
    ]
)

LATIN = st.characters(max_codepoint=0x24F, exclude_characters="İı")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(PIECES, LATIN), max_size=12).map("".join))
def test_what_an_expression_finds_is_seen_by_its_quick_look(text):
    raw = text.encode(errors="replace")
    assert all(look.search(raw) for exact, look in SIGNS if exact.search(text))


def test_a_quick_look_passes_over_what_is_not_there():
    assert not any(look.search("Đường này sạch hơn năm ngoái nhiều.".encode()) for _, look in SIGNS)
