"""The same text elsewhere, as counted by the caller."""

from collections.abc import Iterator

from service.moderation.findings import unchecked
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Category, Finding, Message

NAME = "duplicate"


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look at how often the text, or nearly the text, came from other submissions."""
    identical, similar = sheet.facts.identical_elsewhere, sheet.facts.similar_elsewhere
    if identical is None or similar is None:
        yield unchecked(NAME)
    if identical:
        yield Finding(
            NAME, Category.DUPLICATE, 3 if identical >= 5 else 2, (),
            Message(
                f"Nội dung này đã được gửi {identical} lần khác gần đây.",
                f"The same text was sent {identical} more time(s) lately.",
            ),
            "identical",
        )  # fmt: skip
    elif similar:
        yield Finding(
            NAME, Category.DUPLICATE, 2 if similar >= 2 else 1, (),
            Message(
                f"Nội dung gần giống {similar} bình luận khác gần đây.",
                f"The text is nearly that of {similar} other comment(s) lately.",
            ),
            "similar",
        )  # fmt: skip
