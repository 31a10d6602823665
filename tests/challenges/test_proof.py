"""A proof of work is believed only if it is ours, unchanged, in time, in place and done."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import altcha
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.challenges import ChallengeFailed, Passed, issue, verify_proof
from service.challenges.seal import sub_key


def solve(posed):
    challenge = altcha.Challenge.from_dict(posed)
    return altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_dict()


def packed(payload) -> str:
    return base64.b64encode(json.dumps(payload).encode()).decode()


def verify(challenges, payload, now, *, site="bao", article="tin-1") -> Passed | str:
    try:
        return verify_proof(challenges, site=site, article=article, payload=payload, now=now)
    except ChallengeFailed as failed:
        assert failed.field == "pow"
        return failed.code


@pytest.fixture
def solved(challenges, now):
    return solve(issue(challenges, site="bao", article="tin-1", kind="pow", now=now).pow)


def test_a_solved_challenge_passes_and_names_its_nonce(challenges, now):
    issued = issue(challenges, site="bao", article="tin-1", kind="pow", now=now)

    passed = verify(challenges, packed(solve(issued.pow)), now + timedelta(seconds=5))

    assert passed == Passed(
        by="pow", nonce=issued.pow["parameters"]["nonce"], degraded=False, expires_at=issued.expires_at
    )
    assert issued.id == passed.nonce
    assert issued.expires_at == now + challenges.lifetime


def test_a_proof_needs_no_redis(away, now):
    issued = issue(away, site="bao", article="tin-1", kind="pow", now=now)

    assert not issued.degraded
    assert not verify(away, packed(solve(issued.pow)), now).degraded


def test_a_proof_that_stood_in_for_a_picture_says_so(away, now):
    issued = issue(away, site="bao", article="tin-1", kind="image", now=now)
    solved = solve(issued.pow)

    assert verify(away, packed(solved), now).degraded
    solved["challenge"]["parameters"]["data"]["degraded"] = False
    assert verify(away, packed(solved), now) == "pow_invalid"


def test_the_same_solution_names_the_same_nonce_so_that_the_caller_can_refuse_it(challenges, now, solved):
    first = verify(challenges, packed(solved), now)
    again = verify(challenges, packed(solved), now)

    assert first.nonce == again.nonce


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cost", 1),
        ("cost", 10.0),
        ("cost", "10"),
        ("keyPrefix", "00"),
        ("keyPrefix", ""),
        ("keyLength", 1),
        ("keySignature", None),
        ("algorithm", "SHA-256"),
        ("nonce", "00" * 16),
        ("salt", "00" * 16),
        ("expiresAt", 99_999_999_999),
        ("expiresAt", None),
        ("data", None),
        ("data", {}),
        ("memoryCost", 1),
    ],
)
def test_a_cheapened_or_changed_challenge_is_refused(challenges, now, solved, name, value):
    solved["challenge"]["parameters"][name] = value

    assert verify(challenges, packed(solved), now) == "pow_invalid"


def test_a_challenge_without_one_of_its_parts_is_refused(challenges, now, solved):
    for name in list(solved["challenge"]["parameters"]):
        without = json.loads(json.dumps(solved))
        del without["challenge"]["parameters"][name]
        assert verify(challenges, packed(without), now) == "pow_invalid"


@pytest.mark.parametrize("signature", [None, "", "00" * 32, 7, [], "é", "\ud800"])
def test_an_unsigned_challenge_is_refused(challenges, now, solved, signature):
    solved["challenge"]["signature"] = signature

    assert verify(challenges, packed(solved), now) == "pow_invalid"


@pytest.mark.parametrize("key", [None, "", "00" * 32, 7, [], "zz", "é", "\ud800"])
def test_an_unsolved_challenge_is_refused(challenges, now, solved, key):
    solved["solution"]["derivedKey"] = key

    assert verify(challenges, packed(solved), now) == "pow_invalid"


def test_the_prefix_that_the_client_is_shown_is_not_the_solution(challenges, now, solved):
    solved["solution"]["derivedKey"] = solved["challenge"]["parameters"]["keyPrefix"] * 2

    assert verify(challenges, packed(solved), now) == "pow_invalid"


def test_a_challenge_of_ones_own_making_is_refused(challenges, now):
    eve = replace(challenges, key=b"e" * 32)
    forged = solve(issue(eve, site="bao", article="tin-1", kind="pow", now=now).pow)

    assert verify(challenges, packed(forged), now) == "pow_invalid"


def test_a_solution_after_its_time_is_refused(challenges, now, solved):
    assert verify(challenges, packed(solved), now + challenges.lifetime).by == "pow"
    assert verify(challenges, packed(solved), now + challenges.lifetime + timedelta(seconds=1)) == "pow_invalid"


def test_a_solution_for_elsewhere_is_refused(challenges, now, solved):
    assert verify(challenges, packed(solved), now, site="khac") == "pow_invalid"
    assert verify(challenges, packed(solved), now, article="tin-2") == "pow_invalid"
    assert verify(challenges, packed(solved), now, site="baot", article="in-1") == "pow_invalid"


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_proof_is_asked_for(challenges, now, missing):
    assert verify(challenges, missing, now) == "pow_required"


@pytest.mark.parametrize(
    "payload",
    [
        " ",
        "x",
        "Việt",
        "\ud800",
        "\0",
        [],
        {},
        7,
        True,
        b"e30=",
        packed(None),
        packed([]),
        packed({}),
        packed({"challenge": [], "solution": {}}),
        packed({"challenge": {"parameters": [], "signature": ""}, "solution": {"derivedKey": ""}}),
        packed({"challenge": {"parameters": "x", "signature": "x"}, "solution": {"derivedKey": "00"}}),
        base64.b64encode(b"[" * 3_000).decode(),
        base64.b64encode(b'{"a":' * 600).decode(),
        base64.b64encode(b"1" * 3_000).decode(),
        base64.b64encode(b"NaN").decode(),
        base64.b64encode(b"\xff\xfe\xfd").decode(),
        "A" * 100_000,
    ],
)
def test_what_is_no_proof_at_all_is_refused_and_nothing_else_happens(challenges, now, payload):
    assert verify(challenges, payload, now) == "pow_invalid"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["challenge", "parameters", "signature", "solution", "derivedKey", "data"]), inner
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(payload=st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()) | anything.map(packed))
def test_no_payload_gets_through_or_does_damage(challenges, now, payload):
    assert verify(challenges, payload, now) in {"pow_invalid", "pow_required"}


def test_the_library_agrees_about_what_is_ours_and_solved(challenges):
    # The library reads the machine's clock, so this one test does too.
    today = datetime.now(UTC)
    solved = solve(issue(challenges, site="báo", article="tin-1", kind="pow", now=today).pow)
    forged = json.loads(json.dumps(solved))
    forged["challenge"]["parameters"]["cost"] = 1

    for payload in (solved, forged):
        result = altcha.verify_solution(
            packed(payload),
            sub_key(challenges.key, "proof"),
            hmac_key_secret=sub_key(challenges.key, "proof key"),
        )
        ours = verify(challenges, packed(payload), today, site="báo")
        assert result.verified == isinstance(ours, Passed)


def test_the_work_is_within_the_bounds_that_were_set(challenges, now):
    for _ in range(20):
        posed = issue(challenges, site="bao", article="tin-1", kind="pow", now=now).pow
        assert 5 <= solve(posed)["solution"]["counter"] <= 10
        assert posed["parameters"]["cost"] == 10
        assert posed["parameters"]["algorithm"] == "PBKDF2/SHA-256"
