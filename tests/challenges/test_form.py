"""A form token says when a form was opened, and cannot be made up, moved or hurried."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.challenges import ChallengeFailed, check_token, form_token, issue


def check(challenges, token, now, *, site="bao", article="tin-1", enforce_age=True) -> str | None:
    try:
        check_token(challenges, token, site=site, article=article, now=now, enforce_age=enforce_age)
    except ChallengeFailed as failed:
        assert failed.field == "token"
        return failed.code
    return None


@pytest.fixture
def token(challenges, now):
    return form_token(challenges, site="bao", article="tin-1", now=now)


def test_a_token_that_was_open_long_enough_is_good_more_than_once(challenges, now, token):
    later = now + challenges.minimum_fill

    assert check(challenges, token, later) is None
    assert check(challenges, token, later) is None


def test_nobody_fills_a_form_in_less_than_the_minimum(challenges, now, token):
    assert check(challenges, token, now) == "too_fast"
    assert check(challenges, token, now + timedelta(seconds=2.9)) == "too_fast"


def test_the_age_is_not_asked_for_where_the_caller_does_not_want_it(challenges, now, token):
    assert check(challenges, token, now, enforce_age=False) is None


def test_a_token_ends(challenges, now, token):
    assert check(challenges, token, now + challenges.token_lifetime) is None
    assert check(challenges, token, now + challenges.token_lifetime + timedelta(seconds=1)) == "token_invalid"


def test_a_token_of_the_future_was_not_issued_by_us(challenges, now, token):
    assert check(challenges, token, now - timedelta(seconds=10), enforce_age=False) is None
    assert check(challenges, token, now - timedelta(minutes=1), enforce_age=False) == "token_invalid"


def test_a_token_is_worth_nothing_elsewhere(challenges, now, token):
    later = now + timedelta(minutes=1)

    assert check(challenges, token, later, site="khac") == "token_invalid"
    assert check(challenges, token, later, article="tin-2") == "token_invalid"
    assert check(challenges, token, later, site="baot", article="in-1") == "token_invalid"


def test_no_letter_of_a_token_can_be_changed(challenges, now, token):
    later = now + timedelta(minutes=1)

    for at, letter in enumerate(token):
        changed = token[:at] + ("0" if letter != "0" else "1") + token[at + 1 :]
        assert check(challenges, changed, later) == "token_invalid"


def test_another_key_signs_other_tokens(challenges, now, token):
    other = replace(challenges, key=b"another" * 5)

    assert check(other, token, now + timedelta(minutes=1)) == "token_invalid"


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_token_is_asked_for(challenges, now, missing):
    assert check(challenges, missing, now) == "token_required"


@pytest.mark.parametrize("odd", [" ", "x", "a.b.c", "\ud800", "\0", "١.٢.٣", 7, [], {}, True, b"x", "a" * 100_000])
def test_what_is_no_token_is_invalid(challenges, now, odd):
    assert check(challenges, odd, now) == "token_invalid"


def test_a_token_alone_can_be_issued_and_needs_no_redis(away, now):
    issued = issue(away, site="bao", article="tin-1", kind="token", now=now)

    assert (issued.kind, issued.has_image, issued.has_sound, issued.pow) == ("token", False, False, None)
    assert not issued.degraded
    assert issued.expires_at == now + away.token_lifetime
    assert check(away, issued.token, now + timedelta(minutes=1)) is None


@pytest.mark.parametrize("kind", ["image", "pow"])
def test_every_challenge_brings_a_token(challenges, now, kind):
    issued = issue(challenges, site="bao", article="tin-1", kind=kind, now=now)

    assert check(challenges, issued.token, now + timedelta(minutes=1)) is None
