"""Sentences that must pass: everyday words that look like others, and plain talk about grave things."""

import pytest

from service.moderation import moderate
from service.moderation.vocabulary import Outcome, Policy, PublishMode, Submission

POLICY = Policy(mode=PublishMode.WHEN_CLEAN)
HARMLESS = [
    "Các cháu đi học sớm, con đường lớn đông xe quá.",
    "Mua một lon sữa cho bé, lon bia cho bố.",
    "Điểm thi năm nay đủ để vào trường.",
    "Buổi sáng họp, buổi chiều mới trả kết quả.",
    "Dịch bệnh đã được kiểm soát.",
    "Ban quản lý cc thu phí gửi xe quá cao, cc mini thì lại rẻ.",
    "Cửa hàng VL xây dựng bán VL không rõ nguồn gốc.",
    "Hàng rào dâm bụt nở hoa đỏ rực.",
    "Mẹ đang cho con bú nên không uống thuốc được.",
    "Công an vừa bắt một đường dây lô đề lớn, hoan nghênh.",
    "Tệ nạn cá độ bóng đá làm nhiều gia đình tan nát.",
    "Hạt óc chó tốt cho tim mạch.",
    "Trẻ bại não cần được chăm sóc lâu dài.",
    "Nghi phạm đâm chết người rồi bỏ trốn.",
    "Nguoi dan can duoc biet thong tin som hon.",
    "Cac ban doc bai nay ky roi hay binh luan nhe.",
    "Buoi toi lon don dong nguoi, di lai kho khan.",
    "Chó nhà bên sủa suốt đêm không ai ngủ được.",
    "Lũ miền Trung năm nay về sớm hơn mọi năm.",
    "Bọn trẻ trong xóm rất ngoan.",
    "Đồ cũ quyên góp cho bà con vùng lũ.",
    "Tôi phản đối dự án này, lãnh đạo phải chịu trách nhiệm trước dân.",
    "Bộ trưởng nói mà không làm, dân không còn tin nữa.",
    "Bài báo viết một chiều, đề nghị toà soạn xem lại.",
    "Cảnh giác với tin nhắn trúng thưởng giả, đừng bấm vào link lạ.",
    "Mẹ tôi bị lừa mất 50 triệu vì tin lời việc nhẹ lương cao.",
    "Ngân hàng nên giảm lãi suất cho vay và giải ngân nhanh hơn.",
    "Giá vàng 92.500.000 đồng, ai mua được?",
    "Nghị định 100/2019/NĐ-CP quy định mức phạt ra sao?",
    "Vào dichvucong.gov.vn nộp hồ sơ mà lỗi suốt.",
    "Năm 2019 2020 2021 đều có bão lớn.",
    "a < b và b > c thì sao suy ra được a < c?",
    "Yêu bài này <3 <3",
    "Hahaha kkkk vui quá đi mất",
    "Giáo dục giới tính cần được dạy sớm ở trường.",
    "Người đồng tính cũng cần được tôn trọng như mọi người.",
    "Phụ nữ làm lãnh đạo ngày càng nhiều, đó là điều tốt.",
    "Người Thanh Hoá, Nghệ An rất hiếu học.",
    "Thủ môn cầm chịch hàng phòng ngự rất tốt.",
    "Đèo này đèo kia đều đang thi công.",
    "Thương bà con Nghệ An quá, nước lên tới mái nhà.",
    "Đất thu hồi rẻ thế thì tôi ngu hay ai khôn?",
    "Bà con coi chừng mấy tin nhắn trúng thưởng giả.",
    "Cho hỏi ngu tí: cầu xây xong sao chưa cho đi?",
    "Con chó này hiền, chỉ sủa người lạ.",
    "Áo này có size m, l, xl không?",
    "Nói dai như đỉa mà tóm lại là chưa có tiền.",
    "Mã DCM hôm nay tăng trần, cổ đông Đạm Cà Mau chắc vui.",
    "Chim hoạ mi hót hay hơn hoạ mi.",
    "Giọng hát kiểu ru con miền Trung mà nghe nổi da gà.",
    "Bố em năm nay bảy mươi hai, ông cười như trẻ con.",
    "Nghe si song trong vien duong lao ma van day hoc tro.",
    "Du lich mua nay vang, khach san giam 40% van khong co khach. Du ma thoi tiet dep the nay.",
    "Ăn banh mi, uong ca phe, doc bao moi sang.",
    "Trại súc vật là cuốn tôi đọc hồi sinh viên.",
    "Bà con gieo vãi cả lúa giống ra ruộng.",
    "Rễ cặc bần đẽo làm nút chai.",
    "Có người gọi cho mẹ tôi xưng là công an, bảo cập nhật VNeID rồi gửi đường dẫn cho cài.",
    "Chị em coi chừng, nhớ quay clip lúc mở hàng.",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_look_alike_passes(text):
    verdict = moderate(Submission(body=text), POLICY)
    assert (verdict.outcome, [f for f in verdict.findings if f.severity > 1]) == (Outcome.APPROVE, [])


@pytest.mark.parametrize("text", HARMLESS)
def test_a_look_alike_passes_as_a_title_too(text):
    assert moderate(Submission(title=text, body="Tôi đồng ý với bài viết."), POLICY).outcome is Outcome.APPROVE


def test_a_word_of_vietnamese_with_marks_is_never_folded():
    for text in ("các", "lớn", "đi", "buổi", "đủ", "dẻo", "cắc", "điệt"):
        assert moderate(Submission(body=f"{text} {text}"), POLICY).outcome is Outcome.APPROVE


@pytest.mark.parametrize(
    "text",
    [
        "Trong phim bà mẹ chồng chửi con dâu là “đồ ăn bám”, diễn viên đóng đạt ghê.",
        'Chữ "đĩ" trong ca dao cổ nghĩa là con gái, sách nên chú thích.',
        '"Mày là đồ bỏ đi", câu đó tôi nghe suốt tuổi thơ.',
        "Trong Số đỏ, Vũ Trọng Phụng tả me Tây, gái điếm rất sắc.",
        "Người ta hay nói dân Nghệ An keo kiệt, tôi thấy họ nghĩa tình.",
        "ĐM cảnh trong bị hẹp, siêu âm Doppler kết luận vậy.",
        "Điều dưỡng chăm cháu 41 ngày không một lần cau mày.",
        "Đội chủ nhà đúng là chó cậy gần nhà, sang sân khách thua ba trận.",
    ],
)
def test_what_is_only_mentioned_passes(text):
    assert moderate(Submission(body=text), POLICY).outcome is Outcome.APPROVE


@pytest.mark.parametrize(
    "text",
    [
        'Tôi gọi ông là "óc chó" đấy.',
        "Phải gọi chúng là đồ súc vật.",
        "Đúng là “đồ ngu”, viết thế cũng viết.",
        'Nhà báo viết câu "địt mẹ" lên báo à',
        "ĐM ông viết cái gì vậy.",
    ],
)
def test_who_quotes_himself_uses_the_word(text):
    assert moderate(Submission(body=text), POLICY).outcome is Outcome.HOLD


@pytest.mark.parametrize(
    "text", ["mđ chứ biết làm gì", "ad ugn k biết xem", "v l ghê, chán v l", "cái đ** nào", "tihs gì đây"]
)
def test_a_short_curse_is_seen_behind_a_trick(text):
    assert moderate(Submission(body=text), POLICY).outcome is Outcome.HOLD


@pytest.mark.parametrize(
    "text", ["Phòng 5 m d 3 m", "Khối A gồm v l h", "Tỉ lệ d m là bao nhiêu", "Áo size m l xl", "MD là bác sĩ bên Mỹ"]
)
def test_short_letters_pass(text):
    assert moderate(Submission(body=text), POLICY).outcome is Outcome.APPROVE
