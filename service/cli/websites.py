"""`site` and `article`: what a website decides, and which of its articles take comments."""

from datetime import UTC, datetime
from typing import Any

import click

from service import articles, sites
from service.cli import session
from service.moderation.vocabulary import PublishMode
from service.web.embed import words

MAPPINGS = ("actions", "thresholds", "strings")


def _settings(command: Any) -> Any:
    options = [
        click.option(
            "--origin",
            "origins",
            multiple=True,
            help="A web origin whose pages embed the form, e.g. https://bao.example.",
        ),
        click.option(
            "--publish",
            type=click.Choice([mode.value for mode in PublishMode]),
            help="after_review: a person approves each comment; when_clean: the engine may.",
        ),
        click.option("--challenge", type=click.Choice(sites.GATES), help="What a form must solve."),
        click.option("--language", type=click.Choice(sites.LANGUAGES)),
        click.option("--time-zone", help="The zone in which readers are shown times, e.g. Asia/Ho_Chi_Minh."),
        click.option(
            "--registered-only/--any-article",
            default=None,
            help="Take comments on registered articles alone.",
        ),
        click.option(
            "--close-after-days",
            type=click.IntRange(0),
            help="Close articles after so many days; 0 for never.",
        ),
        click.option("--title-required/--title-optional", default=None),
        click.option("--phone-required/--phone-optional", default=None),
        click.option("--name-length", type=int, help="The most characters of a name."),
        click.option("--title-length", type=int, help="The most characters of a title."),
        click.option("--body-minimum", type=int, help="The fewest characters of a comment."),
        click.option("--body-length", type=int, help="The most characters of a comment."),
        click.option("--consent-text", help="The sentence beside the box for keeping a phone number."),
        click.option("--consent-version", help="A name for that sentence, kept with each consent."),
        click.option(
            "--string",
            "strings",
            multiple=True,
            metavar="KEY=TEXT",
            help="What the form says otherwise, by a key of `site words`; KEY= for our own words again.",
        ),
        click.option(
            "--action", "actions", multiple=True, metavar="CATEGORY=OUTCOME", help="What a category leads to."
        ),
        click.option(
            "--threshold",
            "thresholds",
            multiple=True,
            metavar="CATEGORY=1..4",
            help="The least severity that counts; 4 for never.",
        ),
        click.option("--learned-threshold", type=float, help="The learned score that holds a comment, 0 to 1."),
        click.option("--limit-comments", help="Comments from one address, on top of LIMIT_COMMENTS: 3/minute;10/hour."),
        click.option(
            "--surge-factor", type=int, help="How many times its usual comments an article surges at; 0: never."
        ),
        click.option("--surge-floor", type=int, help="Fewer comments in ten minutes than this are no surge."),
        click.option("--phone-days", type=int, help="Days until a phone number is erased."),
        click.option("--address-days", type=int, help="Days until an address's hash is erased."),
        click.option("--review-hours", type=int, help="The target for a first decision, in hours."),
        click.option("--review-from", type=int, help="The hour at which people begin to review, 0 to 23."),
        click.option("--review-to", type=int, help="The hour at which they stop, 1 to 24."),
        click.option("--review-days", help="The days on which they review: 12345 for Monday to Friday."),
        click.option("--review-holidays", help="The country whose public holidays they keep, such as VN."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def site() -> None:
    """Sites and their policy."""


@site.command("add")
@click.argument("key")
@click.option("--name", required=True, help="What people call the site.")
@_settings
def add_site(key: str, name: str, origins: tuple[str, ...], **options: Any) -> None:
    """Add a site with the key KEY."""
    with session.writing() as opened:
        sites.add(opened, key=key, name=name, origins=origins, changes=_changes(options), now=datetime.now(UTC))
    click.echo(f"Added {key}.")


@site.command("set")
@click.argument("key")
@click.option("--name", help="What people call the site.")
@_settings
def set_site(key: str, name: str | None, origins: tuple[str, ...], **options: Any) -> None:
    """Change what is named of the site KEY and leave the rest."""
    with session.writing() as opened:
        known = sites.find(opened, key)
        changes = _changes(options)
        for part in MAPPINGS:
            if part in changes:
                merged = {**getattr(known.policy, part), **changes[part]}
                changes[part] = {name: value for name, value in merged.items() if value != ""}
        sites.change(opened, key, name=name, origins=origins or None, changes=changes, now=datetime.now(UTC))
    click.echo(f"Changed {key}.")


@site.command("list")
def list_sites() -> None:
    """List the sites."""
    with session.reading() as opened:
        for known in sites.every(opened):
            policy = known.policy
            click.echo(
                f"{known.key}\t{known.name}\tpublish={policy.publish}\tchallenge={policy.challenge}"
                f"\tlanguage={policy.language}\torigins={','.join(known.origins) or '-'}"
            )


@site.command("words")
@click.argument("key", required=False)
@click.option("--language", type=click.Choice(sites.LANGUAGES), default="vi", show_default=True)
def list_words(key: str | None, language: str) -> None:
    """List what the form of the site KEY says, or what it says in a language, each by its key."""
    with session.reading() as opened:
        said = words.of(sites.find(opened, key) if key else None, language)
    for name, text in said.items():
        click.echo(f"{name}\t{text}")


@click.group()
def article() -> None:
    """Articles: registered, closed, opened."""


SITE = click.option("--site", "site_key", required=True, help="The site's key.")


@article.command("list")
@click.option("--site", "site_key", help="The site's key.")
@click.option("--limit", default=100, show_default=True)
def list_articles(site_key: str | None, limit: int) -> None:
    """List the newest articles."""
    now = datetime.now(UTC)
    with session.reading() as opened:
        known = sites.find(opened, site_key) if site_key else None
        by_key = {one.key: one for one in sites.every(opened)}
        for key, found in articles.listed(opened, known, limit):
            closed = articles.is_closed(by_key[key], found.closed_at, found.opened_at, now=now)
            state = "closed" if closed else "open"
            click.echo(f"{key}\t{found.key}\t{state}\tapproved={found.approved}\t{found.title}\t{found.url}")


@article.command("add")
@SITE
@click.option("--title")
@click.option("--url")
@click.argument("article_id")
def add_article(site_key: str, title: str | None, url: str | None, article_id: str) -> None:
    """Register an article, so that readers may comment and see its title."""
    with session.writing() as opened:
        known = sites.find(opened, site_key)
        articles.register(opened, known, article_id, title=title, url=url, now=datetime.now(UTC))
    click.echo(f"Registered {article_id}.")


@article.command("close")
@SITE
@click.argument("article_id")
def close_article(site_key: str, article_id: str) -> None:
    """Take no more comments on an article."""
    with session.writing() as opened:
        articles.close(opened, sites.find(opened, site_key), article_id, now=datetime.now(UTC))
    click.echo(f"Closed {article_id}.")


@article.command("open")
@SITE
@click.argument("article_id")
def open_article(site_key: str, article_id: str) -> None:
    """Take comments on an article again."""
    with session.writing() as opened:
        articles.reopen(opened, sites.find(opened, site_key), article_id, now=datetime.now(UTC))
    click.echo(f"Opened {article_id}.")


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if "close_after_days" in given:
        given["close_after_days"] = given["close_after_days"] or None
    for part in MAPPINGS:
        if part in given:
            pairs = [pair.partition("=") for pair in given[part]]
            if any(not separator for _, separator, _ in pairs):
                raise click.UsageError(f"--{part[:-1]} takes KEY=VALUE")
            given[part] = {name: value for name, _, value in pairs}
    if unknown := set(given.get("strings", ())) - words.KEYS:
        raise click.UsageError(f"No such words: {', '.join(sorted(unknown))}; `site words` lists all keys")
    if "thresholds" in given:
        try:
            given["thresholds"] = {name: int(value) for name, value in given["thresholds"].items()}
        except ValueError as error:
            raise click.UsageError("--threshold takes CATEGORY=NUMBER") from error
    return given


COMMANDS = (site, article)
