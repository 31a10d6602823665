"""Every row of a database as lines of JSON that mean the same on SQLite and PostgreSQL, and back again.

The first line names revision, tables and columns, so that a copy can be read by a later version; the last one holds
the counts and the sums by which it is compared. Not here: files and keys.
"""

import base64
import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    Uuid,
    inspect,
    select,
    text,
)
from sqlalchemy.types import NullType, TypeEngine

from service.db import Instant

FORMAT = "duyet 1"
AT_ONCE = 500
SUM = 1 << 256

KINDS: tuple[tuple[type, str], ...] = (
    (Uuid, "uuid"),
    (Instant, "time"),
    (DateTime, "time"),
    (LargeBinary, "bytes"),
    (JSON, "json"),
    (Boolean, "bool"),
)
TYPES: dict[str, Callable[[], TypeEngine[Any]]] = {
    "uuid": Uuid,
    "time": Instant,
    "bytes": LargeBinary,
    "json": lambda: JSON(none_as_null=True),
    "bool": Boolean,
    "": NullType,
}
OUT: dict[str, Callable[[Any], Any]] = {
    "uuid": lambda value: value.hex,
    "time": lambda value: value.isoformat(),
    "bytes": lambda value: base64.b64encode(value).decode(),
}
BACK: dict[str, Callable[[Any], Any]] = {
    "uuid": uuid.UUID,
    "time": datetime.fromisoformat,
    "bytes": base64.b64decode,
}


class NotACopy(Exception):
    """The lines are not what `dump` writes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: its name, and its columns with what kind of value each of them holds."""

    name: str
    columns: tuple[tuple[str, str], ...]

    def table(self) -> Table:
        """Return the table to read from and write to, whatever the models of this version say."""
        return Table(self.name, MetaData(), *(Column(name, TYPES[kind]()) for name, kind in self.columns))


@dataclass(slots=True)
class Totals:
    """How many rows each table has, and a sum over all of them that does not depend on their order."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, table: str, line: bytes) -> None:
        """Count one row."""
        self.counts[table] += 1
        self.sums[table] = (self.sums[table] + int.from_bytes(hashlib.sha256(line).digest())) % SUM

    def as_json(self) -> dict[str, Any]:
        """Return the totals as the last line holds them; a table without rows is not in them."""
        return {"counts": dict(self.counts), "sums": {name: f"{value:064x}" for name, value in self.sums.items()}}


def shapes(metadata: MetaData) -> tuple[Shape, ...]:
    """Return the tables in an order in which no row points to one that comes later."""
    return tuple(
        Shape(table.name, tuple((column.name, _kind(column.type)) for column in table.columns))
        for table in metadata.sorted_tables
    )


def dump(connection: Connection, tables: tuple[Shape, ...], *, revision: str, now: datetime) -> Iterator[bytes]:
    """Yield the lines of every row that this transaction sees."""
    yield _line(
        {
            "format": FORMAT,
            "revision": revision,
            "made_at": now.isoformat(),
            "tables": [[shape.name, shape.columns] for shape in tables],
        }
    )
    totals = Totals()
    for number, shape in enumerate(tables):
        for values in _values(connection, shape):
            line = _line(values)
            totals.add(shape.name, line)
            yield _line([number]) + b" " + line
    yield _line(totals.as_json())


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a copy."""

    revision: str
    made_at: datetime
    tables: tuple[Shape, ...]


def head(lines: Iterator[bytes]) -> Head:
    """Take the first line; raise `NotACopy`."""
    try:
        document = json.loads(next(lines))
        if document["format"] != FORMAT:
            raise NotACopy
        tables = tuple(
            Shape(name, tuple((column, kind) for column, kind in columns)) for name, columns in document["tables"]
        )
        return Head(document["revision"], datetime.fromisoformat(document["made_at"]), tables)
    except (StopIteration, ValueError, KeyError, TypeError) as error:
        raise NotACopy from error


def checked(tables: tuple[Shape, ...], lines: Iterator[bytes]) -> Iterator[tuple[Shape, bytes]]:
    """Yield table and row for each line, and see at the end that all of them came; raise `NotACopy`."""
    totals, last = Totals(), None
    for line in lines:
        number, separator, row = line.partition(b" ")
        if not separator:
            last = json.loads(line)
            break
        shape = tables[json.loads(number)[0]]
        totals.add(shape.name, row)
        yield shape, row
    if last != totals.as_json():
        raise NotACopy


def load(connection: Connection, rows: Iterable[tuple[Shape, bytes]]) -> Totals:
    """Insert the rows, and let the counters of PostgreSQL go on behind them; return what was inserted."""
    totals = Totals()
    filled: dict[Shape, Table] = {}
    stream = iter(rows)
    while batch := list(islice(stream, AT_ONCE)):
        by_table: dict[Shape, list[dict[str, Any]]] = defaultdict(list)
        for shape, line in batch:
            totals.add(shape.name, line)
            by_table[shape].append(_row(shape, line))
        for shape, values in by_table.items():
            filled.setdefault(shape, shape.table())
            connection.execute(filled[shape].insert(), values)
    if connection.dialect.name == "postgresql":
        for shape in filled:
            _go_on_counting(connection, shape)
    return totals


def count(connection: Connection, tables: tuple[Shape, ...]) -> Totals:
    """Return the totals of what the database holds now."""
    totals = Totals()
    for shape in tables:
        for values in _values(connection, shape):
            totals.add(shape.name, _line(values))
    return totals


def _values(connection: Connection, shape: Shape) -> Iterator[list[Any]]:
    outward = [OUT.get(kind) for _, kind in shape.columns]
    stream = connection.execution_options(yield_per=AT_ONCE).execute(select(shape.table()))
    for row in stream:
        yield [
            value if value is None or change is None else change(value)
            for value, change in zip(row, outward, strict=True)
        ]


def _row(shape: Shape, line: bytes) -> dict[str, Any]:
    return {
        name: value if value is None or kind not in BACK else BACK[kind](value)
        for (name, kind), value in zip(shape.columns, json.loads(line), strict=True)
    }


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _kind(kind: TypeEngine[Any]) -> str:
    return next((name for known, name in KINDS if isinstance(kind, known)), "")


def _go_on_counting(connection: Connection, shape: Shape) -> None:
    for column in inspect(connection).get_columns(shape.name):
        if (
            column["autoincrement"]
            and column["name"] in inspect(connection).get_pk_constraint(shape.name)["constrained_columns"]
        ):
            sequence = connection.scalar(
                text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": shape.name, "c": column["name"]}
            )
            if sequence:
                highest = connection.scalar(select(shape.table().c[column["name"]]).order_by(text("1 DESC")).limit(1))
                connection.execute(text("SELECT setval(:s, :n)"), {"s": sequence, "n": highest})
