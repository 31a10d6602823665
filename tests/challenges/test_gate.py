"""A picture or a sound is answered once, by whoever was asked, where they were asked."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.challenges import (
    ChallengeFailed,
    Challenges,
    ChallengesAway,
    Passed,
    consume,
    issue,
    picture,
    refill,
    restore,
    sound,
    store,
)

LETTERS, DIGITS = "KBSTXH", "204719"
FULL_WIDTH = "".join(chr(ord(c) + 0xFEE0) for c in LETTERS)


def ask(challenges: Challenges, now: datetime, *, site: str = "bao", article: str = "tin-1") -> str:
    """Issue a challenge whose answers are known: entries of ours lie in the pools."""
    image = store.new_entry(challenges, "image", LETTERS, b"picture")
    spoken = store.new_entry(challenges, "sound", DIGITS, b"sound")
    store.add_to_pool(challenges, "image", [image], limit=100)
    store.add_to_pool(challenges, "sound", [spoken], limit=100)
    return issue(challenges, site=site, article=article, kind="image", now=now).id


def answer(
    challenges: Challenges,
    id_: object,
    captcha: object,
    now: datetime,
    *,
    site: str = "bao",
    article: str = "tin-1",
) -> Passed | str:
    """Return what passed, or the code of what did not."""
    try:
        return consume(challenges, site=site, article=article, captcha_id=id_, captcha=captcha, now=now)
    except ChallengeFailed as failed:
        assert failed.field == "captcha"
        return failed.code


def test_the_drawn_letters_open_the_gate_once(challenges, now):
    id_ = ask(challenges, now)

    first = answer(challenges, id_, LETTERS, now)
    second = answer(challenges, id_, LETTERS, now)

    assert first.by == "image"
    assert not first.degraded
    assert second == "captcha_expired"


def test_the_spoken_digits_open_the_gate_too_and_are_told_apart(challenges, now):
    id_ = ask(challenges, now)
    assert sound(challenges, id_) == b"sound"

    assert answer(challenges, id_, DIGITS, now).by == "sound"
    assert answer(challenges, id_, LETTERS, now) == "captcha_expired"


def test_digits_that_nobody_asked_to_hear_are_wrong(challenges, now):
    id_ = ask(challenges, now)

    assert answer(challenges, id_, DIGITS, now) == "captcha_wrong"


def test_listening_first_leaves_the_letters_right(challenges, now):
    id_ = ask(challenges, now)
    sound(challenges, id_)

    assert answer(challenges, id_, LETTERS, now).by == "image"


def test_of_64_tries_at_once_one_gets_through(challenges, now):
    id_ = ask(challenges, now)
    start = threading.Barrier(64)

    def attempt(_: int) -> str:
        start.wait()
        outcome = answer(challenges, id_, LETTERS, now)
        return outcome if isinstance(outcome, str) else "passed"

    with ThreadPoolExecutor(64) as crowd:
        outcomes = Counter(crowd.map(attempt, range(64)))

    assert outcomes == {"passed": 1, "captcha_expired": 63}


def test_a_wrong_answer_burns_the_challenge(challenges, now):
    id_ = ask(challenges, now)

    assert answer(challenges, id_, "BBBBBB", now) == "captcha_wrong"
    assert answer(challenges, id_, LETTERS, now) == "captcha_expired"
    assert picture(challenges, id_) is None
    assert sound(challenges, id_) is None
    assert challenges.redis.keys("duyet:challenge:*") == []


def test_an_answer_after_its_time_is_expired(challenges, now):
    early, late = ask(challenges, now), ask(challenges, now)

    assert answer(challenges, early, LETTERS, now + challenges.lifetime).by == "image"
    too_late = now + challenges.lifetime + timedelta(milliseconds=1)
    assert answer(challenges, late, LETTERS, too_late) == "captcha_expired"


def test_a_challenge_nobody_answers_leaves_redis_by_itself(challenges, now):
    id_ = ask(challenges, now)

    left = challenges.redis.pttl(f"duyet:challenge:{id_}")

    assert 0 < left <= challenges.lifetime / timedelta(milliseconds=1)


@pytest.mark.parametrize("elsewhere", [{"site": "khac"}, {"article": "tin-2"}, {"site": "ba", "article": "otin-1"}])
def test_a_challenge_is_worth_nothing_elsewhere(challenges, now, elsewhere):
    id_ = ask(challenges, now)

    assert answer(challenges, id_, LETTERS, now, **elsewhere) == "captcha_expired"


@pytest.mark.parametrize(
    "typed",
    [
        LETTERS.lower(),
        FULL_WIDTH,
        FULL_WIDTH.lower(),
        " K B S  T X H ",
        "kbs-txh",
        "KBS\u00a0TXH\u3000",
        "K\u200bBSTXH",
    ],
)
def test_letters_are_right_in_any_case_width_and_spacing(challenges, now, typed):
    assert answer(challenges, ask(challenges, now), typed, now).by == "image"


@pytest.mark.parametrize("typed", ["204719", "20 47 19", "２０４７１９"])
def test_digits_are_right_in_any_width_and_spacing(challenges, now, typed):
    id_ = ask(challenges, now)
    sound(challenges, id_)

    assert answer(challenges, id_, typed, now).by == "sound"


@pytest.mark.parametrize("missing", [None, "", "   ", "\u200b", "--"])
def test_a_forgotten_answer_costs_nothing(challenges, now, missing):
    id_ = ask(challenges, now)

    assert answer(challenges, id_, missing, now) == "captcha_required"
    assert answer(challenges, id_, LETTERS, now).by == "image"


@pytest.mark.parametrize("id_", [None, "", [], {}, 7, True, b"id"])
def test_an_answer_without_a_challenge_asks_for_one(challenges, now, id_):
    assert answer(challenges, id_, LETTERS, now) == "captcha_required"


@pytest.mark.parametrize("id_", ["x", "*" * 22, "A" * 22, "A" * 22 + "\n", "A" * 100_000, "\ud800" * 22, "\0"])
def test_an_id_that_was_never_issued_is_expired(challenges, now, id_):
    assert answer(challenges, id_, LETTERS, now) == "captcha_expired"
    assert picture(challenges, id_) is None
    assert sound(challenges, id_) is None


@pytest.mark.parametrize(
    "odd",
    [[], [LETTERS], {"a": 1}, 204719, 1.5, False, "K" * 100_000, "Tiếng Việt", "a\0b", b"KBSTXH"],
)
def test_an_odd_answer_is_a_wrong_answer(challenges, now, odd):
    assert answer(challenges, ask(challenges, now), odd, now) == "captcha_wrong"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(typed=st.text(max_size=40))
def test_no_text_does_more_than_be_wrong(challenges, now, typed):
    outcome = answer(challenges, ask(challenges, now), typed, now)

    folded = "".join(c for c in normalize("NFKC", typed).upper() if c.isalnum())
    assert outcome in ({"captcha_wrong", "captcha_required"} if folded != LETTERS else {outcome})


def test_a_restored_challenge_can_be_answered_again_for_the_rest_of_its_life(challenges, now):
    id_ = ask(challenges, now)
    sound(challenges, id_)
    challenges.redis.pexpire(f"duyet:challenge:{id_}", 40_000)
    passed = answer(challenges, id_, LETTERS, now)

    restore(challenges, passed)

    assert 30_000 < challenges.redis.pttl(f"duyet:challenge:{id_}") <= 40_000
    assert picture(challenges, id_) == b"picture"
    assert sound(challenges, id_) == b"sound"
    assert answer(challenges, id_, LETTERS, now).by == "image"


def test_restoring_twice_gives_one_more_try_and_not_two(challenges, now):
    id_ = ask(challenges, now)
    passed = answer(challenges, id_, LETTERS, now)

    restore(challenges, passed)
    assert answer(challenges, id_, "WRONGX", now) == "captcha_wrong"
    restore(challenges, passed)

    assert answer(challenges, id_, LETTERS, now) == "captcha_expired"


def test_what_passed_without_a_picture_restores_to_nothing(challenges):
    restore(challenges, Passed(by="nothing"))

    assert challenges.redis.keys() == []


def test_a_consumed_challenge_is_forgotten_within_a_minute(challenges, now):
    id_ = ask(challenges, now)
    answer(challenges, id_, LETTERS, now)

    assert 0 < challenges.redis.pttl(f"duyet:challenge:{id_}:taken") <= 60_000


def test_listening_after_the_answer_does_not_bring_the_challenge_back(challenges, now):
    id_ = ask(challenges, now)
    answer(challenges, id_, LETTERS, now)

    assert sound(challenges, id_) is None
    assert challenges.redis.exists(f"duyet:challenge:{id_}") == 0


def test_listening_and_answering_at_once_leaves_nothing_behind(challenges, now):
    for _ in range(20):
        id_ = ask(challenges, now)
        start = threading.Barrier(9)

        def listen(_: int, id_: str = id_, start: threading.Barrier = start) -> bytes | None:
            start.wait()
            return sound(challenges, id_)

        with ThreadPoolExecutor(8) as crowd:
            heard = crowd.map(listen, range(8))
            start.wait()
            assert answer(challenges, id_, LETTERS, now).by == "image"
            assert set(heard) <= {b"sound", None}
        assert challenges.redis.exists(f"duyet:challenge:{id_}") == 0


def test_everyone_who_listens_hears_the_same(challenges, now):
    id_ = issue(challenges, site="bao", article="tin-1", kind="image", now=now).id

    with ThreadPoolExecutor(8) as crowd:
        heard = set(crowd.map(lambda _: sound(challenges, id_), range(8)))

    assert len(heard) == 1
    assert heard.pop().startswith(b"RIFF")


def test_an_empty_pool_is_made_up_for_on_the_spot(challenges, now):
    issued = issue(challenges, site="bao", article="tin-1", kind="image", now=now)

    assert issued.kind == "image"
    assert issued.has_image
    assert issued.has_sound
    assert picture(challenges, issued.id)[8:12] == b"WEBP"
    assert sound(challenges, issued.id)[8:12] == b"WAVE"


def test_nothing_that_is_issued_or_stored_contains_an_answer(challenges, now):
    id_ = ask(challenges, now)
    sound(challenges, id_)
    answer(challenges, ask(challenges, now), LETTERS, now)
    issued = issue(challenges, site="bao", article="tin-1", kind="image", now=now)

    redis = challenges.redis
    held = [redis.dump(key) for key in redis.scan_iter()] + [repr(issued).encode(), repr(challenges).encode()]
    for key in redis.keys("duyet:challenge:*"):
        held += [value for pair in redis.hgetall(key).items() for value in pair]

    for secret in (LETTERS.encode(), LETTERS.lower().encode(), DIGITS.encode(), challenges.key):
        assert not [value for value in held if secret in value]


def test_equal_answers_do_not_look_equal(challenges):
    first = store.new_entry(challenges, "image", LETTERS, b"")
    second = store.new_entry(challenges, "image", LETTERS, b"")

    assert first[:16] != second[:16]
    assert first[16:48] != second[16:48]


def test_every_key_has_an_end(challenges, now):
    refill(challenges, pictures=2, sounds=1)
    id_ = ask(challenges, now)
    sound(challenges, id_)
    answer(challenges, ask(challenges, now), LETTERS, now)

    assert all(challenges.redis.pttl(key) > 0 for key in challenges.redis.scan_iter())


@pytest.mark.parametrize("state", ["away", "hung"])
def test_without_redis_a_proof_of_work_stands_in(state, request, now):
    challenges = request.getfixturevalue(state)

    issued = issue(challenges, site="bao", article="tin-1", kind="image", now=now)

    assert (issued.kind, issued.degraded, issued.has_image, issued.has_sound) == ("pow", True, False, False)
    assert issued.pow["parameters"]["data"]["degraded"]


@pytest.mark.parametrize("state", ["away", "hung"])
def test_without_redis_an_answer_cannot_be_looked_up(state, request, challenges, now):
    passed = answer(challenges, ask(challenges, now), LETTERS, now)
    down = request.getfixturevalue(state)

    for call in (
        lambda: answer(down, "A" * 22, LETTERS, now),
        lambda: picture(down, "A" * 22),
        lambda: sound(down, "A" * 22),
        lambda: refill(down, pictures=1, sounds=1),
    ):
        with pytest.raises(ChallengesAway):
            call()
    restore(down, passed)


def test_a_full_redis_is_as_good_as_none(challenges, now):
    redis = challenges.redis
    open_id = ask(challenges, now)
    redis.config_set("maxmemory", 1)
    try:
        issued = issue(challenges, site="bao", article="tin-1", kind="image", now=now)
        with pytest.raises(ChallengesAway):
            refill(challenges, pictures=5, sounds=0)
        passed = answer(challenges, open_id, LETTERS, now)
    finally:
        redis.config_set("maxmemory", 0)

    assert issued.degraded
    assert passed.by == "image"


def test_another_key_opens_nothing(challenges, now):
    id_ = ask(challenges, now)
    rotated = replace(challenges, key=b"another" * 5)

    assert answer(rotated, id_, LETTERS, now) == "captcha_expired"
