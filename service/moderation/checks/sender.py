"""What is known of the sender: blocks, earlier rejections, and a challenge that could not be asked in full."""

from collections.abc import Iterator

from service.moderation.findings import unchecked
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Category, Finding, Message

NAME = "sender"


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look at the facts about the sender; none of them ever raises trust."""
    facts = sheet.facts
    if facts.rejected_lately is None:
        yield unchecked(NAME)
    elif facts.rejected_lately >= 2:
        yield _finding(
            2, "rejected lately",
            f"Người gửi này có {facts.rejected_lately} bình luận bị từ chối gần đây.",
            f"{facts.rejected_lately} comments of this sender were rejected lately.",
        )  # fmt: skip
    if facts.blocked_by:
        yield _finding(3, "blocked", "Người gửi nằm trong danh sách chặn.", "The sender is on the block list.")
    if facts.answered_by_sound:
        yield _finding(
            2, "sound",
            "Mã xác nhận được trả lời qua âm thanh, cần người xem lại.",
            "The challenge was answered by sound: a person should look.",
        )  # fmt: skip
    if facts.challenge_degraded:
        yield _finding(
            2, "challenge degraded",
            "Lúc gửi, mã xác nhận chưa hoạt động đầy đủ.",
            "The challenge could not be asked in full when this was sent.",
        )  # fmt: skip


def _finding(severity: int, entry: str, vi: str, en: str) -> Finding:
    return Finding(NAME, Category.SENDER, severity, (), Message(vi, en), entry)
