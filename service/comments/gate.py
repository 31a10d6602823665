"""The gate before a comment: which rungs of the challenge ladder a site asks for, and whether they were climbed."""

from dataclasses import dataclass
from datetime import datetime

from service import challenges
from service.challenges import ChallengeFailed, Challenges, Passed
from service.comments.submission import Gate
from service.sites import KnownSite


@dataclass(frozen=True, slots=True)
class Answers:
    """What a form sent for the gate; '' where it sent nothing."""

    captcha_id: str = ""
    captcha: str = ""
    proof: str = ""
    token: str = ""
    honeypot: bool = False


def missing(site: KnownSite, answers: Answers) -> list[ChallengeFailed]:
    """Say what the site asks for and the form did not send, before anything is used up."""
    kind = site.policy.challenge
    if kind == "none":
        return []
    lacking = []
    if kind == "ladder" and not answers.token:
        lacking.append(ChallengeFailed("token", "token_required"))
    if not answers.proof and not (answers.captcha_id and answers.captcha.strip()):
        drawn = kind == "image" or answers.captcha_id
        lacking.append(
            ChallengeFailed("captcha", "captcha_required") if drawn else ChallengeFailed("pow", "pow_required")
        )
    return lacking


def climb(
    gate: Challenges, site: KnownSite, article: str, answers: Answers, *, now: datetime
) -> tuple[Gate, Passed | None]:
    """Use the answers up and return how the comment came past; raise `ChallengeFailed` or `ChallengesAway`."""
    kind = site.policy.challenge
    if kind == "none":
        return Gate(honeypot=answers.honeypot), None
    if answers.token:
        challenges.check_token(
            gate, answers.token, site=site.key, article=article, now=now, enforce_age=kind == "ladder"
        )
    for lacking in missing(site, answers):
        raise lacking
    if answers.captcha_id and answers.captcha.strip():
        passed = challenges.consume(
            gate,
            site=site.key,
            article=article,
            captcha_id=answers.captcha_id,
            captcha=answers.captcha,
            now=now,
        )
    else:
        passed = challenges.verify_proof(gate, site=site.key, article=article, payload=answers.proof, now=now)
        if kind == "image" and not passed.degraded:
            raise ChallengeFailed("captcha", "captcha_required")
    return Gate(
        honeypot=answers.honeypot,
        sound=passed.by == "sound",
        degraded=passed.degraded,
        proof=passed.nonce,
        proof_expires=passed.expires_at,
    ), passed
