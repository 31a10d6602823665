"""`run`, `migrate`, `queues`, `doctor`, `metrics`: the service is started, brought up to date and looked at."""

import signal
import threading
from datetime import UTC, datetime

import click
from prometheus_client import start_http_server
from redis.exceptions import RedisError

from service import config, db, failures, health, jobs, migration, moderators, queues, schema, sites, supervision
from service.cli import session
from service.config import Settings
from service.exposition import Exposition
from service.runtime import build

DEMO = "demo"


@click.command()
def run() -> None:
    """Start every part and keep it running until Ctrl-C."""
    config.generate(config.load_var())
    settings = config.load()
    supervision.preflight(
        host=settings.host, port=settings.port, var=settings.var, embedded_valkey=settings.embedded_valkey
    )
    opened = db.connect(settings.database_url, settings.database_timeout)
    try:
        migration.migrate(opened.engine)
        password = _demo(opened, settings)
    finally:
        opened.close()
    raise click.exceptions.Exit(
        supervision.run(
            var=settings.var,
            host=settings.host,
            port=settings.port,
            environment=config.as_environment(settings),
            embedded_valkey=settings.embedded_valkey,
            announce=lambda: _welcome(settings, password),
        )
    )


def _demo(database: db.Database, settings: Settings) -> str | None:
    """Make the demo site and its moderator on the first start; return the password, which is never seen again."""
    now = datetime.now(UTC)
    with database.writing() as opened:
        if sites.every(opened):
            return None
        origins = [sites.origin(settings.public_url or f"http://{_host(settings)}:{settings.port}")]
        sites.add(
            opened,
            key=DEMO,
            name="Báo Sông Quê",
            origins=origins,
            changes={"publish": "when_clean", "challenge": "image"},
            now=now,
        )
        return moderators.add_moderator(opened, name="mo", role="admin", sites=[], now=now)


def _welcome(settings: Settings, password: str | None) -> str:
    base = settings.public_url or f"http://{_host(settings)}:{settings.port}"
    lines = ["Duyệt đang chạy. / Duyệt is running.", f"  Bài báo mẫu / demo article   {base}/"]
    lines += [f"  Bàn duyệt / desk             {base}/desk"]
    lines += [f"  API                          {base}/docs"]
    if password is not None:
        lines.append(
            f"  Tài khoản / account          mo   mật khẩu / password   {password}   (chỉ hiện lần này / shown once)"
        )
    lines.append("  Dừng / stop                  Ctrl-C")
    return "\n".join(lines)


def _host(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - shown, not bound.
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


@click.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    with session.database() as opened:
        migration.migrate(opened.engine)
    click.echo(f"The database stands at {schema.head()}.")


@click.command("queues")
def show_queues() -> None:
    """Show what waits: pending and held comments, bells, workers."""
    runtime = build(config.load())
    try:
        for name, value in queues.seen(runtime.database, runtime.redis, now=datetime.now(UTC)).items():
            click.echo(f"{name}\t{value}")
    finally:
        runtime.close()


@click.command()
def doctor() -> None:
    """Check every part and say what to do about what is wrong."""
    runtime = build(config.load())
    try:
        found = health.examined(runtime.database, runtime.redis, now=datetime.now(UTC))
    finally:
        runtime.close()
    for one in found:
        click.echo(f"{'ok  ' if one.well else 'BAD '} {one.part}: {one.sentence}")
    if not all(one.well for one in found):
        raise click.exceptions.Exit(1)


@click.command("metrics")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=9464, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
def serve_metrics(host: str, port: int) -> None:
    """Serve the metrics of this host's processes on a port of their own, until Ctrl-C."""
    runtime = build(config.load(), database_pool=1)
    shown = Exposition(runtime)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server, thread = start_http_server(port, host, shown.registry())
    except OSError as error:
        raise click.ClickException(f"Port {port} on {host} cannot be opened ({error.strerror}).") from error
    stop.wait()
    server.shutdown()
    server.server_close()
    thread.join()
    shown.close()
    runtime.close()


@click.group()
def failed() -> None:
    """What went wrong: comments that could not be checked, and jobs that failed."""


@failed.command("list")
def list_failed() -> None:
    """List them: comments by id, jobs by id and error."""
    runtime = build(config.load())
    try:
        with runtime.database.reading() as opened:
            for row in failures.unchecked(opened):
                click.echo(f"comment\t{row.id}\t{row.site}\tattempts={row.attempts}\t{row.created_at.isoformat()}")
        for job_id, name, error in jobs.failed(runtime.redis):
            click.echo(f"job\t{job_id}\t{name}\t{error}")
    except RedisError as error:
        raise click.ClickException(f"Redis does not answer ({type(error).__name__}); jobs cannot be listed.") from error
    finally:
        runtime.close()


@failed.command("replay")
@click.argument("which", metavar="ID|all")
def replay_failed(which: str) -> None:
    """Check comments again, one by its id or all; failed jobs are rung for anew and forgotten."""
    runtime = build(config.load())
    try:
        done = failures.replay(runtime.database, runtime.redis, runtime.tally, which, now=datetime.now(UTC))
    finally:
        runtime.close()
    if not done.comments and not done.jobs and which != "all":
        raise click.ClickException(f"Nothing failed under {which}.")
    click.echo(f"Replayed {done.comments} comments and {done.jobs} jobs.")


COMMANDS = (run, migrate, show_queues, doctor, serve_metrics, failed)
