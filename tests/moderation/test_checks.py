"""Each kind of finding: where it is seen, and where something like it is not."""

import pytest

from service.moderation import moderate
from service.moderation.checks import offers
from service.moderation.reading import read_field
from service.moderation.vocabulary import Category, Outcome, Policy, PublishMode, Submission

POLICY = Policy(mode=PublishMode.WHEN_CLEAN)


def found(body, title=""):
    verdict = moderate(Submission(body=body, title=title), POLICY)
    return {(f.category, span.text) for f in verdict.findings for span in f.spans}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Gọi 0912345678 nhé", "0912345678"),
        ("Gọi 0912.345.678 nhé", "0912.345.678"),
        ("Gọi 09 12 34 56 78 nhé", "09 12 34 56 78"),
        ("Gọi (+84) 912-345-678 nhé", "84) 912-345-678"),
        ("số không chín một hai ba bốn năm sáu bảy tám", "không chín một hai ba bốn năm sáu bảy tám"),
        ("số 09 một hai 345 sáu bảy tám", "09 một hai 345 sáu bảy tám"),
        ("so khong chin mot hai ba bon nam sau bay tam", "khong chin mot hai ba bon nam sau bay tam"),
        ("zalo O9l2345678", "O9l2345678"),
        ("zalo 912 345 678", "912 345 678"),
        ("gọi 0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣", "0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣"),
        ("bàn 024 3825 1234", "024 3825 1234"),
        ("gọi số này: chín ba chín, năm lẻ tám, bốn bốn hai", "chín ba chín, năm lẻ tám, bốn bốn hai"),
        ("số không chín rồi một hai tiếp 345 sáu bảy tám", "không chín rồi một hai tiếp 345 sáu bảy tám"),
        ("gọi O7O-three39-four28l nha", "O7O-three39-four28l"),
        ("có ngay ʘ9Ⅱ8 Ƽ4l 77O", "ʘ9Ⅱ8 Ƽ4l 77O"),
        ("thuê thì ib zalo o98l 552 o73 nha", "o98l 552 o73"),
        ("số đuôi 7719, đầu 0971 giữa 26 nhé", "số đuôi 7719, đầu 0971 giữa 26"),
        (
            "gọi không ba bảy chín, bốn trăm mười hai, sáu trăm tám lăm hè",
            "không ba bảy chín, bốn trăm mười hai, sáu trăm tám lăm",
        ),
        ("số hổng chín bốn bảy, lẻ ba sáu, hai tám mốt", "hổng chín bốn bảy, lẻ ba sáu, hai tám mốt"),
        ("zalo ⓿❾❻❼ ❺❷❽ ❶❸❹", "⓿❾❻❼ ❺❷❽ ❶❸❹"),
        ("gọi ௦٩٣𝟱 𝟳𝟭𝟴 𝟮𝟲𝟰", "௦٩٣𝟱 𝟳𝟭𝟴 𝟮𝟲𝟰"),
        ("nhắn 0911 358 ... 042 giúp", "0911 358 ... 042"),
        ("0833(bỏ ngoặc)(1)62(4)0(7) nha", "0833(bỏ ngoặc)(1)62(4)0(7"),
        ("viết cho tôi +49 1523 4478810 nhé", "+49 1523 4478810"),
        ("đọc ngược hộ: 876 543 2190", "876 543 2190"),
        (
            "0 cho 9 tôi 1 gửi 2 số 3 này 4 để 5 báo 6 gọi 7 lại 8 nhé",
            "0 cho 9 tôi 1 gửi 2 số 3 này 4 để 5 báo 6 gọi 7 lại 8",
        ),
    ],
)
def test_a_telephone_is_seen_in_every_writing(text, number):
    assert (Category.CONTACT_INFO, number) in found(text)


