"""One list over what was written down once: decisions, phones revealed, sign-ins, events; read here, never changed.

Not here: what is written, which each room does for itself in the transaction of the change.
"""

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from service.events import NOUNS as EVENTS
from service.ids import lowest_id
from service.models import Comment, Decision, Event, Reveal, SignIn, Site
from service.moderators import Viewer
from service.sign_ins import LET_IN

NOUNS = ("decision", "reveal", "sign_in", *EVENTS)
MACHINES = ("engine", "reader")
STRANGER = "stranger"
"""Who is turned away at the desk's door, whatever account they named."""
EXPORTED = 50_000
AT_ONCE = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV injection)."""
ACCOUNTS = frozenset({"account", "token", "person", "request"})
"""What only an admin of the whole installation sees, as sign-ins."""
PLACE = 8
"""So many hexadecimal digits of the keyed hash of an address tell places apart and name none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did."""

    id: uuid.UUID
    at: datetime
    actor: str
    noun: str
    subject: str
    act: str
    site: str
    reason: str = ""
    note: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; an empty part does not narrow. Without `machines` only what people and programs did.

    Those who named no account of ours are strangers, and are listed only with the machines or when sign-ins are asked
    for: by the hundred they would hide what people did.
    """

    noun: str = ""
    actor: str = ""
    site: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    machines: bool = False


def page(
    session: Session, viewer: Viewer, wanted: Wanted, *, limit: int, before: uuid.UUID | None = None
) -> tuple[list[Entry], uuid.UUID | None]:
    """Return entries, newest first, and the id to go on with."""
    found: list[Entry] = []
    for kind, read in _SOURCES.items():
        if not wanted.noun or wanted.noun == kind or (kind == "event" and wanted.noun in EVENTS):
            found += read(session, viewer, wanted, limit + 1, before)
    found.sort(key=lambda entry: entry.id, reverse=True)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def exported(session: Session, viewer: Viewer, wanted: Wanted, *, zone: ZoneInfo, language: str) -> Iterator[str]:
    """Yield the entries as CSV that Excel reads as Vietnamese and no spreadsheet takes for a formula."""
    yield "\ufeff" + _line(HEADS["en" if language == "en" else "vi"])
    before: uuid.UUID | None = None
    for _ in range(EXPORTED // AT_ONCE):
        entries, before = page(session, viewer, wanted, limit=AT_ONCE, before=before)
        for entry in entries:
            yield _line(_cells(entry, zone))
        if before is None:
            return


HEADS = {
    "vi": ("Thời điểm", "Người làm", "Loại", "Đối tượng", "Việc", "Trang", "Lý do", "Ghi chú", "Chi tiết"),
    "en": ("Time", "Who", "Kind", "Subject", "Act", "Site", "Reason", "Note", "Detail"),
}


def harmless(cell: str) -> str:
    """Return the cell so that a spreadsheet shows it and does not compute it."""
    return "'" + cell if cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA) else cell


def _cells(entry: Entry, zone: ZoneInfo) -> tuple[str, ...]:
    detail = json.dumps(entry.detail, ensure_ascii=False) if entry.detail else ""
    when = entry.at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    return when, entry.actor, entry.noun, entry.subject, entry.act, entry.site, entry.reason, entry.note, detail


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    # A lone surrogate has no UTF-8.
    return written.getvalue().encode("utf-8", "replace").decode()


def _of_comments(row: Any, wanted: Wanted) -> Any:
    """Ask for rows that are about comments, with their sites' keys; None where the subject is no comment's id."""
    query = select(row, Site.key).join(Comment, Comment.id == row.comment_id).join(Site, Site.id == Comment.site_id)
    if not wanted.subject:
        return query
    try:
        return query.where(row.comment_id == uuid.UUID(wanted.subject))
    except ValueError:
        return None


def _decisions(session: Session, viewer: Viewer, wanted: Wanted, limit: int, before: uuid.UUID | None) -> list[Entry]:
    query = _of_comments(Decision, wanted)
    if query is None:
        return []
    if not wanted.machines:
        query = query.where(Decision.actor.not_in(MACHINES))
    query = _narrowed(query, Decision, viewer, wanted, before)
    rows = session.execute(query.order_by(Decision.id.desc()).limit(limit))
    return [
        Entry(
            row.id,
            row.at,
            row.actor,
            "decision",
            str(row.comment_id),
            row.act,
            key,
            row.reason or "",
            row.note or "",
            {"status": [row.status_before, row.status_after]},
        )
        for row, key in rows
    ]


