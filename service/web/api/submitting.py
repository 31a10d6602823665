"""A comment is sent: site and fields read, its key looked up, the gate climbed, the row stored."""

from typing import Any

import structlog
from flask import Response, current_app, g, request, url_for
from sqlalchemy.orm import Session

from service import challenges
from service.challenges import ChallengeFailed, ChallengesAway
from service.comments import gate, submission
from service.comments.gate import Answers
from service.comments.submission import Accepted, Draft
from service.db import AWAY
from service.metrics import vocabulary
from service.sites import KnownSite
from service.web import answer, context, form, limits, origins, payload, schemas
from service.web.api.public import public
from service.web.embed import words
from service.web.errors import FieldError, FieldErrors, Problem
from service.web.schemas import answers
from service.web.valve import RETRY_SECONDS, Shut

log = structlog.get_logger(__name__)


@public.post("/v1/comments")
def submit() -> Response:
    """Accept a comment: stored as pending before the answer, judged after it."""
    fields = payload.read()
    try:
        accepted = _let_in(fields)
    except Problem as problem:
        if not form.wanted():
            raise
        return form.again(fields, problem)
    if form.wanted():
        return form.received(accepted.receipt)
    response = answer.private(answers.Accepted(id=str(accepted.id), receipt=accepted.receipt, status="pending"), 202)
    response.headers["Location"] = url_for("public.receipt", receipt=accepted.receipt)
    return response


WRONG = frozenset({"captcha_wrong", "captcha_expired", "pow_invalid", "token_invalid"})
"""What counts as an attempt that failed; what was forgotten, or came too soon, does not."""


def _let_in(fields: dict[str, Any]) -> Accepted:
    try:
        with current_app.extensions["duyet-valve"].passing():
            return _accepted(fields)
    except Shut as why:
        log.warning("shed", why=str(why))
        raise Problem("unavailable", headers={"Retry-After": str(RETRY_SECONDS)}) from why


def _accepted(fields: dict[str, Any]) -> Accepted:
    runtime, now = context.runtime(), context.now()
    # The site decides what the other fields must look like, so it is looked up first.
    key = payload.text_of(fields, "site")
    if not key:
        schemas.parse(schemas.CommentIn, fields, region=runtime.settings.phone_region)
    door = current_app.extensions["duyet-door"]
    site = door.site(key, now=now)
    origins.demand(site)
    comment, answers, problems = _parsed(fields, site)
    draft = _draft(comment, site)
    idempotency_key = comment.idempotency_key or None
    if idempotency_key and not problems:
        with runtime.database.reading() as session:
            before = _sent_before(session, site, idempotency_key, draft)
        if before is not None:
            return before
    door.demand_open(site, draft.article, now=now)
    phone_key = runtime.vault.phone_key(draft.phone) if draft.phone else None
    door.demand_free(site, sender=context.sender(), phone_key=phone_key, now=now)
    problems += [FieldError(one.field, one.code) for one in gate.missing(site, answers)]
    if problems:
        raise FieldErrors(problems)
    limits.demand(site)
    if idempotency_key is None:
        return _stored(site, draft, answers, None)
    in_flight = current_app.extensions["duyet-inflight"]
    if not in_flight.begin(site.key, idempotency_key):
        return _first_answer(site, draft, idempotency_key)
    try:
        return _stored(site, draft, answers, idempotency_key)
    finally:
        in_flight.end(site.key, idempotency_key)


def _parsed(fields: dict[str, Any], site: KnownSite) -> tuple[schemas.CommentIn, Answers, list[FieldError]]:
    region = context.runtime().settings.phone_region
    if header := request.headers.get("Idempotency-Key", "").strip():
        fields = {**fields, "idempotency_key": header}
    try:
        comment = schemas.parse(schemas.CommentIn, fields, policy=site.policy, region=region)
    except FieldErrors as error:
        # What is found later in a form without other faults is named beside them.
        beside = []
        if schemas.lacks_consent(fields) and "phone" not in {one.field for one in error.errors}:
            beside.append(FieldError("consent", "consent_required"))
        lacking = gate.missing(site, schemas.GateIn.model_validate(fields).answers())
        beside += [FieldError(one.field, one.code) for one in lacking]
        raise FieldErrors([*error.errors, *beside]) from error
    problems = []
    if comment.phone and not comment.consent:
        problems.append(FieldError("consent", "consent_required"))
    return comment, comment.answers(), problems


def _draft(comment: schemas.CommentIn, site: KnownSite) -> Draft:
    return Draft(
        article=comment.article,
        name=comment.name,
        title=comment.title,
        body=comment.body,
        phone=comment.phone or None,
        consent=comment.consent,
        consent_text=words.of(site)["consent"] if comment.consent else "",
        article_url=comment.article_url,
        article_title=comment.article_title,
    )


def _sent_before(session: Session, site: KnownSite, key: str, draft: Draft) -> Accepted | None:
    runtime = context.runtime()
    try:
        return submission.sent_before(session, site, key, draft, secrets=runtime.receipt_secrets, now=context.now())
    except submission.KeyMismatch as error:
        raise FieldErrors([FieldError("idempotency_key", "idempotency_mismatch")]) from error


def _stored(site: KnownSite, draft: Draft, answers: Answers, key: str | None) -> Accepted:
    runtime, now = context.runtime(), context.now()
    if key is not None:
        # The first request may have ended between our look-up and our turn.
        with runtime.database.reading() as session:
            before = _sent_before(session, site, key, draft)
        if before is not None:
            return before
    try:
        way, passed = gate.climb(runtime.challenges, site, draft.article, answers, now=now)
    except ChallengeFailed as error:
        runtime.tally.add(vocabulary.CHALLENGES, error.field, error.code)
        if error.code in WRONG:
            limits.missed()
        raise FieldErrors([FieldError(error.field, error.code)]) from error
    except ChallengesAway as error:
        runtime.tally.add(vocabulary.CHALLENGES, "captcha", "away")
        raise Problem("unavailable", headers={"Retry-After": "5"}) from error
    if passed is not None:
        runtime.tally.add(vocabulary.CHALLENGES, passed.by, "passed")
    arrival = submission.ready(
        site,
        draft,
        way,
        vault=runtime.vault,
        secret=runtime.receipt_secret,
        sender=context.sender(),
        key=key,
        now=now,
    )
    try:
        current_app.extensions["duyet-together"].store(arrival)
    except submission.ProofSpent as error:
        limits.missed()
        raise FieldErrors([FieldError("pow", "pow_invalid")]) from error
    except submission.SentMeanwhile:
        return _first_answer(site, draft, key or "")
    except AWAY:
        # The reader solved the challenge and lost nothing else; a retry must be able to succeed.
        if passed is not None:
            challenges.restore(runtime.challenges, passed)
        raise
    g.stored = arrival.accepted.id
    runtime.tally.add(vocabulary.ACCEPTED, site.key)
    return arrival.accepted


def _first_answer(site: KnownSite, draft: Draft, key: str) -> Accepted:
    """Return the answer of a request with the same key that was faster; raise `Problem` 409 while it is under way."""
    with context.runtime().database.reading() as session:
        before = _sent_before(session, site, key, draft)
    if before is None:
        raise Problem("conflict", headers={"Retry-After": "1"})
    return before
