"""The parts of the service, in the order in which they start, and the supervisor's configuration of them."""

import sys
from dataclasses import dataclass
from pathlib import Path

from service.supervision.valkey import valkey_program


@dataclass(frozen=True)
class Part:
    """One program that is kept alive."""

    name: str
    command: tuple[str, ...]
    seconds_to_stop: int
    copies: int = 1


def parts(
    *,
    var: Path,
    host: str,
    port: int,
    embedded_valkey: bool,
    web_workers: int,
    web_threads: int,
    rq_workers: int,
) -> tuple[Part, ...]:
    """Return the parts; they start in this order and stop in the opposite one, all of them within 45 s."""
    valkey = (str(valkey_program()), str(var.resolve() / "valkey.conf"))
    web = (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", host, "--port", str(port)),
        *("--workers", str(web_workers), "--blocking-threads", str(web_threads)),
        # One web process that dies is replaced beside its living neighbour instead of taking it down.
        *("--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "10"),
        "service.wsgi:application",
    )
    # On few cores readers come before judging: the web server also answers sooner after a start.
    behind = ("nice", "-n", "5", sys.executable, "-m", "workers")
    return (
        *((Part("valkey", valkey, 8),) if embedded_valkey else ()),
        Part("scheduler", (*behind, "schedule"), 3),
        Part("worker", behind, 20, rq_workers),
        Part("web", web, 12),
    )


def supervisor_settings(programs: tuple[Part, ...], var: Path) -> str:
    """Return supervisord's configuration; the environment, which holds secrets, stays out of the file."""
    head = f"""\
[supervisord]
nodaemon = true
logfile = /dev/null
logfile_maxbytes = 0
loglevel = warn
pidfile = {_escaped(str(var.resolve() / "supervisord.pid"))}
"""
    return head + "".join(_program(part, order) for order, part in enumerate(programs, start=1))


def _program(part: Part, order: int) -> str:
    return f"""
[program:{part.name}]
command = {" ".join(_quoted(word) for word in part.command)}
priority = {order}
numprocs = {part.copies}
process_name = %(program_name)s{"-%(process_num)s" if part.copies > 1 else ""}
autorestart = true
startsecs = 5
startretries = 1000000000
stopwaitsecs = {part.seconds_to_stop}
# Only the head of a group is asked to stop: it knows how to stop its own children, and for an RQ
# worker a second signal would mean to drop its job.
stopasgroup = false
killasgroup = true
redirect_stderr = true
stdout_logfile = NONE
stdout_events_enabled = true
"""


def _quoted(word: str) -> str:
    """Quote one word for the shell-like split, keeping ; and # from starting a comment."""
    inner = word.replace("'", "'\"'\"'").replace(";", "'\";\"'").replace("#", "'\"#\"'")
    return _escaped(f"'{inner}'")


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
