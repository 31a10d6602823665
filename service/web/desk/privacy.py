"""The page of personal data, for an admin of all sites: find, export and erase a person; requests with their clocks."""

import json
import uuid
from typing import Any

from flask import Blueprint, Response

from service import events, holds, jobs, requests, subjects
from service.models import Comment
from service.web import auth, context, payload
from service.web.cleaning import typed_line
from service.web.desk import frame, words
from service.web.desk.privacy_words import PRIVACY
from service.web.errors import Problem

privacy = Blueprint("privacy", __name__, url_prefix="/privacy")


@privacy.before_request
def everywhere() -> None:
    """Keep out an admin of some sites: a person may have written on any."""
    signed_in = auth.signed_in()
    if signed_in is not None and "admin" in signed_in.viewer.rights and signed_in.viewer.sites is not None:
        raise Problem("forbidden")


@privacy.get("")
def listed(wrong: str = "", status: int = 200, **shown: Any) -> Response:
    """Show the search, what waits for an answer, and what is held."""
    now = context.now()
    with context.runtime().database.reading() as session:
        waiting = [(row, requests.due(row)) for row in requests.waiting(session)]
        return frame.page(
            "desk/privacy.html",
            status,
            said=words.spoken(PRIVACY, context.language()),
            requests=waiting,
            holds=holds.listed(session, now=now),
            kinds=requests.KINDS,
            wrong=wrong,
            now=now,
            **shown,
        )


@privacy.post("/find")
def find() -> Response:
    """List a person's comments; by POST, since a phone number has no place in an address."""
    which, runtime = _which(), context.runtime()
    with runtime.database.writing() as session:
        rows = _found(session, which)
        _note(session, "find", rows)
        kept = {one.comment_id: one for one in holds.kept(session, [row.id for row in rows], now=context.now())}
        found = [(row, row.site.key, kept.get(row.id)) for row in rows]
    if not found:
        return listed(_words()["nobody"], 404, which=which)
    return listed(which=which, found=found)


@privacy.post("/export")
def export() -> Response:
    """Return all that is kept about a person, as a file."""
    runtime = context.runtime()
    with runtime.database.writing() as session:
        rows = _found(session, _which())
        if not rows:
            raise Problem("not-found")
        document = subjects.export(session, rows, vault=runtime.vault)
        _note(session, "export", rows)
    return Response(
        json.dumps(document, ensure_ascii=False, indent=2),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{context.now():%Y-%m-%d}-duyet.json"'},
    )


@privacy.post("/erase")
def erase() -> Response:
    """Erase a person's comments for a reason, and say what the law keeps of them."""
    fields = payload.read()
    which, reason = _which(), payload.text_of(fields, "reason").strip()
    if not reason:
        return listed(_words()["needs_reason"], 422, which=which)
    runtime = context.runtime()
    with runtime.database.writing() as session:
        rows = [row for row in _found(session, which) if row.status != "erased"]
        changed = subjects.erase(session, rows, runtime.terms, actor=auth.viewer().actor, now=context.now())
        _note(session, "erase", rows, reason=reason)
        kept = holds.kept(session, [row.id for row in rows], now=context.now())
    context.tell_of(changed)
    jobs.ask_scrub(runtime.redis)
    return listed(erased=len(rows), kept=kept)


@privacy.post("/requests")
def add_request() -> Response:
    """Write down what was asked and start its clocks."""
    fields, settings = payload.read(), context.runtime().settings
    terms = requests.Terms(
        answer_days=settings.request_answer_days,
        finish_days=settings.request_finish_days,
        takedown=settings.takedown,
        zone=settings.zone,
        country=settings.phone_region,
    )
    kind, reference = payload.text_of(fields, "kind"), typed_line(fields, "reference")
    try:
        with context.runtime().database.writing() as session:
            requests.add(session, kind=kind, reference=reference, terms=terms, **_by())
    except requests.BadRequest:
        return listed(_words()["bad_request"], 422)
    return frame.onward("desk.privacy.listed", done="request_added")


@privacy.post("/requests/<int:request_id>/answer")
def answer_request(request_id: int) -> Response:
    """Note that the asker got a first answer."""
    try:
        with context.runtime().database.writing() as session:
            requests.answer(session, request_id, **_by())
    except requests.UnknownRequest as error:
        raise Problem("not-found") from error
    return frame.onward("desk.privacy.listed", done="request_answered")


@privacy.post("/requests/<int:request_id>/finish")
def finish_request(request_id: int) -> Response:
    """Note that it is done, and how it ended."""
    outcome = payload.text_of(payload.read(), "outcome")
    try:
        with context.runtime().database.writing() as session:
            requests.finish(session, request_id, outcome=outcome, **_by())
    except requests.UnknownRequest as error:
        raise Problem("not-found") from error
    except requests.BadRequest:
        return listed(_words()["needs_outcome"], 422)
    return frame.onward("desk.privacy.listed", done="request_finished")


@privacy.post("/holds")
def place_hold() -> Response:
    """Hold a comment for the law."""
    fields = payload.read()
    try:
        comment_id = uuid.UUID(payload.text_of(fields, "comment"))
        with context.runtime().database.writing() as session:
            holds.place(session, comment_id, reason=payload.text_of(fields, "reason"), **_by())
    except (ValueError, holds.NotHeld):
        return listed(_words()["bad_hold"], 422)
    return frame.onward("desk.privacy.listed", done="held")


@privacy.post("/holds/<int:hold_id>/lift")
def lift_hold(hold_id: int) -> Response:
    """End a hold, and drop the sealed copy that it kept."""
    try:
        with context.runtime().database.writing() as session:
            holds.lift(session, hold_id, **_by())
    except holds.UnknownHold as error:
        raise Problem("not-found") from error
    return frame.onward("desk.privacy.listed", done="hold_lifted")


def _which() -> str:
    return payload.text_of(payload.read(), "which").strip()


def _found(session: Any, which: str) -> list[Comment]:
    runtime = context.runtime()
    try:
        return subjects.find(session, which, vault=runtime.vault, region=runtime.settings.phone_region)
    except subjects.NobodyFound:
        return []


def _note(session: Any, act: str, rows: list[Comment], reason: str = "") -> None:
    """Write down who looked a person up: by the comments' ids, never by the number that was typed."""
    detail = {"comments": [str(row.id) for row in rows[:50]], "count": len(rows), "reason": reason}
    subject = str(rows[0].id) if rows else "nobody"
    events.note(session, noun="person", subject=subject, act=act, detail=detail, **_by())


def _by() -> dict[str, Any]:
    return {"actor": auth.viewer().actor, "now": context.now()}


def _words() -> dict[str, str]:
    return words.spoken(PRIVACY, context.language())
