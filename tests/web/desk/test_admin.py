"""The admin's pages: every part of a site's policy, its words and articles; accounts and tokens, shown once."""

import re
from dataclasses import fields

import pytest

from service.models import Article, Event, Moderator, Site, Token
from service.sites import SitePolicy
from service.web.desk import sites as pages


@pytest.fixture
def ad(site, at_the_desk):
    """Ad administers: signed in at the desk."""
    return at_the_desk("ad", "admin")


def typed(page):
    """Return what a browser would send of the page's first change form, as it stands."""
    form = re.search(r'<form method="post" class="card stack broad">(.*?)</form>', page, re.DOTALL)[1]
    sent = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
    sent |= dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select id="[^"]*" name="(\w+)">(.*?)</select>', form, re.DOTALL):
        sent[name] = re.search(r'value="([^"]*)" selected', options)[1]
    sent |= dict(re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL))
    for name in re.findall(r'<input type="checkbox" name="(\w+)"', form):
        if not re.search(rf'name="{name}" value="1" checked', form):
            sent.pop(name, None)
    return {name: value for name, value in sent.items() if name != "csrf"}


def test_every_part_of_a_policy_has_its_place(ad):
    assert pages.shown_parts() == {one.name for one in fields(SitePolicy)}
    page = ad.client.get("/desk/sites/bao").get_data(as_text=True)
    for _, parts in pages.SECTIONS:
        for part in parts:
            assert f'name="{part.name}"' in page, part.name


def test_a_policy_is_changed_as_it_was_typed_and_nothing_else_moves(ad, rows):
    (before,) = rows(Site)
    form = typed(ad.client.get("/desk/sites/bao").get_data(as_text=True))
    assert ad.post("/desk/sites/bao", **form).location == "/desk/sites/bao?done=site_saved"
    (same,) = rows(Site)
    assert (same.policy, same.name, same.origins) == (before.policy, before.name, before.origins)

    form |= {
        "version": "2",
        "name": "Báo Mới",
        "origins": "https://bao.example\nhttps://m.bao.example/",
        "publish": "after_review",
        "phone_required": "1",
        "body_length": "900",
        "close_after_days": "30",
        "learned_threshold": "0,8",
        "consent_text": "Tòa soạn giữ số của bạn {days} ngày.",
        "review_days": "12345",
    }
    form.pop("title_required")
    assert ad.post("/desk/sites/bao", **form).status_code == 303
    (after,) = rows(Site)
    assert (after.name, after.origins) == ("Báo Mới", ["https://bao.example", "https://m.bao.example"])
    changed = {name: value for name, value in after.policy.items() if before.policy[name] != value}
    assert changed == {
        "publish": "after_review",
        "phone_required": True,
        "title_required": False,
        "body_length": 900,
        "close_after_days": 30,
        "learned_threshold": 0.8,
        "consent_text": "Tòa soạn giữ số của bạn {days} ngày.",
        "review_days": "12345",
    }
    event = max(rows(Event), key=lambda row: row.id)
    assert (event.actor, event.noun, event.detail["body_length"]) == ("moderator:ad", "site", [5000, 900])


def test_what_makes_no_sense_or_comes_from_an_old_page_is_not_saved(ad, rows):
    form = typed(ad.client.get("/desk/sites/bao").get_data(as_text=True))
    for changes, words in (
        ({"body_length": "nhiều"}, "Ô này phải là một số: Nội dung dài nhất."),
        ({"body_length": "999999"}, "nội dung có từ 1 đến 20.000 ký tự"),
        ({"review_to": "0"}, "giờ nghỉ phải sau giờ bắt đầu"),
        ({"origins": "bao"}, "Chưa lưu được"),
    ):
        answer = ad.post("/desk/sites/bao", **{**form, **changes})
        assert answer.status_code == 422
        assert words in answer.get_data(as_text=True)
    old = ad.post("/desk/sites/bao", **{**form, "version": "7"})
    assert (old.status_code, "Có người vừa đổi trước bạn" in old.get_data(as_text=True)) == (409, True)
    assert [row.version for row in rows(Site)] == [1]


def test_categories_lead_elsewhere_and_words_are_said_otherwise(ad, client, rows):
    made = ad.post(
        "/desk/sites/bao/categories", version="1", action_insult="reject", threshold_link="4", action_link=""
    )
    assert made.status_code == 303
    policy = rows(Site)[0].policy
    assert (policy["actions"], policy["thresholds"]) == ({"insult": "reject"}, {"link": 4})

    assert ad.post("/desk/sites/bao/words", version="2", word="send", text="Gửi cho tòa soạn").status_code == 303
    assert "Gửi cho tòa soạn" in client.get("/embed?site=bao&article=bai-1").get_data(as_text=True)
    assert 'value="Gửi cho tòa soạn"' in ad.client.get("/desk/sites/bao/words").get_data(as_text=True)
    assert ad.post("/desk/sites/bao/words", version="3", word="send", text=" ").status_code == 303
    assert rows(Site)[0].policy["strings"] == {}
    assert ad.post("/desk/sites/bao/words", version="4", word="poem", text="x").status_code == 404


