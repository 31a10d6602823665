"""Sites and their policy: what a website decides about its comments; no comment is touched here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from itertools import combinations
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import holidays
from limits import parse_many
from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from service import events
from service.events import OPERATOR
from service.models import Site
from service.moderation.vocabulary import Category, Outcome, Policy, PublishMode

KEY = re.compile(r"[a-z0-9-]{2,40}")
Gate = Literal["none", "image", "pow", "ladder"]
GATES: tuple[Gate, ...] = ("none", "image", "pow", "ladder")
LANGUAGES = ("vi", "en")


class UnknownSite(Exception):
    """No site has this key, or not one that the asker may see."""


class BadSite(Exception):
    """What was asked of a site makes no sense; the text says why."""


class SiteChanged(Exception):
    """Somebody changed the site since the page was opened."""


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """All that a site decides. Lengths count code points after NFC; no time zone is the service's own."""

    publish: str = PublishMode.AFTER_REVIEW
    challenge: Gate = "image"
    language: str = "vi"
    time_zone: str = ""
    registered_only: bool = False
    close_after_days: int | None = None
    title_required: bool = True
    phone_required: bool = False
    name_length: int = 80
    title_length: int = 200
    body_minimum: int = 2
    body_length: int = 5000
    consent_text: str = ""
    consent_version: str = "1"
    strings: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, int] = field(default_factory=dict)
    learned_threshold: float = 0.9
    limit_comments: str = ""
    """Comments from one address prefix, in Flask-Limiter's notation; '' for the installation's limit alone."""
    surge_factor: int = 4
    """An article that gets so many times its usual comments is in a surge; 0 for never."""
    surge_floor: int = 30
    """Fewer than so many in ten minutes are never one."""
    phone_days: int = 90
    address_days: int = 30
    review_hours: int = 24
    review_from: int = 0
    review_to: int = 24
    """The hours of the day in which people review, in the installation's time zone."""
    review_days: str = "1234567"
    """The days of the week in which they do, Monday first."""
    review_holidays: str = ""
    """The country whose public holidays they keep (ISO 3166), '' for none."""

    def engine(self, version: str) -> Policy:
        """Return the part that the engine weighs findings with."""
        return Policy(
            mode=PublishMode(self.publish),
            actions={Category(name): Outcome(outcome) for name, outcome in self.actions.items()},
            thresholds={Category(name): severity for name, severity in self.thresholds.items()},
            learned_threshold=self.learned_threshold,
            version=version,
        )


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site as the other rooms see it."""

    id: int
    key: str
    name: str
    origins: tuple[str, ...]
    policy: SitePolicy
    version: int

    def engine_policy(self) -> Policy:
        """Return the policy for the engine, named so that a verdict can be traced to it."""
        return self.policy.engine(f"{self.key}/{self.version}"[-40:])


def add(
    session: Session,
    *,
    key: str,
    name: str,
    origins: Sequence[str],
    changes: Mapping[str, Any],
    now: datetime,
    by: str = OPERATOR,
) -> KnownSite:
    """Add a site; raise `BadSite` when the key is taken or something is not a site's to have."""
    if not KEY.fullmatch(key):
        raise BadSite("A site's key is 2 to 40 small letters, digits and hyphens.")
    if session.scalar(select(Site.id).where(Site.key == key)) is not None:
        raise BadSite(f"There is a site {key} already.")
    policy = checked(replace(SitePolicy(), **changes))
    row = Site(
        key=key,
        name=name.strip() or key,
        origins=[origin(given) for given in origins],
        policy=asdict(policy),
        version=1,
        created_at=now,
    )
    session.add(row)
    session.flush()
    events.note(session, actor=by, noun="site", subject=key, act="add", now=now, site_id=row.id, detail=dict(changes))
    return _known(row)


def change(
    session: Session,
    key: str,
    *,
    name: str | None,
    origins: Sequence[str] | None,
    changes: Mapping[str, Any],
    now: datetime,
    by: str = OPERATOR,
    version: int | None = None,
) -> KnownSite:
    """Change what is named and leave the rest; raise `UnknownSite`, `BadSite`, or `SiteChanged` for an old version."""
    row = session.scalar(select(Site).where(Site.key == key).with_for_update())
    if row is None:
        raise UnknownSite
    if version is not None and row.version != version:
        raise SiteChanged
    before = {"name": row.name, "origins": row.origins, **asdict(_policy(row))}
    policy = checked(replace(_policy(row), **changes))
    row.name = name.strip() or row.name if name is not None else row.name
    row.origins = [origin(given) for given in origins] if origins is not None else row.origins
    row.policy = asdict(policy)
    row.version += 1
    session.flush()
    changed = events.differences(before, {"name": row.name, "origins": row.origins, **asdict(policy)})
    events.note(session, actor=by, noun="site", subject=key, act="change", now=now, site_id=row.id, detail=changed)
    return _known(row)


