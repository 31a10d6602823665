"""Issuing and answering a challenge: one site, one article, one try; not how it is stored or drawn."""

import re
import secrets
import unicodedata
from datetime import datetime
from typing import Literal

from service.challenges import pool, store
from service.challenges.form import form_token
from service.challenges.price import CAP, PLAIN, Price, price
from service.challenges.proof import pose
from service.challenges.seal import matches_any, seal
from service.challenges.vocabulary import (
    ChallengeFailed,
    Challenges,
    ChallengesAway,
    Issued,
    Kind,
    Passed,
)

_ID = re.compile(r"[A-Za-z0-9_-]{22}")

PLACE = "challenge place"

# Six letters with a space between any two, twice over; what is longer is not an answer and not worth folding.
_LONGEST_ANSWER = 32


def issue(
    challenges: Challenges,
    *,
    site: str,
    article: str,
    kind: Kind | Literal["ladder"],
    now: datetime,
    sender: bytes = b"",
    surging: bool = False,
) -> Issued:
    """Issue a challenge of the kind, or a proof of work in place of a picture while Redis is away.

    A proof costs more the more its `sender` asks for, and the most while the article is `surging`. On the ladder a
    picture is asked for where a proof would cost too much: the next rung, for whom others would refuse.
    """
    token = form_token(challenges, site=site, article=article, now=now)
    cost = PLAIN
    if kind in {"pow", "ladder"}:
        cost = price(challenges, sender=sender, place=_place(challenges, site, article))
        if kind == "ladder":
            kind = "image" if surging or cost.spent else "pow"
        elif surging:
            cost = Price(CAP)
    if kind == "image":
        try:
            return _issue_image(challenges, site=site, article=article, token=token, now=now)
        except ChallengesAway:
            cost = price(challenges, sender=sender, place=_place(challenges, site, article))
            return _issue_proof(challenges, site=site, article=article, token=token, now=now, cost=cost, degraded=True)
    if kind == "pow":
        return _issue_proof(challenges, site=site, article=article, token=token, now=now, cost=cost, degraded=False)
    return Issued(
        id=secrets.token_urlsafe(16),
        kind="token",
        token=token,
        expires_at=now + challenges.token_lifetime,
        has_image=False,
        has_sound=False,
        pow=None,
        degraded=False,
    )


def picture(challenges: Challenges, id: str) -> bytes | None:  # noqa: A002 - the name of the interface.
    """Return the picture of an open challenge as WebP; None if it is unknown, expired or used."""
    return store.look(challenges, id) if _ID.fullmatch(id) else None


def sound(challenges: Challenges, id: str) -> bytes | None:  # noqa: A002 - the name of the interface.
    """Return the sound of an open challenge as WAV, the same one each time; None as for a picture.

    Most readers never ask for it, so a challenge gets its digits when somebody listens first.
    """
    if not _ID.fullmatch(id):
        return None
    found = store.attach_sound(challenges, id)
    if found == b"":
        found = store.attach_sound(challenges, id, pool.make(challenges, "sound"))
    return found


def consume(
    challenges: Challenges, *, site: str, article: str, captcha_id: object, captcha: object, now: datetime
) -> Passed:
    """Take the challenge away and look at the answer; right or wrong, it is used up.

    Only an answer that was forgotten leaves the challenge as it is.
    """
    if not isinstance(captcha_id, str) or not captcha_id or captcha is None:
        raise ChallengeFailed("captcha", "captcha_required")
    answer = _fold(captcha)
    if answer == "":
        raise ChallengeFailed("captcha", "captcha_required")
    held = store.take(challenges, captcha_id) if _ID.fullmatch(captcha_id) else None
    if held is None:
        raise ChallengeFailed("captcha", "captcha_expired")
    places = (seal(key, PLACE, site, article) for key in challenges.keys)
    if not matches_any(held.place, places) or store.milliseconds(now) > held.ends:
        store.burn(challenges, captcha_id)
        raise ChallengeFailed("captcha", "captcha_expired")
    for kind, (salt, sealed) in held.sealed.items():
        if answer is not None and matches_any(sealed, store.seals_of(challenges, kind, salt, answer)):
            return Passed(by=kind, taken=held.taken)
    store.burn(challenges, captcha_id)
    raise ChallengeFailed("captcha", "captcha_wrong")


def restore(challenges: Challenges, passed: Passed) -> None:
    """Put a consumed challenge back for the rest of its life: the commit failed and the client will retry.

    It works once for each time a challenge was consumed, within a minute. A proof of work needs none of it:
    its nonce went back with the transaction.
    """
    if passed.taken is not None:
        store.put_back(challenges, passed.taken)


def _issue_image(challenges: Challenges, *, site: str, article: str, token: str, now: datetime) -> Issued:
    id_ = secrets.token_urlsafe(16)
    ends = now + challenges.lifetime
    place = _place(challenges, site, article)
    if not store.open_challenge(challenges, id_, place=place, ends=ends, entry=None):
        # The pool ran dry: one reader waits for a drawing rather than going without.
        entry = pool.make(challenges, "image")
        store.open_challenge(challenges, id_, place=place, ends=ends, entry=entry)
    return Issued(
        id=id_,
        kind="image",
        token=token,
        expires_at=ends,
        has_image=True,
        has_sound=True,
        pow=None,
        degraded=False,
    )


def _issue_proof(
    challenges: Challenges, *, site: str, article: str, token: str, now: datetime, cost: Price, degraded: bool
) -> Issued:
    ends = now + challenges.lifetime
    posed = pose(challenges, site=site, article=article, until=ends, degraded=degraded, factor=cost.factor)
    return Issued(
        id=posed["parameters"]["nonce"],
        kind="pow",
        token=token,
        expires_at=ends,
        has_image=False,
        has_sound=False,
        pow=posed,
        degraded=degraded,
    )


def _place(challenges: Challenges, site: str, article: str) -> bytes:
    return seal(challenges.key, PLACE, site, article)


def _fold(captcha: object) -> str | None:
    """Return the answer as it is compared: full-width, lower case and spaced are all the same to us.

    None: not an answer at all, and so a wrong one.
    """
    if not isinstance(captcha, str) or len(captcha) > _LONGEST_ANSWER:
        return None
    folded = unicodedata.normalize("NFKC", captcha).upper()
    return "".join(c for c in folded if c.isalnum())
