"""What the engine must know of a batch beside its texts: what the senders did lately, and what came before."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from service import blocks, sites
from service.comments import surges
from service.comments.judging.claims import Claimed
from service.db import among
from service.ids import lowest_id
from service.models import Comment, Fingerprint
from service.moderation import Fingerprint as Likeness
from service.moderation import fingerprint, near
from service.moderation.vocabulary import Facts, Policy, Submission
from service.rules import standing

REPEATS_WITHIN = timedelta(days=7)
SENDER_WITHIN = timedelta(days=30)
FLOOD_WITHIN = timedelta(minutes=10)
NEAR = 6
"""Two simhashes of 64 bits that differ in at most so many are near-duplicates (Manku et al., WWW 2007, use 3 for
web pages; comments are shorter)."""
NEIGHBOURS = 5000
"""So many of those that share a band with one of fifty comments are looked at, and as many more for more of them."""


@dataclass(frozen=True, slots=True)
class Case:
    """A claimed comment with all that the engine needs to know about it."""

    claimed: Claimed
    submission: Submission
    policy: Policy
    likeness: Likeness
    left: Mapping[str, int] = field(default_factory=dict)
    """How many more comments each of the site's capped rules may act on today."""


def gather(
    session: Session, claimed: Sequence[Claimed], *, allowance: int, now: datetime, zone: ZoneInfo
) -> list[Case]:
    """Gather the facts of the whole batch in a fixed number of queries.

    `allowance` is how many comments the limits let one sender send within `FLOOD_WITHIN`; a day begins in `zone`.
    """
    known = sites.by_id(session, sorted({one.site_id for one in claimed}))
    rules = standing.standing(session, list(known), now=now, zone=zone)
    policies = {site.id: rules[site.id].policy(site.engine_policy()) for site in known.values()}
    likenesses = [fingerprint(Submission(body=one.body, title=one.title, name=one.name)) for one in claimed]
    facts = _facts(session, claimed, likenesses, allowance, _blocked(session, claimed, now))
    return [
        Case(
            one,
            Submission(body=one.body, title=one.title, name=one.name, facts=fact),
            policies[one.site_id],
            likeness,
            rules[one.site_id].left,
        )
        for one, fact, likeness in zip(claimed, facts, likenesses, strict=True)
    ]


def remember(session: Session, likenesses: Mapping[uuid.UUID, Likeness]) -> None:
    """Note what these comments look like, so that a repeat is known as one."""
    rows = [_fingerprint_row(one, likeness) for one, likeness in likenesses.items() if likeness.usable]
    if rows:
        session.connection().execute(_REMEMBER, rows)


def forget(session: Session, comment_ids: Sequence[uuid.UUID]) -> None:
    """Forget what these comments looked like when they were judged before."""
    session.execute(delete(Fingerprint).where(Fingerprint.comment_id.in_(comment_ids)))


def forget_repeats(session: Session, *, now: datetime) -> int:
    """Sweep away what is older than the look-back window of the duplicate check."""
    result = session.execute(delete(Fingerprint).where(Fingerprint.comment_id < lowest_id(now - REPEATS_WITHIN)))
    return int(result.rowcount)  # type: ignore[attr-defined]


def _blocked(session: Session, claimed: Sequence[Claimed], now: datetime) -> frozenset[tuple[int, bytes]]:
    keys = {(one.site_id, key) for one in claimed for key in (one.sender, one.phone_key)}
    return blocks.blocked(session, keys, now=now)


def _facts(
    session: Session,
    claimed: Sequence[Claimed],
    likenesses: Sequence[Likeness],
    allowance: int,
    blocked: frozenset[tuple[int, bytes]],
) -> list[Facts]:
    identical, stored = _before(session, claimed, [likeness for likeness in likenesses if likeness.usable])
    lately = _sent_lately(session, claimed)
    rejected = _rejected_lately(session, claimed)
    surging = surges.among(session, {one.article_id for one in claimed})
    # Within one batch the first of several repeats is the original.
    alike = iter(near([likeness.simhash for likeness in likenesses if likeness.usable], stored, NEAR))
    facts = []
    for one, likeness in zip(claimed, likenesses, strict=True):
        similar = next(alike) if likeness.usable else 0
        facts.append(
            Facts(
                honeypot_filled=bool(one.gate.get("honeypot")),
                answered_by_sound=bool(one.gate.get("sound")),
                challenge_degraded=bool(one.gate.get("degraded")),
                article_surging=one.article_id in surging,
                identical_elsewhere=identical[likeness.exact] if likeness.usable else 0,
                similar_elsewhere=max(0, similar - identical[likeness.exact]),
                sent_lately=max(0, lately[one.sender, one.name] - 1) if one.sender else 0,
                sent_allowance=allowance,
                rejected_lately=rejected[one.sender] if one.sender else 0,
                blocked_by=_block_of(one, blocked),
            )
        )
        if likeness.usable:
            identical[likeness.exact] += 1
    return facts


