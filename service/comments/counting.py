"""What the steps of a committed transaction count for: decisions, findings, and how long readers waited for them."""

from collections import Counter, defaultdict
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from service import ids
from service.comments import state
from service.metrics import Tally, vocabulary

PEOPLE = ("moderator", "token")
OTHERS = frozenset({"engine", "operator", "reader", "retention"})


def count(session: Session, tally: Tally) -> None:
    """Count the steps that this session has taken, after their commit, and forget them."""
    steps = session.info.pop(state.TAKEN, ())
    if not steps:
        return
    now = datetime.now(UTC)
    decisions: Counter[tuple[str, ...]] = Counter()
    findings: Counter[tuple[str, ...]] = Counter()
    delays: dict[str, list[float]] = defaultdict(list)
    for step in steps:
        by = _kind(step.actor)
        decisions[str(step.act), by] += 1
        if by == "engine":
            named = {(one["check"], one["category"] or "unchecked") for one in step.detail.get("findings", ())}
            findings.update((str(step.act), *one) for one in named)
        # A comment's first decisions are of versions 1 and 2; later ones come long after and say nothing of the queue.
        if step.before in {"pending", "held"} and by in {"engine", "person"} and step.version <= FIRST_VERSIONS:
            delays[by].append((now - ids.moment(step.comment_id)).total_seconds())
    for metric, counted in ((vocabulary.DECISIONS, decisions), (vocabulary.FINDINGS, findings)):
        for labels, number in counted.items():
            tally.add(metric, *labels, by=number)
    for by, seconds in delays.items():
        tally.observe_all(vocabulary.DECISION_DELAY, seconds, by)


def forget(session: Session) -> None:
    """Forget the steps of a transaction that was rolled back."""
    session.info.pop(state.TAKEN, None)


FIRST_VERSIONS = 2


def _kind(actor: str) -> str:
    name = actor.partition(":")[0]
    if name in PEOPLE:
        return "person"
    return name if name in OTHERS else "other"
