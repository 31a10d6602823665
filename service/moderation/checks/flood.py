"""Too much from one sender in a short time, as counted by the caller."""

from collections.abc import Iterator

from service.moderation.findings import unchecked
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Category, Finding, Message

NAME = "flood"
_SURGE = Message(
    "Bài này đang nhận bình luận nhiều bất thường, nên bình luận chờ người xem trước khi hiện.",
    "This article is getting unusually many comments, so they wait for a person before they are shown.",
)
_NOTED, _MANY, _TOO_MANY = 1 / 6, 1 / 4, 1.0
"""Shares of what the limits allow; with the default limits 5, 8 and 30 comments in ten minutes."""


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look at how much the sender sent in the caller's window, and at what comes to the article from everybody."""
    if sheet.facts.article_surging:
        yield Finding(NAME, Category.FLOOD, 2, (), _SURGE, "surge")
    sent = sheet.facts.sent_lately
    if sent is None:
        yield unchecked(NAME)
    elif (share := sent / max(1, sheet.facts.sent_allowance)) >= _NOTED:
        severity = 3 if share >= _TOO_MANY else 2 if share >= _MANY else 1
        message = Message(
            f"Người gửi này đã gửi {sent} bình luận trong thời gian ngắn.",
            f"This sender sent {sent} comments in a short time.",
        )
        yield Finding(NAME, Category.FLOOD, severity, (), message, "sent lately")
