"""The form as a plain page: what a browser without a script sees, sends and gets back."""

import html
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from service import articles, sites
from service.models import Report

PAGE = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ORIGIN = "https://bao.example"
TYPED = {"name": "Ngọc Ánh", "title": "Cảm ơn", "body": "Bài viết rất hay & bổ ích, 3 < 5 điều."}


def field(page: str, name: str) -> str:
    """Return the value of a field of the form."""
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    value = re.search(r'value="([^"]*)"', tag[0]) if tag else None
    return html.unescape(value[1]) if value else ""


def hidden(page: str) -> dict[str, str]:
    names = re.findall(r'<input type="hidden" name="(\w+)"', page)
    return {name: field(page, name) for name in names}


@pytest.fixture
def opened(client, add_site):
    """The embed page of a site that asks for a picture."""
    add_site(challenge="image", origins=(ORIGIN,))
    return client.get("/embed?site=bao&article=bai-1&url=https://bao.example/bai-1").text


def test_the_page_has_every_field_of_the_form_by_the_words_of_vietnamese_portals(opened):
    for words in (
        "Viết bình luận",
        "Họ tên",
        "Số điện thoại",
        "Tiêu đề",
        "Nội dung",
        "Mã xác nhận",
        "Lấy lại mã bảo mật",
    ):
        assert words in opened
    assert "Nghe mã" in opened
    assert 'lang="vi"' in opened
    assert field(opened, "article_url") == "https://bao.example/bai-1"


def test_the_box_of_consent_is_ticked_by_the_reader_alone(client, add_site):
    add_site(phone_required=True)
    page = client.get("/embed?site=bao&article=bai-1&consent=1&phone=0912345678").text
    sent = {"site": "bao", "article": "bai-1", "name": "Ann", "title": "Ý kiến", "phone": "0912 345 678"}
    unticked = client.post("/embed", data={**sent, "body": "Bài hay."}, headers={"Accept": "text/html"})
    ticked = client.post("/embed", data={**sent, "body": "", "consent": "1"}, headers={"Accept": "text/html"})
    boxes = [re.search(r'<input[^>]*name="consent"[^>]*>', one)[0] for one in (page, unticked.text, ticked.text)]
    assert [" checked" in box for box in boxes] == [False, False, True], (
        "what the reader ticked stays when it comes back"
    )


def test_the_page_is_never_kept_and_may_be_framed_by_the_sites_own_pages_alone(client, add_site):
    add_site(origins=(ORIGIN,))
    answer = client.get("/embed?site=bao&article=bai-1")
    policy = answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert f"frame-ancestors 'self' {ORIGIN}" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_nothing_in_the_page_runs_or_styles_inline(opened):
    assert not re.search(r"<[^>]+ (on\w+|style)=", opened)
    assert not re.search(r"<script(?![^>]* src=)|<style", opened)


def test_a_plain_form_leads_to_its_receipt_and_a_reload_sends_nothing_twice(client, add_site, judge_all):
    add_site()
    page = client.get("/embed?site=bao&article=bai-1").text
    sent = client.post("/v1/comments", data={**hidden(page), **TYPED}, headers=PAGE)
    assert sent.status_code == 303
    slip = client.get(sent.headers["Location"])
    assert "Bình luận đang chờ duyệt" in slip.text
    assert slip.headers["Cache-Control"] == "no-store"
    judge_all()
    assert "Bình luận của bạn đã được đăng" in client.get(sent.headers["Location"]).text
    listed = client.get("/embed?site=bao&article=bai-1").text
    assert "Bài viết rất hay &amp; bổ ích, 3 &lt; 5 điều." in listed


def test_a_double_click_posts_once(client, add_site, judge_all):
    add_site()
    form = {**hidden(client.get("/embed?site=bao&article=bai-1").text), **TYPED}
    first, second = (client.post("/v1/comments", data=form, headers=PAGE).headers["Location"] for _ in range(2))
    judge_all()
    assert first == second
    assert client.get("/v1/comments?site=bao&article=bai-1").json["count"] == 1


