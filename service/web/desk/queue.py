"""The queue's pages: the list, the filters that a team shares, what waits; the card is `desk.card`'s."""

import uuid
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, json, redirect, request, url_for
from sqlalchemy.orm import Session

from service import clock, filters, sites
from service.comments import queue as waiting
from service.comments import surges
from service.comments.deciding import REASONS, UnknownComment
from service.comments.queue import BadCursor
from service.filters import BadFilter
from service.sites import KnownSite
from service.web import auth, context, payload
from service.web.cleaning import typed_line
from service.web.desk import asking, frame, queue_words, views
from service.web.desk.asking import Asked
from service.web.errors import Problem

queue = Blueprint("queue", __name__)

PAGE = 50
CHECKS = tuple(key.removeprefix("check_") for key in queue_words.WORDS if key.startswith("check_"))


@queue.get("")
def home() -> Response:
    """Go to where this person works."""
    first = "operations.board" if auth.may("ops") else "desk.own.page"
    return redirect(url_for("desk.queue.listed" if auth.may("review") else first), 303)  # type: ignore[return-value]


@queue.get("/queue")
def listed() -> Response:
    """Show the list, and the card of the comment that is named or else of the first."""
    return shown(asking.parse(request.args.to_dict()))


@queue.get("/queue/lines")
def lines() -> Response:
    """Return a page of the list alone, for the script that goes on with it."""
    asked = asking.parse(request.args.to_dict())
    with context.runtime().database.reading() as session:
        found = _page(session, asked)
        return frame.page("desk/lines.html", said=queue_words.of(context.language()), **_list(session, asked, found))


@queue.get("/queue/waiting")
def pulse() -> Response:
    """Tell what waits now, and who reads what of the comments on the screen."""
    now, said = context.now(), queue_words.of(context.language())
    with context.runtime().database.reading() as session:
        standing = _standing(session, _sites(session))
        counts = _counts(session, standing)
        found = _page(session, asking.parse(request.args.to_dict()))
        readers = views.readers(found.comments, auth.viewer(), said, now=now)
    document = {
        "counts": counts,
        "late": sum(one.late for one in standing),
        "oldest": _oldest(standing, said, now),
        "readers": readers,
        "first": [str(row.id) for row in found.comments],
    }
    return Response(json.dumps(document), content_type="application/json")


@queue.post("/queue/filters")
def save_filter() -> Response:
    """Save the list's filter for the team."""
    fields = payload.read()
    asked = _from(fields)
    try:
        with context.runtime().database.writing() as session:
            filters.save(session, auth.viewer(), typed_line(fields, "name"), asked.kept(), now=context.now())
    except BadFilter as error:
        return shown(asked, wrong=f"filter_bad_{error.code}", status=422)
    return frame.onward("desk.queue.listed", done="filter_saved", **asked.kept())


@queue.post("/queue/filters/<int:filter_id>/remove")
def remove_filter(filter_id: int) -> Response:
    """Take a saved filter from the team."""
    with context.runtime().database.writing() as session:
        filters.remove(session, auth.viewer(), filter_id)
    return frame.onward("desk.queue.listed", done="filter_removed", **_from(payload.read()).kept())


def shown(asked: Asked, *, wrong: str = "", notice: str = "", undo: str = "", status: int = 200) -> Response:
    """Return the page of a list with one card open."""
    runtime, now = context.runtime(), context.now()
    language = context.language()
    said = queue_words.of(language)
    with runtime.database.reading() as session:
        found = _page(session, asked)
        known = _sites(session)
        listing = _list(session, asked, found)
        item = asked.item or _first(listing["lines"])
        try:
            card = card_of(session, item) if item is not None else None
        except UnknownComment:
            card = None
        standing = _standing(session, known)
        return frame.page(
            "desk/queue.html",
            status,
            said=said,
            **listing,
            card=card,
            chosen=asked.item is not None,
            counts=_counts(session, standing),
            sites=known,
            saved=[
                (one, one.query == asked.kept(), asking.parse(one.query).address())
                for one in filters.listed(session, auth.viewer())
            ],
            late=sum(one.late for one in standing),
            oldest=_oldest(standing, said, now),
            standing=standing,
            surging=_surging(session, known),
            checks=CHECKS,
            categories=views.categories(),
            ages=asking.AGES,
            orders=asking.ORDERS,
            reasons=REASONS,
            wrong=said.get(wrong, ""),
            notice=notice,
            undo=undo or request.args.get("undo", ""),
            script_words=_script_words(said),
        )


def _first(lines: list[views.Line]) -> uuid.UUID | None:
    """Return the first comment that nobody else reads, so that two people begin at two places."""
    free = next((line for line in lines if not line.reader), None)
    return free.id if free is not None else next((line.id for line in lines), None)


def card_of(session: Session, comment_id: Any) -> views.Card:
    """Return the card for whoever asks; raise `UnknownComment`."""
    runtime = context.runtime()
    return views.card(
        session,
        auth.viewer(),
        comment_id,
        vault=runtime.vault,
        zone=zone(),
        language=context.language(),
        now=context.now(),
    )


def zone() -> ZoneInfo:
    """Return the zone in which the newsroom works."""
    return ZoneInfo(context.runtime().settings.time_zone)


def _script_words(said: dict[str, str]) -> dict[str, str]:
    """Return what the script says: its own sentences, and how a decision of somebody else is told."""
    told = {f"said_{key}": text for key, text in said.items() if key.startswith(("act_", "reason_"))}
    own = {key: text for key, text in said.items() if key.startswith(("said_", "read_by", "select"))}
    return {**told, **own}


def _from(fields: dict[str, Any]) -> Asked:
    return asking.parse({name: value for name, value in fields.items() if isinstance(value, str) and name != "name"})


def _counts(session: Session, standing: list[clock.Standing]) -> dict[str, int]:
    """Return what waits, by view; what waits for a first decision was counted for the clock already."""
    return {"held": sum(one.waiting for one in standing), **asdict(waiting.counts(session, auth.viewer()))}


def _page(session: Session, asked: Asked) -> waiting.Page:
    try:
        wanted = asked.wanted(context.now())
        return waiting.page(session, auth.viewer(), wanted, limit=PAGE, cursor=asked.cursor or None, count=False)
    except BadCursor as error:
        raise Problem("not-found") from error


def _list(session: Session, asked: Asked, found: waiting.Page) -> dict[str, Any]:
    return {"asked": asked, "lines": _lines(session, found), "next": found.next}


def _lines(session: Session, found: waiting.Page) -> list[views.Line]:
    return views.lines(
        session, found.comments, auth.viewer(), zone=zone(), language=context.language(), now=context.now()
    )


def _sites(session: Session) -> list[KnownSite]:
    viewer = auth.viewer()
    return [site for site in sites.every(session) if viewer.sees(site.key)]


def _surging(session: Session, known: list[KnownSite]) -> list[tuple[str, surges.Surging]]:
    """Return which articles of one's sites get many times their usual comments, and of which site each is."""
    keys = {site.id: site.key for site in known}
    return [(keys[one.site_id], one) for one in surges.current(session, site_ids=list(keys))]


def _standing(session: Session, known: list[KnownSite]) -> list[clock.Standing]:
    return clock.standing(session, known, zone(), now=context.now())


def _oldest(standing: list[clock.Standing], said: dict[str, str], now: Any) -> str:
    oldest = min((one.oldest for one in standing if one.oldest is not None), default=None)
    if oldest is None:
        return ""
    return said["oldest"].replace("{time}", queue_words.ago((now - oldest).total_seconds(), said))
