"""How much of what the engine finds it still finds when the offending phrase is disguised."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from service.evaluation.cases import SHIPPED, Case, Result, judge, read_cases
from service.evaluation.disguises import DISGUISES
from service.moderation import moderate
from service.moderation.checks.abuse import NAME
from service.moderation.lexicon import ABUSE, book
from service.moderation.vocabulary import Outcome, Submission

# Phrases that count alone, in carriers that are clean: what is measured is the disguise, not the sentence.
PHRASES = (
    *("địt mẹ", "địt mẹ mày", "lồn", "vãi lồn", "mặt lồn", "cặc", "con cặc", "như cặc", "đầu buồi", "buồi"),
    *("đụ má", "đụ mẹ", "đéo", "đĩ", "con đĩ", "óc chó", "súc vật", "khốn nạn", "mất dạy", "chịch"),
    *("thằng ngu", "đồ chó", "chó đẻ", "ngu như bò", "giết mày", "bê đê", "vô học", "cứt"),
)
CARRIERS = (
    "Bài này {} thật sự", "{} ai duyệt cái này vậy", "Tôi nói thẳng là {}", "Đúng kiểu {} như thế à",
    "Đọc xong chỉ biết nói {} thôi, hết lời rồi",
)  # fmt: skip


def disguised(seed: int = 1) -> Iterable[tuple[str, str, Submission]]:
    """Every phrase under every disguise in a carrier, and split between title and body."""
    dice = random.Random(seed)  # noqa: S311 - a seeded die for measurements, nothing secret.
    for trick, disguise in DISGUISES.items():
        for phrase in PHRASES:
            carrier = dice.choice(CARRIERS)
            yield trick, phrase, Submission(body=carrier.format(disguise(phrase, dice)))
    for phrase in PHRASES:
        cut = phrase.rfind(" ") if " " in phrase else dice.randint(1, len(phrase) - 1)
        left, right = phrase[:cut], phrase[cut:].lstrip()
        yield "split", phrase, Submission(title=f"Ý kiến về {left}", body=f"{right} ai duyệt cái này vậy")


def missed(seed: int = 1) -> dict[str, list[str]]:
    """By trick, the texts that were approved."""
    found: dict[str, list[str]] = {}
    for trick, _, submission in disguised(seed):
        texts = found.setdefault(trick, [])
        if moderate(submission, SHIPPED).outcome is Outcome.APPROVE:
            texts.append(f"{submission.title} | {submission.body}" if submission.title else submission.body)
    return found


def attacked(cases: Sequence[Case], seed: int = 1) -> dict[str, tuple[int, int]]:
    """By trick, how many cases that words of the lists give away are still found with their spans disguised."""
    plain = [case for case in cases if case.spans and _given_away(judge(case))]
    dice = random.Random(seed)  # noqa: S311 - as above.
    result: dict[str, tuple[int, int]] = {}
    for trick, disguise in DISGUISES.items():
        kept = 0
        for case in plain:
            _, start, end = case.spans[0]
            body = case.submission.body
            changed = body[:start] + disguise(body[start:end].lower(), dice) + body[end:]
            other = replace(case, submission=replace(case.submission, body=changed), spans=())
            kept += judge(other).right
        result[trick] = (kept, len(plain))
    return result


def _given_away(result: Result) -> bool:
    """Whether a listed word was found in plain writing: sentences and offers have no one word to disguise."""
    listed = {entry.form for entry in book().entries if entry.category in ABUSE}
    return not result.case.clean and any(f.check == NAME and f.entry in listed for f in result.findings)


def table(paths: Sequence[Path] = ()) -> str:
    """Give the figures as text: single phrases, then the cases of files with their spans disguised."""
    lines = [f"{'disguise':14} {'missed':>12}"]
    total = misses = 0
    for trick, texts in missed().items():
        lines.append(f"{trick:14} {len(texts):5} of {len(PHRASES)}")
        total, misses = total + len(PHRASES), misses + len(texts)
    lines.append(f"{'all':14} {misses:5} of {total} ({100 * misses / total:.1f} %)")
    for path in paths:
        kept = attacked(list(read_cases(path)))
        lines += ["", f"{path.stem}: found when disguised, of those found plain"]
        lines += [f"{trick:14} {found:5} of {of} ({found / max(1, of):.3f})" for trick, (found, of) in kept.items()]
        shares = [found / max(1, of) for found, of in kept.values()]
        lines.append(f"mean {sum(shares) / len(shares):.3f}, worst {min(shares):.3f}")
    return "\n".join(lines)
