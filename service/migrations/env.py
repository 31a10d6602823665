"""Alembic's entry: migrations run on the connection that `service.migration` hands over, or on DATABASE_URL's."""

from alembic import context
from sqlalchemy import Connection

from service import config, db, schema
from service.models import Base


def run(connection: Connection) -> None:
    """Run the migrations on this connection; SQLite changes a table by copying it."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        include_object=schema.is_modelled,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    settings = config.load()
    database = db.connect(settings.database_url, settings.database_timeout)
    with database.engine.begin() as own:
        run(own)
    database.close()
