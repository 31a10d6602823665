"""What the public calls take: comments with their answers for the gate, challenges, reports, and what to list."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from service.comments.deciding import REASONS
from service.comments.gate import Answers
from service.web.cleaning import shows_nothing
from service.web.schemas import fields
from service.web.schemas.fields import ArticleKey, IdempotencyKey, Note, ShortText, SiteKey, Typed


def lacks_consent(sent: Mapping[str, Any]) -> bool:
    """Say whether a form brings a phone number that nobody agreed to be kept, whatever else is wrong with it."""
    phone = sent.get("phone")
    return isinstance(phone, str) and not shows_nothing(phone) and not fields.checkbox(sent.get("consent"))


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
        AfterValidator(fields.line),
        AfterValidator(fields.required),
        AfterValidator(fields.at_most(lambda policy: policy.name_length)),
        Field(json_schema_extra={"minLength": 1, "maxLength": 80}),
    ]
    phone: Annotated[Typed, Field(examples=["0912 345 678"])] = ""
    title: Annotated[
        Typed,
        AfterValidator(fields.line),
        AfterValidator(fields.at_most(lambda policy: policy.title_length)),
        Field(json_schema_extra={"maxLength": 200}),
    ] = ""
    body: Annotated[
        Typed,
        AfterValidator(fields.prose),
        AfterValidator(fields.required),
        AfterValidator(fields.long_enough),
        AfterValidator(fields.at_most(lambda policy: policy.body_length)),
        Field(json_schema_extra={"minLength": 2, "maxLength": 5000}),
    ]
    consent: Annotated[
        bool,
        BeforeValidator(fields.checkbox),
        WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["1", "true", "on", "yes", ""]}]}),
    ] = False
    idempotency_key: IdempotencyKey = ""

    @field_validator("title", mode="after")
    @classmethod
    def title_as_required(cls, value: str, info: ValidationInfo) -> str:
        """Require a title where the site does."""
        return fields.required(value) if fields.policy(info).title_required else ("" if shows_nothing(value) else value)

    @field_validator("phone", mode="after")
    @classmethod
    def phone_in_e164(cls, value: str, info: ValidationInfo) -> str:
        """Return the number in E.164, '' when none was given."""
        number = fields.phone_number(value, (info.context or {}).get("region", "VN"))
        if not number and fields.policy(info).phone_required:
            raise fields.Wrong("required")
        return number

    @model_validator(mode="before")
    @classmethod
    def title_is_named(cls, sent: Any) -> Any:
        """Let an absent title meet the rule of the site, not a default."""
        return {"title": "", "phone": "", **sent} if isinstance(sent, dict) else sent


class ChallengeIn(BaseModel):
    """A form asks for a challenge."""

    site: SiteKey
    article: ArticleKey
    kind: Annotated[Literal["", "image", "pow"], fields.Absent] = ""


class ReportIn(BaseModel):
    """A reader's complaint about a comment."""

    reason: Annotated[Typed, AfterValidator(lambda value: fields.one_of(value, (*REASONS,))), fields.among(*REASONS)]
    text: Note = ""


class ListQuery(BaseModel):
    """Which approved comments to list."""

    site: SiteKey
    article: ArticleKey
    limit: fields.Limit = 20
    cursor: Annotated[uuid.UUID | None, BeforeValidator(lambda value: value or None)] = None


class CountsQuery(BaseModel):
    """Which articles to count."""

    site: SiteKey
    article: Annotated[list[ArticleKey], Field(min_length=1, max_length=100)]


class FeedQuery(BaseModel):
    """Of what to make a feed: a site, or one article of it."""

    site: SiteKey
    article: Annotated[Typed, AfterValidator(fields.opaque)] = ""
