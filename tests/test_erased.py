"""What was erased is nowhere: no table, no page of the database's files, no Redis, no metric, no log, no job."""

import hashlib
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect, make_url, text

from service import jobs, subjects
from tests.conftest import connect, written_in
from workers import schedule

NAME, TITLE, BODY, PHONE = (
    "Tên-kỳ-lân",
    "Tựa-kỳ-lân",
    "Thân-kỳ-lân viết rằng con đường trước chợ cần được sửa.",
    "0912345678",
)
CODE = {"body": "Thân-kỳ-lân gọi 0987654321 nhé", "title": "Lại-kỳ-lân"}


def traces():
    """Return every form in which the marked words could have been kept."""
    for word in ("kỳ-lân", "con đường trước chợ", "912345678", "987654321"):
        plain = "".join(c for c in unicodedata.normalize("NFD", word.replace("đ", "d")) if not unicodedata.combining(c))
        for form in (word, unicodedata.normalize("NFD", word), plain, plain.replace("-", " ")):
            yield form.encode()
            yield form.encode("unicode-escape")


def found(data: bytes) -> list[bytes]:
    return [trace for trace in traces() if trace in data]


def files_of(parts) -> dict[str, bytes]:
    """Return the bytes of the database as they lie on the disk."""
    if parts.database.engine.dialect.name == "sqlite":
        file = Path(make_url(parts.settings.database_url).database)
        return {one.name: one.read_bytes() for one in file.parent.glob(file.name + "*")}
    # The way that docs/privacy.md names: PostgreSQL leaves old versions in its pages until they are written anew.
    with parts.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.connection.driver_connection.patience = 600
        connection.execute(text("VACUUM FULL"))
        connection.execute(text("CHECKPOINT"))
        names = connection.scalars(
            text("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'i', 't') AND relfilenode > 0")
        ).all()
        read = text("SELECT pg_read_binary_file(pg_relation_filepath(CAST(:name AS regclass)))")
        return {name: bytes(connection.scalar(read, {"name": name}) or b"") for name in names}


def rows_of(parts) -> dict[str, bytes]:
    with parts.database.reading() as session:
        names = inspect(session.connection()).get_table_names()
        return {name: str(session.execute(text(f'SELECT * FROM "{name}"')).all()).encode() for name in names}  # noqa: S608


def forms_of_the_phone():
    """Return what would give the number away: its digits, and hashes of it that anybody can make (13 minutes)."""
    digits = PHONE.removeprefix("0")
    for form in (digits, f"{digits[:3]} {digits[3:6]} {digits[6:]}", f"{digits[:3]}.{digits[3:6]}.{digits[6:]}"):
        yield form.encode()
    for form in (PHONE, digits, f"84{digits}", f"+84{digits}"):
        for kind in ("md5", "sha1", "sha256", "sha512"):
            made = hashlib.new(kind, form.encode(), usedforsecurity=False)
            yield from (made.digest(), made.hexdigest().encode())


def a_life(ann, client, judge_all, mo, parts) -> dict[str, str]:
    """Let a comment go through all that could leave a trace of it, and return what its writer got."""
    sent = ann(name=NAME, title=TITLE, body=BODY, phone=PHONE, consent=True, article="a").get_json()
    ann(name=NAME, phone=PHONE, consent=True, article="a", **CODE)
    judge_all()
    address = f"/v1/review/comments/{sent['id']}"
    version = client.get(address, headers=mo).get_json()["version"]
    told = {"outcome": "approve", "mask": True, "note": f"{NAME} có gọi điện", "version": version}
    assert client.post(f"{address}/decision", json=told, headers=mo).status_code == 200
    report = {"reason": "other", "text": f"Tôi quen {NAME}"}
    assert client.post(f"/v1/comments/{sent['id']}/reports", json=report).status_code == 202
    assert client.post(f"{address}/phone", json={"reason": "gọi xác minh"}, headers=mo).get_json()["phone"]
    listed = client.get("/v1/comments?site=bao&article=a").get_data()
    assert "kỳ-lân".encode() in listed
    if parts.database.engine.dialect.name == "postgresql":
        # As autovacuum does after a while: it keeps a sample of the values of each column.
        with parts.database.writing() as session:
            session.execute(text("ANALYZE"))
    return dict(sent)


