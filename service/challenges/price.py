"""What a proof of work costs: more with every challenge that its sender, or its article, asked for lately.

The server pays the same for every price: a dearer proof is a longer search, not a slower step. Who asks from where
is known to Redis for ten minutes, as a keyed hash of its own.
"""

from dataclasses import dataclass
from datetime import timedelta

from service.challenges import store
from service.challenges.seal import seal
from service.challenges.vocabulary import Challenges, ChallengesAway

WINDOW = timedelta(minutes=10)

FREE, DOUBLES = 5, 5
"""A sender's first challenges in the window have the plain price; then it doubles with every so many."""

ARTICLE_FREE, ARTICLE_DOUBLES, ARTICLE_CAP = 60, 60, 4.0
"""The same for all that is asked for one article, by whomever: what many addresses do together."""

CAP = 8.0
"""No proof costs more than so many plain ones: a cheap phone must be able to pay (docs/challenges.md)."""

AWAY = 4.0
"""The price for everybody while Redis cannot count."""


@dataclass(frozen=True)
class Price:
    """How many plain proofs this one costs. `spent`: the sender has climbed to the top of this rung."""

    factor: float
    spent: bool = False


PLAIN = Price(1.0)


def price(challenges: Challenges, *, sender: bytes, place: bytes) -> Price:
    """Count this challenge, and return what it costs; a place is a site's article."""
    if not sender:
        return PLAIN
    asked = [seal(challenges.key, "asked by", sender), seal(challenges.key, "asked for", place)]
    try:
        by_sender, for_article = store.count(challenges, asked, WINDOW)
    except ChallengesAway:
        return Price(AWAY)
    own = _grown(by_sender, FREE, DOUBLES)
    return Price(min(CAP, own * min(ARTICLE_CAP, _grown(for_article, ARTICLE_FREE, ARTICLE_DOUBLES))), own > CAP)


def _grown(number: int, free: int, doubles: int) -> float:
    # An exponent that a flood of millions cannot make too large for a float.
    return float(2 ** min(16.0, max(0, number - free) / doubles))
