"""What is said of each call beside its path and its docstring: what it takes and what it answers.

Every route of the blueprints in `DOCUMENTED` has an entry in `CALLS`; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from service.web import schemas
from service.web.embed.pages import EmbedQuery
from service.web.schemas import answers, kept, reviewed

DOCUMENTED = ("public", "review", "embed", "scripts", "ops", "documents")


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is no JSON."""

    media: str


NOTHING = Raw("")
PAGE, SCRIPT = Raw("text/html"), Raw("text/javascript")
FILE = {200: SCRIPT, 304: NOTHING}


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `answers` gives each status what comes with it: a typed dictionary, or something raw."""

    answers: Mapping[int, Any]
    problems: tuple[int, ...] = ()
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    told: Mapping[int, Any] = field(default_factory=dict)
    """Problems that say more than others: the status, and what comes with it."""
    pages: bool = False
    """Whether people see the problems as pages."""


_REVIEW = (401, 403, 429, 503)
_BODY = (400, 413, 415, 422)
_FIRST = {409: reviewed.DecidedMeanwhile}
CALLS: dict[str, Call] = {
    "public.challenge": Call({201: answers.Challenge, 204: NOTHING}, (*_BODY, 403, 404, 429, 503), schemas.ChallengeIn),
    "public.challenge_image": Call({200: Raw("image/webp")}, (404, 429, 503)),
    "public.challenge_audio": Call({200: Raw("audio/wav")}, (404, 429, 503)),
    "public.submit": Call(
        {202: answers.Accepted, 303: NOTHING}, (*_BODY, 403, 404, 409, 423, 429, 503), schemas.CommentIn, pages=True
    ),
    "public.comments": Call({200: answers.Comments, 304: NOTHING}, (404, 422, 503), query=schemas.ListQuery),
    "public.counts": Call({200: answers.Counts, 304: NOTHING}, (404, 422, 503), query=schemas.CountsQuery),
    "public.feed_atom": Call(
        {200: Raw("application/atom+xml"), 304: NOTHING}, (404, 422, 503), query=schemas.FeedQuery
    ),
    "public.receipt": Call({200: answers.Receipt}, (404, 429, 503)),
    "public.withdraw": Call({204: NOTHING}, (403, 404, 429, 503)),
    "public.report": Call(
        {202: answers.Reported, 303: NOTHING}, (*_BODY, 403, 404, 429, 503), schemas.ReportIn, pages=True
    ),
    "review.comments": Call({200: reviewed.Queue}, (422, *_REVIEW), query=schemas.QueueQuery),
    "review.comment": Call({200: reviewed.Card}, (404, *_REVIEW)),
    "review.decide": Call({200: reviewed.Decided}, (*_BODY, 404, 409, *_REVIEW), schemas.DecisionIn, told=_FIRST),
    "review.decide_many": Call({200: reviewed.Results}, (*_BODY, *_REVIEW), schemas.DecisionsIn),
    "review.undo": Call({200: reviewed.Decided}, (*_BODY, 404, 409, *_REVIEW), schemas.UndoIn, told=_FIRST),
    "review.undo_many": Call({200: reviewed.Undone}, (*_BODY, *_REVIEW), schemas.UndoManyIn),
    "review.note": Call({200: reviewed.Decided}, (*_BODY, 404, 409, *_REVIEW), schemas.NoteIn, told=_FIRST),
    "review.lease": Call({200: reviewed.Leased}, (404, 409, *_REVIEW), told={409: reviewed.BeingRead}),
    "review.release": Call({204: NOTHING}, (404, *_REVIEW)),
    "review.reveal": Call({200: reviewed.Phone}, (*_BODY, 404, 410, *_REVIEW), schemas.RevealIn),
    "review.preview": Call({200: reviewed.Verdict}, (*_BODY, 404, *_REVIEW), schemas.PreviewIn),
    "review.rules.listed": Call({200: kept.Rules}, (422, *_REVIEW), query=schemas.RulesQuery),
    "review.rules.add": Call({201: kept.OneRule}, (*_BODY, 404, *_REVIEW), schemas.RuleIn),
    "review.rules.one": Call({200: kept.OneRule}, (404, *_REVIEW)),
    "review.rules.change": Call({200: kept.OneRule}, (*_BODY, 404, 409, *_REVIEW), schemas.RuleChangeIn),
    "review.rules.move": Call({200: kept.OneRule}, (*_BODY, 404, 409, *_REVIEW), schemas.RuleStateIn),
    "review.rules.backtests_of": Call({200: kept.Backtests}, (404, *_REVIEW)),
    "review.rules.begin": Call({202: kept.OneBacktest}, (*_BODY, 404, 409, *_REVIEW), schemas.BacktestIn),
    "review.rules.backtest": Call({200: kept.OneBacktest}, (404, *_REVIEW)),
    "review.rules.cancel": Call({204: NOTHING}, (404, 409, *_REVIEW)),
    "review.blocks.listed": Call({200: kept.Blocks}, (422, *_REVIEW), query=schemas.BlocksQuery),
    "review.blocks.add": Call({201: kept.OneBlock}, (*_BODY, 404, *_REVIEW), schemas.BlockIn),
    "review.blocks.lift": Call({204: NOTHING}, (404, *_REVIEW)),
    "review.audit.listed": Call({200: kept.Audit}, (422, *_REVIEW), query=schemas.AuditQuery),
    "review.audit.exported": Call({200: Raw("text/csv")}, (422, *_REVIEW), query=schemas.ExportQuery),
    "embed.page": Call({200: PAGE}, (404, 422, 503), query=EmbedQuery, pages=True),
    "embed.another_code": Call({200: PAGE}, (400, 404, 413, 415, 503), schemas.CommentIn, pages=True),
    "embed.described": Call({200: answers.Form, 304: NOTHING}, (404, 422, 503), query=EmbedQuery),
    "embed.receipt": Call({200: PAGE}, (404, 429, 503), pages=True),
    "embed.withdraw": Call({303: NOTHING}, (404, 429, 503), pages=True),
    "scripts.script": Call(FILE),
    "scripts.script_hash": Call({200: Raw("text/plain"), 304: NOTHING}),
    "scripts.counts": Call(FILE),
    "scripts.style": Call({200: Raw("text/css"), 304: NOTHING}),
    "ops.healthz": Call({200: answers.Alive}),
    "ops.readyz": Call({200: answers.Ready, 503: answers.Unready}),
    "ops.metrics": Call({200: Raw("text/plain")}, (401, 404)),
    "documents.openapi_json": Call({200: dict[str, Any]}),
    "documents.docs": Call({200: PAGE}),
}
