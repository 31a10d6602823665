"""What follows from findings: the shipped table, a site's changes to it, and the order of the queue; nothing is found here."""

from collections.abc import Iterable
from dataclasses import replace
from math import prod

from service.moderation.checks import site_rules
from service.moderation.vocabulary import (
    Category,
    Finding,
    Outcome,
    Policy,
    PublishMode,
    RuleKind,
    SiteRule,
    Verdict,
)

# Severity 1 is worth showing to a moderator and does not count; a site may lower this for any category.
DEFAULT_THRESHOLD = 2
REJECTED_WHEN_SEVERE = frozenset(
    {Category.SPAM_AD, Category.SCAM, Category.GAMBLING, Category.FLOOD, Category.GIBBERISH},
)
# What is blatant enough to be rejected where people otherwise read everything first.
BLATANT = frozenset({Category.SPAM_AD, Category.SCAM, Category.GAMBLING})

_ORDER = (Outcome.APPROVE, Outcome.HOLD, Outcome.REJECT)
_WEIGHTS = {0: 0.3, 1: 0.08, 2: 0.45, 3: 0.75}


def decide(findings: tuple[Finding, ...], policy: Policy, score: float, counted: tuple[str, ...] = ()) -> Verdict:
    """Weigh all findings; the gravest thing that any of them leads to is the outcome."""
    for rule in policy.rules.changing:
        if not makes_a_difference(findings, policy, rule):
            continue
        if rule.entry in policy.counting:
            counted = (*counted, rule.entry)
        else:
            policy, findings = changed(policy, rule), (*findings, site_rules.said_of_change(rule))
    return Verdict(gravest(findings, policy), risk(findings, score), findings, policy.version, counted)


def gravest(findings: Iterable[Finding], policy: Policy) -> Outcome:
    """Tell what the findings lead to together."""
    worst = max((outcome(finding, policy) for finding in findings), key=_ORDER.index, default=Outcome.APPROVE)
    held = policy.mode is PublishMode.AFTER_REVIEW and worst is Outcome.APPROVE
    return Outcome.HOLD if held else worst


def makes_a_difference(findings: Iterable[Finding], policy: Policy, rule: SiteRule) -> bool:
    """Say whether a rule that changes the policy changes what these findings lead to."""
    found = tuple(findings)
    return gravest(found, changed(policy, rule)) is not gravest(found, policy)


def changed(policy: Policy, rule: SiteRule) -> Policy:
    """Return the policy with a rule's threshold or action in it."""
    if rule.kind is RuleKind.THRESHOLD:
        return replace(policy, thresholds={**policy.thresholds, rule.category: rule.threshold})
    return replace(policy, actions={**policy.actions, rule.category: rule.outcome})


def outcome(finding: Finding, policy: Policy) -> Outcome:
    """Tell what one finding leads to."""
    category = finding.category
    if not finding.ran or category is None:
        return Outcome.HOLD
    if finding.check == site_rules.NAME:
        # A person of the site said what the rule leads to and tried it on history: nothing else weighs on it.
        return site_rules.LEADS_TO[finding.severity]
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
