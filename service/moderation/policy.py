"""What follows from findings: the shipped table, a site's changes to it, and the order of the queue; nothing is found here."""

from collections.abc import Iterable
from math import prod

from service.moderation.vocabulary import Category, Finding, Outcome, Policy, PublishMode, Verdict

# Severity 1 is worth showing to a moderator and does not count; a site may lower this for any category.
DEFAULT_THRESHOLD = 2
REJECTED_WHEN_SEVERE = frozenset(
    {Category.SPAM_AD, Category.SCAM, Category.GAMBLING, Category.FLOOD, Category.GIBBERISH},
)
# What is blatant enough to be rejected where people otherwise read everything first.
BLATANT = frozenset({Category.SPAM_AD, Category.SCAM, Category.GAMBLING})

_ORDER = (Outcome.APPROVE, Outcome.HOLD, Outcome.REJECT)
_WEIGHTS = {0: 0.3, 1: 0.08, 2: 0.45, 3: 0.75}


def decide(findings: tuple[Finding, ...], policy: Policy, score: float) -> Verdict:
    """Weigh all findings; the gravest thing that any of them leads to is the outcome."""
    outcomes = [outcome(finding, policy) for finding in findings]
    gravest = max(outcomes, key=_ORDER.index, default=Outcome.APPROVE)
    if policy.mode is PublishMode.AFTER_REVIEW and gravest is Outcome.APPROVE:
        gravest = Outcome.HOLD
    return Verdict(gravest, risk(findings, score), findings, policy.version)


def outcome(finding: Finding, policy: Policy) -> Outcome:
    """Tell what one finding leads to."""
    category = finding.category
    if not finding.ran or category is None:
        return Outcome.HOLD
    if finding.severity < policy.thresholds.get(category, DEFAULT_THRESHOLD):
        return Outcome.APPROVE
    chosen = policy.actions.get(category) if finding.severity > 1 else None
    if chosen is None:
        severe = finding.severity > 2 and category in REJECTED_WHEN_SEVERE
        chosen = Outcome.REJECT if severe else Outcome.HOLD
    if policy.mode is PublishMode.AFTER_REVIEW and chosen is Outcome.REJECT:
        blatant = category in BLATANT and finding.severity > 2
        return Outcome.REJECT if blatant else Outcome.HOLD
    return chosen


def risk(findings: Iterable[Finding], score: float) -> float:
    """From 0 to 1, for the order of a queue: the chance that none of the signs means anything, turned round."""
    clear = prod(1.0 - _WEIGHTS.get(finding.severity, 0.45) for finding in findings)
    return round(min(1.0, 1.0 - clear * (1.0 - 0.5 * score)), 4)
