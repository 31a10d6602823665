"""Brings the database to a revision with Alembic; the steps themselves are in `service/migrations`."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from service.schema import MIGRATIONS


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
