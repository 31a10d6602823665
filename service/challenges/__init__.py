"""What stands between a stranger and the queue: pictures, sounds, proofs of work, form tokens; no HTTP.

A challenge is issued for one site and one article, answered once and gone. Redis holds keyed hashes of the
answers and nothing that could be turned back into one. Without Redis a proof of work takes the picture's
place.
"""

from service.challenges.form import check_token, form_token
from service.challenges.gate import consume, issue, picture, restore, sound
from service.challenges.pool import refill
from service.challenges.proof import verify_proof
from service.challenges.vocabulary import (
    ChallengeFailed,
    Challenges,
    ChallengesAway,
    Issued,
    Kind,
    Passed,
)

__all__ = [
    "ChallengeFailed",
    "Challenges",
    "ChallengesAway",
    "Issued",
    "Kind",
    "Passed",
    "check_token",
    "consume",
    "form_token",
    "issue",
    "picture",
    "refill",
    "restore",
    "sound",
    "verify_proof",
]
