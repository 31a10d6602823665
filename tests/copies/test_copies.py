"""Backups, restores and moves, from each database into each: what comes out is what went in, or nothing was changed.

R20: a backup under load is of one moment, and what was erased stays erased.
"""

import resource
import secrets
import threading
import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import func, inspect, select, text

from service import config, copies, db, migration, subjects, tokens
from service.copies import CopyFailed, rows, sealed
from service.models import Base, Comment, Decision
from service.moderators import add_moderator
from tests.conftest import a_comment, environment_of
from workers import tasks

KEY = "a passphrase of the tests"
NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
PATIENCE = timedelta(seconds=5)


@pytest.fixture
def empty_url(request, tmp_path):
    """Return a maker of the address of a database without tables, of the kind asked for."""

    def make(kind: str) -> str:
        name = f"copy_{uuid.uuid4().hex[:12]}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        url = request.getfixturevalue("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(url).replace("/postgres?", f"/{name}?", 1).replace("postgresql://", "postgresql+psycopg://", 1)

    return make


@pytest.fixture
def emptied(empty_url):
    """Return a maker of such a database, opened."""
    opened = []

    def make(kind: str) -> db.Database:
        opened.append(db.connect(empty_url(kind), PATIENCE))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def lived_in(parts, ann, judge_all, add_site):
    """Fill the database with what a newsroom leaves behind; return how many comments there are."""
    add_site()
    sent = [
        ann({"Idempotency-Key": f"k{n}"}, body=f"Ý kiến thứ {n} 🙂 về 'tuyến' \\ đường.").get_json() for n in range(9)
    ]
    ann(phone="0912345678", consent=True, body="Gọi cho tôi nhé.")
    judge_all()
    ann(body="Còn chờ.")
    with parts.database.writing() as session:
        add_moderator(session, name="mo", role="admin", sites=["bao"], now=NOW)
        tokens.add(session, name="t", scope="review", sites=(), days=None, now=NOW)
        row = session.get_one(Comment, uuid.UUID(sent[0]["id"]))
        subjects.erase(session, [row], parts.terms, actor="reader", now=NOW)
    return len(sent) + 2


def everything(database):
    with database.engine.connect() as connection:
        return rows.count(connection, rows.shapes(Base.metadata)).as_json()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_restored_is_the_database_it_was_made_of(parts, lived_in, tmp_path, emptied, kind):
    file, target = tmp_path / "copy.duyet", emptied(kind)
    saved = copies.backup(parts.database, file, KEY, now=NOW)

    assert copies.restore(target, file, KEY) == saved
    assert saved["comments"] == lived_in
    assert everything(target) == everything(parts.database)
    assert file.stat().st_mode & 0o777 == 0o600
    with target.reading() as session:
        assert session.scalar(select(func.count()).where(Comment.status == "pending")) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_restored_database_can_be_written_to(parts, lived_in, tmp_path, emptied, kind):
    file, target = tmp_path / "copy.duyet", emptied(kind)
    copies.backup(parts.database, file, KEY, now=NOW)
    copies.restore(target, file, KEY)
    with target.writing() as session:
        add_moderator(session, name="second", role="admin", sites=[], now=NOW)
    with target.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM moderators")) == 2


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_everything_can_be_moved_to_another_database(parts, lived_in, emptied, kind):
    target = emptied(kind)
    assert copies.move(parts.database, target, now=NOW)["comments"] == lived_in
    assert everything(target) == everything(parts.database)


def test_a_backup_holds_no_text_in_the_clear(parts, lived_in, tmp_path):
    file = tmp_path / "copy.duyet"
    copies.backup(parts.database, file, KEY, now=NOW)
    raw = file.read_bytes()
    assert not [word for word in ("tuyến", "comments", "bao", "0912345678") if word.encode() in raw]


