"""What requests must look like: the schemas that parse them and from which the OpenAPI document is made."""

import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NoReturn, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from service import privacy
from service.articles import KEY_LENGTH
from service.comments.deciding import REASONS
from service.comments.gate import Answers
from service.moderation.vocabulary import Outcome
from service.sites import KEY, SitePolicy
from service.web.cleaning import UNREADABLE, Unreadable, cleaned, cleaned_line, shows_nothing
from service.web.errors import FieldError, FieldErrors, Problem

Model = TypeVar("Model", bound=BaseModel)


class Wrong(PydanticCustomError):
    """A field error with a code of the contract, and the limit that it names."""

    def __new__(cls, code: str, limit: int | None = None) -> Self:
        """Make the error that `parse` turns into a `FieldError`."""
        return super().__new__(cls, code, code, {"limit": limit})


def parse(model: type[Model], fields: Mapping[str, Any], **context: Any) -> Model:
    """Return the fields as an object; raise `FieldErrors` naming every wrong one. Unknown fields are ignored."""
    try:
        return model.model_validate(dict(fields), context=context)
    except ValidationError as error:
        raise FieldErrors(list(dict.fromkeys(_field_error(one) for one in error.errors()))) from error


CODES = {"missing": "required", "string_type": "invalid_text"}


def _field_error(error: Any) -> FieldError:
    field = str(error["loc"][0]) if error["loc"] else "body"
    kind = error["type"]
    if isinstance(error.get("ctx", {}).get("limit", ""), int | None):
        return FieldError(field, kind, error["ctx"]["limit"])
    return FieldError(field, CODES.get(kind, "invalid"))


def _policy(info: ValidationInfo) -> SitePolicy:
    policy = (info.context or {}).get("policy")
    return policy if isinstance(policy, SitePolicy) else SitePolicy()


def _none_as_absent(value: Any) -> Any:
    return "" if value is None else value


def _required(text: str) -> str:
    if shows_nothing(text):
        raise Wrong("required")
    return text


def _line(value: str) -> str:
    try:
        return cleaned_line(value)
    except Unreadable as error:
        raise Wrong("invalid_text") from error


def _prose(value: str) -> str:
    try:
        return cleaned(value)
    except Unreadable as error:
        raise Wrong("invalid_text") from error


def _at_most(length: Callable[[SitePolicy], int]) -> Callable[[str, ValidationInfo], str]:
    def check(text: str, info: ValidationInfo) -> str:
        limit = length(_policy(info))
        if len(text) > limit:
            raise Wrong("too_long", limit)
        return text

    return check


def _site_key(value: str) -> str:
    if not value:
        raise Wrong("required")
    if not KEY.fullmatch(value):
        # A key that no site can have is a site that does not exist.
        raise Problem("not-found")
    return value


def _opaque(value: str) -> str:
    """Return an article's id as it is, since only its site knows what it means; '' where there is none."""
    if UNREADABLE.search(value):
        raise Wrong("invalid_text")
    if len(value) > KEY_LENGTH:
        raise Wrong("too_long", KEY_LENGTH)
    return "" if shows_nothing(value) else value


def _long_enough(text: str, info: ValidationInfo) -> str:
    limit = _policy(info).body_minimum
    if len(text) < limit:
        raise Wrong("too_short", limit)
    return text


def _checkbox(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in {"1", "true", "on", "yes"})


def phone_number(typed: str, region: str) -> str:
    """Return a typed number in E.164, '' for an empty field; limits count by the same reading that is stored."""
    text = _line(typed)
    if shows_nothing(text):
        return ""
    try:
        if len(text) > PHONE_LENGTH:
            raise Wrong("invalid_phone")
        return privacy.parse_phone(text, region)
    except privacy.InvalidPhone as error:
        raise Wrong("invalid_phone") from error


PHONE_LENGTH = 64


def lacks_consent(fields: Mapping[str, Any]) -> bool:
    """Say whether a form brings a phone number that nobody agreed to be kept, whatever else is wrong with it."""
    phone = fields.get("phone")
    return isinstance(phone, str) and not shows_nothing(phone) and not _checkbox(fields.get("consent"))


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Wrong("required" if not value else "unknown")
    return value


