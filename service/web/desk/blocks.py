"""The blocks' page: who and what is blocked, and until when."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from service import blocks as blocking
from service import sites
from service.comments import deciding
from service.web import auth, context, payload, schemas
from service.web.desk import frame, words
from service.web.desk.kept_words import BLOCKS
from service.web.errors import FieldErrors, Problem, document, translate
from service.web.keeping.blocks import added

blocks = Blueprint("blocks", __name__, url_prefix="/blocks")

DAYS = 30


@dataclass(frozen=True, slots=True)
class About:
    """The comment whose sender is to be blocked, and by what they are known."""

    id: str
    site: str
    name: str
    kinds: tuple[str, ...]


@blocks.get("")
def listed(typed: dict[str, Any] | None = None, wrong: str = "", status: int = 200) -> Response:
    """List the blocks, and a form for another; `comment` names one whose sender is meant."""
    viewer = auth.viewer()
    wanted = schemas.parse(schemas.BlocksQuery, request.args.to_dict() if request.method == "GET" else {})
    about = str((typed or request.args).get("comment", ""))
    with context.runtime().database.reading() as session:
        return frame.page(
            "desk/blocks.html",
            status,
            said=words.spoken(BLOCKS, context.language()),
            blocks=blocking.listed(
                session, viewer, now=context.now(), site=wanted.site, kind=wanted.kind, over=wanted.over
            ),
            kinds=blocking.KINDS,
            wanted=wanted,
            sites=[site.key for site in sites.every(session) if viewer.sees(site.key)],
            typed=typed or {"days": str(DAYS)},
            about=_about(session, about) if about else None,
            wrong=wrong,
            now=context.now(),
        )


def _about(session: Session, comment_id: str) -> About:
    try:
        row = deciding.visible(session, auth.viewer(), UUID(comment_id))
    except (ValueError, deciding.UnknownComment) as error:
        raise Problem("not-found") from error
    kinds = (("phone", row.phone_key), ("address", row.sender))
    return About(str(row.id), row.site.key, row.name, tuple(kind for kind, key in kinds if key is not None))


@blocks.post("")
def add() -> Response:
    """Block a sender or a phrase."""
    fields = payload.read()
    try:
        asked = schemas.parse(schemas.BlockIn, fields)
        with context.runtime().database.writing() as session:
            added(session, asked)
    except (FieldErrors, blocking.BadBlock) as error:
        problem = translate(error)
        return listed(fields, str(document(problem)["detail"]) if problem else "", 422)
    return frame.onward("desk.blocks.listed", done="blocked")


@blocks.post("/<int:block_id>/lift")
def lift(block_id: int) -> Response:
    """End a block."""
    with context.runtime().database.writing() as session:
        blocking.lift(session, auth.viewer(), block_id, now=context.now())
    return frame.onward("desk.blocks.listed", done="lifted")
