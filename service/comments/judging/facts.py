"""What the engine must know of a batch beside its texts: what the senders did lately, and what came before."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from service import blocks, sites
from service.comments import surges
from service.comments.judging.claims import Claimed
from service.ids import lowest_id
from service.models import Comment, Fingerprint
from service.moderation import Fingerprint as Likeness
from service.moderation import distance, fingerprint, joined
from service.moderation.vocabulary import Facts, Policy, Submission
from service.rules import standing

REPEATS_WITHIN = timedelta(days=7)
SENDER_WITHIN = timedelta(days=30)
FLOOD_WITHIN = timedelta(minutes=10)
NEAR = 6
"""Two simhashes of 64 bits that differ in at most so many are near-duplicates (Manku et al., WWW 2007, use 3 for
web pages; comments are shorter)."""


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
    session.execute(delete(Fingerprint).where(Fingerprint.comment_id.in_(list(likenesses))))
    rows = [_fingerprint_row(one, likeness) for one, likeness in likenesses.items() if likeness.usable]
    if rows:
        session.execute(insert(Fingerprint), rows)


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
    facts = []
    for one, likeness in zip(claimed, likenesses, strict=True):
        near = sum(distance(likeness.simhash, other) <= NEAR for other in stored) if likeness.usable else 0
        facts.append(
            Facts(
                honeypot_filled=bool(one.gate.get("honeypot")),
                answered_by_sound=bool(one.gate.get("sound")),
                challenge_degraded=bool(one.gate.get("degraded")),
                article_surging=one.article_id in surging,
                identical_elsewhere=identical[likeness.exact] if likeness.usable else 0,
                similar_elsewhere=max(0, near - identical[likeness.exact]),
                sent_lately=max(0, lately[one.sender, one.name] - 1) if one.sender else 0,
                sent_allowance=allowance,
                rejected_lately=rejected[one.sender] if one.sender else 0,
                blocked_by=_block_of(one, blocked),
            )
        )
        if likeness.usable:
            # Within one batch the first of several repeats is the original.
            identical[likeness.exact] += 1
            stored.append(likeness.simhash)
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
    window = lowest_id(min(one.created_at for one in claimed) - REPEATS_WITHIN)
    others = (Fingerprint.comment_id > window, Fingerprint.comment_id.not_in([one.id for one in claimed]))
    same = (
        select(Fingerprint.exact, func.count())
        .where(Fingerprint.exact.in_({likeness.exact for likeness in usable}), *others)
        .group_by(Fingerprint.exact)
    )
    bands = (Fingerprint.band_0, Fingerprint.band_1, Fingerprint.band_2, Fingerprint.band_3)
    shares = [band.in_({likeness.bands[number] for likeness in usable}) for number, band in enumerate(bands)]
    near = session.execute(select(*bands).where(or_(*shares), *others).limit(5000))
    return Counter(dict(session.execute(same).all())), [joined((row[0], row[1], row[2], row[3])) for row in near]


def _sent_lately(session: Session, claimed: Sequence[Claimed]) -> Counter[tuple[bytes | None, str]]:
    # An address alone is no sender: a whole office, or a carrier's customers, may stand behind it.
    senders = {one.sender for one in claimed if one.sender}
    since = min(one.created_at for one in claimed) - FLOOD_WITHIN
    query = (
        select(Comment.sender, Comment.name, func.count())
        .where(Comment.sender.in_(senders), Comment.created_at > since)
        .where(Comment.name.in_({one.name for one in claimed}))
        .group_by(Comment.sender, Comment.name)
    )
    rows = session.execute(query).all() if senders else []
    return Counter({(sender, name): number for sender, name, number in rows})


def _rejected_lately(session: Session, claimed: Sequence[Claimed]) -> Counter[bytes | None]:
    senders = {one.sender for one in claimed if one.sender}
    since = min(one.created_at for one in claimed) - SENDER_WITHIN
    query = (
        select(Comment.sender, func.count())
        .where(Comment.sender.in_(senders), Comment.created_at > since, Comment.status == "rejected")
        .group_by(Comment.sender)
    )
    rows = session.execute(query).all() if senders else []
    return Counter(dict(rows))


def _fingerprint_row(comment_id: uuid.UUID, likeness: Likeness) -> dict[str, Any]:
    bands = {f"band_{number}": band for number, band in enumerate(likeness.bands)}
    return {"comment_id": comment_id, "exact": likeness.exact, **bands}