def test_articles_are_closed_opened_and_registered(ad, ann, rows):
    article = "https://bao.example/tin?id=1&a=2"
    assert ann(article=article).status_code == 202
    assert ad.post("/desk/sites/bao/articles", article=article, act="close").status_code == 303
    assert ann(article=article).status_code == 423
    assert "đã đóng" in ad.client.get("/desk/sites/bao/articles").get_data(as_text=True)
    assert ad.post("/desk/sites/bao/articles", article=article, act="open").status_code == 303
    assert ann(article=article).status_code == 202
    ad.post("/desk/sites/bao/articles", article="bai-9", act="register", title="Bài chín", url="")
    assert {(row.key, row.registered, row.title) for row in rows(Article)} >= {("bai-9", True, "Bài chín")}
    assert ad.post("/desk/sites/bao/articles", article="x" * 600, act="register").status_code == 422
    assert ad.post("/desk/sites/bao/articles", article="không có", act="open").status_code == 404


def test_a_site_is_added_by_an_admin_of_all_sites_alone(ad, at_the_desk, rows):
    assert ad.post("/desk/sites", key="moi", name="Báo Mới", origins="").location.startswith("/desk/sites/moi")
    assert ad.post("/desk/sites", key="Hoa", name="x", origins="").status_code == 422
    limited = at_the_desk("na", "admin", sites=("bao",))
    assert limited.post("/desk/sites", key="them", name="x", origins="").status_code == 403
    assert limited.client.get("/desk/sites/moi").status_code == 404
    assert limited.post("/desk/sites/moi", version="1").status_code == 404
    assert limited.client.get("/desk/accounts").status_code == 403
    assert limited.post("/desk/accounts", name="eve", role="admin").status_code == 403
    assert {row.key for row in rows(Site)} == {"bao", "moi"}


def secret_of(answer):
    return re.search(r'<code class="key" id="secret">([^<]+)</code>', answer.get_data(as_text=True))[1]


def test_an_account_is_made_changed_closed_and_opened_and_its_password_shows_once(ad, app, at_the_desk, rows):
    made = ad.post("/desk/accounts", name="mo", role="moderator", **{"site:bao": "1"})
    password = secret_of(made)
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    assert password not in ad.client.get("/desk/accounts").get_data(as_text=True)
    mo = app.test_client()

    def enter(secret):
        return mo.post("/desk/sign-in", data={"name": "mo", "password": secret}).status_code

    assert enter(password) == 303
    assert ad.post("/desk/accounts/change", name="mo", role="editor").status_code == 303
    (row,) = [row for row in rows(Moderator) if row.name == "mo"]
    assert (row.role, row.sites) == ("editor", None)
    assert mo.get("/desk/queue").status_code == 401, "sessions end with a change of rights"
    newer = secret_of(ad.post("/desk/accounts/password", name="mo"))
    assert (enter(password), enter(newer)) == (422, 303)
    assert ad.post("/desk/accounts/disable", name="mo").status_code == 303
    assert enter(newer) == 422
    assert ad.post("/desk/accounts/enable", name="mo").status_code == 303
    assert enter(newer) == 303
    assert ad.post("/desk/accounts/code", name="mo").status_code == 303
    acts = [row.act for row in sorted(rows(Event), key=lambda row: row.id) if row.subject == "mo"]
    assert acts == ["add", "change", "reset_password", "disable", "enable", "reset_totp"]
    assert password not in str([row.detail for row in rows(Event)])


def test_nobody_locks_themselves_out_and_bad_accounts_are_refused_in_words(ad):
    for path in ("change", "disable", "password", "code"):
        assert ad.post(f"/desk/accounts/{path}", name="ad", role="moderator").status_code == 403
    twice = ad.post("/desk/accounts", name="ad", role="admin")
    assert (twice.status_code, "tên này đã có" in twice.get_data(as_text=True)) == (422, True)
    assert ad.post("/desk/accounts", name="x", role="king").status_code == 422
    assert ad.post("/desk/accounts/disable", name="nobody").status_code == 404


def test_a_token_is_made_with_scope_and_end_shown_once_and_revoked(ad, client, rows):
    made = ad.post("/desk/accounts/tokens", name="may", scope="review", days="7", **{"site:bao": "1"})
    token = secret_of(made)
    header = {"Authorization": f"Bearer {token}"}
    assert client.get("/v1/review/comments", headers=header).status_code == 200
    assert token not in ad.client.get("/desk/accounts").get_data(as_text=True)
    (row,) = rows(Token)
    assert (row.scope, row.sites, (row.expires_at - row.created_at).days) == ("review", ["bao"], 7)
    assert ad.post("/desk/accounts/tokens", name="x", scope="review", days="0").status_code == 422

    assert ad.post("/desk/accounts/tokens/revoke", name="may").status_code == 303
    assert client.get("/v1/review/comments", headers=header).status_code == 401
    assert ad.post("/desk/accounts/tokens/revoke", name="may").status_code == 404


@pytest.mark.parametrize("path", ["/sites", "/sites/bao", "/sites/bao/words", "/sites/bao/articles", "/accounts"])
def test_every_page_of_the_admin_speaks_both_languages_and_is_good_html(ad, path, ann, faults_of, request):
    ann(article='bài <1> "x"')
    ad.post("/desk/accounts", name="<mo>", role="moderator")
    vietnamese = ad.client.get(f"/desk{path}").get_data(as_text=True)
    ad.client.get("/desk/language/en")
    english = ad.client.get(f"/desk{path}").get_data(as_text=True)

    assert not re.search(r">None<|Undefined|<mo>|<1>", vietnamese + english)
    assert '<html lang="vi">' in vietnamese
    assert '<html lang="en">' in english
    if "sqlite" in request.node.name:
        assert faults_of({"vi": vietnamese, "en": english}) == []
