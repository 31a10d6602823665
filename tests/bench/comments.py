"""Comments for the benchmarks: texts, no two alike, put in through the use cases; nothing is timed."""

import json
import random
from datetime import UTC, datetime, timedelta

from service.challenges import store
from service.challenges.seal import seal
from service.comments import submission
from service.comments.submission import Arrival, Draft, Gate
from service.sites import KnownSite
from tests.bench.engine import SENTENCES
from tests.bench.installation import Installation
from workers.tasks import drain

WORDS = tuple(sorted({word for sentence in SENTENCES for word in sentence.split()}))
ROUGH = ("Thằng này ngu như chó, im mồm đi.", "Cho vay nhanh lãi suất thấp, liên hệ zalo 0912 345 678.")
LETTERS = "KBRTXH"


def text(dice: random.Random) -> str:
    """Return a body of some two hundred characters; one in twelve is abuse or an offer."""
    own = " ".join(dice.choices(WORDS, k=12))
    return f"{dice.choice(SENTENCES)} {dice.choice(ROUGH) if dice.random() < 1 / 12 else dice.choice(SENTENCES)} {own}."


def submit(stand: Installation, site: KnownSite, count: int, *, articles: int, seed: int) -> None:
    """Store comments as pending, in transactions of a thousand."""
    dice = random.Random(seed)
    for begin in range(0, count, 1000):
        arrivals = [
            _ready(
                stand,
                site,
                Draft(article=f"bai-{at % articles}", name="Ngọc Ánh", title="Ý kiến", body=text(dice)),
                f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(256)}",
            )
            for at in range(begin, min(begin + 1000, count))
        ]
        with stand.parts.database.writing() as session:
            submission.store(session, arrivals)


def _ready(stand: Installation, site: KnownSite, draft: Draft, address: str) -> Arrival:
    vault = stand.parts.vault
    given = {"vault": vault, "secret": stand.parts.receipt_secret, "sender": vault.sender(address), "key": None}
    return submission.ready(site, draft, Gate(), now=datetime.now(UTC), **given)


def publish(stand: Installation, site: KnownSite, article: str, count: int) -> None:
    """Put so many approved comments under an article."""
    dice = random.Random(7)
    for at in range(count):
        draft = Draft(article=article, name="Ngọc Ánh", title="Ý kiến", body=f"{dice.choice(SENTENCES)} Lần {at}.")
        with stand.parts.database.writing() as session:
            submission.store(session, [_ready(stand, site, draft, f"10.1.{at}.1")])
    drain(stand.parts)


def requests(stand: Installation, site: KnownSite, article: str, count: int, *, seed: int) -> list[str]:
    """Return bodies of requests, each with a challenge that was issued and whose answer is known."""
    gate, dice = stand.parts.challenges, random.Random(seed)
    place = seal(gate.key, "challenge place", site.key, article)
    ends = datetime.now(UTC) + timedelta(minutes=30)
    made = []
    for _ in range(count):
        challenge = "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=22))
        entry = store.new_entry(gate, "image", LETTERS, b"RIFF\0\0\0\0WEBP")
        store.open_challenge(gate, challenge, place=place, ends=ends, entry=entry)
        fields = {
            "site": site.key,
            "article": article,
            "name": "Ngọc Ánh",
            "title": "Ý kiến",
            "body": text(dice),
            "captcha_id": challenge,
            "captcha": LETTERS,
        }
        made.append(json.dumps(fields, ensure_ascii=False))
    return made
