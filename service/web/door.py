"""What a comment meets at the door: its site, whether its article is open, who is blocked; known for a second at most.

Each process remembers what it read for a second, so that many comments at once ask the database once. A change that
this process commits itself is seen at once. Whether the article is open is asked again where the comment is stored.

Not here: what any of it means (`service.sites`, `service.articles`, `service.blocks`).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from service import articles, blocks, sites
from service.articles import Openness
from service.blocks import SenderBlocked
from service.db import Database
from service.events import CHANGED
from service.sites import KnownSite

FRESH_SECONDS = 1.0
MOST = 1000
"""So many sites, and so many articles, are remembered."""
NOUNS = frozenset({"site", "article", "block"})
"""A change of one of these ends what this process remembers."""

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class _Fresh(Generic[Key, Value]):
    """Values, each with the moment at which it was asked for."""

    clock: Callable[[], float]
    _kept: dict[Key, tuple[float, Value]] = field(default_factory=dict)

    def get(self, key: Key) -> Value | None:
        """Return the value unless it is too old."""
        at, value = self._kept.get(key, (float("-inf"), None))
        return value if self.clock() < at + FRESH_SECONDS else None

    def keep(self, key: Key, value: Value, asked: float) -> None:
        """Keep the value, which was asked for at that moment."""
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = (asked, value)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


@dataclass(frozen=True, slots=True)
class _Met:
    site: KnownSite
    blocked: Mapping[bytes, datetime | None] | None
    """Until when by keyed hash; None where they are too many to be kept."""


class Door:
    """What one process remembers."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._sites: _Fresh[str, _Met] = _Fresh(clock)
        self._articles: _Fresh[tuple[int, str], Openness] = _Fresh(clock)
        self._turn = 0
        database.after_writing(self._hear, lambda session: session.info.pop(CHANGED, None))

    def site(self, key: str, *, now: datetime) -> KnownSite:
        """Return the site; raise `sites.UnknownSite`."""
        return self._met(key, now).site

    def demand_open(self, site: KnownSite, article: str, *, now: datetime) -> None:
        """Raise `articles.ArticleClosed` or `ArticleNotRegistered`."""
        known = self._articles.get((site.id, article))
        if known is None:
            asked, turn = self._clock(), self._turn
            with self._database.reading() as session:
                known = articles.openness(session, site, article)
            # An article that nobody has commented on is about to be made.
            if known is not None and turn == self._turn:
                self._articles.keep((site.id, article), known, asked)
        articles.demand_open(site, known, now=now)

    def demand_free(self, site: KnownSite, *, sender: bytes, phone_key: bytes | None, now: datetime) -> None:
        """Raise `blocks.SenderBlocked` when the site blocks the address or the phone number."""
        blocked = self._met(site.key, now).blocked
        if blocked is None:
            with self._database.reading() as session:
                blocks.demand_free(session, site.id, sender=sender, phone_key=phone_key, now=now)
            return
        for key in (sender, phone_key):
            until = blocked.get(key, now) if key is not None else now
            if until is None or until > now:
                raise SenderBlocked

    def _met(self, key: str, now: datetime) -> _Met:
        met = self._sites.get(key)
        if met is None:
            asked, turn = self._clock(), self._turn
            with self._database.reading() as session:
                site = sites.find(session, key)
                met = _Met(site, blocks.standing(session, site.id, now=now))
            if turn == self._turn:
                self._sites.keep(key, met, asked)
        return met

    def _hear(self, session: Session) -> None:
        if NOUNS & set(session.info.pop(CHANGED, ())):
            # What is being read this moment may be from before the change.
            self._turn += 1
            self._sites.clear()
            self._articles.clear()
