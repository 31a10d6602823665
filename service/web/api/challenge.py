"""Challenges: issued by the site's policy, with picture and sound under addresses of their own."""

from flask import Response, url_for

from service import challenges, sites
from service.challenges import Issued
from service.comments import surges
from service.metrics import vocabulary
from service.sites import KnownSite
from service.web import answer, context, origins, payload, schemas
from service.web.api.public import public
from service.web.errors import Problem
from service.web.schemas import answers


@public.post("/v1/challenges")
def challenge() -> Response:
    """Issue a challenge by the site's policy."""
    wanted = schemas.parse(schemas.ChallengeIn, payload.read())
    with context.runtime().database.reading() as session:
        site = sites.find(session, wanted.site)
        origins.demand(site)
        surging = site.policy.challenge in {"pow", "ladder"} and surges.is_on(session, site, wanted.article)
    issued = issue(site, wanted.article, wanted.kind, surging=surging)
    if issued is None:
        return Response(status=204)
    return answer.private(challenge_as_json(issued), 201)


def issue(site: KnownSite, article: str, kind: str = "", *, surging: bool = False) -> Issued | None:
    """Return a challenge for the form, or None where the site asks for none."""
    policy = site.policy.challenge
    if policy == "none":
        return None
    runtime = context.runtime()
    issued = challenges.issue(
        runtime.challenges,
        site=site.key,
        article=article,
        kind="image" if kind == "image" else policy,
        now=context.now(),
        sender=context.sender(),
        surging=surging,
    )
    runtime.tally.add(vocabulary.CHALLENGES, issued.kind, "issued")
    return issued


def challenge_as_json(issued: Issued) -> answers.Challenge:
    """Return what a form may know of its challenge."""
    document: answers.Challenge = {
        "id": issued.id,
        "kind": issued.kind,
        "token": issued.token,
        "expires_at": answer.moment(issued.expires_at),
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


def _media(media: bytes | None) -> Response:
    if media is None:
        raise Problem("not-found")
    kind = "image/webp" if media[8:12] == b"WEBP" else "audio/wav" if media[8:12] == b"WAVE" else "audio/mpeg"
    response = Response(media, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    # A form draws and plays it by script, so that its page needs us in `connect-src` alone; the id is the key to it.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