def test_what_is_wrong_stands_under_its_field_and_what_was_typed_stays(client, opened):
    form = {**hidden(opened), **TYPED, "title": "", "phone": "12", "captcha": "SAI"}
    answer = client.post("/v1/comments", data=form, headers=PAGE)
    assert answer.status_code == 422
    page = answer.text
    assert field(page, "name") == TYPED["name"]
    assert html.escape(TYPED["body"], quote=False) in page
    assert "Bạn chưa điền tiêu đề." in page
    assert re.search(r'<p class="wrong" id="bl-phone-wrong">Số điện thoại này chưa đúng', page)
    assert re.search(r'name="title"[^>]*aria-describedby="bl-title-wrong"[^>]*aria-invalid="true"', page)
    assert page.count("autofocus") == 1
    assert re.search(r'name="phone"[^>]*autofocus', page)


def test_a_wrong_code_brings_a_new_picture_and_keeps_the_text(client, opened):
    form = {**hidden(opened), **TYPED, "captcha": "SAISAI"}
    page = client.post("/v1/comments", data=form, headers=PAGE).text
    assert "Mã xác nhận chưa đúng" in page
    assert field(page, "captcha_id") not in {"", form["captcha_id"]}
    assert field(page, "name") == TYPED["name"]
    assert field(page, "idempotency_key") == form["idempotency_key"]


def test_another_code_without_a_script_keeps_the_text(client, opened):
    form = {**hidden(opened), **TYPED}
    answer = client.post("/embed", data=form)
    assert answer.status_code == 200
    assert field(answer.text, "captcha_id") not in {"", form["captcha_id"]}
    assert field(answer.text, "title") == TYPED["title"]
    assert "Đã đổi mã mới" in answer.text


@pytest.mark.parametrize("challenge", ["pow", "ladder"])
def test_without_a_script_every_rung_of_the_ladder_offers_a_picture(client, add_site, challenge):
    add_site(challenge=challenge)
    page = client.get("/embed?site=bao&article=bai-1").text
    assert field(page, "captcha_id")
    assert field(page, "token")
    assert client.get(re.search(r'<img class="picture" src="([^"]*)"', page)[1]).mimetype == "image/webp"


def test_the_form_on_a_ladder_keeps_the_time_at_which_it_was_opened(client, add_site):
    add_site(challenge="ladder")
    form = {**hidden(client.get("/embed?site=bao&article=bai-1").text), **TYPED, "captcha": ""}
    page = client.post("/v1/comments", data=form, headers=PAGE).text
    assert field(page, "token") == form["token"]


def test_an_address_of_another_site_is_not_taken_for_the_articles(client, add_site):
    add_site(origins=(ORIGIN,))
    page = client.get("/embed?site=bao&article=bai-1&url=https://evil.example/").text
    assert "evil.example" not in page


def test_a_script_in_any_parameter_is_text(client, add_site):
    add_site(origins=(ORIGIN,))
    attack = '"><script>alert(1)</script>'
    page = client.get("/embed", query_string={"site": "bao", "article": attack, "title": attack}).text
    assert "<script>alert" not in page
    again = client.post(
        "/v1/comments",
        data={"site": "bao", **dict.fromkeys(("article", "article_title", "name", "phone", "title", "token"), attack)},
        headers=PAGE,
    )
    assert again.status_code == 422
    assert "<script>alert" not in again.text


def test_a_closed_article_has_its_list_and_no_form(client, add_site, parts):
    site = add_site()
    with parts.database.writing() as session:
        articles.close(session, site, "bai-1", now=datetime.now(UTC))
    page = client.get("/embed?site=bao&article=bai-1").text
    assert "Bài viết đã đóng bình luận." in page
    assert "<form" not in page


