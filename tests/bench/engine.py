"""Times the whole engine on one core: medians and 99th percentiles by length, and the slowest of hostile texts."""

import random
import statistics
import time

from service.moderation import moderate, prepare
from service.moderation.checks import site_rules
from service.moderation.reading import read
from service.moderation.syllables import syllables
from service.moderation.vocabulary import Category, Policy, PublishMode, RuleKind, SiteRule, Submission

POLICY = Policy(mode=PublishMode.WHEN_CLEAN)
SENTENCES = (
    "Đường Nguyễn Trãi sáng nào cũng kẹt cứng từ 7 giờ, đề nghị thành phố sớm phân luồng lại.",
    "Tôi sống ở chung cư này gần mười năm, thang máy hỏng suốt mà ban quản lý không sửa.",
    "Giá vàng hôm nay 92.500.000 đồng một lượng, cao chưa từng thấy!",
    "Chó thả rông không rọ mõm cắn trẻ con thì ai chịu trách nhiệm?",
    "Cảm ơn các anh chị y bác sĩ đã tận tình cứu chữa cho bố tôi.",
    "Dự án đội vốn gấp ba lần (từ 2019 tới nay), tiền thuế của dân cả đấy.",
    "Ông bộ trưởng hứa nhiều lần rồi, nhưng dân vẫn chờ...",
    "Cho hỏi thủ tục làm căn cước cho trẻ dưới 14 tuổi cần giấy tờ gì ạ?",
)
HOSTILE = {
    "one long word": "đị",
    "marks": "a\u0301\u0323\u0302\u0300",
    "dotted letters": "l.ồ.n.",
    "spaced letters": "đ ị t ",
    "digits": "0 9 1 2 ",
    "open tags": "<a ",
    "insults": "thằng ngu ",
    "masks": "*đ*t ",
    "domains": "x.com ",
    "half domains": "a.a.a.",
    "decomposed": "e\u0323\u0302",
    "surrogates": "\ud800a",
    "shorthand": "m t k đ ",
    "digits in letters": "ch0 b0 đ3 ",
    "brackets": "[({",
    "offers": "vay tiền nhanh liên hệ zalo ",
    "pronouns": "mày tao nó ông bà ",
    "calls": "VÀO NHÓM ZALO ",
    "single digits": "1 ",
    "glued words": "anhemvàonhómzalo ",
}


def article(size: int, dice: random.Random) -> str:
    """A text of news comments' sentences of exactly this many characters."""
    parts: list[str] = []
    while sum(map(len, parts)) + len(parts) < size:
        parts.append(dice.choice(SENTENCES))
    return " ".join(parts)[:size]


def clock(text: str) -> float:
    """Milliseconds of one core that one verdict takes, whatever else the machine is doing."""
    submission = Submission(body=text)
    begun = time.thread_time()
    moderate(submission, POLICY)
    return (time.thread_time() - begun) * 1000


def rules(dice: random.Random) -> None:
    """Print what a site's 5,000 entries and 200 patterns cost on 5,000 characters, and what compiling them costs."""
    known = sorted(syllables())
    phrases = tuple({" ".join(dice.sample(known, 2)) for _ in range(6000)})[:5000]
    patterns = tuple(rf"\bk{n}[a-z]+\s+vip\b" for n in range(200))
    for name, kind, forms in (
        ("5,000 phrases", RuleKind.PHRASE, phrases),
        ("200 patterns", RuleKind.PATTERN, patterns),
    ):
        book = site_rules.book_of([SiteRule("rule:1", 1, kind, Category.POLICY, forms)])
        begun = time.thread_time()
        list(site_rules.find(read(Submission(body="khởi động")), book))
        made = (time.thread_time() - begun) * 1000
        for text, unit in {
            "news": article(5000, dice),
            **{name: unit * 5000 for name, unit in HOSTILE.items()},
        }.items():
            sheet = read(Submission(body=unit[:5000]))
            times = []
            for _ in range(50):
                begun = time.thread_time()
                list(site_rules.find(sheet, book))
                times.append((time.thread_time() - begun) * 1000)
            print(
                f"{name} on 5,000 of {text:20}: median {statistics.median(times):6.2f} ms, worst {max(times):6.2f} ms"
            )
        print(f"{name} compiled in {made:.0f} ms, once for each change")


def main() -> None:
    """Print the figures."""
    prepare()
    dice = random.Random(1)
    for size, rounds in ((100, 1000), (500, 1000), (2000, 300), (5000, 150), (20_000, 30)):
        times = sorted(clock(article(size, dice)) for _ in range(rounds))
        print(
            f"{size:6} characters: median {statistics.median(times):7.3f} ms, "
            f"99th percentile {times[int(len(times) * 0.99)]:7.3f} ms"
        )
    for name, unit in HOSTILE.items():
        text = (unit * 20_000)[:20_000]
        print(f"20,000 of {name:20}: {min(clock(text) for _ in range(3)):7.2f} ms")
    rules(dice)


if __name__ == "__main__":
    main()