@pytest.mark.parametrize(
    "text", ["Giá 12.345.678.900 đồng", "Năm 2019 2020 2021 2022", "Điểm 9 8 7 6 5", "Một hai ba bốn"]
)
def test_other_numbers_are_no_telephones(text):
    assert found(text) == set()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("xem https://tin24.com/a?b=1.", "https://tin24.com/a?b=1"),
        ("xem hxxp://phim.xyz/a", "hxxp://phim.xyz/a"),
        ("bấm viber://chat?number=%2B84912345678", "viber://chat?number=%2B84912345678"),
        ("vào abc chấm com", "abc chấm com"),
        ("vào abc[.]com nhé", "abc[.]com"),
        ("vào phimhay . net xem", "phimhay . net"),
        ("vào báo.com đi", "báo.com"),
        ("vào bit.ly/3abc", "bit.ly/3abc"),
        ("coi www.abc.vn", "www.abc.vn"),
        ("đọc ở truyen24[dot]party nhé", "truyen24[dot]party"),
        ("vào trangla。cc xem", "trangla。cc"),
        ("điền docs google com / forms / d / 1FA nhé", "docs google com / forms / d / 1FA"),
        ("vào quyhoach24 đuôi com chấm vn", "quyhoach24 đuôi com chấm vn"),
        ("nhóm t . me / hoingo2025 nha", "t . me / hoingo2025"),
        ("gõ nệm êm ái chấm com chấm vờ nờ nha", "nệm êm ái chấm com chấm vờ nờ"),
        ("vé xe: vexenhanh . online", "vexenhanh . online"),
        ("nghe spoti.fi/4hTamSuDem", "spoti.fi/4hTamSuDem"),
        ("moc.gnohniknahx nhé", "moc.gnohniknahx"),
        ("xem visanhanh24h com vn", "visanhanh24h com vn"),
        ("gõ bitly gạch chéo TradeCungMay", "bitly gạch chéo TradeCungMay"),
        ("lên gu gồ đánh truyện nhà mèo mun, rẻ", "truyện nhà mèo mun"),
        ("xem x o i v t v . l i v e tối nay", "x o i v t v . l i v e"),
        ("coi quanaodep🔸vn nha", "quanaodep🔸vn"),
        ("camera ở 103.77.212.9:8080/login", "103.77.212.9:8080/login"),
        ("clip fb.watch/kJ2mmQ đứng xa quay", "fb.watch/kJ2mmQ"),
        ("ae vào bongdalau d0t tv", "bongdalau d0t tv"),
    ],
)
def test_a_link_is_seen_in_every_disguise(text, address):
    assert (Category.LINK, address) in found(text)


