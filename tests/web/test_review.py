"""Mo moderates over HTTP: the queue, decisions and their order, undo, leases, phones, and who may do what."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from service import tokens
from service.models import Comment, Reveal, Token

BASE = "/v1/review"


@pytest.fixture
def held(add_site, ann, judge_all):
    """Send a comment to a site where a person reads all; return its id."""
    add_site(publish="after_review")

    def send(**changes) -> str:
        sent = ann(**changes).get_json()["id"]
        judge_all()
        return sent

    return send


@pytest.fixture
def decide(client, mo):
    def send(comment_id, headers=mo, **ruling):
        return client.post(f"{BASE}/comments/{comment_id}/decision", json=ruling, headers=headers)

    return send


def queue(client, headers, **query):
    answer = client.get(f"{BASE}/comments", query_string=query, headers=headers)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def test_the_queue_is_filtered_ordered_and_paged(client, held, mo):
    ids = [held(body=f"Bình luận về Đường số {n} của tôi.", article=f"bai-{n}") for n in range(3)]

    assert [one["id"] for one in queue(client, mo, order="oldest")["comments"]] == ids
    assert [one["id"] for one in queue(client, mo, order="newest")["comments"]] == ids[::-1]
    assert [one["id"] for one in queue(client, mo, article="bai-1")["comments"]] == [ids[1]]
    assert [one["id"] for one in queue(client, mo, q="DUONG 2")["comments"]] == [ids[2]]
    assert queue(client, mo, status="approved")["total"] == 0
    for order in ("priority", "oldest", "newest"):
        seen, cursor = [], ""
        while cursor is not None:
            page = queue(client, mo, order=order, limit=2, cursor=cursor)
            seen += [one["id"] for one in page["comments"]]
            assert page["total"] == 3
            cursor = page["next"]
        assert sorted(seen) == sorted(ids), order


def test_a_decision_is_checked_before_it_conflicts_and_the_second_learns_of_the_first(held, decide):
    one = held()
    first = decide(one, outcome="reject", reason="spam", version=2)
    assert (first.status_code, first.get_json()["comment"]["status"]) == (200, "rejected")

    assert decide(one, outcome="reject", reason="boring", version=2).status_code == 422
    assert decide(one, outcome="reject", reason="other", version=2).status_code == 422
    assert decide(one, outcome="approve", reason="spam", version=2).status_code == 422
    assert decide(one, outcome="approve", escalate=True, version=2).status_code == 422
    second = decide(one, outcome="approve", version=2)
    assert second.status_code == 409
    assert second.get_json()["decision"]["id"] == first.get_json()["decision"]["id"]
    assert decide(uuid.uuid4(), outcome="approve", version=1).status_code == 404


def test_500_are_decided_at_once_and_each_for_itself(client, held, mo):
    one, two = held(), held(article="bai-2")
    nobody = [str(uuid.uuid4()) for _ in range(497)]
    stale = held(article="bai-3")
    items = [{"id": one, "version": 2}, {"id": two, "version": 2}, {"id": stale, "version": 9}]
    items += [{"id": other, "version": 1} for other in nobody]

    answer = client.post(f"{BASE}/decisions", json={"items": items, "outcome": "reject", "reason": "spam"}, headers=mo)
    statuses = {result["id"]: result["status"] for result in answer.get_json()["results"]}
    assert statuses == {one: 200, two: 200, stale: 409, **dict.fromkeys(nobody, 404)}
    items.append({"id": one, "version": 1})
    assert client.post(f"{BASE}/decisions", json={"items": items, "outcome": "reject"}, headers=mo).status_code == 422


def test_undo_restores_what_was_and_only_once(client, held, decide, mo):
    one = held()
    decision = decide(one, outcome="approve", version=2).get_json()["decision"]["id"]
    assert client.get("/v1/counts?site=bao&article=bai-1").get_json()["counts"] == {"bai-1": 1}

    undone = client.post(f"{BASE}/undo", json={"decision": decision}, headers=mo)
    assert undone.get_json()["comment"]["status"] == "held"
    assert client.get("/v1/counts?site=bao&article=bai-1").get_json()["counts"] == {"bai-1": 0}
    assert client.post(f"{BASE}/undo", json={"decision": decision}, headers=mo).status_code == 409
    assert client.post(f"{BASE}/undo", json={"decision": str(uuid.uuid4())}, headers=mo).status_code == 404


def test_a_lease_names_its_holder_whatever_the_length_of_the_name(client, held, add_token, mo):
    one, long = held(), add_token("m" * 80)
    url = f"{BASE}/comments/{one}/lease"

    assert client.post(url, headers=long).status_code == 200
    taken = client.post(url, headers=mo)
    assert (taken.status_code, taken.get_json()["lease"]["by"]) == (409, "token:" + "m" * 80)
    assert client.delete(url, headers=mo).status_code == 204
    assert client.post(url, headers=mo).status_code == 409, "another's lease stays"
    assert client.delete(url, headers=long).status_code == 204
    assert client.post(url, headers=mo).status_code == 200


def test_a_phone_is_masked_until_somebody_says_why(client, held, mo, rows):
    one = held(phone="0912345678", consent=True)
    url = f"{BASE}/comments/{one}/phone"
    assert queue(client, mo)["comments"][0]["phone"].endswith("678")
    assert "912345" not in client.get(f"{BASE}/comments", headers=mo).get_data(as_text=True)

    assert client.post(url, json={"reason": " "}, headers=mo).status_code == 422
    assert client.post(url, json={"reason": "Gọi lại"}, headers=mo).get_json() == {"phone": "+84912345678"}
    assert [(row.actor, row.reason) for row in rows(Reveal)] == [("token:mo", "Gọi lại")]


def test_masking_hides_personal_data_in_what_is_shown_alone(client, held, decide, rows):
    one = held(body="Gọi tôi số 0912 345 678 nhé.")
    assert decide(one, outcome="approve", mask=True, version=2).status_code == 200

    shown = client.get("/v1/comments?site=bao&article=bai-1").get_json()["comments"][0]["body"]
    assert "0912 345 678" not in shown
    assert len(shown) == len("Gọi tôi số 0912 345 678 nhé.")
    assert rows(Comment)[0].body == "Gọi tôi số 0912 345 678 nhé."


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("Liên hệ em Lan số 0912 345 678 để biết thêm.", "345 678"),
        ("Nó tên Lan, CCCD 001099012345, ai gặp báo giùm.", "1099012345"),
        ("Chuyển vào stk 19033344455566 techcombank giùm mình nhé.", "33344455566"),
    ],
    ids=["phone", "card", "account"],
)
def test_a_text_with_a_strangers_number_waits_for_a_person_who_may_publish_it_masked(
    client, add_site, ann, judge_all, decide, rows, body, number
):
    add_site(publish="when_clean")
    one = ann(body=body).get_json()["id"]
    judge_all()
    assert rows(Comment)[0].status == "held"
    assert client.get("/v1/comments?site=bao&article=bai-1").get_json()["comments"] == []
    assert decide(one, outcome="approve", mask=True, version=2).status_code == 200
    shown = client.get("/v1/comments?site=bao&article=bai-1").get_json()["comments"][0]["body"]
    assert number not in shown
    assert number not in client.get("/v1/feed.atom?site=bao&article=bai-1").text
    assert len(shown) == len(body)


def test_a_preview_stores_nothing(client, site, mo, rows):
    answer = client.post(f"{BASE}/preview", json={"body": "Địt mẹ.", "site": "bao"}, headers=mo)

    assert answer.get_json()["outcome"] in {"hold", "reject"}
    assert client.post(f"{BASE}/preview", json={"body": "x", "site": "khac"}, headers=mo).status_code == 404
    assert rows(Comment) == []


CALLS = [
    ("GET", "/comments"),
    ("GET", "/comments/{id}"),
    ("POST", "/comments/{id}/decision"),
    ("POST", "/decisions"),
    ("POST", "/undo"),
    ("POST", "/comments/{id}/lease"),
    ("DELETE", "/comments/{id}/lease"),
    ("POST", "/comments/{id}/phone"),
    ("POST", "/preview"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nobody_and_the_wrong_scope_are_turned_away(client, held, add_token, method, path, parts):
    url = BASE + path.format(id=held())
    ended, revoked = add_token("ended", days=1), add_token("revoked")
    with parts.database.writing() as session:
        session.execute(update(Token).where(Token.name == "ended").values(expires_at=datetime.now(UTC) - timedelta(1)))
        tokens.revoke(session, "revoked", now=datetime.now(UTC))

    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}, ended, revoked):
        answer = client.open(url, method=method, json={}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    refused = client.open(url, method=method, json={}, headers=add_token("ops", scope="ops"))
    assert (refused.status_code, refused.get_json()["type"]) == (403, "urn:duyet:problem:no-right")


def test_another_sites_comments_are_not_there(client, add_site, held, add_token, decide):
    one = held()
    add_site("khac")
    eve = add_token("eve", sites=("khac",))

    assert queue(client, eve)["total"] == 0
    assert client.get(f"{BASE}/comments/{one}", headers=eve).status_code == 404
    assert decide(one, eve, outcome="approve", version=2).status_code == 404
    for method, path, body in (
        ("POST", "lease", {}),
        ("DELETE", "lease", {}),
        ("POST", "phone", {"reason": "x"}),
    ):
        assert client.open(f"{BASE}/comments/{one}/{path}", method=method, json=body, headers=eve).status_code == 404
    bulk = client.post(
        f"{BASE}/decisions", json={"items": [{"id": one, "version": 2}], "outcome": "reject"}, headers=eve
    )
    assert [result["status"] for result in bulk.get_json()["results"]] == [404]


# Complaints of readers


@pytest.fixture
def reported(client, add_site, publish):
    """A comment that is shown, and of which two readers complained."""
    add_site()
    sent = publish()["id"]
    publish(article="bai-2", body="Một ý kiến khác mà không ai phàn nàn.")
    for reader, reason in (("10.0.0.1", "insult"), ("10.9.0.1", "spam")):
        answer = client.post(
            f"/v1/comments/{sent}/reports",
            json={"reason": reason, "text": "Xin tòa soạn xem lại."},
            environ_base={"REMOTE_ADDR": reader},
        )
        assert answer.status_code == 202
    return sent


def complained_of(client, mo, **query):
    return [(one["id"], one["open_reports"]) for one in queue(client, mo, reported=1, **query)["comments"]]


def test_what_readers_complain_of_is_found_with_what_they_said(client, reported, mo):
    assert complained_of(client, mo) == [(reported, 2)]
    assert complained_of(client, mo, site="other") == []
    assert queue(client, mo, status="approved")["total"] == 2

    card = client.get(f"{BASE}/comments/{reported}", headers=mo).get_json()
    assert [(one["reason"], one["text"], one["open"]) for one in card["complaints"]] == [
        ("insult", "Xin tòa soạn xem lại.", True),
        ("spam", "Xin tòa soạn xem lại.", True),
    ]


def test_a_complaint_is_answered_by_leaving_the_comment_as_it_is_and_a_new_one_is_open_again(
    client, reported, decide, mo
):
    assert decide(reported, outcome="approve", version=2).status_code == 200
    assert complained_of(client, mo) == []
    card = client.get(f"{BASE}/comments/{reported}", headers=mo).get_json()
    assert (card["reports"], card["open_reports"], card["status"]) == (2, 0, "approved")

    client.post(f"/v1/comments/{reported}/reports", json={"reason": "hate"}, environ_base={"REMOTE_ADDR": "10.8.0.1"})
    assert complained_of(client, mo) == [(reported, 1)]


def test_a_decision_that_is_taken_back_does_not_answer_a_complaint(client, reported, decide, mo):
    decision = decide(reported, outcome="reject", reason="insult", version=2).get_json()["decision"]["id"]
    assert complained_of(client, mo, status="rejected") == []
    assert client.post(f"{BASE}/undo", json={"decision": decision}, headers=mo).status_code == 200
    assert complained_of(client, mo) == [(reported, 2)]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' OR 1=1; --", "{{7*7}}", "=cmd|' /C calc'!A0"])
def test_code_in_what_moderators_and_readers_say_about_a_comment_is_text(client, site, mo, decide, publish, text):
    shown = publish()["id"]
    told = {"reason": "other", "text": text}
    assert client.post(f"/v1/comments/{shown}/reports", json=told).status_code == 202
    assert decide(shown, mo, outcome="reject", reason="other", note=text, version=2).status_code == 200
    seen = client.post(f"{BASE}/comments/{shown}/phone", json={"reason": text}, headers=mo)
    assert (seen.status_code, seen.get_json()) == (200, {"phone": None})

    card = client.get(f"{BASE}/comments/{shown}", headers=mo)
    assert card.content_type == "application/json"
    assert [one["text"] for one in card.get_json()["complaints"]] == [text]
    assert card.get_json()["decisions"][-1]["note"] == text
