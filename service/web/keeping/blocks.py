"""The JSON calls of blocks; a sender is named by a comment of theirs, a number or an address, and kept as a hash."""

import ipaddress
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from service import blocks as blocking
from service import privacy
from service.blocks import BadBlock, KnownBlock, Target
from service.comments import deciding
from service.web import answer, auth, context, payload, schemas

blocks = Blueprint("blocks", __name__, url_prefix="/blocks")


@blocks.get("")
def listed() -> Response:
    """List the blocks that stand, newest first."""
    wanted = schemas.parse(schemas.BlocksQuery, request.args.to_dict())
    with context.runtime().database.reading() as session:
        found = blocking.listed(
            session, auth.viewer(), now=context.now(), site=wanted.site, kind=wanted.kind, over=wanted.over
        )
    return answer.private({"blocks": [block_as_json(block) for block in found]})


@blocks.post("")
def add() -> Response:
    """Block a sender or a phrase."""
    asked = schemas.parse(schemas.BlockIn, payload.read())
    with context.runtime().database.writing() as session:
        block = added(session, asked)
    return answer.private({"block": block_as_json(block)}, 201)


@blocks.delete("/<int:block_id>")
def lift(block_id: int) -> Response:
    """End a block; it stays in the history."""
    with context.runtime().database.writing() as session:
        blocking.lift(session, auth.viewer(), block_id, now=context.now())
    return Response(status=204)


def added(session: Session, asked: schemas.BlockIn) -> KnownBlock:
    """Block what the form names; raise `BadBlock`, `UnknownBlock` or `UnknownComment`."""
    return blocking.add(
        session,
        auth.viewer(),
        asked.site,
        _target(session, asked),
        reason=asked.reason,
        days=asked.days,
        now=context.now(),
    )


def _target(session: Session, asked: schemas.BlockIn) -> Target:
    runtime = context.runtime()
    if asked.kind == "phrase":
        return blocking.of_phrase(asked.value)
    if asked.comment is not None:
        row = deciding.visible(session, auth.viewer(), asked.comment)
        if row.site.key != asked.site:
            raise BadBlock("comment", "not_known")
        return blocking.of_comment(row, asked.kind, _phone(row.phone, row.id))
    if asked.kind == "phone":
        try:
            number = schemas.phone_number(asked.value, runtime.settings.phone_region)
        except schemas.Wrong as error:
            raise BadBlock("value", error.type) from error
        if not number:
            raise BadBlock("value", "required")
        return blocking.of_phone(number, runtime.vault)
    try:
        address = str(ipaddress.ip_address(asked.value.strip()))
    except ValueError as error:
        raise BadBlock("value", "invalid_address") from error
    return blocking.of_address(address, runtime.vault)


def _phone(sealed: bytes | None, comment_id: Any) -> str | None:
    try:
        return context.runtime().vault.open(sealed, comment_id) if sealed is not None else None
    except privacy.Unreadable:
        return None


def block_as_json(block: KnownBlock) -> dict[str, Any]:
    """Return a block as those who keep it see it: no number, no address."""
    return {
        "id": block.id,
        "site": block.site,
        "kind": block.kind,
        "phrase": block.phrase,
        "hint": block.hint,
        "reason": block.reason,
        "created_by": block.created_by,
        "created_at": answer.moment(block.created_at),
        "expires_at": answer.moment(block.expires_at) if block.expires_at else None,
        "lifted_by": block.lifted_by,
        "lifted_at": answer.moment(block.lifted_at) if block.lifted_at else None,
    }