def test_an_article_closed_meanwhile_gives_the_text_back(client, add_site, parts):
    site = add_site()
    form = {**hidden(client.get("/embed?site=bao&article=bai-1").text), **TYPED}
    with parts.database.writing() as session:
        articles.close(session, site, "bai-1", now=datetime.now(UTC))
    answer = client.post("/v1/comments", data=form, headers=PAGE)
    assert answer.status_code == 423
    assert html.escape(TYPED["body"], quote=False) in answer.text


def test_a_reader_withdraws_with_the_receipt_alone(client, add_site, judge_all):
    add_site()
    form = {**hidden(client.get("/embed?site=bao&article=bai-1").text), **TYPED}
    slip = client.post("/v1/comments", data=form, headers=PAGE).headers["Location"]
    judge_all()
    answer = client.post(slip)
    assert (answer.status_code, answer.headers["Location"]) == (303, slip)
    assert "Bình luận đã được rút lại" in client.get(slip).text
    assert client.get("/v1/comments?site=bao&article=bai-1").json["count"] == 0


def test_an_unknown_receipt_is_a_page_that_says_so(client):
    answer = client.get("/receipts/AAAAAAAAAAAAAAAAAAAAAAAA", headers=PAGE)
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "Không tìm thấy" in answer.text


def test_the_api_answers_with_problem_documents_even_to_a_browser(client):
    assert client.get("/v1/comments?site=nope&article=a", headers=PAGE).mimetype == "application/problem+json"


class TestFew:
    """A site where little may be sent."""

    @pytest.fixture
    def more_settings(self):
        return {"LIMIT_COMMENTS": "1/minute", "LIMIT_CHALLENGES": "1/minute"}

    def test_too_many_give_the_text_back_and_say_when_to_go_on(self, client, add_site):
        add_site()
        form = {**hidden(client.get("/embed?site=bao&article=bai-1").text), **TYPED}
        client.post("/v1/comments", data=form, headers=PAGE)
        answer = client.post("/v1/comments", data={**form, "body": "Ý kiến thứ hai."}, headers=PAGE)
        assert answer.status_code == 429
        assert f"Xin chờ {answer.headers['Retry-After']} giây" in answer.text
        assert "Ý kiến thứ hai." in answer.text

    def test_the_list_stays_readable_when_there_are_no_more_pictures_for_an_address(self, client, add_site):
        add_site(challenge="image")
        first, second = (client.get("/embed?site=bao&article=bai-1") for _ in range(2))
        assert field(first.text, "captcha_id")
        assert second.status_code == 200
        assert "Chưa lấy được mã xác nhận" in second.text


def test_a_site_says_everything_in_its_own_words(client, add_site):
    add_site(
        strings={"heading": "Ý kiến bạn đọc", "send": "Gửi <ngay>"},
        consent_text="Cho phép lưu {days} ngày.",
        phone_days=7,
    )
    page = client.get("/embed?site=bao&article=bai-1").text
    assert "Ý kiến bạn đọc" in page
    assert "Gửi &lt;ngay&gt;" in page
    assert "Cho phép lưu 7 ngày." in page


def test_an_english_site_has_an_english_form(client, add_site):
    add_site(language="en")
    page = client.get("/embed?site=bao&article=bai-1").text
    assert 'lang="en"' in page
    assert "Write a comment" in page


def test_the_demo_is_there_as_long_as_its_site_is(client, add_site):
    assert client.get("/", headers=PAGE).status_code == 404
    add_site("demo", challenge="image")
    page = client.get("/").text
    assert "Báo Sông Quê" in page
    assert "Lấy lại mã bảo mật" in page
    assert sites.KEY.fullmatch(field(page, "site"))


def report_form(page: str) -> tuple[str, dict[str, str]]:
    """Return where the form under the first comment goes, and what it sends beside the reason."""
    form = re.search(r'<form class="ways" action="([^"]*)" method="post">(.*?)</form>', page, re.DOTALL)
    assert form
    return form[1], {name: field(form[2], name) for name in re.findall(r'type="hidden" name="(\w+)"', form[2])}


