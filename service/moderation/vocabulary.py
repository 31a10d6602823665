"""The words of the trade: what is looked at, what is found, and what follows from it; no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Outcome(StrEnum):
    """What a verdict or a person asks for, mildest first."""

    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"


class PublishMode(StrEnum):
    """When a comment may be shown without a person having approved it."""

    AFTER_REVIEW = "after_review"
    WHEN_CLEAN = "when_clean"


class Category(StrEnum):
    """The kinds of finding a moderator sees and a policy weighs."""

    PROFANITY = "profanity"
    INSULT = "insult"
    HATE = "hate"
    THREAT = "threat"
    SEXUAL = "sexual"
    SPAM_AD = "spam_ad"
    SCAM = "scam"
    GAMBLING = "gambling"
    CONTACT_INFO = "contact_info"
    PERSONAL_DATA = "personal_data"
    LINK = "link"
    DUPLICATE = "duplicate"
    FLOOD = "flood"
    GIBBERISH = "gibberish"
    MARKUP = "markup"
    SENDER = "sender"
    HONEYPOT = "honeypot"
    POLICY = "policy"


FIELDS = ("name", "title", "body")


class RuleKind(StrEnum):
    """What a site's own rule looks for, or what it changes of the policy."""

    WORD = "word"
    PHRASE = "phrase"
    PATTERN = "pattern"
    DOMAIN = "domain"
    THRESHOLD = "threshold"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the outside knows about a submission, gathered before the pure part runs.

    Counts cover the look-back window that the caller chose; `None` in a count means the fact
    could not be gathered, and the check that needs it reports that it did not run. `sent_allowance` is
    how many the limits let one sender send in the window of `sent_lately`: a place that allows more is
    flooded later.
    """

    honeypot_filled: bool = False
    answered_by_sound: bool = False
    challenge_degraded: bool = False
    article_surging: bool = False
    identical_elsewhere: int | None = 0
    similar_elsewhere: int | None = 0
    sent_lately: int | None = 0
    sent_allowance: int = 30
    rejected_lately: int | None = 0
    blocked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What a form sent: the stored text, exactly, and the facts about it."""

    body: str
    title: str = ""
    name: str = ""
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a field of the submission, in Unicode code points: `text == field[start:end]`."""

    field: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence for a person, in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw. `ran` false: the check raised or ran out of time, category None, no spans.

    `severity` is 1 (mild), 2 (plain) or 3 (severe); 0 where the check did not run.
    `entry` names the lexicon entry, pattern or rule, `version` the version of the list it stands in.
    """

    check: str
    category: Category | None
    severity: int
    spans: tuple[Span, ...]
    message: Message
    entry: str | None = None
    version: str = ""
    ran: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome, all findings, the risk from 0 to 1 by which a queue is ordered, and the policy's version.

    `counted` names the site's rules that would have acted and only count for now.
    """

    outcome: Outcome
    risk: float
    findings: tuple[Finding, ...]
    policy_version: str
    counted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteRule:
    """One rule of a site: words, phrases, patterns or domains to find, or a change of the policy.

    `entry` names it in findings (`rule:12`, `block:3`). `outcome` is what a find leads to (approve: it is only
    noted) or, for an action, what its category leads to. `threshold` is the lowest severity of the category
    that counts, 4 for never.
    """

    entry: str
    version: int
    kind: RuleKind
    category: Category
    forms: tuple[str, ...] = ()
    outcome: Outcome = Outcome.HOLD
    threshold: int = 2


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of a site that are looked at; two books with one key hold the same rules."""

    key: str = ""
    finding: tuple[SiteRule, ...] = field(default=(), compare=False)
    changing: tuple[SiteRule, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a site makes of findings.

    `actions` overrides the shipped table: category to outcome, for findings of severity 2 or more.
    `thresholds` is the lowest severity (1 to 3) of a category that counts at all.
    `learned_threshold` is the learned score from 0 to 1 above which a comment is held.
    `rules` are the site's own; those whose entry is in `counting` are counted and do nothing.
    `lengths` and `required` are not here: the edge has validated the text before it gets this far.
    """

    mode: PublishMode = PublishMode.AFTER_REVIEW
    actions: Mapping[Category, Outcome] = field(default_factory=lambda: MappingProxyType({}))
    thresholds: Mapping[Category, int] = field(default_factory=lambda: MappingProxyType({}))
    learned_threshold: float = 0.9
    version: str = "shipped"
    rules: Rulebook = field(default_factory=Rulebook)
    counting: frozenset[str] = frozenset()
