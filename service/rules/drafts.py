"""What a person writes of a rule, and what makes no sense in it; nothing is kept here and nothing matched."""

import re
import unicodedata
from dataclasses import dataclass, replace

from service.moderation.checks import site_rules
from service.moderation.lexicon import terms
from service.moderation.vocabulary import Category, Outcome, RuleKind

FORMS = 2000
FORM_LENGTH = 200
DAILY_CAP = 200

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class BadRule(Exception):
    """The rule makes no sense; `field` and `code` say where, `said` quotes what was refused or who refused it."""

    def __init__(self, field: str, code: str, said: str = "") -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code, self.said = field, code, said


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes of a rule; `daily_cap` is how many comments a day it may act on, None for any number."""

    kind: RuleKind
    forms: tuple[str, ...] = ()
    category: Category = Category.POLICY
    outcome: Outcome = Outcome.HOLD
    threshold: int = 2
    daily_cap: int | None = DAILY_CAP
    note: str = ""


def checked(draft: Draft) -> Draft:
    """Return the rule in the form in which it is kept; raise `BadRule`."""
    if draft.daily_cap is not None and not 1 <= draft.daily_cap <= 100_000:
        raise BadRule("daily_cap", "invalid")
    if draft.kind in site_rules.CHANGING:
        if draft.kind is RuleKind.THRESHOLD and not 1 <= draft.threshold <= 4:
            raise BadRule("threshold", "invalid")
        return replace(draft, forms=())
    forms = tuple(dict.fromkeys(filter(None, (unicodedata.normalize("NFC", form.strip()) for form in draft.forms))))
    if not forms:
        raise BadRule("forms", "required")
    if len(forms) > FORMS:
        raise BadRule("forms", "too_many", str(FORMS))
    if draft.kind is RuleKind.DOMAIN:
        forms = tuple(dict.fromkeys(site_rules.host(form) for form in forms))
    for form in forms:
        _check_form(draft.kind, form)
    return replace(draft, forms=forms)


def _check_form(kind: RuleKind, form: str) -> None:
    if len(form) > (site_rules.PATTERN_LENGTH if kind is RuleKind.PATTERN else FORM_LENGTH):
        raise BadRule("forms", "form_too_long", form[:40])
    if kind is RuleKind.PATTERN:
        try:
            site_rules.compiled(form)
        except site_rules.BadPattern as error:
            said = str(error)
            raise BadRule("forms", "bad_pattern" if said else "matches_everything", said or form[:80]) from error
        return
    if kind is RuleKind.DOMAIN:
        if not _DOMAIN.fullmatch(form):
            raise BadRule("forms", "bad_domain", form[:80])
        return
    words = len(terms(form))
    if (kind is RuleKind.WORD and words != 1) or (kind is RuleKind.PHRASE and not 2 <= words <= 12):
        raise BadRule("forms", "not_a_word" if kind is RuleKind.WORD else "not_a_phrase", form[:80])
