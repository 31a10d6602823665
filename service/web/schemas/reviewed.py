"""What the calls of moderators answer, beside `answers`: a comment, its findings, its history, who has it open."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.moderation.vocabulary import Category, Outcome
from service.web.schemas.answers import Id, Moment, Problem, exact
from service.web.schemas.fields import among

Status = Annotated[str, among("pending", "held", "approved", "rejected", "erased")]
Decisive = Annotated[str, among(*Outcome)]


@exact
class Span(TypedDict):
    """A place in a field, in Unicode code points of the stored text."""

    field: Literal["name", "title", "body"]
    start: int
    end: int
    text: str


@exact
class Finding(TypedDict):
    """What one check saw, where, and whether it ran; `category` is null and `spans` is empty where it did not."""

    check: str
    category: Category | None
    severity: Annotated[int, Field(ge=0, le=3)]
    spans: list[Span]
    message: str
    entry: str | None
    version: str
    ran: bool


@exact
class Verdict(TypedDict):
    """What the engine would say."""

    outcome: Decisive
    risk: Annotated[float, Field(ge=0, le=1)]
    policy_version: str
    findings: list[Finding]


@exact
class Lease(TypedDict):
    """Who has a comment open, and until when."""

    by: str
    until: Moment


@exact
class Leased(TypedDict):
    """The comment is yours for a while."""

    lease: Lease


@exact
class Article(TypedDict):
    """What a comment is about; title and address as far as they are known."""

    id: str
    title: str
    url: str


@exact
class Reviewed(TypedDict):
    """A comment as moderators see it; the phone is masked."""

    id: Id
    site: str
    article: Article
    status: Status
    version: int
    escalated: bool
    risk: Annotated[float, Field(ge=0, le=1)]
    priority: Annotated[int, Field(description="The queue's order, the lowest first.")]
    name: str
    title: str
    body: str
    shown: Annotated[dict[str, str] | None, Field(description="What is shown instead, where personal data was masked.")]
    phone: str | None
    findings: list[Finding]
    policy_version: str
    created_at: Moment
    age: Annotated[int, Field(ge=0, description="Seconds.")]
    decided_at: Moment | None
    attempts: int
    reports: Annotated[int, Field(ge=0)]
    open_reports: Annotated[int, Field(ge=0)]
    lease: Lease | None


@exact
class Queue(TypedDict):
    """Comments in the order asked for; `total` stops at 10,001."""

    comments: list[Reviewed]
    next: str | None
    total: Annotated[int, Field(ge=0)]


@exact
class Decision(TypedDict):
    """One row of a comment's history; `outcome` is null for what decides nothing."""

    id: Id
    comment: Id
    version: int
    actor: str
    act: str
    outcome: Decisive | None
    status_before: Status | None
    status_after: Status
    reason: str | None
    note: str | None
    policy_version: str
    undoes: Id | None
    at: Moment


@exact
class Complaint(TypedDict):
    """What a reader said about a comment that is shown; open until a person decides."""

    reason: str
    text: str
    at: Moment
    open: bool


@exact
class Sender(TypedDict):
    """How many other comments of the last 30 days came from the same address and phone, by status."""

    address: dict[str, int]
    phone: dict[str, int]


@exact
class Card(Reviewed):
    """One comment with all that is known about it."""

    complaints: list[Complaint]
    decisions: list[Decision]
    sender: Sender
    similar: list[Reviewed]


@exact
class Decided(TypedDict):
    """A comment and the decision just taken."""

    comment: Reviewed
    decision: Decision


@exact
class DecidedMeanwhile(Problem):
    """Somebody was first, or the comment changed; null where no decision did it."""

    decision: Decision | None


@exact
class BeingRead(Problem):
    """Somebody else has the comment open."""

    lease: Lease


@exact
class Result(TypedDict):
    """What became of one of many: 200 with its decision, 403 for one that was escalated, 404 or 409."""

    id: Id
    status: Annotated[int, Field(json_schema_extra={"enum": [200, 403, 404, 409]})]
    decision: NotRequired[Decision]


@exact
class Results(TypedDict):
    """One result for each comment named."""

    results: list[Result]


@exact
class Undoing(TypedDict):
    """What became of one of many decisions: 200 with the row that undid it, 404 or 409."""

    decision: Id
    status: Annotated[int, Field(json_schema_extra={"enum": [200, 404, 409]})]
    undone: NotRequired[Decision]


@exact
class Undone(TypedDict):
    """One result for each decision named."""

    results: list[Undoing]


@exact
class Phone(TypedDict):
    """A phone number in full; null where there is none."""

    phone: str | None
