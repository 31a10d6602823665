"""What the calls of rules, blocks and the audit answer, beside `answers`."""

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.audit import NOUNS
from service.blocks import KINDS
from service.moderation.vocabulary import Category, RuleKind
from service.rules.backtests import GROUPS
from service.rules.keeping import STATES
from service.web.schemas.answers import Id, Moment, exact
from service.web.schemas.fields import among
from service.web.schemas.reviewed import Decisive, Span

Share = Annotated[float, Field(ge=0, le=1)]
Number = Annotated[int, Field(ge=0)]


@exact
class Rule(TypedDict):
    """A rule of a site; `seen` and `acted` count comments of 30 days, `precision` is null until people decided."""

    id: int
    site: str
    kind: RuleKind
    forms: list[str]
    category: Category
    outcome: Decisive
    threshold: int
    daily_cap: int | None
    note: str
    state: Annotated[str, among(*STATES)]
    next: Annotated[list[str], Field(description="The states that a person may move it to.")]
    version: int
    revision: int
    created_by: str
    created_at: Moment
    changed_at: Moment
    seen: Number
    acted: Number
    over_cap: Annotated[bool, Field(description="It reached today's cap and only counts.")]
    approved_by_people: Number
    rejected_by_people: Number
    precision: Share | None


@exact
class Rules(TypedDict):
    """Rules, newest first."""

    rules: list[Rule]


@exact
class OneRule(TypedDict):
    """A rule as it stands now."""

    rule: Rule


@exact
class Sample(TypedDict):
    """A comment that a rule catches, and where."""

    comment: Id
    group: Annotated[str, among(*GROUPS)]
    title: str
    body: str
    spans: list[Span]


@exact
class Backtest(TypedDict):
    """How far a backtest is and what it caught so far, by what became of the comments."""

    id: Id
    rule: int
    revision: int
    days: int
    state: Annotated[str, among("waiting", "running", "done", "cancelled", "failed")]
    asked_by: str
    created_at: Moment
    finished_at: Moment | None
    progress: Share
    seen: Number
    total: Number
    caught: dict[str, Number]
    samples: NotRequired[list[Sample]]


@exact
class Backtests(TypedDict):
    """A rule's backtests, newest first."""

    backtests: list[Backtest]


@exact
class OneBacktest(TypedDict):
    """A backtest as it stands now."""

    backtest: Backtest


@exact
class Block(TypedDict):
    """A block; of a number no more than `hint` is known, of an address nothing."""

    id: int
    site: str
    kind: Annotated[str, among(*KINDS)]
    phrase: str | None
    hint: str
    reason: str
    created_by: str
    created_at: Moment
    expires_at: Moment | None
    lifted_by: str | None
    lifted_at: Moment | None


@exact
class Blocks(TypedDict):
    """Blocks, newest first."""

    blocks: list[Block]


@exact
class OneBlock(TypedDict):
    """A block as it stands now."""

    block: Block


@exact
class Entry(TypedDict):
    """One thing that somebody did."""

    id: str
    at: Moment
    actor: str
    noun: Annotated[str, among(*NOUNS)]
    subject: str
    act: str
    site: str
    reason: str
    note: str
    detail: dict[str, Any]


@exact
class Audit(TypedDict):
    """What was done, newest first; `next` is the cursor of the following page."""

    entries: list[Entry]
    next: str | None