@pytest.mark.parametrize(
    "text", ["Hết rồi.Tôi về", "Xong.Me ơi", "Số 3.5 là đúng", "Nói v.v. cho xong", "TP.HCM mưa to"]
)
def test_a_missing_space_is_no_link(text):
    assert found(text) == set()


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("CCCD 001099012345", Category.PERSONAL_DATA),
        ("stk 19033344455566 techcombank", Category.PERSONAL_DATA),
        ("thẻ 4111 1111 1111 1111", Category.PERSONAL_DATA),
        ("cccd toi la 0 4 2 1 8 8 0 0 6 3 5 1", Category.PERSONAL_DATA),
        ("hộ chiếu số B 9 2 7 4 1 6 3", Category.PERSONAL_DATA),
        ("GPLX 790187264053", Category.PERSONAL_DATA),
        ("xe biển 43A1-907.26, chủ xe Hồ Thị Lài", Category.PERSONAL_DATA),
        ("Kẻ đó là Trần Văn Bảy, nhà số 12 đường Lê Lai, phường 3", Category.PERSONAL_DATA),
        ("mail a.b@gmail.com", Category.CONTACT_INFO),
        ("tele @anh_ba88", Category.CONTACT_INFO),
        ("<script>x</script>", Category.MARKUP),
        ("[url=http://a.b]c[/url]", Category.MARKUP),
        ("xem \u202etxt.exe", Category.MARKUP),
        ("asdfghjkl qwertyui", Category.GIBBERISH),
        ("địt mẹ", Category.PROFANITY),
        ("đồ ngu", Category.INSULT),
        ("bọn bắc kỳ", Category.HATE),
        ("tao giết mày", Category.THREAT),
        ("muốn chịch", Category.SEXUAL),
        ("óc 🐶 à", Category.INSULT),
        ("Ông này mà làm sếp thì con heo nhà tôi cũng lên giám đốc được", Category.INSULT),
    ],
)
def test_each_category_fires(text, category):
    assert category in {kind for kind, _ in found(text)}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Hỗ trợ vay vốn, giải ngân trong ngày, nợ xấu vẫn vay, zalo 0912345678", Category.SPAM_AD),
        ("Nhà cái uy tín, nạp đầu tặng 100%, vào fun88vip.com", Category.GAMBLING),
        ("Việc nhẹ lương cao, chỉ cần điện thoại, zalo 0912345678", Category.SCAM),
    ],
)
def test_an_offer_with_a_contact_is_rejected(text, category):
    verdict = moderate(Submission(body=text), POLICY)
    assert verdict.outcome is Outcome.REJECT
    assert category in {f.category for f in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "Vay tiền nhanh lãi thấp, liên hệ zalo 0912345678.",
        "Vay tiền nhanh lãi thấp, liên hệ zalo 0912345678. Lần 1.234",
    ],
)
def test_a_pitch_with_a_contact_is_an_offer_in_whatever_words(text):
    findings = moderate(Submission(body=text), Policy()).findings
    assert Category.SPAM_AD in {one.category for one in findings if one.check == "offers"}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Cho vay nóng không thế chấp, giải ngân trong ngày, ib em", Category.SPAM_AD),
        ("Tài xỉu uy tín nạp rút nhanh, vào nhóm em kéo về bờ", Category.GAMBLING),
        ("Việc nhẹ lương cao, thả tim nhận tiền, ngày 300k, inbox em", Category.SCAM),
        ("Sim tứ quý giá chỉ 300k, giao tận nhà, gọi em", Category.SPAM_AD),
        ("Xả kho giày nam giá chỉ 99k freeship, mua ngay kẻo hết", Category.SPAM_AD),
        ("Dịch vụ hút bể phốt giá rẻ, có mặt sau 15 phút, alo em", Category.SPAM_AD),
        ("Nhận làm bằng lái không cần thi, bao đậu, lấy trong ngày", Category.SPAM_AD),
        ("Nhận hack nick facebook, xem trộm tin nhắn, giá rẻ, ib", Category.SPAM_AD),
        ("Luật sư bên em hỗ trợ lấy lại tiền bị lừa đảo, nhắn em", Category.SCAM),
        ("Công an phường đây, anh bấm vào link cập nhật VNeID kẻo bị khoá", Category.SCAM),
        ("Chúc mừng bạn đã trúng xe SH, đóng phí 500k để nhận giải", Category.SCAM),
        ("Đầu tư coin lãi 10% mỗi ngày, cam kết không lỗ, vào nhóm", Category.SCAM),
        ("Gái gọi sinh viên ảnh thật, phục vụ tận nơi, qua đêm, zalo em", Category.SEXUAL),
        ("Thuốc gia truyền trị dứt điểm xương khớp, không khỏi hoàn tiền, ib em", Category.SPAM_AD),
    ],
)
def test_an_offer_of_every_trade_is_found_without_a_contact(text, category):
    verdict = moderate(Submission(body=text), POLICY)
    assert all(finding.ran for finding in verdict.findings)
    assert category in {f.category for f in verdict.findings if f.check == "offers"}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Đầu óc cỡ ông thì về giữ vịt chứ quản lý cái gì", Category.INSULT),
        ("Dân xứ đó chỉ biết lừa nhau mà sống, đừng cho thuê nhà", Category.HATE),
        ("Cứ viết tiếp đi rồi có ngày không còn tay mà viết", Category.THREAT),
        ("Ngực thế kia thì được ôm một đêm vợ bỏ anh cũng chịu", Category.SEXUAL),
    ],
)
def test_abuse_in_no_list_is_found_by_its_likeness(text, category):
    verdict = moderate(Submission(body=text), POLICY)
    found = next(f for f in verdict.findings if f.check == "contempt")
    assert found.category is category
    assert found.spans[0].text in text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cho vay nóng không thế chấp, giải ngân trong ngày, ib em, zalo 0912345678", True),
        ("Nông dân vay vốn không cần thế chấp thì tốt quá", False),
    ],
)
def test_without_the_table_patterns_and_contacts_decide_alone(text, found):
    reading = read_field("body", text)
    assert bool(list(offers.judge(reading, None))) is found


