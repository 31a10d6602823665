"""`privacy`: one person's data found, exported and erased, and what is kept for too long."""

import json
from datetime import UTC, datetime
from uuid import UUID

import click

from service import breaches, config, events, holds, keyring, news, retention, sites, subjects
from service.cli import session
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
            changed = subjects.erase(opened, rows, runtime.terms, actor="operator", now=datetime.now(UTC))
            kept = holds.kept(opened, [row.id for row in rows], now=datetime.now(UTC))
        news.tell(runtime.redis, changed)
        subjects.scrub(runtime.database)
        click.echo(f"Erased {len(rows)} comments.")
        for one in kept:
            until = f"until {one.until.isoformat()}" if one.until else "until it is lifted"
            click.echo(f"A sealed copy of {one.comment_id} is kept {until}: {one.reason}")
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
            done = [keyring.second_factors(opened, runtime.vault), keyring.copies(opened, runtime.vault)]
        anew, unreadable, after = sum(one.anew for one in done), sum(one.unreadable for one in done), None
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


@privacy.command("address-key")
def address_key() -> None:
    """Print the key of the addresses' hashes, for ADDRESS_KEY before another SECRET_KEY is set."""
    click.echo(config.load().address_key.hex())


@privacy.command("hold")
@click.argument("comment_id", metavar="ID", type=click.UUID)
@click.option("--reason", required=True, help="What obliges you to keep it, such as the number of an order.")
def hold(comment_id: UUID, reason: str) -> None:
    """Keep a comment whatever happens: erasing it leaves a sealed copy until `privacy lift`."""
    with session.writing() as opened:
        try:
            number = holds.place(opened, comment_id, reason=reason, actor=events.OPERATOR, now=datetime.now(UTC))
        except holds.NotHeld as error:
            raise click.ClickException(f"There is no comment {comment_id} that could be held.") from error
    click.echo(f"Hold {number} keeps {comment_id}.")


@privacy.command("holds")
def list_holds() -> None:
    """List what is held, and why."""
    with session.reading() as opened:
        for one in holds.listed(opened, now=datetime.now(UTC)):
            click.echo(f"{one.id}\t{one.comment_id}\t{one.created_at.isoformat()}\t{one.created_by}\t{one.reason}")


@privacy.command("lift")
@click.argument("hold_id", metavar="HOLD", type=int)
def lift(hold_id: int) -> None:
    """End a hold; the sealed copy of an erased comment goes with it."""
    with session.writing() as opened:
        try:
            holds.lift(opened, hold_id, actor=events.OPERATOR, now=datetime.now(UTC))
        except holds.UnknownHold as error:
            raise click.ClickException(f"There is no hold {hold_id}, or it was lifted.") from error
    click.echo(f"Lifted hold {hold_id}.")


@privacy.command("affected")
@click.option("--since", type=click.DateTime(), required=True, help="UTC.")
@click.option("--until", type=click.DateTime(), help="UTC; now, if left out.")
@click.option("--site", help="One site's key; all of them, if left out.")
def affected(since: datetime, until: datetime | None, site: str | None) -> None:
    """Count whose data of that time a breach reaches, for the report that is due within 72 hours."""
    begin, end = since.replace(tzinfo=UTC), until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    with session.reading() as opened:
        for line in breaches.affected(opened, since=begin, until=end, site=site).lines():
            click.echo(line)


def _retention(runtime: Runtime, *, dry_run: bool) -> None:
    now = datetime.now(UTC)
    with runtime.database.reading() as opened:
        known = sites.every(opened)
        counted = [(site, retention.due(opened, site, now=now)) for site in known]
    for site, due in counted:
        click.echo(f"{site.key}\tphones={due.phones}\taddresses={due.addresses}\theld={due.held}")
        while not dry_run:
            with runtime.database.writing() as opened:
                erased = retention.erase(opened, site, now=now)
            if not erased.phones and not erased.addresses:
                break


COMMANDS = (privacy,)
