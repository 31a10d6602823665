"""The command line: one module per noun; each parses, calls a use case, prints. Nothing is decided here."""

import sys
from typing import NoReturn

import click

from service import config
from service.articles import UnknownArticle
from service.cli import accounts, copying, engine, measuring, privacy, running, websites
from service.copies import CopyFailed
from service.db import AWAY
from service.moderators import BadAccount, UnknownAccount
from service.sites import BadSite, UnknownSite
from service.subjects import NobodyFound
from service.supervision import CannotStart

FAILED = 1
WRONG_USE = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Duyệt: comments that are read before they are published."""


for group in (
    running.COMMANDS,
    websites.COMMANDS,
    accounts.COMMANDS,
    engine.COMMANDS,
    measuring.COMMANDS,
    privacy.COMMANDS,
    copying.COMMANDS,
):
    for command in group:
        commands.add_command(command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and exit; every error is one sentence on stderr, status 2 for wrong use and 1 for failure."""
    try:
        # Outside its standalone mode click returns the status of a command that ended itself.
        status = commands.main(arguments, prog_name="python -m service", standalone_mode=False)
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
    except NobodyFound:
        _fail("No comment belongs to this phone number, receipt or id.", FAILED)
    except (UnknownAccount, CannotStart, CopyFailed) as error:
        _fail(str(error), FAILED)
    except AWAY as error:
        _fail(
            f"The database cannot be used ({type(error).__name__}); is it running, and migrated? (`migrate`)",
            FAILED,
        )

    sys.exit(status if isinstance(status, int) else 0)


def _fail(sentence: str, status: int) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(status)
