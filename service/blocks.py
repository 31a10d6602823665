"""Blocks: whom or which phrase a site does not want for a while, and why; the neutral answer to a sender is the web's.

A phone and an address are known by their keyed hashes alone, as comments hold them.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from service import events
from service.db import Instant, among
from service.models import Block, Comment, Site
from service.moderation.lexicon import terms
from service.moderation.vocabulary import Category, Outcome, RuleKind, SiteRule
from service.moderators import Viewer
from service.privacy import Vault, masked

Kind = Literal["phone", "address", "phrase"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_DAYS = 3660
PHRASE_LENGTH = 200
FEW = 200
"""So many blocked senders of a site are read at once; among more, each is asked for."""


class UnknownBlock(Exception):
    """There is no such block, or no such site, among those that the viewer may see."""


class BadBlock(Exception):
    """The block makes no sense; `field` and `code` say where."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code = field, code


class SenderBlocked(Exception):
    """The site takes no comments from this phone number or address for now."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom or what to block; `hint` is what people may know of a number."""

    kind: Kind
    key: bytes | None = None
    phrase: str | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class KnownBlock:
    """A block as the other rooms see it."""

    id: int
    site: str
    kind: str
    phrase: str | None
    hint: str
    reason: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    lifted_by: str | None
    lifted_at: datetime | None


def of_phrase(phrase: str) -> Target:
    """Return a phrase as a target; raise `BadBlock`."""
    text = " ".join(unicodedata.normalize("NFC", phrase).split())
    if not text or not terms(text):
        raise BadBlock("phrase", "required")
    if len(text) > PHRASE_LENGTH:
        raise BadBlock("phrase", "invalid")
    return Target("phrase", phrase=text)


def of_phone(number: str, vault: Vault) -> Target:
    """Return a number in E.164 as a target."""
    return Target("phone", key=vault.phone_key(number), hint=masked(number))


def of_address(address: str, vault: Vault) -> Target:
    """Return an address's range, as comments hold it, as a target."""
    return Target("address", key=vault.sender(address))


def of_comment(row: Comment, kind: Kind, phone: str | None = None) -> Target:
    """Return the sender of a comment as a target; raise `BadBlock` for what it does not hold any more."""
    key = {"phone": row.phone_key, "address": row.sender}.get(kind)
    if key is None:
        raise BadBlock("kind", "not_known")
    return Target(kind, key=key, hint=masked(phone) if phone and kind == "phone" else "")


def add(
    session: Session, viewer: Viewer, site_key: str, target: Target, *, reason: str, days: int | None, now: datetime
) -> KnownBlock:
    """Block a sender or a phrase; raise `UnknownBlock` for another's site, or `BadBlock`."""
    site_id = session.scalar(select(Site.id).where(Site.key == site_key)) if viewer.sees(site_key) else None
    if site_id is None:
        raise UnknownBlock
    if not reason.strip():
        raise BadBlock("reason", "required")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise BadBlock("days", "invalid")
    row = Block(
        site_id=site_id,
        kind=target.kind,
        key=target.key,
        phrase=target.phrase,
        hint=target.hint,
        reason=reason.strip(),
        created_by=viewer.actor,
        created_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )
    session.add(row)
    session.flush()
    detail = {"kind": row.kind, "phrase": row.phrase, "hint": row.hint, "reason": row.reason, "days": days}
    events.note(
        session,
        actor=viewer.actor,
        noun="block",
        subject=row.id,
        act="add",
        now=now,
        site_id=site_id,
        detail={name: value for name, value in detail.items() if value},
    )
    return _known(row, site_key)


def lift(session: Session, viewer: Viewer, block_id: int, *, now: datetime) -> KnownBlock:
    """End a block; raise `UnknownBlock`. Lifting one that is over changes nothing."""
    if not 0 < block_id < 1 << 31:
        raise UnknownBlock
    found = session.execute(_seen_by(viewer).where(Block.id == block_id).with_for_update(of=Block)).first()
    if found is None:
        raise UnknownBlock
    row: Block = found[0]
    if row.lifted_at is None:
        row.lifted_at, row.lifted_by = now, viewer.actor
        session.flush()
        events.note(session, actor=viewer.actor, noun="block", subject=row.id, act="lift", now=now, site_id=row.site_id)
    return _known(row, found[1])