@pytest.mark.parametrize(
    "text",
    [
        "Nhà số 115/23B hẻm 7 Lê Văn Sỹ cháy lúc 2h sáng",
        "Tôi là Nguyễn Văn Hùng, ở phường 3, xin hỏi thủ tục",
        "Ông Trần Văn Bảy là chủ tịch xã tôi",
    ],
)
def test_a_name_or_a_place_alone_is_no_private_data(text):
    assert found(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Cô giáo đánh trẻ tên Lê Thị Bích, nhà ở hẻm 12, phòng trọ số 5 sau chợ",
        "Thằng lái xe bỏ chạy là thằng Đạt, xe 61C1-884.09, hay đậu ở quán nước đầu ngõ 10",
        "Đứa cầm đầu tên Trâm, lớp 8A4, nhà bán tạp hoá kế cổng sau trường",
        "chu no ten Dinh Van Manh, to 9 phuong Quang Trung, con no hoc lop 11A2",
    ],
)
def test_somebody_pointed_out_with_where_to_find_them_is_held(text):
    verdict = moderate(Submission(body=text), POLICY)
    assert verdict.outcome is Outcome.HOLD
    assert Category.PERSONAL_DATA in {f.category for f in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "Cô Hà dạy lớp 1 của tôi ở trường làng năm 1978, nay gặp lại mừng quá",
        "Đường Nguyễn Trãi đoạn số 235 ngập tới bánh xe",
        "Nhà em ở ngõ 12 Chùa Bộc, mưa là ngập",
        "Bác sĩ Minh khoa Nhi bệnh viện tỉnh rất tận tâm",
    ],
)
def test_people_and_places_in_ordinary_talk_pass(text):
    assert found(text) == set()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mua tk ng@n h.à.n.g không dùng, tiền trao trước mặt", "ng@n h.à.n.g"),
        ("điện lực nhắc c.ắ.t đ.i.ệ.n trước 17h", "c.ắ.t đ.i.ệ.n"),
        ("H o á  đ ơ n  đ ỏ xuất lùi ngày", "H o á  đ ơ n  đ ỏ"),
        ("đóng th.uế r.út là về", "th.uế r.út"),
        ("мua nga\u0443 kẻo hết", "мua nga\u0443"),
        ("dân xứ này ăn r@u mu0ng phá đường tàu", "r@u mu0ng"),
    ],
)
def test_words_broken_up_against_filters_are_held_whatever_they_say(text, words):
    findings = [f for f in moderate(Submission(body=text), POLICY).findings if f.check == "veiled"]
    assert [span.text for f in findings for span in f.spans] == [words]
    assert "né bộ lọc" in findings[0].message.vi


