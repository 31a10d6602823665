"""The form token: says when a form was opened, for which article, and that we said so; it keeps no state."""

import re
import secrets
from datetime import datetime, timedelta

from service.challenges.seal import matches_any, seal
from service.challenges.vocabulary import ChallengeFailed, Challenges

_SHAPE = re.compile(r"([0-9a-f]{1,12})\.([0-9a-f]{16})\.([0-9a-f]{64})")

# Two web processes may disagree about the time by this much; more than that was not issued by us.
_SKEW = timedelta(seconds=30)


def form_token(challenges: Challenges, *, site: str, article: str, now: datetime) -> str:
    """Return a signed token that holds the time of issue."""
    issued = f"{_milliseconds(now):x}"
    salt = secrets.token_hex(8)
    return f"{issued}.{salt}.{seal(challenges.key, 'token', site, article, issued, salt).hex()}"


def check_token(
    challenges: Challenges, token: object, *, site: str, article: str, now: datetime, enforce_age: bool
) -> None:
    """Raise ChallengeFailed unless the token is ours, for this article, and neither too old nor too new.

    `enforce_age=False` lets a new one pass, where the form itself did not have to be filled in again.
    """
    if token is None or token == "":
        raise ChallengeFailed("token", "token_required")
    shape = _SHAPE.fullmatch(token) if isinstance(token, str) else None
    if shape is None:
        raise ChallengeFailed("token", "token_invalid")
    issued, salt, signature = shape.groups()
    if not matches_any(signature, (seal(key, "token", site, article, issued, salt).hex() for key in challenges.keys)):
        raise ChallengeFailed("token", "token_invalid")
    age = timedelta(milliseconds=_milliseconds(now) - int(issued, 16))
    if age < -_SKEW or age > challenges.token_lifetime:
        raise ChallengeFailed("token", "token_invalid")
    if enforce_age and age < challenges.minimum_fill:
        raise ChallengeFailed("token", "too_fast")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