SPOILT = (
    (lambda raw: raw, "a passphrase of somebody else", "another BACKUP_KEY"),
    (lambda raw: raw[:-1], KEY, "cut short or changed"),
    (lambda raw: raw[: len(raw) // 2], KEY, "cut short or changed"),
    (lambda raw: raw[: sealed.HEAD], KEY, "cut short or changed"),
    (lambda raw: raw[:20], KEY, "cut short or changed"),
    (lambda raw: raw[:-40] + b"x" + raw[-39:], KEY, "cut short or changed"),
    (lambda raw: raw + b"x", KEY, "cut short or changed"),
    (lambda _: b"", KEY, "not a backup"),
    (lambda _: b"SQLite format 3\0" * 99, KEY, "not a backup"),
)


def test_what_is_no_whole_backup_says_so_and_changes_nothing(parts, site, tmp_path, emptied):
    file, target = tmp_path / "copy.duyet", emptied("sqlite")
    copies.backup(parts.database, file, KEY, now=NOW)
    whole = file.read_bytes()
    for spoil, key, said in SPOILT:
        file.write_bytes(spoil(whole))
        with pytest.raises(CopyFailed, match=said):
            copies.restore(target, file, key)
    assert inspect(target.engine).get_table_names() == []


def test_a_file_of_many_pieces_cannot_lose_or_swap_one(tmp_path):
    file, text_ = tmp_path / "sealed", [bytes([n]) * 50_000 for n in range(9)]
    with file.open("wb") as out:
        sealed.seal(out, KEY, text_)
    raw = file.read_bytes()
    with file.open("rb") as source:
        assert b"".join(sealed.unseal(source, KEY)) == b"".join(text_)
    size = sealed.PIECE + sealed.TAG
    first, second, rest = raw[sealed.HEAD :][:size], raw[sealed.HEAD :][size : 2 * size], raw[sealed.HEAD + 2 * size :]
    for wrong in (second + first + rest, first + rest, first + second, first + first + rest):
        file.write_bytes(raw[: sealed.HEAD] + wrong)
        with file.open("rb") as source, pytest.raises(sealed.Damaged):
            list(sealed.unseal(source, KEY))


def test_a_database_that_holds_something_is_not_restored_over(parts, lived_in, tmp_path):
    file = tmp_path / "copy.duyet"
    copies.backup(parts.database, file, KEY, now=NOW)
    before = everything(parts.database)
    with pytest.raises(CopyFailed, match="not empty"):
        copies.restore(parts.database, file, KEY)
    with pytest.raises(CopyFailed, match=r"not empty|locked"):
        copies.move(parts.database, parts.database, now=NOW)
    assert everything(parts.database) == before


def test_an_existing_file_is_not_written_over(parts, site, tmp_path):
    file = tmp_path / "copy.duyet"
    file.write_bytes(b"mine")
    with pytest.raises(CopyFailed, match="exists already"):
        copies.backup(parts.database, file, KEY, now=NOW)
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize("more_settings", [{"LIMIT_COMMENTS": "100000/minute"}])
def test_a_backup_under_load_is_of_one_moment_and_stops_nobody(app, parts, site, tmp_path, emptied, more_settings):
    stop, answers = threading.Event(), []

    def write(number):
        client = app.test_client()
        while not stop.wait(0.01):
            answers.append(
                client.post("/v1/comments", json=a_comment(body=f"Ý kiến {number}.{len(answers)}")).status_code
            )

    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for one in writers:
        one.start()
    file = tmp_path / "copy.duyet"
    try:
        for turn in range(3):
            tasks.drain(parts, go_on=lambda: False)
            file = tmp_path / f"copy-{turn}.duyet"
            copies.backup(parts.database, file, KEY, now=NOW)
    finally:
        stop.set()
        for one in writers:
            one.join()
    assert set(answers) == {202}
    target = emptied("sqlite")
    copies.restore(target, file, KEY)
    with target.reading() as session:
        comments = session.scalar(select(func.count(Comment.id)))
        assert comments
        assert session.scalar(select(func.count(Decision.id)).where(Decision.version == 1)) == comments
        assert session.scalar(select(func.sum(Comment.version))) == session.scalar(select(func.count(Decision.id)))


def test_what_was_erased_after_the_backup_stays_erased(parts, lived_in, tmp_path, start, empty_url):
    file, url = tmp_path / "copy.duyet", empty_url("sqlite")
    assert start("service", "backup", str(file)).running.wait(30) == 0
    with parts.database.writing() as session:
        row = session.scalars(select(Comment).where(Comment.phone.is_not(None))).one()
        subjects.erase(session, [row], parts.terms, actor="reader", now=NOW)
    erased_in = str(parts.database.engine.url.render_as_string(hide_password=False))

    done = start("service", "restore", str(file), "--erased-in", erased_in, DATABASE_URL=url)
    assert done.running.wait(30) == 0, done.log.read_text()
    assert "Erased again 1 comments" in done.log.read_text()
    restored = db.connect(url, PATIENCE)
    with restored.reading() as session:
        assert session.get_one(Comment, row.id).body == ""
        assert session.scalar(select(func.count()).where(Comment.status == "erased")) == 2
    restored.close()


class TestFullDisk:
    """A disk that is full is played by a limit on the size of files, which every machine knows."""

    @pytest.mark.usefixtures("site")
    def test_a_backup_that_does_not_fit_says_so_and_leaves_no_file(self, parts, ann, tmp_path, files_end_at):
        for n in range(30):
            ann(body=f"{n} " + secrets.token_hex(400))
        folder = tmp_path / "copies"
        folder.mkdir()
        files_end_at(8_000)
        with pytest.raises(CopyFailed, match="could not be written"):
            copies.backup(parts.database, folder / "copy.duyet", KEY, now=NOW)
        assert list(folder.iterdir()) == []

    def test_a_restore_that_does_not_fit_says_so_and_leaves_no_table(
        self, parts, lived_in, tmp_path, emptied, files_end_at
    ):
        file, target = tmp_path / "copy.duyet", emptied("sqlite")
        copies.backup(parts.database, file, KEY, now=NOW)
        files_end_at(100_000)
        with pytest.raises(CopyFailed, match="nothing was written"):
            copies.restore(target, file, KEY)
        files_end_at(resource.RLIM_INFINITY)
        assert inspect(target.engine).get_table_names() == []
        assert copies.restore(target, file, KEY)["comments"] == lived_in


def test_the_commands_save_restore_and_move(parts, lived_in, tmp_path, start, empty_url):
    file, url, further = tmp_path / "copy.duyet", empty_url("sqlite"), empty_url("postgresql")
    assert start("service", "backup", str(file)).running.wait(30) == 0
    assert start("service", "restore", str(file), DATABASE_URL=url).running.wait(30) == 0
    moved = start("service", "move", "--to", further, DATABASE_URL=url)
    assert moved.running.wait(30) == 0, moved.log.read_text()
    assert f"comments\t{lived_in}\n" in moved.log.read_text()
    again = start("service", "move", "--to", further, DATABASE_URL=url)
    assert again.running.wait(30) == 1
    assert again.log.read_text().count("\n") == 1
    other = start("service", "restore", str(file), DATABASE_URL=empty_url("sqlite"), BACKUP_KEY="x" * 16)
    assert other.running.wait(30) == 1
    assert "another BACKUP_KEY" in other.log.read_text()


def test_every_kind_of_column_survives_the_way_there_and_back():
    known = {kind for shape in rows.shapes(Base.metadata) for _, kind in shape.columns}
    assert known <= set(rows.TYPES)
    plain = {
        type(column.type).__name__
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if rows._kind(column.type) == ""
    }
    assert plain <= {"Integer", "BigInteger", "String", "Float", "Double", "Text", "SmallInteger"}


def test_a_database_that_was_only_migrated_is_empty_enough(parts, lived_in, tmp_path, emptied):
    file, target = tmp_path / "copy.duyet", emptied("sqlite")
    copies.backup(parts.database, file, KEY, now=NOW)
    migration.migrate(target.engine)
    assert copies.restore(target, file, KEY)["comments"] == lived_in


def test_a_passphrase_that_is_too_short_is_refused(tmp_path):
    with pytest.raises(config.BadSettings, match="BACKUP_KEY"):
        config.load(environment_of("sqlite://", "", tmp_path, BACKUP_KEY="short"))
