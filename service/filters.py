"""Saved filters: views of the queue that a team shares under a name. What a filter means is the queue's to say.

A filter that names a site is for those who read that site.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.models import SavedFilter
from service.moderators import Viewer

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


def listed(session: Session, viewer: Viewer) -> list[Saved]:
    """Return the saved filters that are for the viewer, by name."""
    return [
        Saved(row.id, row.name, row.query, row.actor)
        for row in session.scalars(select(SavedFilter).order_by(SavedFilter.name))
        if _is_for(viewer, row)
    ]


def save(session: Session, viewer: Viewer, name: str, query: Mapping[str, str], *, now: datetime) -> None:
    """Save a filter for the team, in place of one of the same name; raise `BadFilter`."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise BadFilter("name")
    row = session.scalar(select(SavedFilter).where(SavedFilter.name == name))
    if row is not None and not _is_for(viewer, row):
        raise BadFilter("taken")
    if row is None and (session.scalar(select(func.count()).select_from(SavedFilter)) or 0) >= MOST:
        raise BadFilter("many")
    if row is None:
        row = SavedFilter(name=name, created_at=now, query={}, actor=viewer.actor)
        session.add(row)
    row.query, row.actor = dict(query), viewer.actor


def remove(session: Session, viewer: Viewer, filter_id: int) -> None:
    """Take a filter from everybody; nothing happens when it is gone already, or another team's."""
    row = session.get(SavedFilter, filter_id)
    if row is not None and _is_for(viewer, row):
        session.delete(row)


def _is_for(viewer: Viewer, row: SavedFilter) -> bool:
    site = row.query.get("site", "")
    return not site or viewer.sees(site)
