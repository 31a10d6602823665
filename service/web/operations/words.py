"""Every word that the operators' page says, in Vietnamese and English; what was found has the codes of `health`."""

WORDS: dict[str, tuple[str, str]] = {
    "parts": ("Các phần", "The parts"),
    "part_database": ("Cơ sở dữ liệu", "Database"),
    "part_migrations": ("Lược đồ", "Migrations"),
    "part_pending": ("Hàng đợi", "Queue"),
    "part_unchecked": ("Không kiểm tra được", "Could not be checked"),
    "part_redis": ("Redis", "Redis"),
    "part_memory": ("Bộ nhớ của Redis", "Memory of Redis"),
    "part_workers": ("Tiến trình xử lý", "Workers"),
    "part_scheduler": ("Bộ lập lịch", "Scheduler"),
    "part_jobs": ("Việc lỗi", "Failed jobs"),
    "well": ("Tốt", "Well"),
    "ill": ("Cần xem", "Look at it"),
    "database_answers": ("{kind} trả lời", "{kind} answers"),
    "database_away": (
        "không trả lời ({error}); hãy khởi động hoặc sửa DATABASE_URL",
        "does not answer ({error}); start it or mend DATABASE_URL",
    ),
    "migrations_at_head": ("mới nhất", "at head"),
    "migrations_behind": (
        "chưa mới nhất; chạy python -m service migrate",
        "behind; run python -m service migrate",
    ),
    "pending_well": ("{number} bình luận, lâu nhất {age} giây", "{number} comments, the oldest {age} s old"),
    "pending_late": (
        "{number} bình luận, lâu nhất {age} giây; các tiến trình xử lý có đang chạy?",
        "{number} comments, the oldest {age} s old; are workers running?",
    ),
    "unchecked_none": ("không có", "none"),
    "unchecked_some": (
        "{number} bình luận đang giữ; sửa nguyên nhân rồi cho chạy lại bên dưới",
        "{number} comments are held; mend the cause, then replay them below",
    ),
    "redis_answers": ("trả lời", "answers"),
    "redis_away": (
        "không trả lời ({error}); hãy khởi động hoặc sửa REDIS_URL",
        "does not answer ({error}); start it or mend REDIS_URL",
    ),
    "memory_well": ("noeviction", "noeviction"),
    "memory_evicts": (
        "{policy}; hãy đặt maxmemory-policy noeviction",
        "{policy}; set maxmemory-policy noeviction",
    ),
    "memory_unknown": (
        "máy chủ không cho biết; xin tự xem maxmemory-policy có phải noeviction",
        "the server does not tell; see that its maxmemory-policy is noeviction",
    ),
    "workers_alive": ("{number} đang chạy", "{number} alive"),
    "workers_none": ("không có; hãy chạy python -m workers", "none; start python -m workers"),
    "scheduler_alive": ("thấy {age} giây trước", "seen {age} s ago"),
    "scheduler_silent": (
        "không thấy; hãy chạy python -m workers schedule",
        "not seen; start python -m workers schedule",
    ),
    "jobs_none": ("không có", "none"),
    "jobs_failed": ("{number}, xem bên dưới", "{number}, see below"),
    "waiting": ("Đang chờ", "What waits"),
    "waiting_note": (
        (
            "Hàng đợi là các bình luận đang chờ trong cơ sở dữ liệu. Chuông chỉ gọi tiến trình xử lý: nghìn bình luận "
            "có thể chờ sau một tiếng chuông."
        ),
        (
            "The queue is the pending comments in the database. Bells only call a worker: a thousand comments may wait "
            "behind one."
        ),
    ),
    "seen_pending comments": ("Bình luận chờ kiểm tra", "Pending comments"),
    "seen_oldest pending, seconds": ("Chờ kiểm tra lâu nhất, giây", "Oldest pending, seconds"),
    "seen_held comments": ("Bình luận chờ người duyệt", "Held comments"),
    "seen_oldest held, seconds": ("Chờ người duyệt lâu nhất, giây", "Oldest held, seconds"),
    "seen_could not be checked": ("Không kiểm tra được", "Could not be checked"),
    "seen_articles in a surge": ("Bài nhận bình luận tăng đột biến", "Articles in a surge"),
    "seen_bells waiting": ("Chuông đang chờ", "Bells waiting"),
    "seen_oldest bell, seconds": ("Chuông chờ lâu nhất, giây", "Oldest bell, seconds"),
    "seen_failed jobs": ("Việc lỗi", "Failed jobs"),
    "seen_workers": ("Tiến trình xử lý", "Workers"),
    "seen_workers busy": ("Tiến trình đang bận", "Workers busy"),
    "workers": ("Tiến trình xử lý", "Workers"),
    "worker": ("Tiến trình", "Worker"),
    "state": ("Trạng thái", "State"),
    "state_idle": ("rảnh", "idle"),
    "state_busy": ("đang làm", "busy"),
    "state_suspended": ("tạm dừng", "suspended"),
    "state_started": ("vừa khởi động", "started"),
    "since": ("Chạy từ", "Since"),
    "heard": ("Tin gần nhất", "Last heard of"),
    "jobs_done": ("Việc xong", "Jobs done"),
    "jobs_broken": ("Việc lỗi", "Jobs failed"),
    "nobody": ("Không có tiến trình nào.", "There is none."),
    "unchecked": ("Bình luận không kiểm tra được", "Comments that could not be checked"),
    "unchecked_note": (
        "Đang được giữ cho người duyệt. Cho chạy lại thì các bước kiểm tra làm lại từ đầu.",
        "Held for a person. A replay lets every check begin anew.",
    ),
    "comment": ("Bình luận", "Comment"),
    "site": ("Trang", "Site"),
    "attempts": ("Số lần thử", "Attempts"),
    "arrived": ("Gửi lúc", "Arrived"),
    "replay": ("Chạy lại", "Replay"),
    "replay_all": ("Chạy lại tất cả", "Replay all"),
    "replay_one": ("Chạy lại {id}", "Replay {id}"),
    "failed": ("Việc lỗi", "Failed jobs"),
    "failed_note": (
        "Một tiếng chuông mới làm đủ phần việc của chuông đã lỗi; nhật ký cho biết lỗi ở đâu.",
        "A new bell does all that a failed one would have done; the log says where it went wrong.",
    ),
    "job": ("Việc", "Job"),
    "error": ("Lỗi", "Error"),
    "nothing": ("Không có gì.", "There is nothing."),
    "unknown": ("Không hỏi được lúc này.", "Cannot be asked at the moment."),
    "first_of": ("Hiện {shown} trong {all}.", "{shown} of {all} are shown."),
    "done_replayed": ("Đã giao lại cho các tiến trình xử lý.", "Given to the workers again."),
    "done_nothing": ("Không còn gì dưới mã này.", "There is nothing under this id any more."),
}


def of(language: str) -> dict[str, str]:
    """Return all words in one language."""
    return {name: pair[language == "en"] for name, pair in WORDS.items()}
