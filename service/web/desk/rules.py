"""The rules' pages: the list, one rule with its backtests, the shipped entries; the calls of the API do the same."""

import uuid
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from service import jobs, sites
from service.moderation.vocabulary import Category, Outcome, RuleKind
from service.moderators import Viewer
from service.rules import backtests, keeping, people, standing
from service.rules.backtests import ACTIVE, GROUPS, Sample
from service.rules.drafts import BadRule, Draft
from service.rules.keeping import STANDING, RuleMoved
from service.web import auth, context, payload, schemas
from service.web.desk import frame, words
from service.web.desk.kept_words import RULES
from service.web.errors import FieldErrors, Problem, document, translate

rules = Blueprint("rules", __name__, url_prefix="/rules")

LATELY = timedelta(days=30)
EXCERPT = 240


@rules.get("")
def listed() -> Response:
    """List the rules and raise the alarm for those past their cap."""
    viewer, runtime, now = auth.viewer(), context.runtime(), context.now()
    wanted = schemas.parse(schemas.RulesQuery, request.args.to_dict())
    with runtime.database.reading() as session:
        found = keeping.listed(session, viewer, site=wanted.site, state=wanted.state, kind=wanted.kind)
        entries = [rule.entry for rule in found]
        return _page(
            "desk/rules.html",
            rules=found,
            wanted=wanted,
            sites=_sites(session, viewer),
            agreement=people.agreement(session, viewer, entries),
            seen=standing.lately(session, entries, since=now - LATELY),
            over=[rule.id for rule in standing.over_cap(session, viewer, now=now, zone=runtime.settings.zone)],
        )


@rules.get("/entries")
def entries() -> Response:
    """List what saw most lately, and how often people agreed."""
    viewer, site = auth.viewer(), request.args.get("site", "")
    with context.runtime().database.reading() as session:
        found = people.seen_lately(session, viewer, site=site, now=context.now())
        return _page("desk/entries.html", entries=found, site=site, sites=_sites(session, viewer))


@rules.get("/new")
def blank(typed: dict[str, Any] | None = None, wrong: str = "", status: int = 200) -> Response:
    """Show an empty form, or again what was typed and what is wrong with it."""
    viewer = auth.viewer()
    with context.runtime().database.reading() as session:
        shown = {"typed": typed or {}, "wrong": wrong, "sites": _sites(session, viewer)}
        return _page("desk/rule_new.html", status, **shown)


@rules.post("/new")
def add() -> Response:
    """Write a rule."""
    fields = payload.read()
    try:
        asked = schemas.parse(schemas.RuleIn, fields)
        with context.runtime().database.writing() as session:
            rule = keeping.add(session, auth.viewer(), asked.site, asked.draft(), now=context.now())
    except (FieldErrors, BadRule) as error:
        return blank(fields, _said(error), 422)
    return frame.onward("desk.rules.one", rule_id=rule.id, done="rule_saved")


@rules.get("/<int:rule_id>")
def one(rule_id: int, typed: dict[str, Any] | None = None, wrong: str = "", status: int = 200) -> Response:
    """Show a rule, what it saw, and what it would have caught."""
    viewer = auth.viewer()
    with context.runtime().database.reading() as session:
        rule = keeping.find(session, viewer, rule_id)
        tried = backtests.of_rule(session, viewer, rule_id, limit=10)
        latest = tried[0] if tried else None
        samples = backtests.samples(session, latest) if latest is not None else []
        return _page(
            "desk/rule.html",
            status,
            rule=rule,
            typed=typed or _typed(rule.draft),
            wrong=wrong,
            locked=rule.state in STANDING or rule.state == "retired",
            moves=keeping.MOVES[rule.state],
            agreement=people.agreement(session, viewer, [rule.entry])[rule.entry],
            seen=standing.lately(session, [rule.entry], since=context.now() - LATELY).get(rule.entry, (0, 0)),
            tried=tried,
            latest=latest,
            active=latest is not None and latest.state in ACTIVE,
            samples=[(sample.group, _pieces(sample)) for sample in samples],
        )


