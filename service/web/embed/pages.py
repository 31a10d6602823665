"""The pages that readers open: form with list, and the page of a receipt."""

import json
from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response, redirect, request, url_for
from pydantic import BaseModel, BeforeValidator

from service import sites
from service.comments import receipts
from service.web import context, origins, payload, schemas
from service.web.embed import answers, frame, sheet, words
from service.web.embed.sheet import Article
from service.web.schemas import ArticleKey, ShortText, SiteKey
from service.web.schemas.answers import Form

embed = Blueprint("embed", __name__)


class EmbedQuery(BaseModel):
    """Which article's comments to show, and where that article is."""

    site: SiteKey
    article: ArticleKey
    url: ShortText = ""
    title: ShortText = ""
    cursor: Annotated[UUID | None, BeforeValidator(lambda value: value or None)] = None
    reported: Annotated[UUID | None, BeforeValidator(lambda value: value or None)] = None


@embed.get("/embed")
def page() -> Response:
    """Show form and list, complete without a script."""
    asked = schemas.parse(EmbedQuery, request.args.to_dict())
    with context.runtime().database.reading() as session:
        site = sites.find(session, asked.site)
        article = Article(asked.article, asked.url, asked.title)
        shown = sheet.lay(session, site, article, cursor=asked.cursor, reported=asked.reported)
    return answers.shown(site, shown)


@embed.get("/embed.json")
def described() -> Response:
    """Tell the script what the site's form is like for an article."""
    asked = schemas.parse(EmbedQuery, request.args.to_dict())
    with context.runtime().database.reading() as session:
        site = sites.find(session, asked.site)
        origins.allow(site)
        closed = sheet.closed(session, site, asked.article)
    policy = site.policy
    document: Form = {
        "language": policy.language,
        "zone": frame.zone(site),
        "closed": closed,
        "challenge": policy.challenge,
        "challenge_seconds": int(context.runtime().settings.challenge_lifetime.total_seconds()),
        "title": policy.title_required,
        "phone": policy.phone_required,
        "fields": {"name": policy.name_length, "title": policy.title_length, "body": policy.body_length},
        "words": words.sent(site),
        "wrong": words.complaints(policy),
        "reasons": {reason: words.of(site)[f"reason_{reason}"] for reason in words.REASONS},
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return frame.parcel(text, "application/json", seconds=0)


@embed.after_request
def readable_by_the_site(response: Response) -> Response:
    """Let the site's own pages read the answer."""
    return origins.mark(response)


@embed.post("/embed")
def another_code() -> Response:
    """Show the form again with what was typed and another picture; nothing is sent anywhere."""
    return answers.renewed(payload.read())


@embed.get("/receipts/<receipt>")
def receipt(receipt: str) -> Response:
    """Tell a reader what became of their comment."""
    with context.runtime().database.reading() as session:
        found = receipts.look_up(session, receipt)
        site = sites.by_id(session, [found.site_id])[found.site_id]
    return frame.page("receipt.html", site, receipt=receipt, found=found)


@embed.post("/receipts/<receipt>")
def withdraw(receipt: str) -> Response:
    """Take a comment back. Who knows the receipt may do so, and nobody else knows it: it is its own token."""
    with context.runtime().database.writing() as session:
        article_id = receipts.withdraw(session, receipt, context.runtime().terms, now=context.now())
    context.tell_of([article_id])
    return redirect(url_for("embed.receipt", receipt=receipt), 303)  # type: ignore[return-value]
