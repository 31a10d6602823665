"""Runs the parts under supervisord, in this process and this terminal, until it is told to stop."""

import contextlib
import http.client
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from supervisor import events
from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import ServerOptions
from supervisor.supervisord import Supervisor

from service.config import embedded_redis_url
from service.supervision import orphans
from service.supervision.parts import parts, supervisor_settings
from service.supervision.preflight import address_of, claim
from service.supervision.valkey import valkey_settings

LONGEST_PAUSE_BETWEEN_TRIES = 10


def run(
    *,
    var: Path,
    host: str,
    port: int,
    environment: Mapping[str, str],
    embedded_valkey: bool,
    announce: Callable[[], str],
    web_workers: int = 2,
    web_threads: int = 8,
    rq_workers: int = 1,
) -> int:
    """Run every part until SIGINT or SIGTERM, and return the exit status when all of them have ended."""
    address = address_of(host, port)
    programs = parts(
        var=var,
        host=address,
        port=port,
        embedded_valkey=embedded_valkey,
        web_workers=web_workers,
        web_threads=web_threads,
        rq_workers=rq_workers,
    )
    variables = {**environment, "PYTHONUNBUFFERED": "1"}
    with claim(var):
        if embedded_valkey:
            (var / "valkey").mkdir(mode=0o700, exist_ok=True)
            (var / "valkey.conf").write_text(valkey_settings(var), encoding="utf-8")
            variables["REDIS_URL"] = embedded_redis_url(var)
        settings = var / "supervisord.conf"
        settings.write_text(supervisor_settings(programs, var), encoding="utf-8")
        watcher = threading.Thread(target=_announce_when_answering, args=(address, port, announce), daemon=True)
        _supervise(settings, variables, watcher)
    return 0


def _supervise(settings: Path, environment: Mapping[str, str], watcher: threading.Thread) -> None:
    options = ServerOptions()
    options.realize(["-c", str(settings)], progname="duyet")
    options.make_logger()
    # supervisord calls this in each child between fork and exec.
    options.setpgrp = orphans.lead_group_until_parent_dies
    # supervisord's own main sets this one by hand too; true would end the loop after one turn.
    options.test = False
    supervisor = Supervisor(options)
    for group in options.process_group_configs:
        for program in group.process_configs:
            program.environment = dict(environment)
        supervisor.add_process_group(group)
    orphans.adopt_orphans()
    _subscribe(options)
    _receive_signals(options)
    _wake_on_signals(options)
    watcher.start()
    try:
        supervisor.runforever()
    except asyncore.ExitNow:
        pass
    finally:
        orphans.end_orphans(kept=())
        orphans.reap()
        options.cleanup()
        options.close_logger()


def _subscribe(options: Any) -> None:
    pending: dict[str, bytes] = {}

    def show(event: Any) -> None:
        name = event.process.config.name
        *lines, pending[name] = (pending.get(name, b"") + event.data).split(b"\n")
        _print(name, lines)

    def ended(event: Any) -> None:
        name = event.process.config.name
        if rest := pending.pop(name, b""):
            _print(name, [rest])
        orphans.end_group(event.process.pid)
        orphans.end_orphans(kept=options.pidhistory)

    def failed_early(event: Any) -> None:
        process = event.process
        process.backoff = min(process.backoff, LONGEST_PAUSE_BETWEEN_TRIES)
        process.delay = time.time() + process.backoff
        _print(process.config.name, [f"{process.spawnerr}; next try in {process.backoff} s".encode()])

    events.subscribe(events.ProcessLogEvent, show)
    for end in (
        events.ProcessStateExitedEvent,
        events.ProcessStateBackoffEvent,
        events.ProcessStateStoppedEvent,
    ):
        events.subscribe(end, ended)
    events.subscribe(events.ProcessStateBackoffEvent, failed_early)


def _print(name: str, lines: list[bytes]) -> None:
    prefix = f"{name:<9} | ".encode()
    # A terminal that went away is no reason to stop serving.
    with contextlib.suppress(OSError):
        sys.stdout.buffer.write(b"".join(prefix + line + b"\n" for line in lines))
        sys.stdout.buffer.flush()


def _receive_signals(options: Any) -> None:
    outlives_terminal = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    options.setsignals()

    def terminal_closed(_number: int, frame: object) -> None:
        options.signal_receiver.receive(signal.SIGTERM, frame)

    # supervisord would start everything anew on SIGHUP; here a closed terminal means to stop, but for nohup.
    signal.signal(signal.SIGHUP, signal.SIG_IGN if outlives_terminal else terminal_closed)


def _wake_on_signals(options: Any) -> None:
    """Let a signal cut supervisord's wait of a second short, so that a stop or a death is seen at once."""
    receiving, sending = os.pipe()
    for end in (receiving, sending):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(sending, warn_on_full_buffer=False)
    options.get_socket_map()[receiving] = SimpleNamespace(
        readable=lambda: True, writable=lambda: False, handle_read_event=lambda: os.read(receiving, 512)
    )


def _announce_when_answering(host: str, port: int, announce: Callable[[], str]) -> None:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read here, not bound.
    while not _answers(reachable, port):
        time.sleep(0.1)
    with contextlib.suppress(OSError):
        sys.stdout.buffer.write(f"\n{announce().strip()}\n\n".encode())
        sys.stdout.buffer.flush()


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