@rules.post("/<int:rule_id>")
def change(rule_id: int) -> Response:
    """Change a rule."""
    fields = payload.read()
    with context.runtime().database.reading() as session:
        before = keeping.find(session, auth.viewer(), rule_id)
    if before.state in STANDING:
        # What a standing rule looks for is not on its form.
        fields = {**fields, **_typed(before.draft), **_kept(fields, "daily_cap", "note")}
    try:
        asked = schemas.parse(schemas.RuleChangeIn, fields)
        with context.runtime().database.writing() as session:
            keeping.change(session, auth.viewer(), rule_id, asked.draft(), version=asked.version, now=context.now())
    except (FieldErrors, BadRule) as error:
        return one(rule_id, fields, _said(error), 422)
    except RuleMoved:
        return one(rule_id, None, _words()["changed_meanwhile"], 409)
    return frame.onward("desk.rules.one", rule_id=rule_id, done="rule_saved")


@rules.post("/<int:rule_id>/state")
def move(rule_id: int) -> Response:
    """Move a rule to another state."""
    try:
        asked = schemas.parse(schemas.RuleStateIn, payload.read())
        with context.runtime().database.writing() as session:
            keeping.move(session, auth.viewer(), rule_id, asked.state, version=asked.version, now=context.now())
    except BadRule as error:
        return one(rule_id, None, _said(error), 422)
    except RuleMoved:
        return one(rule_id, None, _words()["changed_meanwhile"], 409)
    return frame.onward("desk.rules.one", rule_id=rule_id, done="rule_moved")


@rules.post("/<int:rule_id>/backtests")
def begin(rule_id: int) -> Response:
    """Try a rule on past comments."""
    runtime = context.runtime()
    try:
        asked = schemas.parse(schemas.BacktestIn, payload.read())
        with runtime.database.writing() as session:
            made = backtests.begin(session, auth.viewer(), rule_id, days=asked.days, now=context.now())
    except FieldErrors as error:
        return one(rule_id, None, _said(error), 422)
    except RuleMoved:
        return one(rule_id, None, _words()["changed_meanwhile"], 409)
    jobs.ask_backtest(runtime.redis, made.id)
    return frame.onward("desk.rules.one", rule_id=rule_id, done="backtest_asked")


@rules.post("/<int:rule_id>/backtests/<uuid:backtest_id>/cancel")
def cancel(rule_id: int, backtest_id: uuid.UUID) -> Response:
    """Stop a backtest."""
    try:
        with context.runtime().database.writing() as session:
            backtests.cancel(session, auth.viewer(), rule_id, backtest_id, now=context.now())
    except RuleMoved:
        return frame.onward("desk.rules.one", rule_id=rule_id)
    return frame.onward("desk.rules.one", rule_id=rule_id, done="backtest_cancelled")


def _page(template: str, status: int = 200, **shown: Any) -> Response:
    return frame.page(
        template,
        status,
        said=_words(),
        kinds=list(RuleKind),
        states=keeping.STATES,
        categories=list(Category),
        outcomes=list(Outcome),
        groups=GROUPS,
        **shown,
    )


def _words() -> dict[str, str]:
    return words.spoken(RULES, context.language())


def _sites(session: Any, viewer: Viewer) -> list[str]:
    return [site.key for site in sites.every(session) if viewer.sees(site.key)]


def _typed(draft: Draft) -> dict[str, Any]:
    return {
        "kind": draft.kind.value,
        "forms": "\n".join(draft.forms),
        "category": draft.category.value,
        "outcome": draft.outcome.value,
        "threshold": str(draft.threshold),
        "daily_cap": str(draft.daily_cap or 0),
        "note": draft.note,
    }


def _kept(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}


def _said(error: Exception) -> str:
    problem = translate(error)
    return str(document(problem)["detail"]) if isinstance(problem, Problem) else ""


def _pieces(sample: Sample) -> list[tuple[str, bool]]:
    """Cut a sample's text into what the rule found and what stands around it; the rest is left out."""
    spans = sorted({(span.start, span.end) for span in sample.spans if span.field == "body"})
    at = max(0, spans[0][0] - EXCERPT // 3) if spans else 0
    pieces: list[tuple[str, bool]] = [("…", False)] if at else []
    if elsewhere := [span.text for span in sample.spans if span.field != "body"]:
        pieces = [(" · ".join(elsewhere), True), (" — ", False), *pieces]
    stop = at + EXCERPT
    for start, end in spans:
        if at <= start and end <= stop:
            pieces += [(sample.body[at:start], False), (sample.body[start:end], True)]
            at = end
    tail = sample.body[at:stop]
    return [*pieces, (tail + ("…" if stop < len(sample.body) else ""), False)]
