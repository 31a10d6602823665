"""The words of the challenges: their settings, what is issued, what passed and what failed; no behaviour.

The errors, and who answers them:

    ChallengeFailed   the reader's fault or misfortune: 422, one field and one code of docs/api.md
    ChallengesAway    Redis is not to be had: the caller offers a proof of work instead
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from redis import Redis

Kind = Literal["image", "pow", "token"]
Field = Literal["captcha", "pow", "token"]
Code = Literal[
    "captcha_required",
    "captcha_wrong",
    "captcha_expired",
    "pow_required",
    "pow_invalid",
    "token_required",
    "token_invalid",
    "too_fast",
]


@dataclass(frozen=True)
class Challenges:
    """The settings and the one connection that every function here takes first.

    `redis` answers in bytes, has short time-outs and does not retry: a request waits for it.
    """

    redis: "Redis"
    key: bytes = field(repr=False)
    keys_before: tuple[bytes, ...] = field(default=(), repr=False)
    lifetime: timedelta = timedelta(minutes=10)
    minimum_fill: timedelta = timedelta(seconds=3)
    token_lifetime: timedelta = timedelta(hours=6)
    pow_cost: int = 5_000
    pow_counter: tuple[int, int] = (200, 400)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Return the key that signs, and those before it whose work is still taken."""
        return self.key, *self.keys_before


@dataclass(frozen=True)
class Issued:
    """A challenge as its reader may see it: nothing in it helps to answer it."""

    id: str
    kind: Kind
    token: str
    expires_at: datetime
    has_image: bool
    has_sound: bool
    pow: dict[str, Any] | None
    degraded: bool


@dataclass(frozen=True)
class Taken:
    """A consumed challenge that can be put back until its own end, in milliseconds by the server's clock."""

    id: str
    until: int


@dataclass(frozen=True)
class Passed:
    """What got a comment through. `degraded`: a proof of work stood in for a picture, so a person looks.

    `nonce` is set for a proof of work: it is single use only if the caller stores it, uniquely, in the
    transaction that stores the comment, and keeps it until `expires_at`.
    """

    by: Literal["image", "sound", "pow", "nothing"]
    nonce: str | None = None
    degraded: bool = False
    taken: Taken | None = None
    expires_at: datetime | None = None


class ChallengeFailed(Exception):
    """The answer does not open the gate; `field` and `code` say which one and why."""

    def __init__(self, field: Field, code: Code) -> None:
        super().__init__(f"{field}: {code}")
        self.field: Field = field
        self.code: Code = code


class ChallengesAway(Exception):
    """Redis refused, hung, or had no room: no challenge can be stored or looked up."""
