"""The one call: read a submission, run every check, let the policy decide; no clock, no file, no network of its own."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from service.moderation import likeness
from service.moderation.checks import (
    abuse,
    contacts,
    contempt,
    duplicate,
    flood,
    gibberish,
    honeypot,
    learned,
    links,
    markup,
    offers,
    personal_data,
    seam,
    sender,
    site_rules,
    veiled,
    whereabouts,
)
from service.moderation.disguises import unveil
from service.moderation.findings import once, unchecked
from service.moderation.grammar import grammar
from service.moderation.lexicon import book
from service.moderation.policy import decide
from service.moderation.reading import read
from service.moderation.scoring import table
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Finding, Policy, Submission, Verdict

Check = Callable[[Sheet], Iterator[Finding]]
Clock = Callable[[], float]

CHECKS: tuple[tuple[str, Check], ...] = (
    (abuse.NAME, abuse.find),
    (contempt.NAME, contempt.find),
    (veiled.NAME, veiled.find),
    (seam.NAME, seam.find),
    (offers.NAME, offers.find),
    (contacts.NAME, contacts.find),
    (personal_data.NAME, personal_data.find),
    (whereabouts.NAME, whereabouts.find),
    (links.NAME, links.find),
    (markup.NAME, markup.find),
    (gibberish.NAME, gibberish.find),
    (duplicate.NAME, duplicate.find),
    (flood.NAME, flood.find),
    (sender.NAME, sender.find),
    (honeypot.NAME, honeypot.find),
)
READING = "reading"
# Seconds a single check may take: a hundred times what the longest text allowed needs.
BUDGET = 0.5
_LIMIT = 40


def prepare() -> None:
    """Load and compile every list, pattern and table; call it once in a process before it serves or forks."""
    book()
    grammar(toneless=False)
    grammar(toneless=True)
    unveil("x1x")
    table()
    likeness.table()
    moderate(Submission(body="Xin chào, đây là một câu để khởi động."), Policy())


def moderate(
    submission: Submission,
    policy: Policy,
    *,
    clock: Clock | None = None,
    checks: tuple[tuple[str, Check], ...] = CHECKS,
) -> Verdict:
    """Give the verdict on a submission; whatever a check does, a verdict is given."""
    sheets: list[Sheet] = []
    findings = _run(READING, partial(_keep, sheets, submission), clock)
    sheet = sheets[0] if sheets else Sheet((), submission.facts, submission)
    for name, check in checks:
        findings.extend(_run(name, partial(check, sheet), clock))
    findings = once(findings)
    counted: list[str] = []
    if policy.rules.finding:
        found = _run(site_rules.NAME, partial(site_rules.find, sheet, policy.rules, policy.counting), clock)
        findings.extend(finding for finding in found if not _only_counts(finding, policy, counted))
    score: list[float] = []
    findings.extend(_run(learned.NAME, partial(_learned, sheet, findings, policy.learned_threshold, score), clock))
    return decide(tuple(findings), policy, score[0] if score else 0.0, tuple(counted))


def _only_counts(finding: Finding, policy: Policy, counted: list[str]) -> bool:
    if finding.entry is None or finding.entry not in policy.counting:
        return False
    counted.append(finding.entry)
    return True


def _learned(sheet: Sheet, findings: list[Finding], threshold: float, score: list[float]) -> Iterator[Finding]:
    listed = [finding for finding in findings if finding.check == abuse.NAME]
    score.append(learned.score(sheet, listed))
    return learned.find(sheet, score[0], threshold, alone=all(finding.severity < 2 for finding in listed))


def _keep(sheets: list[Sheet], submission: Submission) -> Iterator[Finding]:
    sheets.append(read(submission))
    return iter(())


def _run(name: str, check: Callable[[], Iterator[Finding]], clock: Clock | None) -> list[Finding]:
    """Run one check within its budget; one that raises or takes longer is shown as not having run."""
    begun = clock() if clock else 0.0
    try:
        found = list(islice(check(), _LIMIT))
    except Exception:  # noqa: BLE001 - the edge of every check: what it did not see must hold the comment.
        return [unchecked(name)]
    return [unchecked(name)] if clock and clock() - begun > BUDGET else found
