"""The gate over HTTP: what a form is given, what opens it, and that nothing opens it twice, late or elsewhere."""

import base64
import json
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from service import challenges
from service.models import Comment, SpentProof
from tests.conftest import MEDIA, a_comment, solved, wait_for, with_answers, written_in

LETTERS, DIGITS = "KBRTXH", "204719"
PLACE = {"site": "bao", "article": "bai-1"}


@pytest.fixture
def ask(client, parts):
    """Ask for a challenge whose answers are known; return what a form gets."""

    def send(**changes):
        with_answers(parts.challenges)
        answer = client.post("/v1/challenges", json={**PLACE, **changes})
        assert answer.status_code == 201, answer.get_json()
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.get_json()

    return send


def code(answer) -> str | int:
    """Return 202, or the one field and code that were wrong."""
    if answer.status_code == 202:
        return 202
    assert answer.status_code == 422, answer.get_json()
    (error,) = answer.get_json()["errors"]
    return f"{error['field']}: {error['code']}"


# What is given


def test_a_site_without_a_challenge_gives_none_and_takes_comments_without(client, add_site, ann):
    add_site(challenge="none")

    assert (client.post("/v1/challenges", json=PLACE).status_code, code(ann())) == (204, 202)


def test_an_image_challenge_brings_picture_sound_and_token(client, add_site, ask):
    add_site(challenge="image")
    given = ask()

    assert given == {
        "id": given["id"],
        "kind": "image",
        "token": given["token"],
        "expires_at": given["expires_at"],
        "image_url": f"/v1/challenges/{given['id']}/image",
        "audio_url": f"/v1/challenges/{given['id']}/audio",
    }
    for url, kind, media in (("image_url", "image/webp", "image"), ("audio_url", "audio/wav", "sound")):
        answer = client.get(given[url])
        assert (answer.status_code, answer.content_type, answer.data) == (200, kind, MEDIA[media])
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


def test_a_proof_of_work_comes_in_altchas_format(add_site, ask):
    add_site(challenge="pow")
    given = ask()

    assert set(given) == {"id", "kind", "token", "expires_at", "pow"}
    assert given["kind"] == "pow"
    assert set(given["pow"]) == {"parameters", "signature"}
    assert given["pow"]["parameters"]["algorithm"] == "PBKDF2/SHA-256"


@pytest.mark.parametrize(
    ("policy", "asked", "given"),
    [
        ("image", None, "image"),
        ("image", "pow", "image"),
        ("pow", None, "pow"),
        ("pow", "image", "image"),
        ("ladder", None, "pow"),
        ("ladder", "pow", "pow"),
        ("ladder", "image", "image"),
    ],
)
def test_the_site_decides_what_is_given_and_an_image_is_always_to_be_had(add_site, ask, policy, asked, given):
    add_site(challenge=policy)

    assert ask(**({"kind": asked} if asked else {}))["kind"] == given


def test_what_is_asked_for_must_make_sense(client, add_site):
    add_site(challenge="image")

    def fields(**sent):
        answer = client.post("/v1/challenges", json=sent)
        assert answer.status_code == 422
        return {error["field"] for error in answer.get_json()["errors"]}

    assert fields() == {"site", "article"}
    assert fields(**PLACE, kind="music") == {"kind"}
    assert fields(site=1, article=[], kind={}) == {"site", "article", "kind"}
    assert client.post("/v1/challenges", json={**PLACE, "site": "khac"}).status_code == 404
    assert client.post("/v1/challenges", data=PLACE).status_code == 201


def test_another_origin_is_given_nothing(client, add_site):
    add_site(challenge="image", origins=("https://bao.example",))

    assert client.post("/v1/challenges", json=PLACE, headers={"Origin": "https://evil.example"}).status_code == 403
    own = client.post("/v1/challenges", json=PLACE, headers={"Origin": "https://bao.example"})
    assert own.headers["Access-Control-Allow-Origin"] == "https://bao.example"


@pytest.mark.parametrize("id_", ["x", "a" * 22, "%00", "đ" * 22, "..%2f..%2fetc"])
def test_pictures_and_sounds_of_unknown_challenges_are_not_found(client, site, id_):
    for part in ("image", "audio"):
        assert client.get(f"/v1/challenges/{id_}/{part}").status_code == 404


# Images (C1 to C8)


@pytest.fixture
def image_site(add_site):
    return add_site(challenge="image")


def test_the_right_letters_open_the_gate_once(client, image_site, ask, ann):
    given = ask()
    answer = {"captcha_id": given["id"], "captcha": LETTERS}

    assert code(ann(**answer)) == 202
    assert code(ann(**answer)) == "captcha: captcha_expired"
    assert client.get(given["image_url"]).status_code == 404


