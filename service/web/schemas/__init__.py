"""What requests must look like: the schemas that parse them and from which the OpenAPI document is made."""

from service.web.schemas.fields import ArticleKey, ShortText, SiteKey, Wrong, parse, phone_number
from service.web.schemas.public import (
    ChallengeIn,
    CommentIn,
    CountsQuery,
    FeedQuery,
    GateIn,
    ListQuery,
    ReportIn,
    lacks_consent,
)
from service.web.schemas.review import DecisionIn, DecisionsIn, Item, PreviewIn, QueueQuery, RevealIn, UndoIn

__all__ = [
    "ArticleKey",
    "ChallengeIn",
    "CommentIn",
    "CountsQuery",
    "DecisionIn",
    "DecisionsIn",
    "FeedQuery",
    "GateIn",
    "Item",
    "ListQuery",
    "PreviewIn",
    "QueueQuery",
    "ReportIn",
    "RevealIn",
    "ShortText",
    "SiteKey",
    "UndoIn",
    "Wrong",
    "lacks_consent",
    "parse",
    "phone_number",
]