def _number(value: Any) -> Any:
    # int() takes Arabic digits, underscores and white space, none of which is a number in a query.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 6:
        return int(value)
    return value if isinstance(value, int) else _refuse()


def _refuse() -> NoReturn:
    raise Wrong("invalid")


Absent = BeforeValidator(_none_as_absent)
Typed = Annotated[StrictStr, Absent]
SiteKey = Annotated[
    Typed, AfterValidator(_site_key), Field(examples=["demo"], json_schema_extra={"pattern": KEY.pattern})
]
ArticleKey = Annotated[
    Typed,
    AfterValidator(_opaque),
    AfterValidator(_required),
    Field(json_schema_extra={"minLength": 1, "maxLength": KEY_LENGTH}),
]
IDEMPOTENCY_KEY_LENGTH = 200
IdempotencyKey = Annotated[
    Typed,
    AfterValidator(_line),
    AfterValidator(_at_most(lambda _: IDEMPOTENCY_KEY_LENGTH)),
    Field(json_schema_extra={"maxLength": IDEMPOTENCY_KEY_LENGTH}),
]
ShortText = Annotated[Typed, AfterValidator(_line), AfterValidator(_at_most(lambda _: 2000))]
Note = Annotated[Typed, AfterValidator(_prose), AfterValidator(_at_most(lambda _: 2000))]


class GateIn(BaseModel):
    """What a form sends for the gate; anything that is no text, or too much of it, is no answer."""

    captcha_id: str = Field(default="", description="The id of the challenge whose answer `captcha` is.")
    captcha: str = ""
    pow: str = Field(default="", description="A solved proof of work: ALTCHA's payload, base64 of JSON.")
    token: str = ""
    website: Annotated[
        bool,
        BeforeValidator(lambda value: bool(value.strip() if isinstance(value, str) else value)),
        WithJsonSchema({"type": "string", "description": "Leave it empty: people do not see this field."}),
    ] = False

    @field_validator("captcha_id", "captcha", "pow", "token", mode="before")
    @classmethod
    def text_or_nothing(cls, value: Any) -> str:
        """Take anything but a reasonable text as no answer."""
        return value if isinstance(value, str) and len(value) <= 16_384 else ""

    def answers(self) -> Answers:
        """Return the answers for the gate."""
        return Answers(
            captcha_id=self.captcha_id,
            captcha=self.captcha,
            proof=self.pow,
            token=self.token,
            honeypot=self.website,
        )


class CommentIn(GateIn):
    """A comment as a form sends it. Lengths are the site's; those shown are the defaults."""

    site: SiteKey
    article: ArticleKey
    article_url: ShortText = ""
    article_title: ShortText = ""
    name: Annotated[
        Typed,
        AfterValidator(_line),
        AfterValidator(_required),
        AfterValidator(_at_most(lambda policy: policy.name_length)),
        Field(json_schema_extra={"minLength": 1, "maxLength": 80}),
    ]
    phone: Annotated[Typed, Field(examples=["0912 345 678"])] = ""
    title: Annotated[
        Typed,
        AfterValidator(_line),
        AfterValidator(_at_most(lambda policy: policy.title_length)),
        Field(json_schema_extra={"maxLength": 200}),
    ] = ""
    body: Annotated[
        Typed,
        AfterValidator(_prose),
        AfterValidator(_required),
        AfterValidator(_long_enough),
        AfterValidator(_at_most(lambda policy: policy.body_length)),
        Field(json_schema_extra={"minLength": 2, "maxLength": 5000}),
    ]
    consent: Annotated[
        bool,
        BeforeValidator(_checkbox),
        WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["1", "true", "on", "yes", ""]}]}),
    ] = False
    idempotency_key: IdempotencyKey = ""

    @field_validator("title", mode="after")
    @classmethod
    def title_as_required(cls, value: str, info: ValidationInfo) -> str:
        """Require a title where the site does."""
        return _required(value) if _policy(info).title_required else ("" if shows_nothing(value) else value)

    @field_validator("phone", mode="after")
    @classmethod
    def phone_in_e164(cls, value: str, info: ValidationInfo) -> str:
        """Return the number in E.164, '' when none was given."""
        number = phone_number(value, (info.context or {}).get("region", "VN"))
        if not number and _policy(info).phone_required:
            raise Wrong("required")
        return number

    @model_validator(mode="before")
    @classmethod
    def title_is_named(cls, fields: Any) -> Any:
        """Let an absent title meet the rule of the site, not a default."""
        return {"title": "", "phone": "", **fields} if isinstance(fields, dict) else fields


