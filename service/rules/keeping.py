"""Rules are written, changed and moved from state to state; nothing is matched here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from service import events
from service.models import Backtest, Rule, Site
from service.moderation.vocabulary import Category, Outcome, RuleKind, SiteRule
from service.moderators import Viewer
from service.rules.drafts import BadRule, Draft, checked

State = Literal["draft", "backtest", "shadow", "live", "retired"]
STATES: tuple[State, ...] = get_args(State)
MOVES: Mapping[str, tuple[State, ...]] = {
    "draft": ("retired",),
    "backtest": ("draft", "shadow", "retired"),
    "shadow": ("draft", "live", "retired"),
    "live": ("shadow", "retired"),
    "retired": ("draft",),
}
"""Where a person may move a rule; only a backtest takes it from draft to backtest."""
STANDING = ("shadow", "live")
FORMS_OF_A_SITE = 5000
PATTERNS_OF_A_SITE = 200


class UnknownRule(Exception):
    """There is no such rule among those that the viewer may see."""


class RuleMoved(Exception):
    """Somebody changed the rule meanwhile, or it cannot be moved so from where it stands."""


@dataclass(frozen=True, slots=True)
class KnownRule:
    """A rule as the other rooms see it."""

    id: int
    site: str
    draft: Draft
    state: str
    version: int
    revision: int
    created_by: str
    created_at: datetime
    changed_at: datetime

    @property
    def entry(self) -> str:
        """Return the name that findings carry."""
        return entry_of(self.id)


def entry_of(rule_id: int) -> str:
    """Return the name that findings of a rule carry."""
    return f"rule:{rule_id}"


def listed(
    session: Session, viewer: Viewer, *, site: str = "", state: str = "", kind: str = "", limit: int = 200
) -> list[KnownRule]:
    """Return the rules, newest first; the retired ones only when asked for."""
    query = _seen_by(viewer)
    query = query.where(Rule.state == state) if state else query.where(Rule.state != "retired")
    if site:
        query = query.where(Site.key == site)
    if kind:
        query = query.where(Rule.kind == kind)
    return [known(row, key) for row, key in session.execute(query.order_by(Rule.id.desc()).limit(limit))]


def find(session: Session, viewer: Viewer, rule_id: int) -> KnownRule:
    """Return a rule; raise `UnknownRule`."""
    row, key = _visible(session, viewer, rule_id)
    return known(row, key)


def add(session: Session, viewer: Viewer, site_key: str, draft: Draft, *, now: datetime) -> KnownRule:
    """Write a rule, which does nothing yet; raise `UnknownRule` for another's site, or `BadRule`."""
    site_id = session.scalar(select(Site.id).where(Site.key == site_key)) if viewer.sees(site_key) else None
    if site_id is None:
        raise UnknownRule
    draft = checked(draft)
    row = Rule(
        site_id=site_id,
        **_columns(draft),
        state="draft",
        version=1,
        revision=1,
        created_by=viewer.actor,
        created_at=now,
        changed_at=now,
    )
    session.add(row)
    session.flush()
    _note(session, viewer, row, "add", now, _told(draft))
    return known(row, site_key)


def change(session: Session, viewer: Viewer, rule_id: int, draft: Draft, *, version: int, now: datetime) -> KnownRule:
    """Change a rule. One that looks for or leads to something else is a draft again; a live one must be moved first."""
    row, key = _visible(session, viewer, rule_id, lock=True)
    before = known(row, key).draft
    draft = checked(draft)
    if row.version != version or row.state == "retired":
        raise RuleMoved
    anew = replace(draft, daily_cap=None, note="") != replace(before, daily_cap=None, note="")
    if anew and row.state in STANDING:
        raise RuleMoved
    for name, value in _columns(draft).items():
        setattr(row, name, value)
    row.version += 1
    row.changed_at = now
    if anew:
        row.revision += 1
        row.state = "draft"
    session.flush()
    _note(session, viewer, row, "change", now, events.differences(_told(before), _told(draft)))
    return known(row, key)


def move(session: Session, viewer: Viewer, rule_id: int, state: str, *, version: int, now: datetime) -> KnownRule:
    """Move a rule to another state; raise `RuleMoved`, or `BadRule` when it must be tried on history first."""
    row, key = _visible(session, viewer, rule_id, lock=True)
    if row.version != version or state not in MOVES[row.state]:
        raise RuleMoved
    if state == "shadow" and row.state == "backtest" and not _tried(session, row):
        raise BadRule("state", "backtest_required")
    if state in STANDING and row.state not in STANDING:
        _make_room(session, row)
    before, row.state = row.state, state
    row.version += 1
    row.changed_at = now
    session.flush()
    _note(session, viewer, row, "move", now, {"state": [before, state]})
    return known(row, key)


