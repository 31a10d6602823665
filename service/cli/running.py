"""`run`, `migrate`, `queues`, `doctor`: the service is started, brought up to date and looked at."""

from datetime import UTC, datetime

import click

from service import config, db, moderators, queues, schema, sites, supervision
from service.cli import session
from service.config import Settings
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
        schema.migrate(opened.engine)
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
    lines += [f"  Bàn duyệt / desk             {base}/desk", f"  API                          {base}/docs"]
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
        schema.migrate(opened.engine)
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
        found = queues.examined(runtime.database, runtime.redis, now=datetime.now(UTC))
    finally:
        runtime.close()
    for one in found:
        click.echo(f"{'ok  ' if one.well else 'BAD '} {one.part}: {one.sentence}")
    if not all(one.well for one in found):
        raise click.exceptions.Exit(1)


COMMANDS = (run, migrate, show_queues, doctor)
