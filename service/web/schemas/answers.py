"""What answers to readers and errors look like, as the OpenAPI document says it; the tests hold every answer to it.

Typed dictionaries and no models: an answer is made of what is stored, and nothing stored may fail to be shown.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from service.comments.receipts import SHOWN_AS
from service.web.schemas.fields import among

exact = with_config(ConfigDict(extra="forbid"))

Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Path = Annotated[str, Field(description="From this service's root.", pattern="^/")]


@exact
class FieldError(TypedDict):
    """One wrong field; the message is in the language that the client prefers."""

    field: str
    code: str
    message: str


@exact
class Problem(TypedDict):
    """What went wrong (RFC 9457)."""

    type: Annotated[str, Field(pattern="^urn:duyet:problem:")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str


@exact
class Invalid(Problem):
    """Every wrong field of a request."""

    errors: Annotated[list[FieldError], Field(min_length=1)]


@exact
class Challenge(TypedDict):
    """A challenge: `token` goes with the form in any case, `pow` is in ALTCHA's format."""

    id: str
    kind: Annotated[str, among("image", "pow")]
    token: str
    expires_at: Moment
    image_url: NotRequired[Path]
    audio_url: NotRequired[Path]
    pow: NotRequired[dict[str, Any]]


@exact
class Accepted(TypedDict):
    """A comment that is stored and waits to be judged; the receipt is the reader's way back to it."""

    id: Id
    receipt: Annotated[str, Field(pattern="^[A-Z2-7]{24}$")]
    status: Literal["pending"]


@exact
class Published(TypedDict):
    """A comment as everybody may see it; raw text, never HTML."""

    id: Id
    name: str
    title: str
    body: str
    created_at: Moment


@exact
class Comments(TypedDict):
    """An article's approved comments, newest first; `next` is the cursor of the following page."""

    site: str
    article: str
    count: Annotated[int, Field(ge=0)]
    comments: list[Published]
    next: str | None


@exact
class Counts(TypedDict):
    """How many approved comments each article has."""

    counts: dict[str, Annotated[int, Field(ge=0)]]


@exact
class Receipt(TypedDict):
    """What became of a comment."""

    status: Annotated[str, among(*dict.fromkeys(SHOWN_AS.values()))]


@exact
class Reported(TypedDict):
    """A complaint was taken."""

    status: Literal["received"]


@exact
class Alive(TypedDict):
    """The process answers."""

    status: Literal["ok"]


@exact
class Ready(TypedDict):
    """Comments can be taken; with less where `degraded` names a part."""

    status: Literal["ok"]
    degraded: list[str]


@exact
class Unready(TypedDict):
    """Comments cannot be taken for want of what `missing` names."""

    status: Literal["unavailable"]
    missing: list[str]
    degraded: list[str]


class Form(TypedDict):
    """What a site's form is like for an article, and every word on it; the script of the form reads it."""

    language: str
    zone: str
    closed: bool
    challenge: str
    challenge_seconds: int
    title: bool
    phone: bool
    fields: dict[str, int]
    words: dict[str, str]
    wrong: dict[str, str]
    reasons: dict[str, str]
