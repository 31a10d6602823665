"""The public calls: challenges, comments, lists, counts, feeds, receipts, reports; docs/api.md is their contract."""

import hashlib
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, json, request, url_for

from service import articles, challenges, sites
from service.challenges import ChallengeFailed, ChallengesAway, Issued, Kind
from service.comments import gate, inflight, reading, receipts, reporting, submission
from service.comments.gate import Answers
from service.comments.submission import Accepted, Draft
from service.db import AWAY
from service.jobs import ring
from service.sites import KnownSite
from service.web import context, feed, form, origins, payload, schemas, shelf
from service.web.errors import FieldError, FieldErrors, Problem

public = Blueprint("public", __name__)

SHARED_SECONDS = 1
"""How long a cache in front may serve a list without asking; a decision shows within that time."""


@public.after_request
def readable_by_the_site(response: Response) -> Response:
    """Let the site's own pages read the answer."""
    return origins.mark(response)


@public.before_request
def preflight() -> Response | None:
    """Answer a browser that asks before it sends; a route of its own would hide those that it is asked about."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    with context.runtime().database.reading() as session:
        return origins.preflight(sites.every(session))


@public.post("/v1/challenges")
def challenge() -> Response:
    """Issue a challenge by the site's policy."""
    wanted = schemas.parse(schemas.ChallengeIn, payload.read())
    with context.runtime().database.reading() as session:
        site = sites.find(session, wanted.site)
    origins.demand(site)
    issued = issue(site, wanted.article, wanted.kind)
    if issued is None:
        return Response(status=204)
    return _private(challenge_as_json(issued), 201)


def issue(site: KnownSite, article: str, kind: str = "") -> Issued | None:
    """Return a challenge for the form, or None where the site asks for none."""
    policy = site.policy.challenge
    if policy == "none":
        return None
    chosen: Kind = "image" if policy == "image" or kind == "image" else "pow"
    return challenges.issue(
        context.runtime().challenges, site=site.key, article=article, kind=chosen, now=context.now()
    )


def challenge_as_json(issued: Issued) -> dict[str, Any]:
    """Return what a form may know of its challenge."""
    document: dict[str, Any] = {
        "id": issued.id,
        "kind": issued.kind,
        "token": issued.token,
        "expires_at": _time(issued.expires_at),
    }
    if issued.has_image:
        document["image_url"] = url_for("public.challenge_image", challenge_id=issued.id)
    if issued.has_sound:
        document["audio_url"] = url_for("public.challenge_audio", challenge_id=issued.id)
    if issued.pow is not None:
        document["pow"] = issued.pow
    return document


@public.get("/v1/challenges/<challenge_id>/image")
def challenge_image(challenge_id: str) -> Response:
    """Return the challenge's picture."""
    return _media(challenges.picture(context.runtime().challenges, challenge_id))


@public.get("/v1/challenges/<challenge_id>/audio")
def challenge_audio(challenge_id: str) -> Response:
    """Return the challenge's sound."""
    return _media(challenges.sound(context.runtime().challenges, challenge_id))


@public.post("/v1/comments")
def submit() -> Response:
    """Accept a comment: stored as pending before the answer, judged after it."""
    fields = payload.read()
    try:
        accepted = _accepted(fields)
    except Problem as problem:
        if not form.wanted():
            raise
        return form.again(fields, problem)
    if form.wanted():
        return form.received(accepted.receipt)
    answer = _private({"id": str(accepted.id), "receipt": accepted.receipt, "status": "pending"}, 202)
    answer.headers["Location"] = url_for("public.receipt", receipt=accepted.receipt)
    return answer


