"""What clients are told, in Vietnamese and English; readers see these sentences under their fields.

A site may say them otherwise: `own` has its sentences by `error_…`, `problem_…` and `label_…`.
"""

from collections.abc import Mapping

LABELS = {
    "name": ("họ tên", "your name"),
    "phone": ("số điện thoại", "your phone number"),
    "title": ("tiêu đề", "a title"),
    "body": ("nội dung", "your comment"),
    "site": ("mã trang (site)", "the site"),
    "article": ("mã bài viết (article)", "the article"),
    "captcha": ("mã xác nhận", "the code"),
    "reason": ("lý do", "a reason"),
    "note": ("ghi chú", "a note"),
}

FIELD_ERRORS = {
    "required": ("Bạn chưa điền {label}.", "Please fill in {label}."),
    "too_short": (
        "Phần {label} hơi ngắn, cần ít nhất {limit} ký tự.",
        "Please write at least {limit} characters here.",
    ),
    "too_long": (
        "Phần {label} dài quá, xin rút gọn còn {limit} ký tự.",
        "Please keep this to {limit} characters.",
    ),
    "invalid_phone": (
        "Số điện thoại này chưa đúng. Ví dụ: 0912 345 678.",
        "This does not look like a phone number, for example 0912 345 678.",
    ),
    "invalid_text": (
        "Phần {label} có chỗ không đọc được, xin bạn gõ lại.",
        "Some of this text cannot be read; please type it again.",
    ),
    "invalid": ("Giá trị của {label} chưa đúng.", "This value cannot be used."),
    "unknown": ("Giá trị của {label} không có trong danh sách.", "This value is not one of those allowed."),
    "not_with_approve": ("Chỉ kèm lý do khi không duyệt.", "A reason goes with a rejection or a hold only."),
    "only_with_hold": ("Chỉ chuyển cấp khi giữ lại.", "Only a held comment can be escalated."),
    "only_with_approve": ("Chỉ che thông tin khi duyệt.", "Only an approved comment can be masked."),
    "consent_required": (
        "Bạn cần đồng ý cho lưu số điện thoại, hoặc để trống ô này.",
        "Please agree to your phone number being kept, or leave it empty.",
    ),
    "captcha_required": ("Bạn chưa nhập mã xác nhận.", "Please type the code."),
    "captcha_wrong": (
        "Mã xác nhận chưa đúng. Xin nhập mã mới.",
        "That is not the code. Please type the new one.",
    ),
    "captcha_expired": (
        "Mã xác nhận đã hết hạn. Xin nhập mã mới.",
        "This code has expired. Please type the new one.",
    ),
    "pow_required": (
        "Trình duyệt chưa kiểm tra xong. Xin gửi lại sau giây lát.",
        "Your browser has not finished checking. Please send again in a moment.",
    ),
    "pow_invalid": (
        "Lần kiểm tra này không còn dùng được. Xin gửi lại.",
        "This check can no longer be used. Please send again.",
    ),
    "token_required": (
        "Biểu mẫu chưa sẵn sàng. Xin tải lại trang.",
        "The form was not ready. Please reload the page.",
    ),
    "token_invalid": ("Biểu mẫu đã cũ. Xin tải lại trang.", "The form is too old. Please reload the page."),
    "too_fast": (
        "Bạn gửi hơi nhanh. Xin chờ vài giây rồi gửi lại.",
        "That was very quick. Please wait a few seconds and send again.",
    ),
    "idempotency_mismatch": (
        "Mã gửi này đã dùng cho một nội dung khác.",
        "This Idempotency-Key came with other content before.",
    ),
}

