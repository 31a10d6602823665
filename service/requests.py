"""What people and authorities ask for, with the clock of each: first answer, and done. Nothing is erased here.

A takedown counts in hours by day and night; what people ask about their data counts in working days for the first
answer (Monday to Friday but for public holidays) and in days until it is done. All terms are settings.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import events
from service.models import Request

KINDS = ("access", "correct", "erase", "object", "takedown")
SATURDAY = 5


class BadRequest(Exception):
    """A field makes no sense; its name is the text."""


class UnknownRequest(Exception):
    """There is no such request, or it is finished."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long the law leaves; `country` is whose public holidays are kept."""

    answer_days: int
    finish_days: int
    takedown: timedelta
    zone: ZoneInfo
    country: str


def add(session: Session, *, kind: str, reference: str, terms: Terms, actor: str, now: datetime) -> int:
    """Write down what was asked, start its clocks, and return its id; raise `BadRequest`."""
    if kind not in KINDS:
        raise BadRequest("kind")
    reference = " ".join(reference.split())
    if not 1 <= len(reference) <= 200:
        raise BadRequest("reference")
    if kind == "takedown":
        answer_by = finish_by = now + terms.takedown
    else:
        answer_by = after_working_days(now, terms.answer_days, terms.zone, terms.country)
        finish_by = max(answer_by, now + timedelta(days=terms.finish_days))
    row = Request(
        kind=kind, reference=reference, received_at=now, answer_by=answer_by, finish_by=finish_by, created_by=actor
    )
    session.add(row)
    session.flush()
    events.note(session, actor=actor, noun="request", subject=row.id, act="add", now=now, detail={"kind": kind})
    return row.id


def answer(session: Session, request_id: int, *, actor: str, now: datetime) -> None:
    """Note that the asker got a first answer; raise `UnknownRequest`."""
    row = _open(session, request_id)
    if row.answered_at is None:
        row.answered_at = now
        events.note(session, actor=actor, noun="request", subject=row.id, act="answer", now=now)


def finish(session: Session, request_id: int, *, outcome: str, actor: str, now: datetime) -> None:
    """Note that it is done, and how it ended; raise `UnknownRequest`, or `BadRequest` without a word about it."""
    row = _open(session, request_id)
    outcome = outcome.strip()
    if not 1 <= len(outcome) <= 500:
        raise BadRequest("outcome")
    row.answered_at = row.answered_at or now
    row.finished_at, row.outcome = now, outcome
    events.note(session, actor=actor, noun="request", subject=row.id, act="finish", now=now)


def waiting(session: Session) -> list[Request]:
    """Return what is not finished, what is due first before the rest."""
    rows = session.scalars(select(Request).where(Request.finished_at.is_(None)))
    return sorted(rows, key=lambda row: (due(row), row.id))


def due(row: Request) -> datetime:
    """Return the next moment at which something must have happened."""
    return row.answer_by if row.answered_at is None else row.finish_by


def after_working_days(begin: datetime, days: int, zone: ZoneInfo, country: str) -> datetime:
    """Return the end of the last of so many working days after the day of `begin`."""
    day = begin.astimezone(zone)
    left = days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY and day.date() not in _holidays(country)
    return (day + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _open(session: Session, request_id: int) -> Request:
    row = session.get(Request, request_id, with_for_update=True)
    if row is None or row.finished_at is not None:
        raise UnknownRequest
    return row


@cache
def _holidays(country: str) -> holidays.HolidayBase | frozenset[object]:
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return frozenset()
