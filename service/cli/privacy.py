"""`privacy`: one person's data found, exported and erased, and what is kept for too long."""

import json
from datetime import UTC, datetime

import click

from service import config, keyring, news, retention, sites, subjects
from service.runtime import Runtime, build

WHICH = click.argument("which", metavar="PHONE|RECEIPT|ID")


@click.group()
def privacy() -> None:
    """One person's data, and what is due to be erased."""


@privacy.command("find")
@WHICH
def find(which: str) -> None:
    """List a person's comments."""
    runtime = build(config.load())
    try:
        with runtime.database.reading() as opened:
            for row in subjects.find(opened, which, vault=runtime.vault, region=runtime.settings.phone_region):
                click.echo(f"{row.id}\t{row.site.key}\t{row.status}\t{row.created_at.isoformat()}")
    finally:
        runtime.close()


@privacy.command("export")
@WHICH
def export(which: str) -> None:
    """Print all that is kept about a person, as JSON."""
    runtime = build(config.load())
    try:
        with runtime.database.reading() as opened:
            rows = subjects.find(opened, which, vault=runtime.vault, region=runtime.settings.phone_region)
            document = subjects.export(opened, rows, vault=runtime.vault)
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    finally:
        runtime.close()


@privacy.command("erase")
@WHICH
def erase(which: str) -> None:
    """Erase a person's comments, wherever they stand."""
    runtime = build(config.load())
    try:
        with runtime.database.writing() as opened:
            rows = subjects.find(opened, which, vault=runtime.vault, region=runtime.settings.phone_region)
            changed = subjects.erase(opened, rows, actor="operator", now=datetime.now(UTC))
        news.tell(runtime.redis, changed)
        subjects.scrub(runtime.database)
        click.echo(f"Erased {len(rows)} comments.")
    finally:
        runtime.close()


@privacy.command("retention")
@click.option("--dry-run", is_flag=True, help="Only count what is due.")
def erase_due(*, dry_run: bool) -> None:
    """Erase phone numbers and addresses whose time is over; the scheduler does the same every hour."""
    runtime = build(config.load())
    try:
        _retention(runtime, dry_run=dry_run)
    finally:
        runtime.close()


@privacy.command("reseal")
def reseal() -> None:
    """Seal everything with the newest of DATA_KEYS, so that the older ones can be dropped."""
    runtime = build(config.load())
    try:
        with runtime.database.writing() as opened:
            batch = keyring.second_factors(opened, runtime.vault)
        anew, unreadable, after = batch.anew, batch.unreadable, None
        while True:
            with runtime.database.writing() as opened:
                batch = keyring.phones(opened, runtime.vault, after)
            anew, unreadable, after = anew + batch.anew, unreadable + batch.unreadable, batch.following
            if after is None:
                break
        runtime.database.scrub()
    finally:
        runtime.close()
    click.echo(f"Sealed {anew} anew; {unreadable} can be opened with none of DATA_KEYS.")
    if unreadable:
        raise click.exceptions.Exit(1)


@privacy.command("lookup-key")
def lookup_key() -> None:
    """Print the key by which one phone's comments are found, for LOOKUP_KEY before the oldest data key is dropped."""
    runtime = build(config.load())
    click.echo(runtime.vault.lookup_key.hex())
    runtime.close()


def _retention(runtime: Runtime, *, dry_run: bool) -> None:
    now = datetime.now(UTC)
    with runtime.database.reading() as opened:
        known = sites.every(opened)
        counted = [(site, retention.due(opened, site, now=now)) for site in known]
    for site, due in counted:
        click.echo(f"{site.key}\tphones={due.phones}\taddresses={due.addresses}")
        while not dry_run:
            with runtime.database.writing() as opened:
                erased = retention.erase(opened, site, now=now)
            if not erased.phones and not erased.addresses:
                break


COMMANDS = (privacy,)
