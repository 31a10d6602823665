"""The audit's page, and its export."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from service import audit as history
from service import sites
from service.audit import Entry
from service.web import auth, context, schemas
from service.web.desk import frame, queue_words, words
from service.web.desk.kept_words import AUDIT
from service.web.embed.frame import local_time
from service.web.keeping.audit import export, wanted

audit = Blueprint("audit", __name__, url_prefix="/audit")

CHANGING = {"change", "move"}
"""Acts whose details are pairs of what was and what is."""
FILTERS = ("noun", "actor", "site", "subject", "since", "until", "machines")


@audit.get("")
def listed() -> Response:
    """List what was done, newest first."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.AuditQuery, _args())
    kept = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    said = words.spoken(AUDIT, context.language())
    with context.runtime().database.reading() as session:
        entries, following = history.page(session, viewer, wanted(asked), limit=asked.limit, before=asked.cursor)
        return frame.page(
            "desk/audit.html",
            said=said,
            entries=entries,
            detail_of=lambda entry: _detail(entry, said),
            following=following.hex if following is not None else None,
            asked=asked,
            kept=kept,
            nouns=history.NOUNS,
            sites=[site.key for site in sites.every(session) if viewer.sees(site.key)],
        )


@audit.get("/export")
def exported() -> Response:
    """Return the chosen part as CSV."""
    return export(wanted(schemas.parse(schemas.ExportQuery, _args())))


def _args() -> dict[str, str]:
    args = request.args.to_dict()
    return {**args, "actor": queue_words.actor_meant(args.get("actor", ""))}


def _detail(entry: Entry, said: Mapping[str, str]) -> str:
    told = (
        f"{said.get(f'detail_{name}', name)}: {_told(entry, name, value, said)}" for name, value in entry.detail.items()
    )
    return "; ".join(told)


def _told(entry: Entry, name: str, value: Any, said: Mapping[str, str]) -> str:
    match entry.noun, name:
        case "decision", "status":
            return " → ".join(said.get(f"status_{one}", one) for one in value if one)
        case "sign_in", "until":
            return local_time(datetime.fromisoformat(value))
    pair = entry.act in CHANGING and isinstance(value, list)
    empty = said["any_site"] if name == "sites" else "–"
    return " → ".join(_plain(one) or empty for one in (value if pair else [value]))


def _plain(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return ", ".join(map(_plain, value)) if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
