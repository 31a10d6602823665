"""What the queue's templates show, made from rows: lines of the list, the card. Rows go no further than here."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service import clock, privacy, sites
from service.comments import deciding, leasing, queue, reporting
from service.comments.reporting import Complaint
from service.models import Comment, Decision
from service.moderation.vocabulary import Category
from service.moderators import Viewer
from service.privacy import Vault
from service.sites import KnownSite
from service.web.desk import marks, queue_words
from service.web.desk.marks import Piece

SNIPPET = 160
UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a first decision may still take."""

    late: bool
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One comment of the list."""

    id: uuid.UUID
    version: int
    name: str
    title: str
    snippet: str
    site: str
    article: str
    age: str
    categories: tuple[tuple[str, str], ...]
    reports: int
    reader: str
    clock: Clock | None
    escalated: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding as a sentence."""

    label: str
    look: str
    check: str
    severity: int
    message: str
    ran: bool


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the history."""

    who: str
    act: str
    reason: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """One comment with all that is known about it."""

    line: Line
    status: str
    name: list[Piece]
    title: list[Piece]
    body: list[Piece]
    shown: Mapping[str, str] | None
    article_key: str
    article_url: str
    site_key: str
    created_at: datetime
    risk: int
    findings: list[Seen]
    maskable: bool
    phone: str
    sender: Mapping[str, Mapping[str, int] | None]
    similar: list[Line]
    alike: int
    cluster: str
    complaints: list[Complaint]
    history: list[Act]
    open: bool
    mine: bool


def lines(
    session: Session, rows: Sequence[Comment], viewer: Viewer, *, zone: ZoneInfo, language: str, now: datetime
) -> list[Line]:
    """Return rows as lines of a list."""
    said = queue_words.of(language)
    reports = reporting.counted(session, [row.id for row in rows])
    known = sites.by_id(session, sorted({row.site_id for row in rows}))
    counts = {one: count.all for one, count in reports.items()}
    return [_line(row, counts.get(row.id, 0), known[row.site_id], viewer, zone, said, now) for row in rows]


def card(
    session: Session,
    viewer: Viewer,
    comment_id: uuid.UUID,
    *,
    vault: Vault,
    zone: ZoneInfo,
    language: str,
    now: datetime,
) -> Card:
    """Return the card of a comment; raise `UnknownComment`."""
    found = queue.card(session, viewer, comment_id, now=now)
    row, said = found.comment, queue_words.of(language)
    acted_on = [one for one in found.cluster if one.status in {"held", "approved"}]
    itself = [(row.id, row.version)] if row.status in {"held", "approved"} else []
    cluster = [*itself, *((one.id, one.version) for one in acted_on)]
    line, *similar = lines(session, [row, *found.similar], viewer, zone=zone, language=language, now=now)
    return Card(
        line=line,
        status=row.status,
        name=marks.pieces(row.name, "name", row.findings),
        title=marks.pieces(row.title, "title", row.findings),
        body=marks.pieces(row.body, "body", row.findings),
        shown=row.shown,
        article_key=row.article.key,
        article_url=row.article.url,
        site_key=row.site.key,
        created_at=row.created_at,
        risk=round(row.risk * 100),
        findings=list(dict.fromkeys(_seen(one, language, said) for one in row.findings)),
        maskable=any(one["category"] in deciding.MASKED and one["spans"] for one in row.findings),
        phone=_phone(row, vault),
        sender={
            "phone": found.sender["phone"] if row.phone_key is not None else None,
            "address": found.sender["address"] if row.sender is not None else None,
        },
        similar=similar,
        alike=len(found.cluster),
        cluster=",".join(f"{one}:{version}" for one, version in cluster) if found.cluster else "",
        complaints=reporting.complaints(session, row.id),
        history=[_act(one, said) for one in found.decisions],
        open=row.status in {"held", "approved", "rejected"},
        mine=not row.escalated or "escalated" in viewer.rights,
    )


def readers(rows: Sequence[Comment], viewer: Viewer, said: dict[str, str], *, now: datetime) -> dict[str, str]:
    """Return by comment who else has it open."""
    found = {row.id: leasing.reader(row, now=now) for row in rows}
    return {str(one): queue_words.actor(by, said) for one, by in found.items() if by is not None and by != viewer.actor}


def _line(
    row: Comment, reports: int, site: KnownSite, viewer: Viewer, zone: ZoneInfo, said: dict[str, str], now: datetime
) -> Line:
    names = [one for one in row.categories.split(",") if one]
    reader = leasing.reader(row, now=now)
    return Line(
        id=row.id,
        version=row.version,
        name=row.name,
        title=row.title,
        snippet=row.body[:SNIPPET],
        site=row.site.name,
        article=row.article.title or row.article.key,
        age=queue_words.ago((now - row.created_at).total_seconds(), said),
        categories=tuple((said.get(f"category_{one}", one), marks.group(one)) for one in names),
        reports=reports,
        reader=queue_words.actor(reader, said) if reader is not None and reader != viewer.actor else "",
        clock=_clock(row, site, zone, said, now),
        escalated=row.escalated,
    )


def _clock(row: Comment, site: KnownSite, zone: ZoneInfo, said: dict[str, str], now: datetime) -> Clock | None:
    due = clock.due(row.created_at, site, zone) if row.status == "held" and not row.escalated else None
    if due is None:
        return None
    seconds = (due - now).total_seconds()
    text = said["late" if seconds < 0 else "on_time"].replace("{time}", queue_words.ago(abs(seconds), said))
    return Clock(seconds < 0, text)


def _seen(finding: Mapping[str, Any], language: str, said: dict[str, str]) -> Seen:
    category = finding["category"] if finding["ran"] else UNCHECKED
    return Seen(
        label=said.get(f"category_{category}", str(category)),
        look=marks.group(finding["category"]) if finding["ran"] else UNCHECKED,
        check=said.get(f"check_{finding['check']}", finding["check"]),
        severity=finding["severity"],
        message=finding["message"][language],
        ran=finding["ran"],
    )


def _act(row: Decision, said: dict[str, str]) -> Act:
    reason = said.get(f"reason_{row.reason}", row.reason) if row.reason else ""
    who = queue_words.actor(row.actor, said)
    return Act(who, said.get(f"act_{row.act}", row.act), reason, row.note or "", row.at)


def _phone(row: Comment, vault: Vault) -> str:
    if row.phone is None:
        return ""
    try:
        return privacy.masked(vault.open(row.phone, row.id))
    except privacy.Unreadable:
        # Its key is gone; the comment can be read and decided all the same.
        return "•"


def categories() -> list[str]:
    """Return the categories that the queue can be narrowed to."""
    return [*(one.value for one in Category), UNCHECKED]
