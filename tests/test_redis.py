"""Redis wherever it is: by address, over TLS, by Sentinels that name another one; waited for briefly, and once."""

import contextlib
import ipaddress
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from sqlalchemy import func, select

from service import config, jobs, queues, redis_pool, runtime, sites
from service.app import create_app
from service.models import Comment
from service.supervision.valkey import valkey_program
from tests.conftest import ROOT, a_comment, environment_of, free_port, wait_for
from workers import schedule


def load(tmp_path, url, **more):
    return config.load(environment_of("sqlite://", url, tmp_path, **more))


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1, signed by itself: files of it and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "duyet test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "tls.pem", tmp_path / "tls.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@pytest.fixture
def tls(valkey, valkey_server, certificate):
    """The port of a TLS end in front of the real Valkey, as a rented server or stunnel has one."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def both(raw):
        with (
            contextlib.suppress(OSError),
            raw,
            server.wrap_socket(raw, server_side=True) as outer,
            socket.create_connection(("127.0.0.1", valkey_server.port)) as inner,
        ):
            back = threading.Thread(target=pump, args=(inner, outer), daemon=True)
            back.start()
            pump(outer, inner)
            back.join()

    def accept():
        while not stop.is_set():
            with contextlib.suppress(OSError):
                threading.Thread(target=both, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    stop.set()
    listener.close()


def test_over_tls_with_the_certificate_checked(tmp_path, tls, certificate, valkey):
    settings = load(tmp_path, f"rediss://127.0.0.1:{tls}/0?ssl_ca_certs={certificate[0]}")
    for connected in (redis_pool.connect(settings), redis_pool.connect_worker(settings)):
        connected.set("over", "tls")
        assert valkey.get("over") == b"tls"
        connected.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path, tls):
    connected = redis_pool.connect(load(tmp_path, f"rediss://127.0.0.1:{tls}/0"))
    with pytest.raises(RedisConnectionError, match="certificate"):
        connected.ping()
    connected.close()


def test_a_comment_goes_its_way_over_tls(tmp_path, tls, certificate, ann, add_site, start, rows, valkey):
    add_site()
    url = f"rediss://127.0.0.1:{tls}/0?ssl_ca_certs={certificate[0]}"
    start("workers", REDIS_URL=url)
    start("workers", "schedule", REDIS_URL=url)
    wait_for(lambda: valkey.scard("rq:workers") == 1, "the worker, over TLS")
    assert ann().status_code == 202
    wait_for(lambda: [row.status for row in rows(Comment)] == ["approved"], "the comment")


# Sentinels


class Sentinels:
    """A server, its replica and a Sentinel, all real."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.first, self.second, self.sentinel = (free_port() for _ in range(3))
        plain = ["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"]
        self._start("--port", str(self.first), *plain)
        self._start("--port", str(self.second), *plain, "--replicaof", "127.0.0.1", str(self.first))
        wait_for(
            lambda: self.ask(self.second, lambda it: it.info("replication")["master_link_status"] == "up"), "a copy"
        )
        (folder / "sentinel.conf").write_text(
            f"port {self.sentinel}\nsentinel monitor duyet 127.0.0.1 {self.first} 1\n"
            "sentinel down-after-milliseconds duyet 500\nsentinel failover-timeout duyet 3000\n"
        )
        self._start(str(folder / "sentinel.conf"), "--sentinel")
        wait_for(lambda: self.ask(self.sentinel, lambda it: it.sentinel_slaves("duyet")), "what the Sentinel knows")

    def _start(self, *arguments):
        with (self.folder / "valkey.log").open("ab") as log:
            command = [str(valkey_program()), *arguments]
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder))

    @staticmethod
    def ask(port, question):
        with contextlib.suppress(RedisError), Redis(port=port, socket_timeout=2) as redis:
            return question(redis)
        return None

    def _told_of(self, port):
        return self.ask(port, lambda it: it.info("replication")) or {"master_link_status": "down"}

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def sentinels(tmp_path):
    started = Sentinels(tmp_path)
    yield started
    started.stop()


