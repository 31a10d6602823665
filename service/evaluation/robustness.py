"""How much of what the engine finds it still finds when the offending phrase is disguised."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from service.evaluation.cases import SHIPPED, Case, Result, judge, read_cases
from service.evaluation.disguises import DISGUISES, Disguise
from service.evaluation.training import HARMFUL
from service.moderation import moderate
from service.moderation.checks.abuse import NAME, find
from service.moderation.lexicon import ABUSE, book
from service.moderation.reading import read_field
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Facts, Outcome, Submission

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
    """Whether a listed word was found in plain writing; what is disguised already, and sentences, do not count."""
    listed = {entry.form for entry in book().entries if entry.category in ABUSE}
    return not result.case.clean and any(
        f.check == NAME and f.entry in listed and any(span.text.lower() == f.entry for span in f.spans)
        for f in result.findings
    )


def recalls(texts: Sequence[tuple[str, bool]], alarms: float = 0.05, seed: int = 1) -> dict[str, float]:
    """By trick, the recall on harmful texts that hold a listed word once those words are disguised.

    A text counts as found where its risk is over the line that this share of the harmless texts passes.
    """
    line = float(np.quantile([_risk(text) for text, harmful in texts if not harmful], 1 - alarms))
    marked = [(text, places) for text, harmful in texts if harmful and (places := _listed_places(text))]
    dice = random.Random(seed)  # noqa: S311 - as above.
    found = {"plain": _share([_risk(text) > line for text, _ in marked])}
    for trick, disguise in DISGUISES.items():
        found[trick] = _share([_risk(_disguise(text, places, disguise, dice)) > line for text, places in marked])
    return found


def _risk(text: str) -> float:
    return moderate(Submission(body=text), SHIPPED).risk


def _listed_places(text: str) -> list[tuple[int, int]]:
    """Give where listed words stand, from the last to the first, so that each can be changed in its turn."""
    reading = read_field("body", text)
    sheet = Sheet((reading,), Facts(), Submission(body=text))
    listed = {entry.form for entry in book().entries if entry.category in ABUSE}
    spans = sorted(
        {(s.start, s.end) for f in find(sheet) if f.severity > 1 and f.entry in listed for s in f.spans}, reverse=True
    )
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if not kept or end <= kept[-1][0]:
            kept.append((start, end))
    return kept


def _disguise(text: str, places: Iterable[tuple[int, int]], disguise: Disguise, dice: random.Random) -> str:
    for start, end in places:
        text = text[:start] + disguise(text[start:end].lower(), dice) + text[end:]
    return text


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / max(1, len(hits))


def table(paths: Sequence[Path] = ()) -> str:
    """Give the figures as text: single phrases, then the cases or labelled texts of files with words disguised."""
    lines = [f"{'disguise':14} {'missed':>12}"]
    total = misses = 0
    for trick, texts in missed().items():
        lines.append(f"{trick:14} {len(texts):5} of {len(PHRASES)}")
        total, misses = total + len(PHRASES), misses + len(texts)
    lines.append(f"{'all':14} {misses:5} of {total} ({100 * misses / total:.1f} %)")
    for path in paths:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if rows and all("label" in row and "text" in row for row in rows):
            found = recalls([(row["text"], row["label"] in HARMFUL) for row in rows if row.get("split") != "train"])
            lines += ["", f"{path.stem}: recall at 5 % false alarms on harmful texts with a listed word"]
        else:
            kept = attacked(list(read_cases(path)))
            found = {"plain": 1.0} | {trick: count / max(1, of) for trick, (count, of) in kept.items()}
            lines += ["", f"{path.stem}: share of the cases that listed words give away"]
        lines += [f"{trick:14} {share:.3f}" for trick, share in found.items()]
        shares = [share / max(found["plain"], 1e-9) for trick, share in found.items() if trick != "plain"]
        lines.append(f"disguised over plain: mean {sum(shares) / len(shares):.3f}, worst {min(shares):.3f}")
    return "\n".join(lines)
