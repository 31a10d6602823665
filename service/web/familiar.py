"""Browsers from which somebody signed in before: what strangers try does not count against them.

Tries are counted by account as well as by address, or a botnet could guess for ever; and then whoever knows a name
could keep its owner out for as long as they like (OWASP, "Blocking Brute Force Attacks": device cookies). So a browser
that was let in once keeps a token, and the tries from it are counted by themselves. It opens nothing.
"""

import hmac
import secrets

from flask import Response, request

from service.web import context

COOKIE = "duyet-familiar"
LIFE_SECONDS = 180 * 24 * 3600
DOOR = "/desk/sign-in"
"""The only page to which browsers send it."""
LONGEST = 200


def remember(response: Response, account: str) -> None:
    """Let the browser keep a token of its own for this account."""
    chance = secrets.token_hex(16)
    token = f"{chance}.{_proof(context.runtime().settings.secret('familiar'), chance, account)}"
    response.set_cookie(
        COOKIE, token, max_age=LIFE_SECONDS, secure=context.secure(), httponly=True, samesite="Strict", path=DOOR
    )


def browser(account: str) -> str:
    """Return what stands for a browser from which this account signed in before, '' for any other."""
    chance, _, proof = request.cookies.get(COOKIE, "")[:LONGEST].partition(".")
    given = proof.encode("utf-8", "replace")
    for key in context.runtime().settings.secrets("familiar"):
        if hmac.compare_digest(given, _proof(key, chance, account).encode()):
            return chance
    return ""


def _proof(key: bytes, chance: str, account: str) -> str:
    return hmac.digest(key, f"{chance}.{account.lower()}".encode("utf-8", "replace"), "sha256").hex()