def test_of_64_forms_with_one_answer_at_once_one_gets_in(app, image_site, ask, rows):
    given = ask()
    start = threading.Barrier(64)

    def send(number):
        with app.test_client() as client:
            start.wait()
            return code(client.post("/v1/comments", json=a_comment(captcha_id=given["id"], captcha=LETTERS)))

    with ThreadPoolExecutor(64) as crowd:
        assert Counter(crowd.map(send, range(64))) == {202: 1, "captcha: captcha_expired": 63}
    assert len(rows(Comment)) == 1


def test_a_wrong_answer_burns_the_challenge(image_site, ask, ann, rows):
    given = ask()

    assert code(ann(captcha_id=given["id"], captcha="BBBBBB")) == "captcha: captcha_wrong"
    assert code(ann(captcha_id=given["id"], captcha=LETTERS)) == "captcha: captcha_expired"
    assert rows(Comment) == []


def test_a_form_with_other_faults_leaves_the_challenge_open(image_site, ask, ann):
    given = ask()
    answer = {"captcha_id": given["id"], "captcha": LETTERS}

    assert code(ann(**answer, body="")) == "body: required"
    assert code(ann(**answer)) == 202


def test_a_forgotten_answer_is_named_beside_the_other_faults(image_site, ask, ann):
    given = ask()

    assert code(ann()) == "captcha: captcha_required"
    assert code(ann(captcha_id=given["id"], captcha=" ")) == "captcha: captcha_required"
    both = ann(body="").get_json()["errors"]
    assert {(one["field"], one["code"]) for one in both} == {("body", "required"), ("captcha", "captcha_required")}


@pytest.mark.parametrize("more_settings", [{"CHALLENGE_SECONDS": "1"}])
def test_a_challenge_expires(client, image_site, ask, ann, more_settings):
    given = ask()
    expires = datetime.fromisoformat(given["expires_at"])
    assert 0 < (expires - datetime.now(UTC)).total_seconds() <= 1

    wait_for(lambda: client.get(given["image_url"]).status_code == 404, "the end of the challenge")
    assert code(ann(captcha_id=given["id"], captcha=LETTERS)) == "captcha: captcha_expired"


def test_an_answer_is_good_for_its_own_article_and_site_alone(add_site, ask, ann):
    add_site("bao", challenge="image")
    add_site("khac", challenge="image")

    for elsewhere in ({"article": "bai-2"}, {"site": "khac"}, {"article": "bai-1 "}):
        given = ask()
        assert code(ann(captcha_id=given["id"], captcha=LETTERS, **elsewhere)) == "captcha: captcha_expired"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"captcha": LETTERS},
        {"captcha_id": None, "captcha": None},
        {"captcha_id": ["x"], "captcha": ["x"]},
        {"captcha_id": {"x": 1}, "captcha": 1},
        {"captcha_id": True, "captcha": True},
        {"captcha_id": "x" * 30_000, "captcha": "x" * 30_000},
        {"captcha_id": "\ud800", "captcha": "\ud800"},
        {"captcha_id": "\x00", "captcha": "\x00"},
        {"captcha_id": "a" * 22, "captcha": LETTERS},
    ],
)
def test_an_answer_that_is_none_is_refused_as_a_fault_of_the_form(image_site, ann, rows, answer):
    assert code(ann(**answer)) in {"captcha: captcha_required", "captcha: captcha_expired"}
    assert rows(Comment) == []


@pytest.mark.parametrize("typed", ["kbrtxh", " K B R T X H ", "".join(chr(ord(c) + 0xFEE0) for c in LETTERS)])
def test_letters_count_however_they_were_typed(image_site, ask, ann, typed):
    assert code(ann(captcha_id=ask()["id"], captcha=typed)) == 202


@pytest.mark.parametrize("typed", ["đặng", "K\u0301" * 6, "K" * 100, "𝟚04719", "\u202eHXTRBK"])
def test_strange_answers_are_wrong_and_nothing_worse(image_site, ask, ann, typed):
    assert code(ann(captcha_id=ask()["id"], captcha=typed)) == "captcha: captcha_wrong"


def test_the_spoken_digits_open_the_gate_and_a_person_reads_what_came_by_them(
    client, image_site, ask, ann, judge_all, rows
):
    given = ask()
    assert client.get(given["audio_url"]).status_code == 200

    assert code(ann(captcha_id=given["id"], captcha=DIGITS)) == 202
    judge_all()
    assert [row.status for row in rows(Comment)] == ["held"]


def test_a_comment_by_the_letters_is_published_when_clean(image_site, ask, ann, judge_all, rows):
    ann(captcha_id=ask()["id"], captcha=LETTERS)
    judge_all()

    assert [row.status for row in rows(Comment)] == ["approved"]


