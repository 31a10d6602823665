"""The command line: one module per noun; each parses, calls a use case, prints. Nothing is decided here."""

import sys

import click

from service import config
from service.articles import UnknownArticle
from service.cli import accounts, engine, running, websites
from service.db import AWAY
from service.moderators import BadAccount, UnknownAccount
from service.sites import BadSite, UnknownSite
from service.supervision import CannotStart

FAILED = 1
WRONG_USE = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Duyệt: comments that are read before they are published."""


for group in (running.COMMANDS, websites.COMMANDS, accounts.COMMANDS, engine.COMMANDS):
    for command in group:
        commands.add_command(command)


def main() -> None:
    """Run a command; every error is one sentence on stderr, with status 2 for wrong use and 1 for failure."""
    try:
        # Without its standalone mode click returns the status that a command ended with.
        sys.exit(commands.main(prog_name="python -m service", standalone_mode=False) or 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        _fail("Stopped.", FAILED)
    except click.UsageError as error:
        usage = error.ctx.get_usage() + "\n" if error.ctx else ""
        _fail(usage + error.format_message(), WRONG_USE)
    except click.ClickException as error:
        _fail(error.format_message(), FAILED)
    except (config.BadSettings, BadSite, BadAccount) as error:
        _fail(str(error), WRONG_USE)
    except UnknownSite:
        _fail("There is no such site; `site list` shows those there are.", FAILED)
    except UnknownArticle:
        _fail("There is no such article; `article list` shows those there are.", FAILED)
    except (UnknownAccount, CannotStart) as error:
        _fail(str(error), FAILED)
    except AWAY as error:
        _fail(
            f"The database cannot be used ({type(error).__name__}); is it running, and migrated? (`migrate`)",
            FAILED,
        )


def _fail(sentence: str, status: int) -> None:
    click.echo(sentence, err=True)
    sys.exit(status)
