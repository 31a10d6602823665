"""`moderator` and `token`: who may work at the desk. Secrets go alone to stdout, once."""

from datetime import UTC, datetime

import click

from service import moderators, tokens
from service.cli import session

SITES = click.option("--site", "sites", multiple=True, help="A site's key; all sites where none is named.")


@click.group()
def moderator() -> None:
    """People's accounts."""


@moderator.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(moderators.ROLES), default="moderator", show_default=True)
@SITES
def add_moderator(name: str, role: str, sites: tuple[str, ...]) -> None:
    """Make an account; its first password is printed, alone and once."""
    with session.writing() as opened:
        password = moderators.add_moderator(opened, name=name, role=role, sites=sites, now=datetime.now(UTC))
    click.echo(password)


@moderator.command("list")
def list_moderators() -> None:
    """List the accounts."""
    with session.reading() as opened:
        for row in moderators.listed(opened):
            state = "disabled" if row.disabled_at else "active"
            code = "on" if row.totp else "off"
            where = ",".join(row.sites) if row.sites else "*"
            click.echo(f"{row.name}\t{row.role}\t{state}\tcode={code}\tsites={where}")


@moderator.command("disable")
@click.argument("name")
def disable_moderator(name: str) -> None:
    """Close an account and end its sessions."""
    with session.writing() as opened:
        moderators.disable(opened, name, now=datetime.now(UTC))
    click.echo(f"Disabled {name}.")


@moderator.command("enable")
@click.argument("name")
def enable_moderator(name: str) -> None:
    """Open a closed account again."""
    with session.writing() as opened:
        moderators.enable(opened, name, now=datetime.now(UTC))
    click.echo(f"Enabled {name}.")


@moderator.command("set")
@click.argument("name")
@click.option("--role", type=click.Choice(moderators.ROLES), required=True)
@SITES
def set_moderator(name: str, role: str, sites: tuple[str, ...]) -> None:
    """Give an account another role and other sites, and end its sessions."""
    with session.writing() as opened:
        moderators.change(opened, name, role=role, sites=sites, now=datetime.now(UTC))
    click.echo(f"Changed {name}.")


@moderator.command("reset-password")
@click.argument("name")
def reset_password(name: str) -> None:
    """Give an account a new password, printed alone and once, and end its sessions."""
    with session.writing() as opened:
        password = moderators.reset_password(opened, name, now=datetime.now(UTC))
    click.echo(password)


@moderator.command("reset-totp")
@click.argument("name")
def reset_totp(name: str) -> None:
    """Ask the account for no code any more until it enrols anew, and end its sessions."""
    with session.writing() as opened:
        moderators.reset_totp(opened, name, now=datetime.now(UTC))
    click.echo(f"{name} signs in by password alone.")


@click.group()
def token() -> None:
    """Programs' tokens for the review, rules and ops calls."""


@token.command("add")
@click.argument("name")
@click.option("--scope", type=click.Choice(tokens.SCOPES), required=True)
@SITES
@click.option("--days", type=click.IntRange(1, 3660), help="End after so many days.")
def add_token(name: str, scope: str, sites: tuple[str, ...], days: int | None) -> None:
    """Make a token; it is printed, alone and once."""
    with session.writing() as opened:
        made = tokens.add(opened, name=name, scope=scope, sites=sites, days=days, now=datetime.now(UTC))
    click.echo(made)


@token.command("list")
def list_tokens() -> None:
    """List the tokens; what they are is not kept."""
    with session.reading() as opened:
        for row in tokens.listed(opened):
            ends = row.expires_at.date().isoformat() if row.expires_at else "never"
            state = "revoked" if row.revoked_at else "active"
            click.echo(
                f"{row.name}\t{row.scope}\t{state}\tends={ends}\tsites={','.join(row.sites) if row.sites else '*'}"
            )


@token.command("revoke")
@click.argument("name")
def revoke_token(name: str) -> None:
    """End a token at once."""
    with session.writing() as opened:
        tokens.revoke(opened, name, now=datetime.now(UTC))
    click.echo(f"Revoked {name}.")


COMMANDS = (moderator, token)
