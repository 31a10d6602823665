"""What the calls of rules, blocks and the audit take; what makes sense of it is the use cases' to say."""

import re
import uuid
from contextlib import suppress
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from service import audit, blocks
from service.moderation.checks import site_rules
from service.moderation.vocabulary import Category, Outcome, RuleKind
from service.rules import backtests, drafts, keeping
from service.rules.drafts import Draft
from service.web.schemas import fields
from service.web.schemas.fields import Note, ShortText, SiteKey, Typed

VERSIONS = Field(ge=1, le=2**31 - 1)


def _lines(value: Any) -> Any:
    """Take a text of many lines, as a plain form sends it, for a list."""
    return value.splitlines() if isinstance(value, str) else value


def _form(value: str) -> str:
    """Clean one form of a rule; in a pattern every sign counts."""
    return fields.line(value)


def _cap(value: Any) -> Any:
    return None if value in (None, "", 0, "0") else fields.number(value)


def _day(value: Any) -> Any:
    if value in (None, ""):
        return None
    day = re.fullmatch(r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})\s*", str(value))
    # As people here write it, at the desk.
    local = re.fullmatch(r"\s*([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})\s*", str(value))
    numbers = day.groups() if day else local.groups()[::-1] if local else ()
    with suppress(ValueError, TypeError):
        return date(*map(int, numbers))
    raise fields.Wrong("invalid")


Day = Annotated[
    date | None,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "description": "A day, as in 2026-11-24 or 24/11/2026."}),
]
Version = Annotated[
    int, BeforeValidator(fields.number), VERSIONS, WithJsonSchema({"type": ["integer", "string"], "minimum": 1})
]
Cap = Annotated[int | None, BeforeValidator(_cap)]
Flag = Annotated[bool, BeforeValidator(fields.checkbox)]
Named = Annotated[uuid.UUID | None, BeforeValidator(lambda value: None if value in (None, "") else value)]


class DraftIn(BaseModel):
    """What a rule looks for or changes, and what it leads to."""

    kind: RuleKind
    forms: Annotated[
        list[Annotated[Typed, AfterValidator(_form)]],
        BeforeValidator(_lines),
        Field(max_length=drafts.FORMS),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "array", "items": {"type": "string"}, "maxItems": drafts.FORMS},
                    {"type": "string", "description": "One a line."},
                ],
                "description": "Words, phrases, RE2 patterns or domains; none for a change.",
            }
        ),
    ] = []
    category: Annotated[
        Category | None,
        BeforeValidator(lambda value: None if value == "" else value),
        WithJsonSchema({"enum": [*Category, "", None]}),
    ] = None
    outcome: Outcome = Outcome.HOLD
    threshold: Annotated[
        int,
        BeforeValidator(fields.number),
        Field(ge=1, le=4),
        WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "maximum": 4}),
    ] = 2
    daily_cap: Annotated[
        Cap,
        WithJsonSchema(
            {
                "type": ["integer", "string", "null"],
                "description": "Comments a day on which it may act; null or 0 for any number.",
            }
        ),
    ] = drafts.DAILY_CAP
    note: Note = ""

    def draft(self) -> Draft:
        """Return the rule as the use cases take it."""
        return Draft(
            kind=self.kind,
            forms=tuple(self.forms),
            category=self.category or site_rules.default_category(self.kind),
            outcome=self.outcome,
            threshold=self.threshold,
            daily_cap=self.daily_cap,
            note=self.note,
        )


class RuleIn(DraftIn):
    """A new rule of a site."""

    site: SiteKey


class RuleChangeIn(DraftIn):
    """A rule as it shall be, and the version that was on the screen."""

    version: Version


class RuleStateIn(BaseModel):
    """Where a rule shall stand, and the version that was on the screen."""

    state: Literal["draft", "shadow", "live", "retired"]
    version: Version


class RulesQuery(BaseModel):
    """Which rules to list; the retired ones only when asked for."""

    site: ShortText = ""
    state: Annotated[
        Typed,
        AfterValidator(lambda value: fields.one_of(value, ("", *keeping.STATES))),
        fields.among("", *keeping.STATES),
    ] = ""
    kind: Annotated[
        Typed, AfterValidator(lambda value: fields.one_of(value, ("", *RuleKind))), fields.among("", *RuleKind)
    ] = ""


class BacktestIn(BaseModel):
    """How many of the last days to try a rule on."""

    days: Annotated[
        int,
        BeforeValidator(fields.number),
        Field(ge=1, le=backtests.DAYS),
        WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "maximum": backtests.DAYS}),
    ] = 30


class BlockIn(BaseModel):
    """Whom or which phrase to block: the sender of a comment, a phone number, an address, or a phrase."""

    site: SiteKey
    kind: Literal["phone", "address", "phrase"]
    comment: Annotated[Named, WithJsonSchema({"type": ["string", "null"], "format": "uuid"})] = None
    value: Annotated[ShortText, Field(description="A phone number, an address or a phrase; not beside `comment`.")] = ""
    reason: Annotated[Typed, AfterValidator(fields.prose), AfterValidator(fields.at_most(lambda _: 500))] = ""
    days: Annotated[
        Cap,
        WithJsonSchema({"type": ["integer", "string", "null"], "description": "Until its end; null or 0 for none."}),
    ] = None


class BlocksQuery(BaseModel):
    """Which blocks to list; those that are over only when asked for."""

    site: ShortText = ""
    kind: Annotated[
        Typed, AfterValidator(lambda value: fields.one_of(value, ("", *blocks.KINDS))), fields.among("", *blocks.KINDS)
    ] = ""
    over: Annotated[Flag, WithJsonSchema({"type": "string", "description": "1: those that are over as well"})] = False


class ExportQuery(BaseModel):
    """Which part of the audit to export."""

    noun: Annotated[
        Typed, AfterValidator(lambda value: fields.one_of(value, ("", *audit.NOUNS))), fields.among("", *audit.NOUNS)
    ] = ""
    actor: ShortText = ""
    site: ShortText = ""
    subject: Annotated[Typed, AfterValidator(fields.opaque)] = ""
    since: Day = None
    until: Day = None
    machines: Annotated[
        Flag, WithJsonSchema({"type": "string", "description": "1: the engine's and the readers' as well"})
    ] = False


class AuditQuery(ExportQuery):
    """Which part of the audit to list."""

    limit: Annotated[int, BeforeValidator(fields.number), Field(ge=1, le=200)] = 50
    cursor: Annotated[Named, WithJsonSchema({"type": "string"})] = None