@pytest.mark.chaos
def test_when_the_server_dies_the_sentinels_name_another_and_comments_go_on(tmp_path, sentinels, migrated_sqlite):
    shutil.copy(migrated_sqlite, tmp_path / "duyet.db")
    settings = config.load(
        environment_of(
            f"sqlite:///{tmp_path}/duyet.db",
            "redis://gone.invalid:1/0",
            tmp_path,
            REDIS_SENTINELS=f"127.0.0.1:{free_port()},127.0.0.1:{sentinels.sentinel}",
        )
    )
    parts = runtime.build(settings)
    with parts.database.writing() as session:
        changes = {"challenge": "none", "publish": "when_clean"}
        sites.add(session, key="bao", name="Báo", origins=(), changes=changes, now=datetime.now(UTC))
    client = create_app(parts).test_client()
    worker = subprocess.Popen(
        [sys.executable, "-m", "workers"],
        cwd=ROOT,
        env=config.as_environment(settings),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: sentinels.ask(sentinels.first, lambda it: it.scard("rq:workers")), "the worker")
        assert client.post("/v1/comments", json=a_comment()).status_code == 202
        wait_for(lambda: approved(parts) == 1, "the first comment")

        sentinels.processes[0].kill()
        sentinels.processes[0].wait()
        started = time.monotonic()
        assert client.post("/v1/comments", json=a_comment(body="Đề nghị phường sửa con đường.")).status_code == 202
        assert time.monotonic() - started < 4 * settings.redis_timeout, "each Sentinel is asked once"
        wait_for(lambda: "redis" not in client.get("/readyz").get_json()["degraded"], "the other server", 40)
        assert sentinels.ask(sentinels.second, lambda it: it.info("replication")["role"]) == "master"
        if worker.poll() is not None:
            # RQ's own answer to a server that dies under it; the supervisor starts the next one.
            worker = subprocess.Popen(
                [sys.executable, "-m", "workers"],
                cwd=ROOT,
                env=config.as_environment(settings),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_for(lambda: ring(parts) or approved(parts) == 2, "the second comment", 40)
        wait_for(lambda: approved(parts) == 2, "the second comment", 40)
    finally:
        worker.kill()
        worker.wait()
        parts.close()


def ring(parts):
    """Do as the sweeper does, and send nobody away."""
    schedule.sweep(parts)


def approved(parts):
    with parts.database.reading() as session:
        return session.scalar(select(func.count()).where(Comment.status == "approved"))


# Waiting


@pytest.mark.parametrize("sentinels_too", [False, True], ids=["a server", "a Sentinel"])
def test_who_accepts_and_says_nothing_is_waited_for_once_and_then_left_alone_for_a_moment(tmp_path, sentinels_too):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        more = {"REDIS_SENTINELS": f"127.0.0.1:{port}"} if sentinels_too else {}
        settings = load(tmp_path, f"redis://127.0.0.1:{port}/0", REDIS_TIMEOUT="0.5", **more)
        connected = redis_pool.connect(settings)
        took = []
        for _ in range(3):
            started = time.monotonic()
            with pytest.raises(RedisError):
                connected.ping()
            took.append(time.monotonic() - started)
        connected.close()

    assert 0.9 * settings.redis_timeout < took[0] < 3 * settings.redis_timeout
    assert max(took[1:]) < 0.5 * settings.redis_timeout


def test_every_client_has_a_time_out_and_tries_once(tmp_path):
    for settings in (
        load(tmp_path, "redis://:word@127.0.0.1:1/3"),
        load(tmp_path, "rediss://127.0.0.1:1/0"),
        load(tmp_path, "unix:///nowhere/valkey.sock"),
        load(tmp_path, "rediss://user:word@h:1/3", REDIS_SENTINELS="one,two:1", REDIS_SENTINEL_PASSWORD="other"),
    ):
        for connected, seconds in (
            (redis_pool.connect(settings), settings.redis_timeout),
            (redis_pool.connect_worker(settings), redis_pool.WORKER_SECONDS),
        ):
            pools = [connected.connection_pool]
            if settings.redis_sentinels:
                asked = connected.connection_pool.sentinel_manager.sentinels
                assert [one.connection_pool.connection_kwargs["port"] for one in asked] == [26379, 1]
                assert {one.connection_pool.connection_kwargs["password"] for one in asked} == {"other"}
                assert connected.connection_pool.connection_kwargs["password"] == "word"
                assert connected.connection_pool.connection_kwargs["db"] == 3
                pools += [one.connection_pool for one in asked]
            for pool in pools:
                assert pool.connection_kwargs["socket_timeout"] == seconds
                assert pool.connection_kwargs["retry"]._retries == 0
                if "path" not in pool.connection_kwargs:
                    assert pool.connection_kwargs["socket_connect_timeout"] == seconds


@pytest.mark.usefixtures("site")
def test_asking_after_workers_leaves_the_time_outs_as_they_are(parts, start, settings):
    start("workers")
    wait_for(lambda: [one.state for one in queues.workers(parts.redis)] == ["idle"], "the worker")
    queues.bells(parts.redis, now=datetime.now(UTC))
    jobs.failed(parts.redis)

    assert parts.redis.connection_pool.connection_kwargs["socket_timeout"] == settings.redis_timeout
    [worker] = queues.workers(parts.redis)
    assert (worker.state, worker.failed) == ("idle", 0)
    assert worker.since is not None
    assert worker.heard is not None


def test_a_server_that_would_drop_what_it_holds_is_said_to_be_degraded(client, valkey):
    assert client.get("/readyz").get_json()["degraded"] == []
    valkey.config_set("maxmemory-policy", "allkeys-lru")
    try:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.get_json()["degraded"]) == (200, ["redis-memory"])
    finally:
        valkey.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ({"REDIS_SENTINELS": ":1"}, "REDIS_SENTINELS"),
        ({"REDIS_SENTINELS": "one:x"}, "REDIS_SENTINELS"),
        ({"REDIS_SENTINELS": "one", "REDIS_URL": "unix:///s"}, "REDIS_SENTINELS needs"),
        ({"REDIS_URL": "http://one"}, "REDIS_URL"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path, named, wrong):
    with pytest.raises(config.BadSettings, match=wrong):
        load(tmp_path, named.pop("REDIS_URL", "redis://one"), **named)
