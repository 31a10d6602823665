"""The engine's verdicts, written behind a fence: only onto rows that are still pending under our lease."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.comments import state
from service.comments.judging import facts
from service.comments.judging.claims import Claimed
from service.comments.judging.facts import Case
from service.db import among
from service.models import Comment
from service.moderation import Fingerprint as Likeness
from service.moderation import moderate
from service.moderation.vocabulary import Finding, Outcome, Policy, Verdict
from service.rules import standing

RISK_BONUS = timedelta(hours=4)
"""How much earlier a comment of risk 1 stands in the moderators' queue than its arrival."""

FIRST_VERSION = 1
"""The version of a comment that nobody judged yet."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A claimed comment with its verdict and what its text looks like."""

    claimed: Claimed
    verdict: Verdict
    likeness: Likeness
    seconds: float
    """How long the engine took."""


def judge(
    cases: Sequence[Case],
    *,
    clock: Callable[[], float] = time.monotonic,
    seconds: float = math.inf,
    limit: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> list[Judged]:
    """Let the engine look at each case; no session, so that no transaction stays open meanwhile.

    No further one is begun when the seconds are over, so that the lease outlasts the work.
    `limit` is entered for each case and may break a check off by raising within it (docs/adr/0162).
    """
    judged: list[Judged] = []
    left: dict[str, int] = {}
    ends = clock() + seconds
    for case in cases:
        if judged and clock() >= ends:
            break
        left = {**case.left, **left}
        started = clock()
        with limit():
            verdict = moderate(case.submission, _within_caps(case, left), clock=clock)
        for entry in standing.acting(verdict):
            left[entry] = left.get(entry, 0) - 1
        judged.append(Judged(case.claimed, verdict, case.likeness, clock() - started))
    return judged


def _within_caps(case: Case, left: Mapping[str, int]) -> Policy:
    """Return the policy in which the rules that reached their daily cap within this batch only count."""
    spent = frozenset(entry for entry in case.left if left[entry] < 1)
    policy = case.policy
    return policy if spent <= policy.counting else replace(policy, counting=policy.counting | spent)


def finish(session: Session, judged: Sequence[Judged], *, now: datetime) -> int:
    """Write the verdicts of those comments that are still pending under our lease; return how many were."""
    asked = {
        "claimed": [one.claimed.id for one in judged],
        "tokens": list({one.claimed.lease_token for one in judged}),
    }
    ours = set(session.connection().scalars(_OURS, asked))
    mine = [one for one in judged if one.claimed.id in ours]
    taken = state.take(session, [_step(one) for one in mine], now=now)
    finished = [one for one in mine if one.claimed.id in taken]
    again = [one.claimed.id for one in finished if one.claimed.version > FIRST_VERSION]
    if again:
        facts.forget(session, again)
        standing.forget(session, again)
    facts.remember(session, {one.claimed.id: one.likeness for one in finished})
    seen = [(one.claimed.id, one.claimed.site_id, one.verdict) for one in finished]
    standing.keep_sightings(session, seen, now=now)
    return len(taken)


# Asked for each batch: written once, and past the object mapper.
_COMMENTS = Comment.__table__.c
_OURS = (
    select(_COMMENTS.id)
    .where(among(_COMMENTS.id, "claimed"), _COMMENTS.status == "pending", among(_COMMENTS.lease_token, "tokens"))
    .order_by(_COMMENTS.id)
    .with_for_update()
)


def shown_anew(judged: Iterable[Judged]) -> set[int]:
    """Return the articles under which a verdict changes what is shown."""
    return {one.claimed.article_id for one in judged if one.verdict.outcome is Outcome.APPROVE}


def _step(one: Judged) -> state.Step:
    verdict = one.verdict
    findings = [stored(finding) for finding in verdict.findings]
    return state.Step(
        comment_id=one.claimed.id,
        article_id=one.claimed.article_id,
        version=one.claimed.version,
        before="pending",
        after=state.STATUS_AFTER[verdict.outcome],
        actor="engine",
        act=verdict.outcome,
        detail={"findings": findings, "risk": verdict.risk},
        policy_version=verdict.policy_version,
        changes={
            "findings": findings,
            "categories": _listed({finding.category or "unchecked" for finding in verdict.findings}),
            "checks": _listed({finding.check for finding in verdict.findings}),
            "risk": verdict.risk,
            "priority": priority(one.claimed.created_at, verdict.risk),
            "policy_version": verdict.policy_version,
        },
    )


def stored(finding: Finding) -> dict[str, Any]:
    """Return a finding as it is stored; `dataclasses.asdict` says the same in thirty times as long."""
    return {
        "check": finding.check,
        "category": finding.category,
        "severity": finding.severity,
        "spans": tuple(
            {"field": span.field, "start": span.start, "end": span.end, "text": span.text} for span in finding.spans
        ),
        "message": {"vi": finding.message.vi, "en": finding.message.en},
        "entry": finding.entry,
        "version": finding.version,
        "ran": finding.ran,
    }


def priority(created_at: datetime, risk: float) -> int:
    """Return a comment's place in the moderators' queue, the lowest first."""
    return int(created_at.timestamp() * 1000 - RISK_BONUS.total_seconds() * 1000 * risk)


def _listed(names: set[str]) -> str:
    return f",{','.join(sorted(names))}," if names else ""