def test_a_reader_without_a_script_reports_a_comment_and_comes_back_to_it(client, add_site, publish, rows):
    add_site(origins=(ORIGIN,))
    comment = publish()["id"]
    page = client.get("/embed?site=bao&article=bai-1&url=https://bao.example/bai-1").text
    where, sent = report_form(page)
    answer = client.post(where, data={**sent, "reason": "spam"}, headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"#c-{comment}")
    back = client.get(answer.headers["Location"]).text
    assert "Tòa soạn sẽ xem lại bình luận này" in back
    assert field(back, "article_url") == "https://bao.example/bai-1"
    assert [str(one.comment_id) for one in rows(Report)] == [comment]


def test_a_report_that_cannot_be_taken_is_told_as_a_page(client, add_site, publish, rows):
    add_site()
    publish()
    where, sent = report_form(client.get("/embed?site=bao&article=bai-1").text)
    assert client.post(where, data={**sent, "reason": "boring"}, headers=PAGE).mimetype == "text/html"
    foreign = client.post(where, data={**sent, "reason": "spam"}, headers={**PAGE, "Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.mimetype) == (403, "text/html")
    assert rows(Report) == []


def test_every_sentence_about_a_field_may_be_the_sites_own_with_and_without_a_script(client, add_site):
    add_site(strings={"error_required": "Xin điền {label}.", "label_title": "tít", "problem_closed": "Hết giờ"})
    wrong = {"site": "bao", "article": "bai-1", "name": "Ann", "body": "Hay quá."}
    told = client.post("/v1/comments", json=wrong).get_json()
    assert [one["message"] for one in told["errors"]] == ["Xin điền tít."]
    assert "Xin điền tít." in client.post("/v1/comments", data=wrong, headers=PAGE).text
    assert client.get("/embed.json?site=bao&article=bai-1").get_json()["wrong"]["title"] == "Xin điền tít."
    english = client.post("/v1/comments", json=wrong, headers={"Accept-Language": "en"}).get_json()
    assert [one["message"] for one in english["errors"]] == ["Please fill in a title."]


def test_times_are_told_in_the_zone_of_the_site(client, add_site, publish):
    add_site(time_zone="America/New_York")
    publish()
    page = client.get("/embed?site=bao&article=bai-1").text
    told, sent = re.search(r'<time class="when" datetime="([^"]*)">([^<]*)</time>', page).groups()[::-1]
    moment = datetime.fromisoformat(sent).astimezone(ZoneInfo("America/New_York"))
    assert told == f"{moment:%H:%M %d/%m/%Y}"
    assert client.get("/embed.json?site=bao&article=bai-1").get_json()["zone"] == "America/New_York"


@pytest.mark.parametrize("more_settings", [{"LIMIT_COMMENTS": "1/hour"}])
def test_a_long_wait_is_told_in_minutes(client, add_site):
    add_site()
    form = {**hidden(client.get("/embed?site=bao&article=bai-1").text), **TYPED}
    client.post("/v1/comments", data=form, headers=PAGE)
    answer = client.post("/v1/comments", data={**form, "body": "Ý kiến thứ hai."}, headers=PAGE)
    assert re.search(r"Xin chờ khoảng \d\d phút rồi gửi lại", answer.text)


def test_what_a_script_asks_for_is_refused_as_json_whatever_it_says_it_likes(client, site):
    answer = client.get("/embed.json?site=bao", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


def test_an_answer_without_a_content_names_no_type_of_it(client, add_site, ann):
    add_site(origins=("https://bao.example",))
    asked = {"Origin": "https://bao.example", "Access-Control-Request-Method": "POST"}
    for empty in (
        client.options("/v1/comments", headers=asked),
        client.post("/v1/challenges", data={"site": "bao", "article": "bai-1"}),
        client.delete(f"/v1/receipts/{ann().json['receipt']}"),
    ):
        assert (empty.status_code, empty.data) == (204, b"")
        assert "Content-Type" not in empty.headers