def _accepted(fields: dict[str, Any]) -> Accepted:
    runtime, now = context.runtime(), context.now()
    # The site decides what the other fields must look like, so it is looked up first.
    key = payload.text_of(fields, "site")
    if not key:
        schemas.parse(schemas.CommentIn, fields, region=runtime.settings.phone_region)
    with runtime.database.reading() as session:
        site = sites.find(session, key)
        origins.demand(site)
        comment, answers, problems = _parsed(fields, site)
        draft = _draft(comment)
        idempotency_key = comment.idempotency_key or None
        if idempotency_key and not problems:
            before = _sent_before(session, site, idempotency_key, draft)
            if before is not None:
                return before
        articles.open_for_comments(session, site, draft.article, now=now)
    problems += [FieldError(one.field, one.code) for one in gate.missing(site, answers)]
    if problems:
        raise FieldErrors(problems)
    if idempotency_key is None:
        return _stored(site, draft, answers, None)
    if not inflight.begin(runtime.redis, site.key, idempotency_key):
        return _first_answer(site, draft, idempotency_key)
    try:
        return _stored(site, draft, answers, idempotency_key)
    finally:
        inflight.end(runtime.redis, site.key, idempotency_key)


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


def _draft(comment: schemas.CommentIn) -> Draft:
    return Draft(
        article=comment.article,
        name=comment.name,
        title=comment.title,
        body=comment.body,
        phone=comment.phone or None,
        consent=comment.consent,
        article_url=comment.article_url,
        article_title=comment.article_title,
    )


def _sent_before(session: Any, site: KnownSite, key: str, draft: Draft) -> Accepted | None:
    runtime = context.runtime()
    try:
        return submission.sent_before(session, site, key, draft, secret=runtime.receipt_secret, now=context.now())
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
        raise FieldErrors([FieldError(error.field, error.code)]) from error
    except ChallengesAway as error:
        raise Problem("unavailable", headers={"Retry-After": "5"}) from error
    try:
        with runtime.database.writing() as session:
            accepted = submission.submit(
                session,
                site,
                draft,
                way,
                vault=runtime.vault,
                secret=runtime.receipt_secret,
                address=context.address(),
                key=key,
                now=now,
            )
    except submission.ProofSpent as error:
        raise FieldErrors([FieldError("pow", "pow_invalid")]) from error
    except submission.SentMeanwhile:
        return _first_answer(site, draft, key or "")
    except AWAY:
        # The reader solved the challenge and lost nothing else; a retry must be able to succeed.
        if passed is not None:
            challenges.restore(runtime.challenges, passed)
        raise
    ring(runtime.redis)
    return accepted


def _first_answer(site: KnownSite, draft: Draft, key: str) -> Accepted:
    """Return the answer of a request with the same key that was faster; raise `Problem` 409 while it is under way."""
    with context.runtime().database.reading() as session:
        before = _sent_before(session, site, key, draft)
    if before is None:
        raise Problem("conflict", headers={"Retry-After": "1"})
    return before


@public.get("/v1/comments")
def comments() -> Response:
    """List an article's approved comments, newest first."""
    wanted = schemas.parse(schemas.ListQuery, request.args.to_dict())
    with context.runtime().database.reading() as session:
        site = sites.find(session, wanted.site)
        origins.allow(site)
        standing = reading.standing(session, site, wanted.article)
        tag = _tag(site.id, standing and (standing.article_id, standing.version), wanted.limit, wanted.cursor)
        if request.if_none_match.contains_weak(tag):
            return _cacheable(Response(status=304), tag)
        page = (
            reading.published(session, standing.article_id, limit=wanted.limit, before=wanted.cursor)
            if standing
            else reading.Page([], None)
        )
    _may_be_kept(tag, [standing.article_id] if standing else [], site)
    document = {
        "site": site.key,
        "article": wanted.article,
        "count": standing.approved if standing else 0,
        "comments": [comment_as_json(comment) for comment in page.comments],
        "next": page.next.hex if page.next else None,
    }
    return _cacheable(_json(document, 200), tag)