PROBLEMS = {
    "malformed": (400, "Yêu cầu không đọc được", "The request cannot be read"),
    "unauthorized": (401, "Cần đăng nhập", "Credentials are needed"),
    "no-right": (403, "Tài khoản này không có quyền làm việc đó", "This account has no right to do that"),
    "forbidden": (403, "Không thể nhận bình luận từ đây", "This cannot be accepted from here"),
    "not-found": (404, "Không tìm thấy", "Not found"),
    "method-not-allowed": (405, "Không dùng được cách gọi này", "Method not allowed"),
    "not-acceptable": (406, "Không có dạng trả lời này", "Not acceptable"),
    "conflict": (409, "Đã có thay đổi trước đó", "Something was first"),
    "gone": (410, "Không còn đọc được nữa", "This can no longer be read"),
    "too-large": (413, "Nội dung gửi lên quá lớn", "The request is too large"),
    "unsupported-media": (415, "Không đọc được kiểu dữ liệu này", "This media type cannot be read"),
    "invalid": (422, "Có chỗ cần sửa", "Some fields need attention"),
    "closed": (423, "Bài viết đã đóng bình luận", "Comments are closed"),
    "too-many": (429, "Bạn gửi hơi nhiều trong thời gian ngắn", "Too many requests"),
    "internal": (500, "Máy chủ gặp trục trặc", "Something went wrong here"),
    "unavailable": (503, "Hệ thống đang bận, xin thử lại sau", "Not available for a moment"),
}


KEEPERS_ERRORS = {
    "form_too_long": ("“{said}…” dài quá.", "“{said}…” is too long."),
    "too_many": ("Nhiều quá, tối đa {said}.", "Too many; the most is {said}."),
    "not_a_word": (
        "“{said}” không phải một từ. Nhiều từ thì chọn loại cụm từ.",
        "“{said}” is not one word; choose a phrase for several.",
    ),
    "not_a_phrase": (
        "“{said}” không phải cụm từ; cụm từ có từ 2 đến 12 từ.",
        "“{said}” is not a phrase, which has 2 to 12 words.",
    ),
    "bad_domain": ("“{said}” không phải tên miền, ví dụ: vidu.com.", "“{said}” is not a domain such as example.com."),
    "bad_pattern": (
        "Mẫu này không dùng được ({said}). Mẫu viết theo cú pháp RE2, không có (?=…), (?<=…) và \\1.",
        "This pattern cannot be used ({said}). Patterns follow RE2, which has no (?=…), (?<=…) and \\1.",
    ),
    "matches_everything": (
        "Mẫu “{said}” khớp với mọi bình luận, kể cả bình luận trống.",
        "The pattern “{said}” matches every comment, even an empty one.",
    ),
    "backtest_required": (
        "Cần thử luật này trên bình luận cũ xong đã.",
        "The rule must be tried on past comments first.",
    ),
    "not_known": ("Bình luận này không còn giữ thông tin đó.", "The comment does not hold this any more."),
    "invalid_address": ("Địa chỉ IP này chưa đúng.", "This is not an IP address."),
}
"""What those who keep rules and blocks are told; no reader sees these, so no site words them otherwise."""

KEEPERS_LABELS = {
    "forms": ("từ hoặc mẫu", "the words or patterns"),
    "kind": ("loại", "the kind"),
    "value": ("giá trị cần chặn", "what to block"),
    "phrase": ("cụm từ", "the phrase"),
    "days": ("số ngày", "the days"),
    "threshold": ("ngưỡng", "the threshold"),
    "daily_cap": ("mức tối đa một ngày", "the daily cap"),
}

NONE: Mapping[str, str] = {}


def field_error(
    field: str,
    code: str,
    language: str,
    *,
    limit: int | None = None,
    said: str = "",
    own: Mapping[str, str] = NONE,
) -> str:
    """Return the sentence for a field's error code."""
    english = language == "en"
    labels = LABELS.get(field) or KEEPERS_LABELS.get(field, (field, field))
    texts = FIELD_ERRORS.get(code) or KEEPERS_ERRORS.get(code, FIELD_ERRORS["invalid"])
    label = own.get(f"label_{field}") or labels[english]
    text = own.get(f"error_{code}") or texts[english]
    return text.replace("{label}", label).replace("{limit}", str(limit)).replace("{said}", said)


def problem_title(kind: str, language: str, own: Mapping[str, str] = NONE) -> str:
    """Return the title of a kind of problem."""
    _, vietnamese, english = PROBLEMS[kind]
    return own.get(f"problem_{kind}") or (english if language == "en" else vietnamese)


def every(language: str) -> dict[str, str]:
    """Return all sentences by the keys under which a site may say them otherwise."""
    english = language == "en"
    tables = {"label": LABELS, "error": FIELD_ERRORS}
    found = {f"{name}_{key}": pair[english] for name, table in tables.items() for key, pair in table.items()}
    return found | {f"problem_{kind}": problem_title(kind, language) for kind in PROBLEMS}