def listed(
    session: Session,
    viewer: Viewer,
    *,
    now: datetime,
    site: str = "",
    kind: str = "",
    over: bool = False,
    limit: int = 200,
) -> list[KnownBlock]:
    """Return the blocks that stand, newest first; those that are over as well when asked for."""
    query = _seen_by(viewer).order_by(Block.id.desc()).limit(limit)
    if not over:
        query = query.where(_stands(now))
    if site:
        query = query.where(Site.key == site)
    if kind:
        query = query.where(Block.kind == kind)
    return [_known(row, key) for row, key in session.execute(query)]


def demand_free(
    session: Session, site_id: int, *, sender: bytes | None, phone_key: bytes | None, now: datetime
) -> None:
    """Raise `SenderBlocked` when the site blocks the address or the phone number."""
    asked = {"site": site_id, "one": sender, "other": phone_key, "now": now}
    if session.execute(_OF_ONE, asked).first() is not None:
        raise SenderBlocked


def standing(session: Session, site_id: int, *, now: datetime) -> dict[bytes, datetime | None] | None:
    """Return until when the site blocks whom, by keyed hash of phone or address; None when they are many."""
    rows = session.execute(_STANDING, {"site": site_id, "now": now}).all()
    if len(rows) > FEW:
        return None
    found: dict[bytes, datetime | None] = {}
    for key, until in rows:
        other = found.get(key, until)
        found[key] = None if other is None or until is None else max(other, until)
    return found


def blocked(
    session: Session, keys: Collection[tuple[int, bytes | None]], *, now: datetime
) -> frozenset[tuple[int, bytes]]:
    """Return which of these senders, by site and keyed hash of phone or address, are blocked now."""
    hashes = {key for _, key in keys if key is not None}
    if not hashes:
        return frozenset()
    asked = {"sites": list({site_id for site_id, _ in keys}), "hashes": list(hashes), "now": now}
    return frozenset((site_id, key) for site_id, key in session.execute(_OF_SENDERS, asked) if key is not None)


def phrases(session: Session, site_ids: Collection[int], *, now: datetime) -> dict[int, list[SiteRule]]:
    """Return the phrases that each site blocks now, as rules for the engine: what holds one is rejected."""
    query = select(Block.id, Block.site_id, Block.phrase).where(
        Block.site_id.in_(site_ids), Block.kind == "phrase", _stands(now)
    )
    found: dict[int, list[SiteRule]] = defaultdict(list)
    for block_id, site_id, phrase in session.execute(query):
        found[site_id].append(
            SiteRule(
                entry=f"block:{block_id}",
                version=1,
                kind=RuleKind.PHRASE,
                category=Category.POLICY,
                forms=(phrase or "",),
                outcome=Outcome.REJECT,
            )
        )
    return dict(found)


def _stands(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return and_(Block.lifted_at.is_(None), or_(Block.expires_at.is_(None), Block.expires_at > now))


def _seen_by(viewer: Viewer) -> Select[Block, str]:
    query = select(Block, Site.key).join(Site, Site.id == Block.site_id)
    return query if viewer.sites is None else query.where(Site.key.in_(viewer.sites))


def _known(row: Block, site_key: str) -> KnownBlock:
    return KnownBlock(
        row.id,
        site_key,
        row.kind,
        row.phrase,
        row.hint,
        row.reason,
        row.created_by,
        row.created_at,
        row.expires_at,
        row.lifted_by,
        row.lifted_at,
    )


# Asked for each comment that is accepted: written once, and past the object mapper.
_BLOCKS = Block.__table__.c
_OF_ONE = select(_BLOCKS.id).where(
    _BLOCKS.site_id == bindparam("site"),
    _BLOCKS.kind.in_(("phone", "address")),
    _BLOCKS.key.in_((bindparam("one"), bindparam("other"))),
    _stands(bindparam("now", type_=Instant())),
)

# Asked once a second by each process that takes comments for the site.
_STANDING = (
    select(_BLOCKS.key, _BLOCKS.expires_at)
    .where(
        _BLOCKS.site_id == bindparam("site"),
        _BLOCKS.kind.in_(("phone", "address")),
        _stands(bindparam("now", type_=Instant())),
    )
    .limit(FEW + 1)
)

# Asked for each batch that is judged, and so written once.
_OF_SENDERS = select(Block.site_id, Block.key).where(
    among(_BLOCKS.site_id, "sites"),
    Block.kind.in_(("phone", "address")),
    among(_BLOCKS.key, "hashes"),
    _stands(bindparam("now", type_=Instant())),
)
