"""Every word that the form and the list show, in Vietnamese and English; a site may say each of them otherwise."""

from service.sites import KnownSite, SitePolicy
from service.web import wording

WORDS: dict[str, tuple[str, str]] = {
    "heading": ("Viết bình luận", "Write a comment"),
    "name": ("Họ tên", "Name"),
    "phone": ("Số điện thoại", "Phone number"),
    "phone_note": ("Không hiển thị công khai.", "Never shown to the public."),
    "title": ("Tiêu đề", "Title"),
    "body": ("Nội dung", "Comment"),
    "captcha": ("Mã xác nhận", "Code"),
    "captcha_note": (
        "Nhập các chữ trong hình, hoặc dãy số khi bấm Nghe mã.",
        "Type the letters of the picture, or the digits that you hear.",
    ),
    "captcha_alt": (
        "Hình có sáu chữ cần nhập. Nếu không nhìn được hình, bấm Nghe mã.",
        "A picture of six letters to type. If you cannot see it, press Listen.",
    ),
    "captcha_later": ("Mã hiện ra khi bạn bắt đầu viết.", "The code appears when you begin to write."),
    "captcha_away": (
        "Chưa lấy được mã xác nhận. Xin thử lại sau giây lát.",
        "There is no code at the moment. Please try again shortly.",
    ),
    "refresh": ("Lấy lại mã bảo mật", "New code"),
    "refreshed": ("Đã đổi mã mới. Phần bạn viết vẫn còn nguyên.", "Here is a new code. Your text was kept."),
    "listen": ("Nghe mã", "Listen"),
    "listen_stop": ("Dừng nghe", "Stop"),
    "required_mark": ("(*)", "(*)"),
    "required_note": ("Những ô có dấu (*) là bắt buộc.", "Fields marked (*) are required."),
    "send": ("Gửi bình luận", "Send comment"),
    "sending": ("Đang gửi…", "Sending…"),
    "checking": ("Đang kiểm tra trình duyệt…", "Checking your browser…"),
    "received": ("Tòa soạn đã nhận được bình luận của bạn.", "We have received your comment."),
    "pending": ("Bình luận đang chờ duyệt", "Your comment is waiting for review"),
    "pending_note": (
        "Tòa soạn đọc bình luận trước khi đăng. Xin giữ mã biên nhận để xem kết quả hoặc rút lại bình luận.",
        "We read comments before they are published. Keep the receipt to see what became of it or to withdraw it.",
    ),
    "published": ("Bình luận của bạn đã được đăng", "Your comment has been published"),
    "published_note": ("Cảm ơn bạn đã góp ý kiến.", "Thank you for your contribution."),
    "not_published": ("Bình luận của bạn không được đăng", "Your comment was not published"),
    "not_published_note": (
        "Tòa soạn đã đọc bình luận và không đăng. Bạn có thể viết lại với lời lẽ khác.",
        "We read your comment and did not publish it. You are welcome to put it differently.",
    ),
    "withdrawn": ("Bình luận đã được rút lại", "Your comment has been withdrawn"),
    "withdrawn_note": (
        "Nội dung, họ tên và số điện thoại đã được xóa khỏi hệ thống.",
        "Text, name and phone number have been erased.",
    ),
    "receipt": ("Mã biên nhận", "Receipt"),
    "receipt_link": ("Xem kết quả duyệt", "See what became of it"),
    "receipt_sent": ("Gửi lúc", "Sent"),
    "receipt_article": ("Bài viết", "Article"),
    "receipt_reload": ("Xem lại tình trạng", "Look again"),
    "receipt_list": ("Xem các bình luận của bài viết", "See the comments on the article"),
    "withdraw": ("Rút lại bình luận", "Withdraw the comment"),
    "withdraw_note": (
        "Bình luận sẽ bị xóa hẳn, cả họ tên và số điện thoại, và không lấy lại được.",
        "The comment will be erased with name and phone number, and cannot be brought back.",
    ),
    "withdraw_confirm": ("Xóa hẳn bình luận", "Erase the comment"),
    "another": ("Viết bình luận khác", "Write another comment"),
    "fix": ("Có chỗ cần sửa, xin xem các ô được đánh dấu.", "Some fields need attention; they are marked."),
    "limited": (
        "Bạn gửi hơi nhanh. Xin chờ {seconds} giây rồi gửi lại; phần bạn viết vẫn còn nguyên.",
        "That was quick. Please wait {seconds} seconds and send again; your text is kept.",
    ),
    "limited_long": (
        "Bạn gửi hơi nhiều. Xin chờ khoảng {minutes} phút rồi gửi lại; phần bạn viết vẫn còn nguyên.",
        "That was a lot. Please wait about {minutes} minutes and send again; your text is kept.",
    ),
    "limit_over": ("Bây giờ bạn có thể gửi.", "You can send now."),
    "offline": (
        "Mất kết nối mạng. Phần bạn viết vẫn còn nguyên, có mạng lại bạn bấm gửi.",
        "You are offline. Your text is kept; send it when you are back.",
    ),
    "online": ("Đã có mạng trở lại. Bạn có thể gửi bình luận.", "You are back online and can send your comment."),
    "failed": (
        "Chưa gửi được bình luận. Phần bạn viết vẫn còn nguyên, xin thử lại sau giây lát.",
        "Your comment could not be sent. Your text is kept; please try again shortly.",
    ),
    "busy": (
        "Bình luận này đang được gửi. Xin bấm gửi thêm một lần nữa.",
        "This comment is being sent. Please press send once more.",
    ),
    "closed": ("Bài viết đã đóng bình luận.", "Comments on this article are closed."),
    "list": ("Bình luận", "Comments"),
    "empty": ("Chưa có bình luận. Mời bạn viết bình luận đầu tiên.", "No comments yet. Yours could be the first."),
    "empty_closed": ("Bài viết không có bình luận.", "There are no comments."),
    "older": ("Xem bình luận cũ hơn", "Older comments"),
    "newest": ("Về bình luận mới nhất", "Newest comments"),
    "newer": ("Xem bình luận mới", "Show new comments"),
    "feed": ("Theo dõi bằng Atom", "Atom feed"),
    "report": ("Báo cáo", "Report"),
    "report_of": ("Báo cáo bình luận của {name}", "Report the comment by {name}"),
    "report_reason": ("Lý do báo cáo", "Reason"),
    "report_text": ("Nói rõ thêm (không bắt buộc)", "Tell us more (optional)"),
    "report_send": ("Gửi báo cáo", "Send report"),
    "reported": ("Cảm ơn bạn. Tòa soạn sẽ xem lại bình luận này.", "Thank you. We will look at this comment again."),
    "report_failed": (
        "Chưa gửi được báo cáo. Xin thử lại sau giây lát.",
        "Your report could not be sent. Please try again shortly.",
    ),
    "reason_spam": ("Quảng cáo, lừa đảo", "Advertising or fraud"),
    "reason_insult": ("Xúc phạm, thô tục", "Insulting or vulgar"),
    "reason_hate": ("Thù ghét, kích động", "Hateful"),
    "reason_personal_data": ("Lộ thông tin cá nhân", "Private information"),
    "reason_other": ("Lý do khác", "Something else"),
    "consent": (
        "Tôi đồng ý để tòa soạn lưu số này trong {days} ngày để liên hệ khi cần.",
        "I agree that the newsroom keeps this number for {days} days to contact me if needed.",
    ),
    "page_not_found": (
        "Trang bạn tìm không có ở đây, hoặc không còn nữa.",
        "The page that you are looking for is not here, or no longer.",
    ),
    "page_failed": (
        "Xin quay lại trang trước và thử lại sau giây lát.",
        "Please go back and try again in a moment.",
    ),
    "website": ("Xin để trống ô này", "Please leave this empty"),
}
"""Key to (Vietnamese, English). What stands in braces is replaced: `{seconds}`, `{minutes}`, `{days}`, `{name}`."""

