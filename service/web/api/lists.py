"""What everybody may read: an article's approved comments, counts, the feed."""

import hashlib
from collections.abc import Iterable
from typing import Any

from flask import Response, json, request

from service import sites
from service.comments import reading
from service.sites import KnownSite
from service.web import answer, context, feed, origins, schemas, shelf
from service.web.api.public import public
from service.web.schemas import answers


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
            return answer.unchanged(tag)
        page = (
            reading.published(session, standing.article_id, limit=wanted.limit, before=wanted.cursor)
            if standing
            else reading.Page([], None)
        )
    _may_be_kept(tag, [standing.article_id] if standing else [], site)
    document: answers.Comments = {
        "site": site.key,
        "article": wanted.article,
        "count": standing.approved if standing else 0,
        "comments": [comment_as_json(comment) for comment in page.comments],
        "next": page.next.hex if page.next else None,
    }
    return answer.shared(json.dumps(document), tag)


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
        return answer.unchanged(tag)
    return answer.shared(json.dumps(answers.Counts(counts=found)), tag)


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
        return answer.unchanged(tag)
    return answer.shared(text, tag, "application/atom+xml; charset=utf-8")


def comment_as_json(comment: reading.Published) -> answers.Published:
    """Return a comment as everybody may see it."""
    return {
        "id": str(comment.id),
        "name": comment.name,
        "title": comment.title,
        "body": comment.body,
        "created_at": answer.moment(comment.created_at),
    }


def _may_be_kept(tag: str, articles_shown: Iterable[int], site: KnownSite) -> None:
    # An empty list may become a first comment's at any moment; only the clock ends such an answer.
    request.environ[shelf.NOTE] = shelf.Note(tag, frozenset(articles_shown), site.origins)


def _tag(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
