"""What the steps of a committed transaction count for: decisions, findings, and how long readers waited for them."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from service import ids
from service.comments import state
from service.metrics import Tally, vocabulary

PEOPLE = ("moderator", "token")
OTHERS = frozenset({"engine", "operator", "reader", "retention"})


def count(session: Session, tally: Tally) -> None:
    """Count the steps that this session has taken, after their commit, and forget them."""
    now = datetime.now(UTC)
    for step in session.info.pop(state.TAKEN, ()):
        by = _kind(step.actor)
        tally.add(vocabulary.DECISIONS, str(step.act), by)
        if by == "engine":
            for finding in step.detail.get("findings", ()):
                tally.add(vocabulary.FINDINGS, finding["check"], finding["category"] or "unchecked")
        # A comment's first decisions are of versions 1 and 2; later ones come long after and say nothing of the queue.
        if step.before in {"pending", "held"} and by in {"engine", "person"} and step.version <= FIRST_VERSIONS:
            tally.observe(vocabulary.DECISION_DELAY, (now - ids.moment(step.comment_id)).total_seconds(), by)


def forget(session: Session) -> None:
    """Forget the steps of a transaction that was rolled back."""
    session.info.pop(state.TAKEN, None)


FIRST_VERSIONS = 2


def _kind(actor: str) -> str:
    name = actor.partition(":")[0]
    if name in PEOPLE:
        return "person"
    return name if name in OTHERS else "other"
