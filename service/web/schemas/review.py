"""What the moderators' calls take: which comments to list, decisions, undo, reasons to see a phone, texts to try."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StrictInt, WithJsonSchema, model_validator

from service.comments.deciding import REASONS
from service.moderation.vocabulary import Outcome
from service.web.schemas import fields
from service.web.schemas.fields import Note, ShortText, Typed

Reason = Annotated[
    Typed, AfterValidator(lambda value: fields.one_of(value, ("", *REASONS))), fields.among("", *REASONS)
]


class DecisionIn(BaseModel):
    """A moderator's decision about the version that was on the screen."""

    outcome: Outcome
    version: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
    reason: Reason = ""
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
    reason: Reason = ""
    note: Note = ""


class UndoIn(BaseModel):
    """The decision to take back."""

    decision: uuid.UUID


class UndoManyIn(BaseModel):
    """The decisions to take back."""

    decisions: Annotated[list[uuid.UUID], Field(min_length=1, max_length=500)]


class NoteIn(BaseModel):
    """A note about the version that was on the screen."""

    note: Annotated[
        Typed,
        AfterValidator(fields.prose),
        AfterValidator(fields.required),
        AfterValidator(fields.at_most(lambda _: 2000)),
    ]
    version: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]


class RevealIn(BaseModel):
    """Why somebody must see a phone number."""

    reason: Annotated[
        Typed,
        AfterValidator(fields.prose),
        AfterValidator(fields.required),
        AfterValidator(fields.at_most(lambda _: 500)),
    ]


class PreviewIn(BaseModel):
    """A text to try the engine on."""

    site: Annotated[Typed, AfterValidator(lambda value: fields.site_key(value) if value else "")] = ""
    name: ShortText = ""
    title: ShortText = ""
    body: Annotated[
        Typed,
        AfterValidator(fields.prose),
        AfterValidator(fields.required),
        AfterValidator(fields.at_most(lambda _: 20_000)),
    ]


class QueueQuery(BaseModel):
    """Which comments a moderator wants to see, in which order."""

    status: Literal["pending", "held", "approved", "rejected", "erased"] = "held"
    site: ShortText = ""
    article: Annotated[Typed, AfterValidator(fields.opaque)] = ""
    reason: ShortText = ""
    check: ShortText = ""
    q: ShortText = ""
    reported: Annotated[
        bool,
        BeforeValidator(fields.checkbox),
        WithJsonSchema({"type": "string", "description": "1: those that readers complain of, approved ones"}),
    ] = False
    order: Literal["priority", "oldest", "newest"] = "priority"
    limit: fields.Limit = 20
    cursor: ShortText = ""

    @model_validator(mode="before")
    @classmethod
    def complaints_are_about_what_is_shown(cls, sent: Any) -> Any:
        """Look among approved comments for complaints, where no status is named."""
        reported = isinstance(sent, dict) and fields.checkbox(sent.get("reported"))
        return {"status": "approved", **sent} if reported else sent