def known(row: Rule, site_key: str) -> KnownRule:
    """Return the row as the other rooms see it."""
    draft = Draft(
        kind=RuleKind(row.kind),
        forms=tuple(row.forms),
        category=Category(row.category),
        outcome=Outcome(row.outcome),
        threshold=row.threshold,
        daily_cap=row.daily_cap,
        note=row.note,
    )
    return KnownRule(
        row.id, site_key, draft, row.state, row.version, row.revision, row.created_by, row.created_at, row.changed_at
    )


def for_engine(rule_id: int, revision: int, draft: Draft) -> SiteRule:
    """Return the rule as the engine looks at it."""
    return SiteRule(
        entry=entry_of(rule_id),
        version=revision,
        kind=draft.kind,
        category=draft.category,
        forms=draft.forms,
        outcome=draft.outcome,
        threshold=draft.threshold,
    )


def begin_backtest(session: Session, viewer: Viewer, rule_id: int, *, now: datetime) -> Rule:
    """Return the locked row of a rule that is about to be tried; a draft is one no longer."""
    row, _ = _visible(session, viewer, rule_id, lock=True)
    if row.state == "retired":
        raise RuleMoved
    if row.state == "draft":
        row.state = "backtest"
        row.version += 1
        row.changed_at = now
    return row


def _tried(session: Session, row: Rule) -> bool:
    query = select(Backtest.id).where(
        Backtest.rule_id == row.id, Backtest.revision == row.revision, Backtest.state == "done"
    )
    return session.scalar(query.limit(1)) is not None


def _make_room(session: Session, row: Rule) -> None:
    standing = session.execute(
        select(Rule.kind, Rule.forms).where(Rule.site_id == row.site_id, Rule.state.in_(STANDING))
    ).all()
    forms = len(row.forms) + sum(len(forms) for _, forms in standing)
    pattern = RuleKind.PATTERN.value
    patterns = sum(len(forms) for kind, forms in [*standing, (row.kind, row.forms)] if kind == pattern)
    if forms > FORMS_OF_A_SITE or patterns > PATTERNS_OF_A_SITE:
        raise BadRule(
            "state", "too_many", str(PATTERNS_OF_A_SITE if patterns > PATTERNS_OF_A_SITE else FORMS_OF_A_SITE)
        )


def counted(session: Session, viewer: Viewer) -> dict[str, int]:
    """Return how many rules stand in each state."""
    query = _seen_by(viewer).with_only_columns(Rule.state, func.count()).group_by(Rule.state)
    return {**dict.fromkeys(STATES, 0), **dict(session.execute(query).all())}


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        **asdict(draft),
        "forms": list(draft.forms),
        "kind": draft.kind.value,
        "category": draft.category.value,
        "outcome": draft.outcome.value,
    }


def _told(draft: Draft) -> dict[str, Any]:
    return {**_columns(draft), "forms": _abridged(draft.forms)}


def _abridged(forms: Sequence[str]) -> list[str]:
    return [*forms[:50], *([f"… {len(forms) - 50}"] if len(forms) > 50 else [])]


def _note(session: Session, viewer: Viewer, row: Rule, act: str, now: datetime, detail: dict[str, Any]) -> None:
    events.note(
        session,
        actor=viewer.actor,
        noun="rule",
        subject=row.id,
        act=act,
        now=now,
        site_id=row.site_id,
        detail={**detail, "revision": row.revision},
    )


def _seen_by(viewer: Viewer) -> Select[Rule, str]:
    query = select(Rule, Site.key).join(Site, Site.id == Rule.site_id)
    return query if viewer.sites is None else query.where(Site.key.in_(viewer.sites))


def _visible(session: Session, viewer: Viewer, rule_id: int, *, lock: bool = False) -> tuple[Rule, str]:
    if not 0 < rule_id < 1 << 31:
        raise UnknownRule
    query = _seen_by(viewer).where(Rule.id == rule_id)
    found = session.execute(query.with_for_update(of=Rule) if lock else query).first()
    if found is None:
        raise UnknownRule
    return found[0], found[1]