def _block_of(one: Claimed, blocked: frozenset[tuple[int, bytes]]) -> str | None:
    """Say by what a sender is blocked who was not yet when the comment was accepted."""
    if one.phone_key is not None and (one.site_id, one.phone_key) in blocked:
        return "phone"
    return "address" if one.sender is not None and (one.site_id, one.sender) in blocked else None


def _before(
    session: Session, claimed: Sequence[Claimed], usable: Sequence[Likeness]
) -> tuple[Counter[bytes], list[int]]:
    """Return how often the very same texts came before, and the simhashes of those that share a band with one."""
    if not usable:
        return Counter(), []
    asked: dict[str, Any] = {
        "since": lowest_id(min(one.created_at for one in claimed) - REPEATS_WITHIN),
        "claimed": [one.id for one in claimed],
    }
    if session.get_bind().dialect.name == "postgresql":
        # A plan that was made while few fingerprints were stored reads all of them when they are many.
        session.execute(_PLANNED_ANEW)
    same = session.execute(_SAME, {**asked, "exact": list({likeness.exact for likeness in usable})})
    bands = {f"values_{at}": list({likeness.bands[at] for likeness in usable}) for at in range(4)}
    most = max(1, len(claimed) // 50) * NEIGHBOURS
    # Thousands of rows: all at once, since each that is fetched by itself costs more than the index does.
    sharing = session.connection().scalars(_SHARING, {**asked, **bands, "most": most}).all()
    return Counter(dict(same.all())), [simhash & _ALL_BITS for simhash in sharing]


def _sent_lately(session: Session, claimed: Sequence[Claimed]) -> Counter[tuple[bytes | None, str]]:
    # An address alone is no sender: a whole office, or a carrier's customers, may stand behind it.
    names = list({one.name for one in claimed})
    rows = _of_senders(session, _SENT, claimed, FLOOD_WITHIN, names=names)
    return Counter({(sender, name): number for sender, name, number in rows})


def _rejected_lately(session: Session, claimed: Sequence[Claimed]) -> Counter[bytes | None]:
    return Counter(dict(_of_senders(session, _REJECTED, claimed, SENDER_WITHIN)))


def _of_senders(
    session: Session, query: Select[Any], claimed: Sequence[Claimed], within: timedelta, **more: Any
) -> Iterable[Any]:
    senders = list({one.sender for one in claimed if one.sender})
    if not senders:
        return ()
    since = min(one.created_at for one in claimed) - within
    return session.execute(query, {"senders": senders, "since": since, **more}).all()


def _fingerprint_row(comment_id: uuid.UUID, likeness: Likeness) -> dict[str, Any]:
    bands = {f"band_{number}": band for number, band in enumerate(likeness.bands)}
    return {"comment_id": comment_id, "exact": likeness.exact, **bands}


# Asked for each batch: written once, and past the object mapper.
_COMMENTS = Comment.__table__.c
_PRINTS = Fingerprint.__table__.c
_REMEMBER = insert(cast(Table, Fingerprint.__table__))
_PLANNED_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")
_BANDS = (_PRINTS.band_0, _PRINTS.band_1, _PRINTS.band_2, _PRINTS.band_3)
_ALL_BITS = (1 << 64) - 1
# Both databases count in 64 bits with a sign, and let the first band run over it.
_SIMHASH: ColumnElement[int] = literal_column(
    "(CAST(band_0 AS BIGINT) << 48) | (CAST(band_1 AS BIGINT) << 32) | (CAST(band_2 AS BIGINT) << 16) | band_3",
    BigInteger,
)
_OTHERS = (
    _PRINTS.comment_id > bindparam("since"),
    not_(among(_PRINTS.comment_id, "claimed")),
)
_SAME = select(_PRINTS.exact, func.count()).where(among(_PRINTS.exact, "exact"), *_OTHERS).group_by(_PRINTS.exact)
_SHARING = (
    select(_SIMHASH)
    .select_from(Fingerprint.__table__)
    .where(or_(*(among(band, f"values_{at}") for at, band in enumerate(_BANDS))), *_OTHERS)
    .limit(bindparam("most", type_=Integer))
)
_OF_SENDERS = (among(_COMMENTS.sender, "senders"), _COMMENTS.created_at > bindparam("since"))
_SENT = (
    select(_COMMENTS.sender, _COMMENTS.name, func.count())
    .where(*_OF_SENDERS, among(_COMMENTS.name, "names"))
    .group_by(_COMMENTS.sender, _COMMENTS.name)
)
_REJECTED = (
    select(_COMMENTS.sender, func.count())
    .where(*_OF_SENDERS, _COMMENTS.status == "rejected")
    .group_by(_COMMENTS.sender)
)
