"""Which comments look like one: the same text, or one that differs by a few words, among those of the last days."""

import uuid
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.comments.judging import NEAR
from service.models import Comment, Fingerprint
from service.moderation import distance, joined

CLUSTER = 499
"""With the comment itself as many as one decision may be about."""
CANDIDATES = 2000


@dataclass(frozen=True, slots=True)
class Alike:
    """A comment of the cluster: enough to decide on it with the others."""

    id: uuid.UUID
    version: int
    status: str


def cluster(session: Session, row: Comment) -> list[Alike]:
    """Return what looks like the comment on its site, newest first."""
    own = session.get(Fingerprint, row.id)
    if own is None:
        return []
    candidates = session.execute(
        select(
            Fingerprint.comment_id,
            Fingerprint.exact,
            Fingerprint.band_0,
            Fingerprint.band_1,
            Fingerprint.band_2,
            Fingerprint.band_3,
        )
        .where(
            or_(
                Fingerprint.exact == own.exact,
                Fingerprint.band_0 == own.band_0,
                Fingerprint.band_1 == own.band_1,
                Fingerprint.band_2 == own.band_2,
                Fingerprint.band_3 == own.band_3,
            ),
            Fingerprint.comment_id != row.id,
        )
        .order_by(Fingerprint.comment_id.desc())
        .limit(CANDIDATES)
    )
    bands = joined((own.band_0, own.band_1, own.band_2, own.band_3))
    near = [
        comment_id
        for comment_id, exact, *others in candidates
        if exact == own.exact or distance(bands, joined((others[0], others[1], others[2], others[3]))) <= NEAR
    ]
    if not near:
        return []
    query = (
        select(Comment.id, Comment.version, Comment.status)
        .where(Comment.id.in_(near), Comment.site_id == row.site_id)
        .order_by(Comment.id.desc())
        .limit(CLUSTER)
    )
    return [Alike(*found) for found in session.execute(query)]
