"""A proof of work costs more the more its sender asks for, and never more than a cheap phone can pay."""

from dataclasses import replace
from datetime import timedelta

import altcha
import pytest

from service.challenges import issue, price
from service.challenges.price import AWAY, CAP, FREE, Price

SENDER, OTHER = b"s" * 32, b"o" * 32


@pytest.fixture
def ask(challenges, now):
    """Ask for a proof; return how far its solver has to count, the plain one counting to 100."""
    counted = replace(challenges, pow_counter=(100, 100))

    def far(**changes) -> float:
        asked = {"site": "bao", "article": "tin-1", "kind": "pow", "sender": SENDER, "now": now, **changes}
        issued = issue(replace(counted, redis=asked.pop("redis", counted.redis)), **asked)
        return searched(issued.pow) if issued.pow else issued.kind

    return far


def searched(posed) -> int:
    """Solve the proof as a client does, and return how far that went."""
    return altcha.solve_challenge(altcha.Challenge.from_dict(posed)).counter


def test_the_first_few_cost_the_plain_price_and_then_it_grows_to_a_cap(ask):
    prices = [ask() for _ in range(30)]

    assert prices[:FREE] == [100] * FREE
    assert prices == sorted(prices)
    assert prices[9] == 200
    assert max(prices) == prices[-1] == 100 * CAP


def test_each_sender_pays_for_its_own_appetite(ask):
    for _ in range(15):
        ask()

    assert ask(sender=OTHER) == 100
    assert ask() > 200


def test_what_many_senders_ask_for_one_article_makes_it_dearer_for_all_but_less_so(challenges):
    for number in range(200):
        paid = price.price(challenges, sender=number.to_bytes(32), place=b"hot")

    assert paid == Price(4.0)
    assert price.price(challenges, sender=SENDER, place=b"quiet") == Price(1.0)


def test_appetite_is_forgotten_after_a_while(challenges, ask, valkey):
    for _ in range(12):
        ask()
    keys = valkey.keys("duyet:asked:*")

    assert len(keys) == 2
    assert all(0 < valkey.pttl(key) <= timedelta(minutes=10) / timedelta(milliseconds=1) for key in keys)
    valkey.delete(*keys)
    assert ask() == 100


def test_nothing_in_redis_names_the_sender(ask, valkey):
    ask()

    assert not any(SENDER in key or SENDER.hex()[:16].encode() in key for key in valkey.keys("*"))


def test_without_redis_everybody_pays_a_higher_fixed_price(ask, away, hung):
    for gone in (away, hung):
        assert {ask(redis=gone.redis), ask(redis=gone.redis, sender=OTHER)} == {100 * AWAY}
    # A picture that cannot be had is paid for at the same price.
    assert ask(redis=away.redis, kind="image") == 100 * AWAY


def test_the_ladder_asks_for_a_picture_where_a_proof_would_cost_too_much(ask):
    kinds = [ask(kind="ladder") for _ in range(25)]

    assert kinds[0] == 100
    assert kinds[-1] == "image"
    assert kinds.index("image") == 20
    assert ask(kind="ladder", sender=OTHER) == 100


def test_a_surging_article_has_the_highest_price_and_the_next_rung(ask):
    assert ask(surging=True) == 100 * CAP
    assert ask(kind="ladder", surging=True, sender=OTHER) == "image"