def test_the_answer_is_nowhere_but_in_the_picture(client, image_site, ask, ann, valkey, parts, capsys):
    given = ask()
    answers = [client.get(given["image_url"]), client.get(given["audio_url"])]
    with_answers(parts.challenges)
    page = client.get("/embed", query_string=PLACE, headers={"Accept": "text/html"})
    ann(captcha_id=given["id"], captcha="BBBBBB")

    told = json.dumps(given) + page.get_data(as_text=True)
    told += "".join(str(answer.headers) for answer in [*answers, page]) + "".join(capsys.readouterr())
    assert "captcha_id" in told
    assert "public.submit" in told
    stored = written_in(valkey)
    for answer in (LETTERS, DIGITS, LETTERS.lower()):
        assert answer not in told
        assert answer.encode() not in stored


def test_fifty_readers_behind_one_address_each_use_their_own_challenge(image_site, ask, ann):
    asked = [ask() for _ in range(50)]

    sent = [
        code(ann(captcha_id=one["id"], captcha=LETTERS, name=f"Bạn đọc {at}")) for at, one in enumerate(asked[::-1])
    ]
    assert sent == [202] * 50


# Proof of work (C12)


@pytest.fixture
def pow_site(add_site):
    return add_site(challenge="pow")


def test_a_proof_of_work_opens_the_gate_once(pow_site, ask, ann, rows):
    proof = solved(ask()["pow"])

    assert code(ann(pow=proof)) == 202
    assert code(ann(pow=proof)) == "pow: pow_invalid"
    assert (len(rows(Comment)), len(rows(SpentProof))) == (1, 1)


def test_of_16_forms_with_one_proof_at_once_one_gets_in(app, pow_site, ask, rows):
    proof = solved(ask()["pow"])
    start = threading.Barrier(16)

    def send(number):
        with app.test_client() as client:
            start.wait()
            return code(client.post("/v1/comments", json=a_comment(pow=proof, body=f"Ý kiến số {number}.")))

    with ThreadPoolExecutor(16) as crowd:
        assert Counter(crowd.map(send, range(16))) == {202: 1, "pow: pow_invalid": 15}
    assert len(rows(Comment)) == 1


def changed(proof: str, **parameters) -> str:
    payload = json.loads(base64.b64decode(proof))
    payload["challenge"]["parameters"] |= parameters
    return base64.b64encode(json.dumps(payload).encode()).decode()


def test_a_proof_that_was_changed_or_made_up_is_refused(pow_site, ask, ann, rows):
    proof = solved(ask()["pow"])
    unsigned = json.loads(base64.b64decode(proof))
    unsigned["challenge"]["signature"] = "0" * 64
    for forged in (
        changed(proof, cost=1),
        changed(proof, expiresAt=int(time.time()) + 10**6),
        changed(proof, data={"degraded": False, "place": "0" * 64}),
        base64.b64encode(json.dumps(unsigned).encode()).decode(),
        base64.b64encode(b"{}").decode(),
        base64.b64encode(b"[" * 2000).decode(),
        "not base64!",
        "x" * 10_000,
        "\ud800",
    ):
        assert code(ann(pow=forged)) == "pow: pow_invalid"
    assert rows(Comment) == []
    assert code(ann(pow=proof)) == 202


def test_a_proof_is_good_for_its_own_article_and_site_alone(add_site, ask, ann):
    add_site("bao", challenge="pow")
    add_site("khac", challenge="pow")
    proof = solved(ask()["pow"])

    assert code(ann(pow=proof, article="bai-2")) == "pow: pow_invalid"
    assert code(ann(pow=proof, site="khac")) == "pow: pow_invalid"
    assert code(ann(pow=proof)) == 202


@pytest.mark.parametrize("more_settings", [{"CHALLENGE_SECONDS": "1"}])
def test_a_proof_expires(pow_site, ask, ann, more_settings):
    given = ask()
    proof = solved(given["pow"])
    expires = given["pow"]["parameters"]["expiresAt"]
    wait_for(lambda: time.time() > expires + 0.01, "the end of the proof's time")

    assert code(ann(pow=proof)) == "pow: pow_invalid"


@pytest.mark.parametrize("proof", [None, "", 1, True, ["x"], {"challenge": {}}])
def test_a_proof_that_is_none_is_asked_for(pow_site, ann, proof):
    assert code(ann(pow=proof)) == "pow: pow_required"


def test_a_site_with_a_proof_of_work_takes_an_image_as_well(pow_site, ask, ann):
    assert code(ann(captcha_id=ask(kind="image")["id"], captcha=LETTERS)) == 202