@pytest.mark.parametrize(
    "text",
    [
        "C H Ú C  M Ừ N G năm mới cả nhà",
        "Tp.Hồ Chí Minh và U.B.N.D quận",
        "Cổng v0 của trường hư rồi",
        "Đi bộ 1tháng giảm 2kg",
        "Đi tới a/c b/d rồi rẽ",
        "Vụ g.i.ế.t người đã có kết luận chưa báo ơi",
        "Đ-ư-ợ-c m-ù-a m-ấ-t g-i-á, năm nào cũng đánh vần lại",
        "Chu vi 2πr, góc sinα, báo Правда đưa tin",
    ],
)
def test_odd_spelling_without_intent_is_not_veiled(text):
    assert not any(f.check == "veiled" for f in moderate(Submission(body=text), POLICY).findings)


def test_directions_to_somebody_are_held_by_their_likeness():
    verdict = moderate(Submission(body="muốn hỏi kinh nghiệm thì kiếm tui trên phây, gõ Út Lành Cai Lậy là ra"), POLICY)
    assert verdict.outcome is Outcome.HOLD
    assert {f.category for f in verdict.findings} == {Category.CONTACT_INFO}


def test_a_senders_own_telephone_is_held_and_no_spam():
    verdict = moderate(Submission(body="Nhà tôi ngập, toà soạn gọi tôi số 0912345678 nhé."), POLICY)
    assert verdict.outcome is Outcome.HOLD
    assert {f.category for f in verdict.findings} == {Category.CONTACT_INFO}


@pytest.mark.parametrize(("title", "body"), [("Ý kiến đị", "t mẹ chúng nó"), ("Tôi nói địt", "mẹ chúng nó")])
def test_a_word_split_between_title_and_body_is_found_in_both(title, body):
    verdict = moderate(Submission(title=title, body=body), POLICY)
    fields = {span.field for f in verdict.findings if f.check == "seam" for span in f.spans}
    assert fields == {"title", "body"}


def test_a_message_names_the_trick_in_both_languages():
    verdict = moderate(Submission(body="đ*t mẹ"), POLICY)
    message = verdict.findings[0].message
    assert "che bớt chữ" in message.vi
    assert "masked" in message.en
    assert verdict.findings[0].version


def test_the_name_is_checked_too():
    assert moderate(Submission(name="Địt Mẹ", body="Bài hay."), POLICY).outcome is Outcome.HOLD


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("thư về ba_lan(at)outlook.com nhé", "ba_lan(at)outlook.com"),
        ("gửi lan.nguyen@gmail,com giúp", "lan.nguyen@gmail,com"),
        ("qua ledinh1955 gmail.com nhé", "ledinh1955 gmail.com"),
        ("nói chuyện qua line id thoxuanbac", "thoxuanbac"),
        ("ai cần ib fb tên Út Mót Miệt Thứ nha", "Út Mót Miệt Thứ"),
    ],
)
def test_an_account_is_seen_in_every_writing(text, account):
    assert (Category.CONTACT_INFO, account) in found(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Hộ chiếu của em C4471920 bị rách", "C4471920"),
        ("Thẻ BHYT GD4 79 32 118 40 665 của ba tôi", "GD4 79 32 118 40 665"),
        ("Mã số thuế 8436721905 của tôi", "8436721905"),
        ("Góp về Agribank 3714 2050 98116, chủ TK Vương Thị Mận.", "Agribank 3714 2050 98116, chủ TK Vương Thị Mận"),
        ("Nhà bà ấy ở số 14 ngách 82/5 phố Trần Cung, ai rảnh qua hỏi", "ở số 14 ngách 82/5 phố Trần Cung"),
        (
            "Kẻ lừa là Mai Quốc Tài sinh 02.09.1991, trú ấp 5 xã Tân Hưng",
            "Mai Quốc Tài sinh 02.09.1991, trú ấp 5 xã Tân Hưng",
        ),
    ],
)
def test_what_belongs_to_a_person_is_seen(text, number):
    assert (Category.PERSONAL_DATA, number) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Nhà tôi ở số 14 ngách 82/5 phố Trần Cung mất nước ba ngày",
        "Đặt tên đường là đường số 1, đường số 2 cho dễ nhớ",
        "Đầu năm 2024 thu 120 tỷ, cuối năm 2025 thu 150 tỷ",
        "Facebook có tên gọi mới, người dùng vẫn quen tên cũ",
        "Gửi thư qua Gmail hay Outlook đều được",
    ],
)
def test_what_only_looks_like_data_passes(text):
    assert found(text) == set()