REASONS = ("spam", "insult", "hate", "personal_data", "other")
"""What a reader may complain about, a choice of the reasons that moderators have."""

PAGES_ALONE = ("withdraw", "receipt_", "page_", "busy", "newest", "reason_", "error_", "problem_", "label_")
"""How the keys begin that the script has no use for, but for the link to the receipt."""

KEYS = frozenset({*WORDS, *wording.every("vi")})
"""All that a site may say otherwise."""


def of(site: KnownSite | None, language: str = "vi") -> dict[str, str]:
    """Return the words in the site's language, its own in place of ours; without a site in the language named."""
    policy = site.policy if site else SitePolicy(language=language)
    english = policy.language == "en"
    words = {key: pair[english] for key, pair in WORDS.items()} | wording.every(policy.language)
    words |= {key: text for key, text in policy.strings.items() if key in words and text}
    words["consent"] = (policy.consent_text or words["consent"]).replace("{days}", str(policy.phone_days))
    return words


def complaints(policy: SitePolicy) -> dict[str, str]:
    """Return what a form can say of its fields without asking the service."""
    asked = {"name": "required", "body": "required", "captcha": "captcha_required", "consent": "consent_required"}
    asked |= {"title": "required"} if policy.title_required else {}
    asked |= {"phone": "required"} if policy.phone_required else {}
    language, own = policy.language, policy.strings
    return {field: wording.field_error(field, code, language, own=own) for field, code in asked.items()}


def sent(site: KnownSite) -> dict[str, str]:
    """Return the words that the script shows."""
    return {key: text for key, text in of(site).items() if key == "receipt_link" or not key.startswith(PAGES_ALONE)} | {
        key: of(site)[key] for key in ("withdrawn", "withdrawn_note")
    }
