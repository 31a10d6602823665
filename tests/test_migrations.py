"""Every earlier revision, with a row in every table, goes up to the head on both databases and loses nothing.

R19, the half that needs no second process: what an old version wrote is there, unchanged, for the new one.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Uuid,
    create_engine,
    select,
)

from service import db, migration, schema
from service.models import Base

REVISIONS = [one.revision for one in reversed(list(ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions()))]
PATIENCE = timedelta(seconds=5)
KNOWN = {"status": "held", "status_before": "pending", "status_after": "held"}
"""Columns that a constraint keeps from holding just anything."""


def value(column: Column[Any], dialect: str) -> Any:  # noqa: PLR0911 - one line a kind.
    """Return something that the column can hold."""
    kind = column.type
    if column.name in KNOWN:
        return KNOWN[column.name]
    if isinstance(kind, Uuid) or str(kind) == "CHAR(32)":
        return uuid.uuid4() if dialect == "postgresql" else uuid.uuid4().hex
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, DateTime):
        moment = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
        return moment if dialect == "postgresql" else moment.replace(tzinfo=None)
    if isinstance(kind, Integer):
        return 7
    if isinstance(kind, (Float, Numeric)):
        return 0.5
    if isinstance(kind, JSON):
        return {"a": ["ạ"]}
    if isinstance(kind, LargeBinary):
        return b"\x00\xff"
    assert isinstance(kind, String), f"{column} is of a kind that this test does not know: {kind!r}"
    return "ạ"[: kind.length or 1]


def reflected(connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata


def filled(connection, metadata: MetaData) -> dict[str, list[dict[str, Any]]]:
    """Put a row into every table, as the metadata knows it, and return what was put there."""
    rows: dict[str, dict[str, Any]] = {}
    for table in metadata.sorted_tables:
        # Tables that the models do not know follow from those that they know: the index of words.
        if table.name not in Base.metadata.tables:
            continue
        row = {column.name: value(column, connection.dialect.name) for column in table.columns}
        for column in table.columns:
            for key in column.foreign_keys:
                row[column.name] = rows[key.column.table.name][key.column.name]
        connection.execute(table.insert(), row)
        rows[table.name] = row
    return {name: stored(connection, name, list(row)) for name, row in rows.items()}


def stored(connection, name: str, columns: list[str]) -> list[dict[str, Any]]:
    metadata = MetaData()
    metadata.reflect(connection, only=[name])
    table = metadata.tables[name]
    return [dict(row) for row in connection.execute(select(*(table.c[one] for one in columns))).mappings()]


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request, tmp_path):
    """An engine on a database without tables."""
    if request.param == "sqlite":
        opened = db.connect(f"sqlite:///{tmp_path / 'bare.db'}", PATIENCE)
        yield opened.engine
        opened.close()
        return
    name, url = f"bare_{uuid.uuid4().hex[:12]}", request.getfixturevalue("postgres")
    server = url.replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    opened = db.connect(server.replace("/postgres?", f"/{name}?", 1), PATIENCE)
    yield opened.engine
    opened.close()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}")
    admin.dispose()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_an_earlier_revision_comes_up_with_all_its_rows(bare, revision):
    migration.migrate(bare, revision)
    with bare.begin() as connection:
        before = filled(connection, reflected(connection))
    assert before

    migration.migrate(bare)
    with bare.connect() as connection:
        for name, rows in before.items():
            assert stored(connection, name, list(rows[0])) == rows, name
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": schema.is_modelled}
        )
        assert compare_metadata(context, Base.metadata) == []
        connection.rollback()


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_code_of_an_earlier_revision_writes_and_reads_on_the_newest_all_that_it_knows(bare, revision):
    """Expand, then contract: nothing is taken away from it, and nothing demanded of it that it has never heard of."""
    migration.migrate(bare, revision)
    with bare.connect() as connection:
        known = reflected(connection)
        connection.rollback()

    migration.migrate(bare)
    with bare.begin() as connection:
        for name, rows in filled(connection, known).items():
            columns = known.tables[name].columns
            read = connection.execute(select(*(columns[one] for one in rows[0]))).mappings().all()
            assert [dict(row) for row in read] == rows, name


def test_the_last_revision_is_the_one_that_this_version_needs():
    assert REVISIONS[-1] == schema.head()