@pytest.mark.parametrize("text", ["Nó ngu như chó vậy đó", "thằng này óc chó thật", "bọn súc vật này"])
def test_a_place_is_named_once_in_a_category(text):
    findings = [f for f in moderate(Submission(body=text), POLICY).findings if f.check == "abuse"]
    places = [(f.category, f.spans) for f in findings]
    assert places
    assert len(places) == len(set(places))


def test_curses_that_lie_over_each_other_are_one():
    spans = [s.text for f in moderate(Submission(body="ditj mej thằng giám đốc"), POLICY).findings for s in f.spans]
    assert "ditj mej thằng" in spans


def test_a_place_is_marked_with_what_it_is_part_of():
    text = "con này tên Võ Thị Bích Liễu nhà ở hẻm 92 Nguyễn Thông, đồ mặt dày"
    found = [f for f in moderate(Submission(body=text), POLICY).findings if f.check == "whereabouts"]
    assert [f.spans[0].text.endswith("nhà ở hẻm 92 Nguyễn Thông") for f in found] == [True]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Con gái bà ấy học lớp 4A trường Hoa Sen, chiều nào cũng tan lúc 4 rưỡi", "học lớp 4A trường Hoa Sen"),
        ("Cô ca sĩ ấy giờ thuê căn 2208 toà S3, tối nào cũng về muộn", "căn 2208 toà S3"),
        ("Cô giáo trong clip nhà ở hẻm 41/7 đường Bông Lúa, bà con tới hỏi đi", "hẻm 41/7 đường Bông Lúa"),
    ],
)
def test_where_somebody_else_or_their_child_is_found_is_marked(text, place):
    found = [f for f in moderate(Submission(body=text), POLICY).findings if f.check == "whereabouts"]
    assert [place in f.spans[0].text for f in found] == [True]


@pytest.mark.parametrize("text", ["Con tôi học lớp 4A trường Hoa Sen", "Con anh tôi học lớp 10 trường làng"])
def test_ones_own_child_is_pointed_out_to_nobody(text):
    assert found(text) == set()


def test_a_person_and_a_place_far_apart_point_to_nobody():
    far = "Mùa này đội nhà đá hay, khán giả đến sân đông, ai cũng vui và hy vọng vào những trận sắp tới. " * 6
    text = "Anh Lê Văn Nốp tên thật là Nốp, ai cũng biết. " + far + "Còn chuyện nhà số 12 ngõ 3 tổ 4 thì để sau."
    assert "whereabouts" not in {f.check for f in moderate(Submission(body=text), POLICY).findings}


def test_the_learned_score_names_what_pushed_it_and_is_never_sure():
    text = "Con kiến bò lên cành đa. Đm thằng ngu như chó, cút mẹ mày đi con lợn"
    found = next(f for f in moderate(Submission(body=text), POLICY).findings if f.check == "learned")
    words = {span.text for span in found.spans}
    assert "ngu" in " ".join(words)
    assert "kiến" not in words
    assert len(found.spans) == len({span.text.lower() for span in found.spans})
    assert "100" not in found.message.vi + found.message.en


def test_the_learned_score_names_nothing_in_a_harmless_title():
    sent = Submission(title="Ý kiến", body="Đm thằng ngu như chó, cút mẹ mày đi con lợn")
    found = next(f for f in moderate(sent, POLICY).findings if f.check == "learned")
    assert {span.field for span in found.spans} == {"body"}
