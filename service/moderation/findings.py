"""How a check says what it saw: the sentences for people and the small steps every check shares; nothing is found here."""

from collections.abc import Sequence

from service.moderation.vocabulary import Category, Finding, Message, Span

TRICKS: dict[str, tuple[str, str]] = {
    "dots": ("viết tách bằng dấu", "written with signs between the letters"),
    "spaces": ("viết tách từng chữ", "written with spaces between the letters"),
    "leet": ("thay chữ bằng số hoặc ký hiệu", "with digits or signs in place of letters"),
    "mask": ("che bớt chữ", "with letters masked"),
    "repeats": ("kéo dài chữ", "with letters repeated"),
    "reversed": ("viết ngược", "written backwards"),
    "glued": ("viết dính", "written without spaces"),
    "telex": ("gõ Telex chưa thành chữ", "left as raw Telex typing"),
    "vni": ("gõ VNI chưa thành chữ", "left as raw VNI typing"),
    "look-alikes": ("dùng ký tự trông giống chữ", "with look-alike characters"),
    "split": ("tách giữa hai ô", "split between two fields"),
}

# Those that nobody falls into by haste or by habit.
DELIBERATE = frozenset({"dots", "spaces", "leet", "mask", "reversed", "look-alikes", "split"})

NAMES: dict[Category, tuple[str, str]] = {
    Category.PROFANITY: ("từ ngữ tục tĩu", "vulgar language"),
    Category.INSULT: ("lời xúc phạm", "an insult"),
    Category.HATE: ("lời kỳ thị một nhóm người", "contempt for a group of people"),
    Category.THREAT: ("lời đe doạ hoặc kêu gọi bạo lực", "a threat or a call to violence"),
    Category.SEXUAL: ("nội dung gợi dục", "sexual content"),
    Category.PERSONAL_DATA: ("thông tin riêng tư của một người", "somebody's private data"),
    Category.CONTACT_INFO: ("cách liên lạc", "a way to reach somebody"),
    Category.LINK: ("chỉ dẫn tới một trang", "directions to a page"),
}


# Checks that look at one thing, what is said of people, in different ways.
_SAME_THING = frozenset({"abuse", "contempt", "seam"})


def once(findings: Sequence[Finding]) -> list[Finding]:
    """Of findings of one category in much the same place keep one, the gravest: a person reads each once."""
    kept: list[int] = []
    for at in sorted(range(len(findings)), key=lambda at: -findings[at].severity):
        found = findings[at]
        same = found.check in _SAME_THING and found.ran
        if not (same and any(_in_one_place(found, findings[other]) for other in kept)):
            kept.append(at)
    return [findings[at] for at in sorted(kept)]


def _in_one_place(one: Finding, other: Finding) -> bool:
    """Whether two findings are of one category and share at least half of what either covers."""
    if one.category is not other.category or other.check not in _SAME_THING:
        return False
    (a, *more), (b, *others) = one.spans, other.spans
    if more or others:
        return one.spans == other.spans
    shared = min(a.end, b.end) - max(a.start, b.start)
    return a.field == b.field and shared * 2 >= max(a.end, b.end) - min(a.start, b.start)


def quote(spans: tuple[Span, ...]) -> str:
    """Give the words found, short enough to stand in a sentence."""
    text = " … ".join(" ".join(span.text.split()) for span in spans)
    return text if len(text) <= 60 else text[:57] + "…"


def about(category: Category, spans: tuple[Span, ...], trick: str | None = None) -> Message:
    """Give the sentence for a word or phrase of a category."""
    vi, en = NAMES[category]
    note_vi, note_en = TRICKS.get(trick or "", ("", ""))
    tail_vi, tail_en = (f" ({note_vi})", f" ({note_en})") if note_vi else ("", "")
    words = quote(spans)
    return Message(f"Có {vi}: “{words}”{tail_vi}.", f"Contains {en}: “{words}”{tail_en}.")


def unchecked(check: str) -> Finding:
    """Tell what is shown of a check that raised or ran out of its time."""
    return Finding(
        check=check,
        category=None,
        severity=0,
        spans=(),
        message=Message(
            f"Không kiểm tra được: bước “{check}” bị lỗi hoặc quá thời gian.",
            f"Could not be checked: the step “{check}” failed or ran out of time.",
        ),
        ran=False,
    )
