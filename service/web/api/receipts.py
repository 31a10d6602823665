"""What a reader can still do about a comment: ask after it, take it back, complain about another's."""

import uuid

from flask import Response

from service import sites
from service.comments import receipts, reporting
from service.web import answer, context, form, origins, payload, schemas
from service.web.api.public import public
from service.web.schemas import answers


@public.get("/v1/receipts/<receipt>")
def receipt(receipt: str) -> Response:
    """Tell a reader what became of their comment."""
    with context.runtime().database.reading() as session:
        found = receipts.look_up(session, receipt)
        site = sites.by_id(session, [found.site_id])[found.site_id]
    origins.allow(site)
    return answer.private(answers.Receipt(status=found.status))


@public.delete("/v1/receipts/<receipt>")
def withdraw(receipt: str) -> Response:
    """Take a comment back: erased, here and now."""
    with context.runtime().database.writing() as session:
        found = receipts.look_up(session, receipt)
        origins.demand(sites.by_id(session, [found.site_id])[found.site_id])
        article_id = receipts.withdraw(session, receipt, context.runtime().terms, now=context.now())
    context.tell_of([article_id])
    return Response(status=204)


@public.post("/v1/comments/<uuid:comment_id>/reports")
def report(comment_id: uuid.UUID) -> Response:
    """Take a reader's complaint about an approved comment."""
    fields = payload.read()
    complaint = schemas.parse(schemas.ReportIn, fields)
    runtime = context.runtime()
    with runtime.database.writing() as session:
        site_id = reporting.report(
            session,
            comment_id,
            reason=complaint.reason,
            text=complaint.text,
            sender=context.sender(),
            now=context.now(),
        )
        site = sites.by_id(session, [site_id])[site_id]
        origins.demand(site)
    if form.wanted():
        return form.reported(fields, site, comment_id)
    return answer.private(answers.Reported(status="received"), 202)