def find(session: Session, key: str) -> KnownSite:
    """Return the site with this key; raise `UnknownSite`."""
    row = session.execute(_BY_KEY, {"key": key}).first() if KEY.fullmatch(key) else None
    if row is None:
        raise UnknownSite
    return _known(row)


# Asked for each comment and each list: written once, for the columns that it takes, and past the object mapper.
_SITES = Site.__table__.c
_BY_KEY = select(_SITES.id, _SITES.key, _SITES.name, _SITES.origins, _SITES.policy, _SITES.version).where(
    _SITES.key == bindparam("key")
)


def every(session: Session) -> list[KnownSite]:
    """Return all sites by key."""
    return [_known(row) for row in session.scalars(select(Site).order_by(Site.key))]


def by_id(session: Session, ids: Sequence[int]) -> dict[int, KnownSite]:
    """Return those sites by their row's number."""
    return {row.id: _known(row) for row in session.scalars(select(Site).where(Site.id.in_(ids)))}


def origin(given: str) -> str:
    """Return a web origin as browsers write it (RFC 6454); raise `BadSite` when it is none."""
    default = {"http": 80, "https": 443}
    try:
        parts = urlsplit(given.strip())
        port = parts.port
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except ValueError:
        host, parts, port = "", urlsplit(""), None
    if not host or parts.scheme not in default or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BadSite(f"{given} is not an origin; one looks like https://bao.example")
    return f"{parts.scheme}://{host}" + ("" if port in {None, default[parts.scheme]} else f":{port}")


def checked(policy: SitePolicy) -> SitePolicy:
    """Return the policy if it makes sense; raise `BadSite` naming what does not."""
    unknown = (set(policy.actions) | set(policy.thresholds)) - set(Category)
    rules = {
        "publish is after_review or when_clean": policy.publish in set(PublishMode),
        "challenge is none, image, pow or ladder": policy.challenge in GATES,
        "language is vi or en": policy.language in LANGUAGES,
        "a time zone has a name like Asia/Ho_Chi_Minh": policy.time_zone in {"", *available_timezones()},
        "a name has at most 200 characters": 1 <= policy.name_length <= 200,
        "a title has at most 300 characters": 1 <= policy.title_length <= 300,
        "a body has from 1 to 20000 characters": 1 <= policy.body_minimum <= policy.body_length <= 20000,
        "articles close after one day or more": policy.close_after_days is None or policy.close_after_days >= 1,
        f"categories are {', '.join(Category)}": not unknown,
        "an action is approve, hold or reject": not set(policy.actions.values()) - set(Outcome),
        "a threshold is 1 to 3, or 4 for never": all(1 <= value <= 4 for value in policy.thresholds.values()),
        "the learned threshold lies between 0 and 1": 0 < policy.learned_threshold <= 1,
        "a limit looks like 5/minute;30/hour": _is_limit(policy.limit_comments),
        "a surge is 2 to 100 times the usual, or 0 for never": policy.surge_factor in {0, *range(2, 101)},
        "a surge is at least 5 comments in ten minutes": policy.surge_floor >= 5,
        "retention is one day or more": min(policy.phone_days, policy.address_days) >= 1,
        "the review target is 1 to 720 hours": 1 <= policy.review_hours <= 720,
        "people review from an hour to a later one, 0 to 24": 0 <= policy.review_from < policy.review_to <= 24,
        "review days are digits from 1 for Monday to 7": policy.review_days in _WEEKS,
        "review holidays are those of a country, such as VN": _has_holidays(policy.review_holidays),
    }
    wrong = [rule for rule, kept in rules.items() if not kept]
    if wrong:
        raise BadSite("; ".join(wrong))
    return policy


def _is_limit(text: str) -> bool:
    try:
        return not text or bool(parse_many(text))
    except ValueError:
        return False


_WEEKS = frozenset("".join(days) for count in range(1, 8) for days in combinations("1234567", count))


def _has_holidays(country: str) -> bool:
    try:
        if country:
            holidays.country_holidays(country)
    except NotImplementedError:
        return False
    return True


def _policy(row: Site | Row[*tuple[Any, ...]]) -> SitePolicy:
    # A document written by another version may know more or fewer settings than this one.
    return SitePolicy(**{name: value for name, value in row.policy.items() if name in _SETTINGS})


_SETTINGS = frozenset(item.name for item in fields(SitePolicy))


def _known(row: Site | Row[*tuple[Any, ...]]) -> KnownSite:
    return KnownSite(row.id, row.key, row.name, tuple(row.origins), _policy(row), row.version)
