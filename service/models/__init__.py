"""The tables; no behaviour. Who may change `comments.status`, and how, is `service.comments.state`'s to say.

`comments` is the work queue as well: a row with status `pending` waits for the engine, and
`lease_token` is the fence that lets exactly one worker finish it (docs/adr/0002).
"""

from service.models.base import Base
from service.models.comments import STATUSES, Comment, Decision, Fingerprint, IdempotencyKey, Report, Reveal, SpentProof
from service.models.people import DeskSession, Moderator, SavedFilter, SignIn, Token
from service.models.records import Event, Hold, Request
from service.models.rules import Backtest, Block, Rule, Sighting
from service.models.sites import Article, Site, Surge

__all__ = [
    "STATUSES",
    "Article",
    "Backtest",
    "Base",
    "Block",
    "Comment",
    "Decision",
    "DeskSession",
    "Event",
    "Fingerprint",
    "Hold",
    "IdempotencyKey",
    "Moderator",
    "Report",
    "Request",
    "Reveal",
    "Rule",
    "SavedFilter",
    "Sighting",
    "SignIn",
    "Site",
    "SpentProof",
    "Surge",
    "Token",
]
