"""Every word that the desk's own pages say, in Vietnamese and English."""

WORDS: dict[str, tuple[str, str]] = {
    "desk": ("Bàn duyệt", "Desk"),
    "skip": ("Đến nội dung", "Skip to content"),
    "main_nav": ("Các phòng của bàn duyệt", "Rooms of the desk"),
    "nav_queue": ("Hàng chờ", "Queue"),
    "nav_rules": ("Luật", "Rules"),
    "nav_blocks": ("Chặn", "Blocks"),
    "nav_audit": ("Nhật ký", "Audit"),
    "nav_sites": ("Trang", "Sites"),
    "nav_accounts": ("Tài khoản", "Accounts"),
    "nav_privacy": ("Dữ liệu cá nhân", "Personal data"),
    "nav_operations": ("Vận hành", "Operations"),
    "other_language": ("English", "Tiếng Việt"),
    "own": ("Tài khoản của tôi", "My account"),
    "sign_in": ("Đăng nhập", "Sign in"),
    "sign_out": ("Đăng xuất", "Sign out"),
    "sign_in_note": ("Dành cho người duyệt bình luận.", "For those who review comments."),
    "name": ("Tên tài khoản", "Account"),
    "password": ("Mật khẩu", "Password"),
    "code": ("Mã sáu số", "Six-digit code"),
    "code_note": (
        "Chỉ cần khi tài khoản đã bật mã xác thực.",
        "Only where the account asks for one.",
    ),
    "sign_in_refused": (
        "Tên, mật khẩu hoặc mã chưa đúng. Xin kiểm tra và thử lại.",
        "Account, password or code is not right. Please check and try again.",
    ),
    "limited": (
        "Xin chờ {seconds} giây rồi làm lại.",
        "Please wait {seconds} seconds and try again.",
    ),
    "done_signed_out": ("Bạn đã đăng xuất.", "You are signed out."),
    "role": ("Vai trò", "Role"),
    "role_moderator": ("Người duyệt", "Moderator"),
    "role_editor": ("Biên tập", "Editor"),
    "role_admin": ("Quản trị", "Admin"),
    "role_ops": ("Vận hành", "Operations"),
    "sites": ("Trang", "Sites"),
    "sites_all": ("mọi trang", "all sites"),
    "sessions": ("Nơi đang đăng nhập", "Where you are signed in"),
    "sessions_note": (
        "Thấy nơi lạ? Kết thúc phiên đó và đổi mật khẩu.",
        "A place you do not know? End it and change your password.",
    ),
    "session_this": ("phiên này", "this one"),
    "session_since": ("Từ", "Since"),
    "session_seen": ("Dùng gần nhất", "Last used"),
    "session_agent": ("Trình duyệt", "Browser"),
    "session_end": ("Kết thúc", "End"),
    "session_end_others": ("Kết thúc mọi phiên khác", "End all others"),
    "done_session_ended": ("Đã kết thúc phiên.", "The session is over."),
    "password_change": ("Đổi mật khẩu", "Change the password"),
    "password_now": ("Mật khẩu hiện tại", "Current password"),
    "password_new": ("Mật khẩu mới", "New password"),
    "password_new_note": ("Từ 12 ký tự trở lên.", "12 characters or more."),
    "password_first": (
        "Bạn đang dùng mật khẩu đầu tiên, do người khác đưa. Nên đặt mật khẩu của riêng mình.",
        "This is your first password, and somebody gave it to you. Better choose your own.",
    ),
    "password_first_required": (
        "Ở đây ai cũng dùng mật khẩu do mình đặt. Xin đổi mật khẩu đầu tiên bên dưới trước khi làm việc.",
        "Everybody here uses a password of their own. Please change the first one below before you go on.",
    ),
    "password_wrong": ("Mật khẩu hiện tại chưa đúng.", "This is not the current password."),
    "password_same": (
        "Đây vẫn là mật khẩu cũ. Xin chọn mật khẩu khác.",
        "This is the old password. Please choose another.",
    ),
    "password_guessed": (
        "Mật khẩu này dễ đoán. Xin chọn một câu dài hơn, hoặc vài từ không liên quan đến nhau.",
        "This password is easily guessed. Please choose a longer sentence, or some words that have nothing in common.",
    ),
    "password_breached": (
        "Mật khẩu này từng bị lộ trong một vụ rò rỉ dữ liệu. Xin chọn mật khẩu khác.",
        "This password became known in a data breach. Please choose another.",
    ),
    "password_bad": ("Mật khẩu mới cần từ 12 đến 200 ký tự.", "A new password has 12 to 200 characters."),
    "done_password_changed": (
        "Đã đổi mật khẩu. Các phiên khác đã kết thúc.",
        "The password is changed. All other sessions are over.",
    ),
    "totp": ("Mã xác thực khi đăng nhập", "A code at sign-in"),
    "totp_off": (
        "Chưa bật. Nên bật để người lạ biết mật khẩu cũng không vào được.",
        "Off. Turn it on, and a stolen password alone opens nothing.",
    ),
    "totp_required": (
        "Ở đây mọi tài khoản đều cần mã khi đăng nhập. Xin cài mã trước khi làm việc tiếp.",
        "Every account here needs a code at sign-in. Please set it up before you go on.",
    ),
    "totp_on": ("Đang bật.", "On."),
    "totp_begin": ("Bật mã xác thực", "Turn it on"),
    "totp_leave": ("Tắt mã xác thực", "Turn it off"),
    "totp_scan": (
        "Quét hình này bằng ứng dụng tạo mã trên điện thoại, hoặc gõ khóa bên dưới vào ứng dụng.",
        "Scan this with the authenticator app on your telephone, or type the key below into it.",
    ),
    "totp_key": ("Khóa", "Key"),
    "totp_picture": ("Hình QR chứa khóa bên dưới", "QR code of the key below"),
    "totp_confirm": ("Nhập mã mà ứng dụng đang hiện", "The code that the app shows now"),
    "totp_wrong": (
        "Mã chưa khớp. Xin chờ mã tiếp theo trong ứng dụng rồi nhập lại.",
        "The code does not match. Please wait for the app's next one.",
    ),
    "done_totp_on": ("Đã bật mã xác thực.", "Sign-in asks for a code now."),
    "done_totp_off": ("Đã tắt mã xác thực.", "Sign-in asks for no code now."),
    "save": ("Lưu", "Save"),
    "back": ("Quay lại", "Back"),
    "back_to_desk": ("Về bàn duyệt", "Back to the desk"),
    "problem_forbidden": (
        "Tài khoản của bạn không có quyền làm việc này, hoặc trang đã mở quá lâu. Xin tải lại rồi thử lần nữa.",
        "Your account may not do this, or the page was open for too long. Please reload and try again.",
    ),
    "problem_not-found": ("Không có trang này, hoặc trang đã đổi chỗ", "There is no such page"),
}


def of(language: str) -> dict[str, str]:
    """Return the words in a language."""
    return spoken(WORDS, language)


def spoken(pairs: dict[str, tuple[str, str]], language: str) -> dict[str, str]:
    """Return pairs of words in a language; a room with words of its own keeps them beside its pages."""
    english = language == "en"
    return {key: pair[english] for key, pair in pairs.items()}
