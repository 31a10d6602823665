"""The field that people do not see."""

from collections.abc import Iterator

from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Category, Finding, Message

NAME = "honeypot"


def find(sheet: Sheet) -> Iterator[Finding]:
    """Give a filled honeypot is a sign, not a proof: browsers fill in forms too."""
    if sheet.facts.honeypot_filled:
        message = Message(
            "Ô ẩn của biểu mẫu đã bị điền, thường do chương trình tự động.",
            "The hidden field of the form was filled in, as programs do.",
        )
        yield Finding(NAME, Category.HONEYPOT, 2, (), message, "website")
