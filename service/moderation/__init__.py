"""TEMPORARY stand-in, never committed."""

import hashlib
from dataclasses import dataclass
from service.moderation.vocabulary import *
from service.moderation.vocabulary import Verdict, Outcome, Finding, Span, Message, Category


def prepare():
    pass


def moderate(s, p, *, clock=None):
    bad = "địt" in s.body
    f = (
        (
            Finding(
                "words",
                Category.PROFANITY,
                3,
                (Span("body", s.body.index("địt"), s.body.index("địt") + 3, "địt"),),
                Message("a", "b"),
                "x",
            ),
        )
        if bad
        else ()
    )
    return Verdict(Outcome.HOLD if bad else Outcome.APPROVE, 0.5 * bad, f, p.version)


@dataclass(frozen=True)
class Fingerprint:
    exact: bytes
    bands: tuple
    usable: bool


def fingerprint(s):
    h = hashlib.sha256((s.title + s.body).encode("utf-8", "replace")).digest()
    return Fingerprint(
        h[:16], tuple(int.from_bytes(h[i : i + 2], "big") for i in (16, 18, 20, 22)), len(s.body.split()) > 5
    )


def similarity(a, b):
    return sum(bin(x ^ y).count("1") for x, y in zip(a, b))