class ChallengeIn(BaseModel):
    """A form asks for a challenge."""

    site: SiteKey
    article: ArticleKey
    kind: Annotated[Literal["", "image", "pow"], Absent] = ""


class ReportIn(BaseModel):
    """A reader's complaint about a comment."""

    reason: Annotated[Typed, AfterValidator(lambda value: _one_of(value, (*REASONS,)))]
    text: Note = ""


class DecisionIn(BaseModel):
    """A moderator's decision about the version that was on the screen."""

    outcome: Outcome
    version: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
    reason: Annotated[Typed, AfterValidator(lambda value: _one_of(value, ("", *REASONS)))] = ""
    note: Note = ""
    escalate: bool = False
    mask: bool = False


class Item(BaseModel):
    """A comment and the version that was on the screen."""

    id: uuid.UUID
    version: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]


class DecisionsIn(BaseModel):
    """One decision about many comments."""

    items: Annotated[list[Item], Field(min_length=1, max_length=500)]
    outcome: Outcome
    reason: Annotated[Typed, AfterValidator(lambda value: _one_of(value, ("", *REASONS)))] = ""
    note: Note = ""


class UndoIn(BaseModel):
    """The decision to take back."""

    decision: uuid.UUID


class RevealIn(BaseModel):
    """Why somebody must see a phone number."""

    reason: Annotated[Typed, AfterValidator(_prose), AfterValidator(_required), AfterValidator(_at_most(lambda _: 500))]


class PreviewIn(BaseModel):
    """A text to try the engine on."""

    site: Annotated[Typed, AfterValidator(lambda value: _site_key(value) if value else "")] = ""
    name: ShortText = ""
    title: ShortText = ""
    body: Annotated[
        Typed, AfterValidator(_prose), AfterValidator(_required), AfterValidator(_at_most(lambda _: 20_000))
    ]


class ListQuery(BaseModel):
    """Which approved comments to list."""

    site: SiteKey
    article: ArticleKey
    limit: Annotated[int, BeforeValidator(_number), Field(ge=1, le=100)] = 20
    cursor: Annotated[uuid.UUID | None, BeforeValidator(lambda value: value or None)] = None


class CountsQuery(BaseModel):
    """Which articles to count."""

    site: SiteKey
    article: Annotated[list[ArticleKey], Field(min_length=1, max_length=100)]


class FeedQuery(BaseModel):
    """Of what to make a feed: a site, or one article of it."""

    site: SiteKey
    article: Annotated[Typed, AfterValidator(_opaque)] = ""


class QueueQuery(BaseModel):
    """Which comments a moderator wants to see, in which order."""

    status: Literal["pending", "held", "approved", "rejected", "erased"] = "held"
    site: ShortText = ""
    article: Annotated[Typed, AfterValidator(_opaque)] = ""
    reason: ShortText = ""
    q: ShortText = ""
    reported: Annotated[
        bool,
        BeforeValidator(_checkbox),
        WithJsonSchema(
            {"enum": ["1", "true", "on", "yes", ""], "description": "1: those that readers complain of, approved ones"}
        ),
    ] = False
    order: Literal["priority", "oldest", "newest"] = "priority"
    limit: Annotated[int, BeforeValidator(_number), Field(ge=1, le=100)] = 20
    cursor: ShortText = ""

    @model_validator(mode="before")
    @classmethod
    def complaints_are_about_what_is_shown(cls, fields: Any) -> Any:
        """Look among approved comments for complaints, where no status is named."""
        reported = isinstance(fields, dict) and _checkbox(fields.get("reported"))
        return {"status": "approved", **fields} if reported else fields
