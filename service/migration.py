"""Brings the database to a revision with Alembic; the steps themselves are in `service/migrations`."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from service.schema import MIGRATIONS


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, in one transaction."""
    with engine.begin() as connection:
        migrate_on(connection, revision)


def migrate_on(connection: Connection, revision: str) -> None:
    """Bring the database to a revision within the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
