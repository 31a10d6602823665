"""Rules are written, changed and moved from state to state; nothing is matched here."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from service import events
from service.models import Backtest, Rule, Site
from service.moderation.checks import site_rules
from service.moderation.lexicon import terms
from service.moderation.vocabulary import Category, Outcome, RuleKind, SiteRule
from service.moderators import Viewer

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
FORMS = 2000
FORMS_OF_A_SITE = 5000
PATTERNS_OF_A_SITE = 200
FORM_LENGTH = 200
DAILY_CAP = 200

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class UnknownRule(Exception):
    """There is no such rule among those that the viewer may see."""


class BadRule(Exception):
    """The rule makes no sense; `field` and `code` say where, `said` quotes what was refused or who refused it."""

    def __init__(self, field: str, code: str, said: str = "") -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code, self.said = field, code, said


class RuleMoved(Exception):
    """Somebody changed the rule meanwhile, or it cannot be moved so from where it stands."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes of a rule; `daily_cap` is how many comments a day it may act on, None for any number."""

    kind: RuleKind
    forms: tuple[str, ...] = ()
    category: Category = Category.POLICY
    outcome: Outcome = Outcome.HOLD
    threshold: int = 2
    daily_cap: int | None = DAILY_CAP
    note: str = ""


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


def checked(draft: Draft) -> Draft:
    """Return the rule in the form in which it is kept; raise `BadRule`."""
    if draft.daily_cap is not None and not 1 <= draft.daily_cap <= 100_000:
        raise BadRule("daily_cap", "invalid")
    if draft.kind in site_rules.CHANGING:
        if draft.kind is RuleKind.THRESHOLD and not 1 <= draft.threshold <= 4:
            raise BadRule("threshold", "invalid")
        return replace(draft, forms=())
    forms = tuple(dict.fromkeys(filter(None, (unicodedata.normalize("NFC", form.strip()) for form in draft.forms))))
    if not forms:
        raise BadRule("forms", "required")
    if len(forms) > FORMS:
        raise BadRule("forms", "too_many", str(FORMS))
    if draft.kind is RuleKind.DOMAIN:
        forms = tuple(dict.fromkeys(site_rules.host(form) for form in forms))
    for form in forms:
        _check_form(draft.kind, form)
    return replace(draft, forms=forms)


def _check_form(kind: RuleKind, form: str) -> None:
    if len(form) > (site_rules.PATTERN_LENGTH if kind is RuleKind.PATTERN else FORM_LENGTH):
        raise BadRule("forms", "form_too_long", form[:40])
    if kind is RuleKind.PATTERN:
        try:
            site_rules.compiled(form)
        except site_rules.BadPattern as error:
            said = str(error)
            raise BadRule("forms", "bad_pattern" if said else "matches_everything", said or form[:80]) from error
        return
    if kind is RuleKind.DOMAIN:
        if not _DOMAIN.fullmatch(form):
            raise BadRule("forms", "bad_domain", form[:80])
        return
    words = len(terms(form))
    if (kind is RuleKind.WORD and words != 1) or (kind is RuleKind.PHRASE and not 2 <= words <= 12):
        raise BadRule("forms", "not_a_word" if kind is RuleKind.WORD else "not_a_phrase", form[:80])


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
