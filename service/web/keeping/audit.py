"""The JSON call of the audit, and its export as CSV."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from service import audit as history
from service.audit import Entry, Wanted
from service.web import answer, auth, context, schemas

audit = Blueprint("audit", __name__)


@audit.get("/audit")
def listed() -> Response:
    """List what was done, newest first."""
    asked = schemas.parse(schemas.AuditQuery, request.args.to_dict())
    with context.runtime().database.reading() as session:
        entries, following = history.page(session, auth.viewer(), wanted(asked), limit=asked.limit, before=asked.cursor)
    return answer.private(
        {
            "entries": [entry_as_json(entry) for entry in entries],
            "next": following.hex if following is not None else None,
        }
    )


@audit.get("/audit.csv")
def exported() -> Response:
    """Return what was done as CSV, which spreadsheets read and do not compute."""
    asked = schemas.parse(schemas.ExportQuery, request.args.to_dict())
    return export(wanted(asked))


def export(chosen: Wanted) -> Response:
    """Return the chosen part of the audit as a file."""
    runtime = context.runtime()
    zone = runtime.settings.zone
    with runtime.database.reading() as session:
        lines = history.exported(session, auth.viewer(), chosen, zone=zone, language=context.language())
        response = Response("".join(lines), content_type="text/csv; charset=utf-8")
    day = context.now().astimezone(zone).date().isoformat()
    response.headers["Content-Disposition"] = f'attachment; filename="duyet-{day}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def wanted(asked: schemas.ExportQuery) -> Wanted:
    """Return what is asked for; days begin where people live."""
    return Wanted(
        noun=asked.noun,
        actor=asked.actor,
        site=asked.site,
        subject=asked.subject,
        since=_begin(asked.since),
        until=_begin(asked.until + timedelta(days=1)) if asked.until and asked.until < date.max else None,
        machines=asked.machines,
    )


def _begin(day: date | None) -> datetime | None:
    if day is None or not 1970 < day.year < 9999:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=context.runtime().settings.zone)


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """Return one thing that somebody did."""
    return {
        "id": entry.id.hex,
        "at": answer.moment(entry.at),
        "actor": entry.actor,
        "noun": entry.noun,
        "subject": entry.subject,
        "act": entry.act,
        "site": entry.site,
        "reason": entry.reason,
        "note": entry.note,
        "detail": entry.detail,
    }