def _reveals(session: Session, viewer: Viewer, wanted: Wanted, limit: int, before: uuid.UUID | None) -> list[Entry]:
    query = _of_comments(Reveal, wanted)
    if query is None:
        return []
    query = _narrowed(query, Reveal, viewer, wanted, before)
    rows = session.execute(query.order_by(Reveal.id.desc()).limit(limit))
    return [
        Entry(row.id, row.at, row.actor, "reveal", str(row.comment_id), "reveal", key, row.reason) for row, key in rows
    ]


def _events(session: Session, viewer: Viewer, wanted: Wanted, limit: int, before: uuid.UUID | None) -> list[Entry]:
    query = select(Event, Site.key).outerjoin(Site, Site.id == Event.site_id)
    if wanted.noun:
        query = query.where(Event.noun == wanted.noun)
    if wanted.subject:
        query = query.where(Event.subject == wanted.subject)
    if not _everywhere(viewer):
        query = query.where(Event.noun.not_in(ACCOUNTS))
    query = _narrowed(query, Event, viewer, wanted, before)
    rows = session.execute(query.order_by(Event.id.desc()).limit(limit))
    return [
        Entry(
            row.id,
            row.at,
            row.actor,
            row.noun,
            row.subject,
            row.act,
            key or "",
            str(row.detail.get("reason", "")),
            str(row.detail.get("note", "")) if isinstance(row.detail.get("note"), str) else "",
            {name: value for name, value in row.detail.items() if name != "reason"},
        )
        for row, key in rows
    ]


def _sign_ins(session: Session, viewer: Viewer, wanted: Wanted, limit: int, before: uuid.UUID | None) -> list[Entry]:
    if not _everywhere(viewer) or wanted.site:
        return []
    query: Any = select(SignIn)
    if wanted.noun != "sign_in" and not wanted.machines:
        query = query.where(SignIn.account != "")
    if wanted.subject:
        query = query.where(SignIn.account == wanted.subject)
    if wanted.actor == STRANGER:
        query = query.where(SignIn.act != LET_IN)
    elif wanted.actor:
        query = query.where(SignIn.act == LET_IN, SignIn.account == wanted.actor.removeprefix("moderator:"))
    query = _between(query, SignIn, wanted, before)
    return [
        Entry(
            row.id,
            row.at,
            f"moderator:{row.account}" if row.act == LET_IN else STRANGER,
            "sign_in",
            row.account,
            row.act,
            "",
            detail={"place": row.sender.hex()[:PLACE], **_repeated(row)},
        )
        for row in session.scalars(query.order_by(SignIn.id.desc()).limit(limit))
    ]


def _repeated(row: SignIn) -> dict[str, Any]:
    return {"tries": row.tries, "until": row.last_at.isoformat(timespec="seconds")} if row.tries > 1 else {}


def _everywhere(viewer: Viewer) -> bool:
    return "admin" in viewer.rights and viewer.sites is None


Source = Callable[[Session, Viewer, Wanted, int, uuid.UUID | None], list[Entry]]
_SOURCES: dict[str, Source] = {"decision": _decisions, "reveal": _reveals, "sign_in": _sign_ins, "event": _events}


def _narrowed(query: Select[Any, Any], row: Any, viewer: Viewer, wanted: Wanted, before: uuid.UUID | None) -> Any:
    if viewer.sites is not None:
        query = query.where(Site.key.in_(viewer.sites))
    if wanted.site:
        query = query.where(Site.key == wanted.site)
    if wanted.actor:
        query = query.where(row.actor.in_((wanted.actor, f"moderator:{wanted.actor}", f"token:{wanted.actor}")))
    return _between(query, row, wanted, before)


def _between(query: Any, row: Any, wanted: Wanted, before: uuid.UUID | None) -> Any:
    if wanted.since is not None:
        query = query.where(row.id >= lowest_id(wanted.since))
    if wanted.until is not None:
        query = query.where(row.id < lowest_id(wanted.until))
    return query if before is None else query.where(row.id < before)
