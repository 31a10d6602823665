"""The JSON calls of a site's rules and their backtests."""

import uuid
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from service import jobs
from service.rules import backtests, keeping, people, standing
from service.rules.backtests import KnownBacktest, Sample
from service.rules.keeping import KnownRule
from service.rules.people import Agreement
from service.web import answer, auth, context, payload, schemas

rules = Blueprint("rules", __name__, url_prefix="/rules")

LATELY = timedelta(days=30)


@rules.get("")
def listed() -> Response:
    """List the rules with what they saw lately and how often people agreed."""
    wanted = schemas.parse(schemas.RulesQuery, request.args.to_dict())
    viewer = auth.viewer()
    runtime = context.runtime()
    with runtime.database.reading() as session:
        found = keeping.listed(session, viewer, site=wanted.site, state=wanted.state, kind=wanted.kind)
        entries = [rule.entry for rule in found]
        agreement = people.agreement(session, viewer, entries)
        seen = standing.lately(session, entries, since=context.now() - LATELY)
        alarms = standing.over_cap(session, viewer, now=context.now(), zone=runtime.settings.zone)
    over = {rule.id for rule in alarms}
    return answer.private(
        {
            "rules": [
                rule_as_json(rule, agreement[rule.entry], seen.get(rule.entry, (0, 0)), over_cap=rule.id in over)
                for rule in found
            ]
        }
    )


@rules.post("")
def add() -> Response:
    """Write a rule, which does nothing yet."""
    asked = schemas.parse(schemas.RuleIn, payload.read())
    with context.runtime().database.writing() as session:
        rule = keeping.add(session, auth.viewer(), asked.site, asked.draft(), now=context.now())
    return answer.private({"rule": rule_as_json(rule)}, 201)


@rules.get("/<int:rule_id>")
def one(rule_id: int) -> Response:
    """Return one rule."""
    viewer = auth.viewer()
    with context.runtime().database.reading() as session:
        rule = keeping.find(session, viewer, rule_id)
        agreement = people.agreement(session, viewer, [rule.entry])[rule.entry]
        seen = standing.lately(session, [rule.entry], since=context.now() - LATELY).get(rule.entry, (0, 0))
    return answer.private({"rule": rule_as_json(rule, agreement, seen)})


@rules.put("/<int:rule_id>")
def change(rule_id: int) -> Response:
    """Change a rule; one that looks for something else is a draft again."""
    asked = schemas.parse(schemas.RuleChangeIn, payload.read())
    with context.runtime().database.writing() as session:
        rule = keeping.change(session, auth.viewer(), rule_id, asked.draft(), version=asked.version, now=context.now())
    return answer.private({"rule": rule_as_json(rule)})


@rules.post("/<int:rule_id>/state")
def move(rule_id: int) -> Response:
    """Move a rule to another state."""
    asked = schemas.parse(schemas.RuleStateIn, payload.read())
    with context.runtime().database.writing() as session:
        rule = keeping.move(session, auth.viewer(), rule_id, asked.state, version=asked.version, now=context.now())
    return answer.private({"rule": rule_as_json(rule)})


@rules.get("/<int:rule_id>/backtests")
def backtests_of(rule_id: int) -> Response:
    """List a rule's backtests, newest first."""
    with context.runtime().database.reading() as session:
        found = backtests.of_rule(session, auth.viewer(), rule_id)
    return answer.private({"backtests": [backtest_as_json(made) for made in found]})


@rules.post("/<int:rule_id>/backtests")
def begin(rule_id: int) -> Response:
    """Try a rule on the comments of the last days; a worker does it."""
    asked = schemas.parse(schemas.BacktestIn, payload.read())
    runtime = context.runtime()
    with runtime.database.writing() as session:
        made = backtests.begin(session, auth.viewer(), rule_id, days=asked.days, now=context.now())
    jobs.ask_backtest(runtime.redis, made.id)
    return answer.private({"backtest": backtest_as_json(made)}, 202)


@rules.get("/<int:rule_id>/backtests/<uuid:backtest_id>")
def backtest(rule_id: int, backtest_id: uuid.UUID) -> Response:
    """Return a backtest: how far it is, what it caught, and samples."""
    with context.runtime().database.reading() as session:
        made = backtests.find(session, auth.viewer(), rule_id, backtest_id)
        samples = [sample_as_json(sample) for sample in backtests.samples(session, made)]
    return answer.private({"backtest": {**backtest_as_json(made), "samples": samples}})


@rules.delete("/<int:rule_id>/backtests/<uuid:backtest_id>")
def cancel(rule_id: int, backtest_id: uuid.UUID) -> Response:
    """End a backtest where it stands."""
    with context.runtime().database.writing() as session:
        backtests.cancel(session, auth.viewer(), rule_id, backtest_id, now=context.now())
    return Response(status=204)


def rule_as_json(
    rule: KnownRule, agreement: Agreement | None = None, seen: tuple[int, int] = (0, 0), *, over_cap: bool = False
) -> dict[str, Any]:
    """Return a rule as those who keep it see it."""
    draft, made = rule.draft, agreement or Agreement()
    return {
        "id": rule.id,
        "site": rule.site,
        "kind": draft.kind,
        "forms": list(draft.forms),
        "category": draft.category,
        "outcome": draft.outcome,
        "threshold": draft.threshold,
        "daily_cap": draft.daily_cap,
        "note": draft.note,
        "state": rule.state,
        "next": list(keeping.MOVES[rule.state]),
        "version": rule.version,
        "revision": rule.revision,
        "created_by": rule.created_by,
        "created_at": answer.moment(rule.created_at),
        "changed_at": answer.moment(rule.changed_at),
        "seen": seen[0],
        "acted": seen[1],
        "over_cap": over_cap,
        "approved_by_people": made.approved,
        "rejected_by_people": made.rejected,
        "precision": made.precision,
    }


def backtest_as_json(made: KnownBacktest) -> dict[str, Any]:
    """Return a backtest without its samples."""
    return {
        "id": str(made.id),
        "rule": made.rule_id,
        "revision": made.revision,
        "days": made.days,
        "state": made.state,
        "asked_by": made.asked_by,
        "created_at": answer.moment(made.created_at),
        "finished_at": answer.moment(made.finished_at) if made.finished_at else None,
        "progress": round(made.progress, 4),
        "seen": made.seen,
        "total": made.total,
        "caught": made.caught,
    }


def sample_as_json(sample: Sample) -> dict[str, Any]:
    """Return a comment that a rule catches, with the places."""
    return {
        "comment": str(sample.comment),
        "group": sample.group,
        "title": sample.title,
        "body": sample.body,
        "spans": [
            {"field": span.field, "start": span.start, "end": span.end, "text": span.text} for span in sample.spans
        ],
    }