def test_a_site_with_an_image_takes_no_ordinary_proof(add_site, ask, ann, parts):
    add_site(challenge="image")
    posed = challenges.issue(parts.challenges, **PLACE, kind="pow", now=datetime.now(UTC))

    assert code(ann(pow=solved(posed.pow))) == "captcha: captcha_required"


# The ladder: a token of ours, open long enough (C10)


@pytest.fixture
def ladder(add_site):
    return add_site(challenge="ladder")


def opened(parts, seconds: float = 60, **elsewhere) -> str:
    """Return the token of a form that was opened so many seconds ago."""
    moment = datetime.fromtimestamp(time.time() - seconds, UTC)
    return challenges.form_token(parts.challenges, **{**PLACE, **elsewhere}, now=moment)


def test_the_ladder_takes_a_token_and_a_proof(ladder, ask, ann, parts):
    assert code(ann(token=opened(parts), pow=solved(ask()["pow"]))) == 202


def test_the_ladder_takes_a_token_and_an_image(ladder, ask, ann, parts):
    assert code(ann(token=opened(parts), captcha_id=ask(kind="image")["id"], captcha=LETTERS)) == 202


def test_every_rung_that_is_missing_is_named(ladder, ann):
    errors = ann(name="").get_json()["errors"]

    assert {(one["field"], one["code"]) for one in errors} == {
        ("name", "required"),
        ("token", "token_required"),
        ("pow", "pow_required"),
    }


def test_a_form_that_was_filled_in_too_fast_is_sent_back_and_its_proof_is_not_lost(ladder, ask, ann, parts):
    given = ask()
    proof = solved(given["pow"])

    assert code(ann(token=given["token"], pow=proof)) == "token: too_fast"
    assert code(ann(token=opened(parts), pow=proof)) == 202


@pytest.mark.parametrize(
    "forge", [lambda t: t[:-1] + "0", lambda t: "0" + t, lambda t: t.upper(), lambda _: "x", str.swapcase]
)
def test_a_forged_token_is_refused(ladder, ask, ann, parts, forge):
    good = opened(parts)
    token = forge(good)
    if token == good:
        token = good[:-1] + "1"

    assert code(ann(token=token, pow=solved(ask()["pow"]))) == "token: token_invalid"


@pytest.mark.parametrize(
    ("seconds", "elsewhere"),
    [(7 * 3600, {}), (-3600, {}), (60, {"article": "bai-2"}), (60, {"site": "khac"})],
)
def test_a_token_of_another_time_or_place_is_refused(ladder, ask, ann, parts, seconds, elsewhere):
    token = opened(parts, seconds, **elsewhere)

    assert code(ann(token=token, pow=solved(ask()["pow"]))) == "token: token_invalid"


TOKEN = re.compile(rb"[0-9a-f]{11}\.[0-9a-f]{16}\.[0-9a-f]{64}")


def test_a_token_stands_in_no_answer_that_a_cache_may_keep(client, add_site, ask):
    # In a cached page it would have been opened long ago, and the time check would never fire.
    add_site("demo", challenge="ladder")
    place = {"site": "demo", "article": "bai-1"}
    paths = ("/", "/embed", "/embed.json", "/embed.js", "/v1/comments", "/v1/counts", "/v1/feed.atom")
    answers = [client.get(path, query_string=place) for path in paths]
    answers.append(client.post("/v1/challenges", json=place))

    assert {answer.status_code for answer in answers} == {200, 201}
    holding = [answer for answer in answers if TOKEN.search(answer.data)]
    assert len(holding) == 3
    assert {answer.headers["Cache-Control"] for answer in holding} == {"no-store"}


# The honeypot (C11)


@pytest.mark.parametrize("policy", ["none", "pow"])
def test_a_filled_honeypot_looks_accepted_and_is_never_shown(client, add_site, ask, ann, judge_all, rows, policy):
    add_site(challenge=policy)
    answer = {"pow": solved(ask()["pow"])} if policy == "pow" else {}

    trapped = ann(website="https://evil.example", **answer)

    assert trapped.status_code == 202
    assert set(trapped.get_json()) == {"id", "receipt", "status"}
    assert trapped.get_json()["status"] == "pending"
    judge_all()
    assert [row.status for row in rows(Comment)] == ["held"]
    assert client.get("/v1/comments?site=bao&article=bai-1").get_json()["count"] == 0
    assert client.get(trapped.headers["Location"]).get_json() == {"status": "received"}


@pytest.mark.parametrize("website", ["", "  ", None, False])
def test_an_empty_honeypot_is_none(site, ann, judge_all, rows, website):
    ann(website=website)
    judge_all()

    assert [row.status for row in rows(Comment)] == ["approved"]