def test_a_phone_that_is_kept_can_be_read_in_no_table_file_job_metric_or_line_of_the_log(
    ann, client, site, judge_all, mo, parts, valkey_server, capsys
):
    a_life(ann, client, judge_all, mo, parts)
    assert jobs.ring(parts.redis, parts.tally), "a job is there to be looked at"
    with connect(valkey_server.port) as redis:
        jobs_and_keys = written_in(redis)
    assert b"workers.tasks" in jobs_and_keys
    places = {
        **rows_of(parts),
        **{f"file {name}": data for name, data in files_of(parts).items()},
        "redis": jobs_and_keys,
        "metrics": client.get("/metrics").get_data(),
        "log": "".join(capsys.readouterr()).encode(),
    }
    given = {name: [form for form in forms_of_the_phone() if form in data] for name, data in places.items()}
    assert {name: forms for name, forms in given.items() if forms} == {}


def test_nothing_of_an_erased_person_is_left_anywhere(ann, client, site, judge_all, mo, parts, valkey_server, capsys):
    a_life(ann, client, judge_all, mo, parts)
    assert found(b"".join(rows_of(parts).values())), "the marks are there before"
    with parts.database.writing() as session:
        rows = subjects.find(session, PHONE, vault=parts.vault, region="VN")
        assert len(rows) == 2
        changed = subjects.erase(session, rows, parts.terms, actor="operator", now=datetime.now(UTC))
    client.application.extensions["duyet-shelf"].forget(changed)
    assert subjects.scrub(parts.database)

    assert {name: found(data) for name, data in rows_of(parts).items() if found(data)} == {}
    assert {name: found(data) for name, data in files_of(parts).items() if found(data)} == {}
    with connect(valkey_server.port) as redis:
        assert found(written_in(redis)) == []
    assert found("".join(capsys.readouterr()).encode()) == []
    for address in ("/metrics", "/v1/comments?site=bao&article=a", "/v1/feed.atom?site=bao&article=a"):
        assert found(client.get(address).get_data()) == [], address
    for file in parts.settings.var.rglob("*"):
        if file.is_file():
            assert found(file.read_bytes()) == [], file


def test_what_the_desk_erased_leaves_the_files_as_soon_as_nobody_reads_them(
    ann, client, site, judge_all, mo, parts, at_the_desk
):
    a_life(ann, client, judge_all, mo, parts)
    boss = at_the_desk("quan-tri", "admin")
    assert [name for name, data in files_of(parts).items() if found(data)]
    with parts.database.engine.connect() as reader:
        # Somebody reads the state before: what they see cannot be taken from under them.
        reader.execution_options(sqlite_reading=True).execute(text("SELECT count(*) FROM comments"))
        assert boss.post("/desk/privacy/erase", which=PHONE, reason="thư 12").status_code == 200
        early = schedule.scrub_asked(parts)
    if not early:
        assert schedule.scrub_asked(parts), "asked for again by itself"
    assert not schedule.scrub_asked(parts), "and once is enough"
    assert {name: found(data) for name, data in files_of(parts).items() if found(data)} == {}


def test_a_withdrawn_comment_leaves_no_text_in_the_files(ann, client, site, judge_all, mo, parts):
    sent = a_life(ann, client, judge_all, mo, parts)
    assert client.delete(f"/v1/receipts/{sent['receipt']}").status_code == 204
    assert subjects.scrub(parts.database)
    gone = "con đường trước chợ".encode()
    assert [name for name, data in {**rows_of(parts), **files_of(parts)}.items() if gone in data] == []
