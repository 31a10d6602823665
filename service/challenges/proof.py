"""The proof of work in ALTCHA's second format: signed, bound to its article, and without state of its own.

Single use is not in here: like any check without state this one accepts the same solution again, so the
caller stores the nonce in the comment's transaction.
"""

import base64
import hmac
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import altcha

from service.challenges.seal import matches_any, seal, sub_key
from service.challenges.vocabulary import ChallengeFailed, Challenges, Passed

# A payload of ours is about 800 characters; what is longer is not read at all.
_LONGEST = 4_096


@dataclass(frozen=True)
class _Signed:
    """What we wrote into a challenge ourselves, once its signature has been found to be ours."""

    nonce: str
    place: str
    degraded: bool
    expires_at: datetime
    key_signature: str


def pose(
    challenges: Challenges, *, site: str, article: str, until: datetime, degraded: bool, factor: float = 1.0
) -> dict[str, Any]:
    """Return an ALTCHA challenge whose counter is chosen here, so that clients work about equally long.

    `factor` is the price in plain proofs: so many times as far to count.
    """
    low, high = (round(end * factor) for end in challenges.pow_counter)
    challenge = altcha.create_challenge(
        "PBKDF2/SHA-256",
        challenges.pow_cost,
        counter=low + secrets.randbelow(high - low + 1),
        expires_at=int(until.timestamp()),
        data={"degraded": degraded, "place": seal(challenges.key, "proof place", site, article).hex()},
        hmac_secret=sub_key(challenges.key, "proof"),
        hmac_key_secret=sub_key(challenges.key, "proof key"),
    )
    posed: dict[str, Any] = challenge.to_dict()
    return posed


def verify_proof(challenges: Challenges, *, site: str, article: str, payload: object, now: datetime) -> Passed:
    """Check a solution that a client sent; anything but our own challenge, solved, is `pow_invalid`."""
    if payload is None or payload == "":
        raise ChallengeFailed("pow", "pow_required")
    signed, derived_key = _read(challenges, payload)
    if not matches_any(signed.place, (seal(key, "proof place", site, article).hex() for key in challenges.keys)):
        raise ChallengeFailed("pow", "pow_invalid")
    if now > signed.expires_at:
        raise ChallengeFailed("pow", "pow_invalid")
    # The server solved it when it posed it and signed the key it found, so one keyed hash replaces the work.
    if not matches_any(signed.key_signature, _signs(challenges, "proof key", derived_key)):
        raise ChallengeFailed("pow", "pow_invalid")
    return Passed(by="pow", nonce=signed.nonce, degraded=signed.degraded, expires_at=signed.expires_at)


def _read(challenges: Challenges, payload: object) -> tuple[_Signed, bytes]:
    """Take a payload apart, and believe nothing in it before its signature.

    `altcha.verify_solution` is not called, because it reads the clock of the machine; a test holds that the
    two agree.
    """
    try:
        if not isinstance(payload, str) or len(payload) > _LONGEST:
            raise ChallengeFailed("pow", "pow_invalid")
        sent = json.loads(base64.b64decode(payload, validate=True))
        parameters = sent["challenge"]["parameters"]
        signature = sent["challenge"]["signature"]
        derived_key = bytes.fromhex(sent["solution"]["derivedKey"])
        # For what we sign (ASCII text, whole numbers, booleans) this is the canonical JSON of the format.
        canonical = json.dumps(parameters, sort_keys=True, separators=(",", ":")).encode()
        if not isinstance(signature, str) or not matches_any(signature, _signs(challenges, "proof", canonical)):
            raise ChallengeFailed("pow", "pow_invalid")
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise ChallengeFailed("pow", "pow_invalid") from error
    signed = _Signed(
        nonce=parameters["nonce"],
        place=parameters["data"]["place"],
        degraded=parameters["data"]["degraded"],
        expires_at=datetime.fromtimestamp(parameters["expiresAt"], UTC),
        key_signature=parameters["keySignature"],
    )
    return signed, derived_key


def _signs(challenges: Challenges, purpose: str, message: bytes) -> Iterator[str]:
    return (hmac.digest(sub_key(key, purpose), message, "sha256").hex() for key in challenges.keys)
