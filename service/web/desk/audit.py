"""The audit's page, and its export."""

from flask import Blueprint, Response, request

from service import audit as history
from service import sites
from service.web import auth, context, schemas
from service.web.desk import frame, words
from service.web.desk.kept_words import AUDIT
from service.web.keeping.audit import export, wanted

audit = Blueprint("audit", __name__, url_prefix="/audit")

FILTERS = ("noun", "actor", "site", "subject", "since", "until", "machines")


@audit.get("")
def listed() -> Response:
    """List what was done, newest first."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.AuditQuery, request.args.to_dict())
    kept = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    with context.runtime().database.reading() as session:
        entries, following = history.page(session, viewer, wanted(asked), limit=asked.limit, before=asked.cursor)
        return frame.page(
            "desk/audit.html",
            said=words.spoken(AUDIT, context.language()),
            entries=entries,
            following=following.hex if following is not None else None,
            asked=asked,
            kept=kept,
            nouns=history.NOUNS,
            sites=[site.key for site in sites.every(session) if viewer.sees(site.key)],
        )


@audit.get("/export")
def exported() -> Response:
    """Return the chosen part as CSV."""
    return export(wanted(schemas.parse(schemas.ExportQuery, request.args.to_dict())))
