"""The history of what is no comment: one append-only row for each change of a rule, block, account, token or site.

Not here: a comment's own history (`service.comments.state`), and how both are read (`service.audit`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from service.ids import new_id
from service.models import Event

Noun = Literal["rule", "backtest", "block", "account", "token", "site", "article", "person", "hold", "request"]
NOUNS: tuple[Noun, ...] = (
    "rule",
    "backtest",
    "block",
    "account",
    "token",
    "site",
    "article",
    "person",
    "hold",
    "request",
)
CHANGED = "changed"
"""Where a session keeps the nouns that it changes until its transaction ends."""
OPERATOR = "operator"
"""Who acts on the command line."""


def note(
    session: Session,
    *,
    actor: str,
    noun: Noun,
    subject: str | int,
    act: str,
    now: datetime,
    site_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down who did what to which, and what changed; secrets and phone numbers have no place in `detail`."""
    session.info.setdefault(CHANGED, set()).add(noun)
    session.add(
        Event(
            id=new_id(now),
            at=now,
            actor=actor,
            noun=noun,
            subject=str(subject),
            act=act,
            site_id=site_id,
            detail=dict(detail or {}),
        )
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changed, each as [before, after]."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
