"""The rules that stand: what of a site's rules and blocked phrases the engine looks at now, and what they saw.

A live rule acts up to its daily cap and only counts past it; a shadow rule only counts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.orm import Session

from service import blocks
from service.models import Rule, Sighting, Site
from service.moderation.checks import site_rules
from service.moderation.vocabulary import Policy, Rulebook, Verdict
from service.moderators import Viewer
from service.rules import keeping
from service.rules.keeping import STANDING, KnownRule
from service.sites import KnownSite

KEPT = timedelta(days=180)
ENTRY_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """A site's rules at this moment; `left` is how many more comments each capped one may act on today."""

    book: Rulebook = field(default_factory=Rulebook)
    counting: frozenset[str] = frozenset()
    left: Mapping[str, int] = field(default_factory=dict)

    def policy(self, policy: Policy) -> Policy:
        """Return the site's policy with its rules; the version tells them too."""
        version = f"{policy.version}+{self.book.key[:8]}" if self.book.key else policy.version
        return replace(policy, rules=self.book, counting=self.counting, version=version[-40:])


NONE = Standing()


def standing(session: Session, site_ids: Collection[int], *, now: datetime, zone: ZoneInfo) -> dict[int, Standing]:
    """Return each site's rules that act or count now, in three queries whatever their number."""
    rows = session.scalars(select(Rule).where(Rule.site_id.in_(site_ids), Rule.state.in_(STANDING))).all()
    phrases = blocks.phrases(session, site_ids, now=now)
    capped = {keeping.entry_of(row.id): row for row in rows if row.state == "live" and row.daily_cap is not None}
    acted = _acted(session, capped, since=day_of(now, zone))
    found = {}
    for site_id in site_ids:
        own = [row for row in rows if row.site_id == site_id]
        left = {
            entry: (row.daily_cap or 0) - acted.get(entry, 0) for entry, row in capped.items() if row.site_id == site_id
        }
        found[site_id] = Standing(
            book=site_rules.book_of(
                [keeping.for_engine(row.id, row.revision, keeping.known(row, "").draft) for row in own]
                + phrases.get(site_id, [])
            ),
            counting=frozenset(
                entry
                for row in own
                if (entry := keeping.entry_of(row.id)) and (row.state == "shadow" or left.get(entry, 1) < 1)
            ),
            left=left,
        )
    return found


def policy_of(session: Session, site: KnownSite, *, now: datetime, zone: ZoneInfo) -> Policy:
    """Return the policy by which the site's comments are judged at this moment."""
    return standing(session, [site.id], now=now, zone=zone)[site.id].policy(site.engine_policy())


def day_of(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the day began in which people live who set a daily cap."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def acting(verdict: Verdict) -> list[str]:
    """Return the entries of the site's rules that this verdict rests on."""
    return [one.entry for one in verdict.findings if one.check == site_rules.NAME and one.entry]


def keep_sightings(session: Session, seen: Iterable[tuple[UUID, int, Verdict]], *, now: datetime) -> None:
    """Write down which entries and rules saw something in which comment."""
    rows: dict[tuple[UUID, str], dict[str, Any]] = {}
    for comment_id, site_id, verdict in seen:
        for entry, acted in _entries(verdict):
            rows[comment_id, entry] = {
                "comment_id": comment_id,
                "entry": entry,
                "site_id": site_id,
                "acted": acted,
                "at": now,
            }
    if rows:
        session.connection().execute(insert(cast(Table, Sighting.__table__)), list(rows.values()))


def forget(session: Session, comment_ids: Sequence[UUID]) -> None:
    """Forget what was seen in these comments when they were judged before."""
    session.execute(delete(Sighting).where(Sighting.comment_id.in_(comment_ids)))


def forget_sightings(session: Session, *, now: datetime) -> int:
    """Sweep away what no figure looks at any more."""
    result = session.execute(delete(Sighting).where(Sighting.at < now - KEPT))
    return int(result.rowcount)  # type: ignore[attr-defined]


def over_cap(session: Session, viewer: Viewer, *, now: datetime, zone: ZoneInfo) -> list[KnownRule]:
    """Return the live rules that reached today's cap, and so only count until tomorrow: the alarm."""
    query = select(Rule, Site.key).join(Site, Site.id == Rule.site_id)
    query = query.where(Rule.state == "live", Rule.daily_cap.is_not(None))
    if viewer.sites is not None:
        query = query.where(Site.key.in_(viewer.sites))
    live = {keeping.entry_of(row.id): (row, key) for row, key in session.execute(query)}
    acted = _acted(session, live, since=day_of(now, zone))
    return [
        keeping.known(row, key) for entry, (row, key) in live.items() if acted.get(entry, 0) >= (row.daily_cap or 0)
    ]


def alarms(session: Session, *, now: datetime, zone: ZoneInfo) -> int:
    """Return how many live rules reached today's cap, for the metrics."""
    return len(over_cap(session, Viewer("metrics", frozenset(), None), now=now, zone=zone))


def lately(session: Session, entries: Collection[str], *, since: datetime) -> dict[str, tuple[int, int]]:
    """Return how many comments each rule saw and acted on since then."""
    if not entries:
        return {}
    query = (
        select(Sighting.entry, func.count(), func.count().filter(Sighting.acted))
        .where(Sighting.entry.in_(entries), Sighting.at >= since)
        .group_by(Sighting.entry)
    )
    return {entry: (seen, acted) for entry, seen, acted in session.execute(query)}


def _acted(session: Session, entries: Collection[str], *, since: datetime) -> dict[str, int]:
    return {entry: acted for entry, (_, acted) in lately(session, entries, since=since).items()}


def _entries(verdict: Verdict) -> Iterable[tuple[str, bool]]:
    for finding in verdict.findings:
        if finding.entry and finding.ran:
            own = finding.check == site_rules.NAME
            yield (finding.entry if own else f"{finding.check}:{finding.entry}")[:ENTRY_LENGTH], True
    for entry in verdict.counted:
        yield entry, False