@public.get("/v1/counts")
def counts() -> Response:
    """Count the approved comments of up to a hundred articles."""
    wanted = schemas.parse(
        schemas.CountsQuery,
        {"site": request.args.get("site", ""), "article": request.args.getlist("article")},
    )
    with context.runtime().database.reading() as session:
        site = sites.find(session, wanted.site)
        origins.allow(site)
        articles_shown, found = reading.counts(session, site, wanted.article)
    tag = _tag(site.id, sorted(found.items()))
    _may_be_kept(tag, articles_shown, site)
    if request.if_none_match.contains_weak(tag):
        return _cacheable(Response(status=304), tag)
    return _cacheable(_json({"counts": found}, 200), tag)


@public.get("/v1/feed.atom")
def feed_atom() -> Response:
    """Return the newest approved comments as an Atom feed (RFC 4287)."""
    wanted = schemas.parse(schemas.FeedQuery, request.args.to_dict())
    with context.runtime().database.reading() as session:
        site = sites.find(session, wanted.site)
        origins.allow(site)
        entries = reading.latest(session, site, wanted.article or None, limit=50)
    text = feed.atom(site, wanted.article, entries, base=context.runtime().settings.public_url)
    tag = hashlib.sha256(text).hexdigest()[:32]
    if request.if_none_match.contains_weak(tag):
        return _cacheable(Response(status=304), tag)
    return _cacheable(Response(text, content_type="application/atom+xml; charset=utf-8"), tag)


@public.get("/v1/receipts/<receipt>")
def receipt(receipt: str) -> Response:
    """Tell a reader what became of their comment."""
    with context.runtime().database.reading() as session:
        found = receipts.look_up(session, receipt)
        site = sites.by_id(session, [found.site_id])[found.site_id]
    origins.allow(site)
    return _private({"status": found.status}, 200)


@public.delete("/v1/receipts/<receipt>")
def withdraw(receipt: str) -> Response:
    """Take a comment back: erased, here and now."""
    with context.runtime().database.writing() as session:
        found = receipts.look_up(session, receipt)
        origins.demand(sites.by_id(session, [found.site_id])[found.site_id])
        article_id = receipts.withdraw(session, receipt, now=context.now())
    context.tell_of([article_id])
    return Response(status=204)


@public.post("/v1/comments/<uuid:comment_id>/reports")
def report(comment_id: Any) -> Response:
    """Take a reader's complaint about an approved comment."""
    complaint = schemas.parse(schemas.ReportIn, payload.read())
    runtime = context.runtime()
    with runtime.database.writing() as session:
        site_id = reporting.report(
            session,
            comment_id,
            reason=complaint.reason,
            text=complaint.text,
            sender=runtime.vault.sender(context.address()),
            now=context.now(),
        )
        origins.demand(sites.by_id(session, [site_id])[site_id])
    return _private({"status": "received"}, 202)


def comment_as_json(comment: reading.Published) -> dict[str, Any]:
    """Return a comment as everybody may see it."""
    return {
        "id": str(comment.id),
        "name": comment.name,
        "title": comment.title,
        "body": comment.body,
        "created_at": _time(comment.created_at),
    }


def _media(media: bytes | None) -> Response:
    if media is None:
        raise Problem("not-found")
    kind = "image/webp" if media[8:12] == b"WEBP" else "audio/wav" if media[8:12] == b"WAVE" else "audio/mpeg"
    response = Response(media, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    # A form draws and plays it by script, so that its page needs us in `connect-src` alone; the id is the key to it.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _json(document: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")


def _private(document: dict[str, Any], status: int) -> Response:
    response = _json(document, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _cacheable(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = f"public, max-age=0, s-maxage={SHARED_SECONDS}"
    return response


def _may_be_kept(tag: str, articles_shown: Iterable[int], site: KnownSite) -> None:
    # An empty list may become a first comment's at any moment; only the clock ends such an answer.
    request.environ[shelf.NOTE] = shelf.Note(tag, frozenset(articles_shown), site.origins)


def _tag(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _time(moment: Any) -> str:
    return str(moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
