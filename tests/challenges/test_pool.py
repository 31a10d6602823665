"""The pools are filled ahead, a bounded piece at a time, and never beyond their size."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from service.challenges import issue, picture, pool, refill, store


def lengths(challenges):
    return store.pool_length(challenges, "image"), store.pool_length(challenges, "sound")


def test_a_refill_makes_what_is_missing_and_says_how_much(challenges):
    assert refill(challenges, pictures=12, sounds=3) == (12, 3)
    assert refill(challenges, pictures=15, sounds=3) == (3, 0)
    assert refill(challenges, pictures=5, sounds=0) == (0, 0)
    assert lengths(challenges) == (15, 3)


def test_one_refill_does_a_bounded_amount_of_work(challenges):
    assert refill(challenges, pictures=10_000, sounds=0) == (100, 0)
    assert lengths(challenges) == (100, 0)


def test_two_refills_at_once_do_not_overfill(challenges):
    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(lambda _: refill(challenges, pictures=12, sounds=2), range(4)))

    assert lengths(challenges) == (12, 2)


def test_an_issued_challenge_takes_its_picture_from_the_pool(challenges, now):
    entry = store.new_entry(challenges, "image", "BCDFGH", b"made ahead")
    store.add_to_pool(challenges, "image", [entry], limit=10)

    issued = issue(challenges, site="bao", article="tin-1", kind="image", now=now)

    assert picture(challenges, issued.id) == b"made ahead"
    assert lengths(challenges) == (0, 0)


def test_after_a_change_of_key_the_old_pool_is_not_used(challenges, now):
    refill(challenges, pictures=3, sounds=0)
    rotated = replace(challenges, key=b"another" * 5)

    issue(rotated, site="bao", article="tin-1", kind="image", now=now)

    assert lengths(challenges) == (3, 0)


def test_no_two_entries_are_alike(challenges):
    pictures = {pool.make(challenges, "image")[48:] for _ in range(20)}

    assert len(pictures) == 20
