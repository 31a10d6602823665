"""Saved filters: views of the queue that a team shares under a name. What a filter means is the queue's to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.models import SavedFilter

NAME_LENGTH = 60
MOST = 50


class BadFilter(Exception):
    """The filter cannot be saved; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved filter as the desk shows it."""

    id: int
    name: str
    query: Mapping[str, str]
    actor: str


def listed(session: Session) -> list[Saved]:
    """Return all saved filters by name."""
    return [
        Saved(row.id, row.name, row.query, row.actor)
        for row in session.scalars(select(SavedFilter).order_by(SavedFilter.name))
    ]


def save(session: Session, name: str, query: Mapping[str, str], *, actor: str, now: datetime) -> None:
    """Save a filter for the team, in place of one of the same name; raise `BadFilter`."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise BadFilter("name")
    row = session.scalar(select(SavedFilter).where(SavedFilter.name == name))
    if row is None and (session.scalar(select(func.count()).select_from(SavedFilter)) or 0) >= MOST:
        raise BadFilter("many")
    if row is None:
        row = SavedFilter(name=name, created_at=now, query={}, actor=actor)
        session.add(row)
    row.query, row.actor = dict(query), actor


def remove(session: Session, filter_id: int) -> None:
    """Take a filter from everybody; nothing happens when it is gone already."""
    row = session.get(SavedFilter, filter_id)
    if row is not None:
        session.delete(row)
