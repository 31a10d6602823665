"""`check`: the engine alone on a text as given, without server and, unless a site is named, without database."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime

import click

from service import config, moderation, sites
from service.cli import session
from service.moderation.vocabulary import Finding, Policy, PublishMode, Submission, Verdict
from service.rules import standing

SHIPPED = Policy(mode=PublishMode.WHEN_CLEAN)


@click.command()
@click.argument("text", required=False)
@click.option("--name", default="", help="The writer's name.")
@click.option("--title", default="", help="The comment's title.")
@click.option("--site", "site_key", help="Weigh with this site's policy; needs the database.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.option(
    "--jsonl",
    "as_lines",
    is_flag=True,
    help="Read {id, name, title, body} a line on stdin, write a verdict a line.",
)
def check(text: str | None, name: str, title: str, site_key: str | None, as_json: bool, as_lines: bool) -> None:
    """Say what the engine makes of TEXT."""
    policy = SHIPPED
    if site_key:
        with session.reading() as opened:
            site = sites.find(opened, site_key)
            policy = standing.policy_of(opened, site, now=datetime.now(UTC), zone=config.load().zone)
    moderation.prepare()
    if as_lines:
        _lines(policy)
        return
    if text is None:
        raise click.UsageError("Name a TEXT, or --jsonl for many on stdin.")
    verdict = moderation.moderate(Submission(body=text, title=title, name=name), policy)
    if as_json:
        click.echo(json.dumps(asdict(verdict), ensure_ascii=False, indent=2))
    else:
        _show(verdict)


def _lines(policy: Policy) -> None:
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            submission = Submission(
                body=str(given["body"]),
                title=str(given.get("title") or ""),
                name=str(given.get("name") or ""),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise click.ClickException(f"Line {number} is no object with a body: {type(error).__name__}.") from error
        verdict = moderation.moderate(submission, policy)
        found = [entry for finding in verdict.findings for entry in _entries(finding)]
        answer = {"id": given.get("id"), "outcome": verdict.outcome, "findings": found}
        # A lone surrogate can be judged but not written as UTF-8; escaped, it can be both.
        click.echo(json.dumps(answer, ensure_ascii=True))


def _entries(finding: Finding) -> list[dict[str, object]]:
    head = {"check": finding.check, "category": finding.category, "severity": finding.severity}
    places = [{"field": one.field, "start": one.start, "end": one.end} for one in finding.spans]
    nowhere: list[dict[str, object]] = [{"field": None, "start": None, "end": None}]
    return [{**head, **place, "message": finding.message.vi} for place in (places or nowhere)]


def _show(verdict: Verdict) -> None:
    click.echo(f"{verdict.outcome}\trisk {verdict.risk:.2f}")
    for finding in verdict.findings:
        words = ", ".join(f"{one.field}[{one.start}:{one.end}] {one.text!r}" for one in finding.spans)
        click.echo(f"- {finding.category or 'not checked'} ({finding.severity}) {finding.message.vi} {words}")


COMMANDS = (check,)
