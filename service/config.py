"""Settings: what may differ between two installations, read and checked once; the only reader of the environment.

Not here: what differs between two sites of one installation (`service.sites`).
"""

import hashlib
import hmac
import importlib.util
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from limits import parse_many
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

GENERATED = "settings.env"
"""The file in `var/` in which `make run` keeps what it made up."""

LONGEST_SOCKET_PATH = 103
"""A Unix socket's path has 104 bytes on macOS and 108 on Linux, one of which ends the text."""


SECRET_LENGTH = 16
TELEMETRY = {"OTLP_ENDPOINT": "opentelemetry.exporter.otlp.proto.http", "SENTRY_DSN": "sentry_sdk"}
"""The settings that need a package which is not installed with the others."""


class BadSettings(Exception):
    """Settings are missing or make no sense; the text names each of them, never its value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an installation may set. Times are `timedelta`, limits in Flask-Limiter's notation."""

    var: Path
    host: str
    port: int
    database_url: str
    redis_url: str
    redis_sentinels: tuple[tuple[str, int], ...]
    redis_sentinel_name: str
    redis_sentinel_password: str
    embedded_valkey: bool
    secret_key: str
    secret_key_previous: str
    address_key: bytes
    data_keys: tuple[bytes, ...]
    lookup_key: bytes | None
    retention_floor: timedelta
    request_answer_days: int
    request_finish_days: int
    takedown: timedelta
    backup_keys: tuple[str, ...]
    """The passphrase of new backups, and what older ones were sealed with."""
    public_url: str
    trusted_proxies: int
    limit_comments: str
    limit_phone: str
    limit_challenges: str
    limit_sounds: str
    limit_attempts: str
    limit_crowd: str
    limit_receipts: str
    limit_reports: str
    limit_sign_in: str
    limit_review: str
    phone_region: str
    time_zone: str
    lease: timedelta
    batch: int
    attempts: int
    sweep_every: timedelta
    shed_pending: int
    shed_seconds: float
    redis_timeout: float
    database_timeout: timedelta
    challenge_lifetime: timedelta
    minimum_fill: timedelta
    metrics_token: str
    otlp_endpoint: str
    otlp_headers: Mapping[str, str]
    sentry_dsn: str
    secure_cookies: bool
    log_level: str
    values: Mapping[str, str]
    """The settings as text, by the names of `DEFAULTS`."""

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which people are shown times and in which a day begins."""
        return ZoneInfo(self.time_zone)

    def allowance(self, window: timedelta) -> int:
        """Return how many comments LIMIT_COMMENTS lets one sender send within the window."""
        seconds = window.total_seconds()
        return min(int(item.amount * max(1.0, seconds / item.get_expiry())) for item in parse_many(self.limit_comments))

    def secret(self, purpose: str) -> bytes:
        """Return a 32-byte key of its own for `purpose`, so that no two uses share one (HMAC-SHA-256 as a KDF)."""
        return _derived(self.secret_key, purpose)

    def secrets(self, purpose: str) -> tuple[bytes, ...]:
        """Return that key, and the one that follows from SECRET_KEY_PREVIOUS: what it made is still taken."""
        known = (self.secret_key, self.secret_key_previous)
        return tuple(_derived(secret, purpose) for secret in known if secret)


DEFAULTS: Mapping[str, str] = {
    "VAR_DIR": "var",
    "HOST": "127.0.0.1",
    "PORT": "8080",
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "REDIS_SENTINELS": "",
    "REDIS_SENTINEL_NAME": "duyet",
    "REDIS_SENTINEL_PASSWORD": "",
    "SECRET_KEY": "",
    "SECRET_KEY_PREVIOUS": "",
    "DATA_KEYS": "",
    "LOOKUP_KEY": "",
    "ADDRESS_KEY": "",
    "RETENTION_FLOOR_DAYS": "0",
    "REQUEST_ANSWER_DAYS": "2",
    "REQUEST_FINISH_DAYS": "15",
    "TAKEDOWN_HOURS": "24",
    "BACKUP_KEY": "",
    "PUBLIC_URL": "",
    "TRUSTED_PROXIES": "0",
    "LIMIT_COMMENTS": "5/minute;30/hour",
    "LIMIT_PHONE": "10/hour",
    "LIMIT_CHALLENGES": "20/minute",
    "LIMIT_SOUNDS": "10/minute;60/hour",
    "LIMIT_ATTEMPTS": "20/minute;100/hour",
    "LIMIT_CROWD": "120/minute;1200/hour",
    "LIMIT_RECEIPTS": "30/minute",
    "LIMIT_REPORTS": "5/minute;30/hour",
    "LIMIT_SIGN_IN": "10/minute",
    "LIMIT_REVIEW": "600/minute",
    "PHONE_REGION": "VN",
    "TIME_ZONE": "Asia/Ho_Chi_Minh",
    "LEASE_SECONDS": "30",
    "BATCH": "50",
    "ATTEMPTS": "3",
    "SWEEP_SECONDS": "2",
    "SHED_PENDING": "100000",
    "SHED_SECONDS": "2",
    "REDIS_TIMEOUT": "0.25",
    "DATABASE_TIMEOUT": "5",
    "CHALLENGE_SECONDS": "600",
    "MINIMUM_FILL_SECONDS": "3",
    "METRICS_TOKEN": "",
    "OTLP_ENDPOINT": "",
    "OTLP_HEADERS": "",
    "SENTRY_DSN": "",
    "SECURE_COOKIES": "",
    "LOG_LEVEL": "info",
}
"""Every setting with its default; an empty one is worked out from the others."""


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment over the generated file of `var/`; raise `BadSettings` naming all that is wrong."""
    given = dict(os.environ if environment is None else environment)  # noqa: TID251 - the one place that may.
    var = Path(given.get("VAR_DIR") or DEFAULTS["VAR_DIR"]).absolute()
    values = {
        **DEFAULTS,
        **_read_file(var / GENERATED),
        **{k: v for k, v in given.items() if k in DEFAULTS and v},
    }
    return _checked(var, values)


def load_var() -> Path:
    """Return the folder that holds this installation's data, before there are any settings in it."""
    return Path(os.environ.get("VAR_DIR") or DEFAULTS["VAR_DIR"]).absolute()  # noqa: TID251 - the one place that may.


def generate(var: Path) -> None:
    """Make up the secrets of a new installation and keep them in `var/`, readable by its owner alone."""
    var.mkdir(parents=True, exist_ok=True)
    file = var / GENERATED
    if file.exists():
        return
    text = (
        "# Made by `make run`. The environment wins over this file. Keep it with your backups: without\n"
        "# DATA_KEYS the phone numbers in the database cannot be read.\n"
        f"SECRET_KEY={secrets.token_urlsafe(32)}\nDATA_KEYS={secrets.token_hex(32)}\n"
        f"LOOKUP_KEY={secrets.token_hex(32)}\nADDRESS_KEY={secrets.token_hex(32)}\n"
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a child process loads the same settings."""
    inherited = dict(os.environ)  # noqa: TID251 - the one place that may; children want PATH and the like.
    return {**inherited, **settings.values}


def embedded_socket(var: Path) -> Path:
    """Return where the embedded Valkey listens: in `var/`, or in the temporary directory when that path is too long."""
    var = var.resolve()
    socket = var / "valkey.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
        return socket
    checkout = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Path(tempfile.gettempdir()).resolve() / f"duyet-{os.getuid()}" / f"{checkout}.sock"


def embedded_redis_url(var: Path) -> str:
    """Return the REDIS_URL under which every process of this checkout finds the embedded Valkey."""
    return "unix://" + quote(str(embedded_socket(var)))


def _read_file(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs if name in DEFAULTS}


def _checked(var: Path, values: Mapping[str, str]) -> Settings:
    wrong: list[str] = []

    def number(name: str, low: float, high: float) -> float:
        try:
            value = float(values[name])
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            wrong.append(f"{name} must be a number from {low:g} to {high:g}")
            return low
        return value

    def limit(name: str) -> str:
        try:
            parse_many(values[name])
        except ValueError:
            wrong.append(f"{name} must be a limit such as 5/minute;30/hour")
        return values[name]

    database_url = _database_url(values["DATABASE_URL"] or f"sqlite:///{var / 'duyet.db'}", wrong)
    redis_url = values["REDIS_URL"] or embedded_redis_url(var)
    if urlsplit(redis_url).scheme not in {"redis", "rediss", "unix"}:
        wrong.append("REDIS_URL must start with redis://, rediss:// or unix://")
    sentinels = _sentinels(values["REDIS_SENTINELS"], wrong)
    if sentinels and redis_url.startswith("unix:"):
        wrong.append("REDIS_SENTINELS needs a REDIS_URL with redis:// or rediss://, for user, password and database")
    secret, previous = values["SECRET_KEY"], values["SECRET_KEY_PREVIOUS"]
    known = [secret, previous] if previous else [secret]
    if min(map(len, known)) < SECRET_LENGTH:
        wrong.append(
            "SECRET_KEY, and the one before, must have at least 16 random characters (`make run` makes one up)"
        )
    settings = Settings(
        var=var,
        host=values["HOST"],
        port=int(number("PORT", 1, 65535)),
        database_url=database_url,
        redis_url=redis_url,
        redis_sentinels=sentinels,
        redis_sentinel_name=values["REDIS_SENTINEL_NAME"],
        redis_sentinel_password=values["REDIS_SENTINEL_PASSWORD"],
        embedded_valkey=redis_url == embedded_redis_url(var),
        secret_key=secret,
        secret_key_previous=previous,
        data_keys=_data_keys(values["DATA_KEYS"], known, wrong),
        lookup_key=_key("LOOKUP_KEY", values, wrong),
        address_key=_key("ADDRESS_KEY", values, wrong) or _derived(known[-1], "addresses"),
        retention_floor=timedelta(days=number("RETENTION_FLOOR_DAYS", 0, 3660)),
        request_answer_days=int(number("REQUEST_ANSWER_DAYS", 1, 60)),
        request_finish_days=int(number("REQUEST_FINISH_DAYS", 1, 365)),
        takedown=timedelta(hours=number("TAKEDOWN_HOURS", 1, 720)),
        backup_keys=_backup_keys(values["BACKUP_KEY"], known, wrong),
        public_url=values["PUBLIC_URL"].rstrip("/"),
        trusted_proxies=int(number("TRUSTED_PROXIES", 0, 10)),
        limit_comments=limit("LIMIT_COMMENTS"),
        limit_phone=limit("LIMIT_PHONE"),
        limit_challenges=limit("LIMIT_CHALLENGES"),
        limit_sounds=limit("LIMIT_SOUNDS"),
        limit_attempts=limit("LIMIT_ATTEMPTS"),
        limit_crowd=limit("LIMIT_CROWD"),
        limit_receipts=limit("LIMIT_RECEIPTS"),
        limit_reports=limit("LIMIT_REPORTS"),
        limit_sign_in=limit("LIMIT_SIGN_IN"),
        limit_review=limit("LIMIT_REVIEW"),
        phone_region=values["PHONE_REGION"],
        time_zone=values["TIME_ZONE"],
        lease=timedelta(seconds=number("LEASE_SECONDS", 0.1, 3600)),
        batch=int(number("BATCH", 1, 1000)),
        attempts=int(number("ATTEMPTS", 1, 10)),
        sweep_every=timedelta(seconds=number("SWEEP_SECONDS", 0.1, 60)),
        shed_pending=int(number("SHED_PENDING", 1, 10_000_000)),
        shed_seconds=number("SHED_SECONDS", 0.1, 60),
        redis_timeout=number("REDIS_TIMEOUT", 0.01, 5),
        database_timeout=timedelta(seconds=number("DATABASE_TIMEOUT", 0.1, 60)),
        challenge_lifetime=timedelta(seconds=number("CHALLENGE_SECONDS", 1, 3600)),
        minimum_fill=timedelta(seconds=number("MINIMUM_FILL_SECONDS", 0, 60)),
        metrics_token=values["METRICS_TOKEN"],
        otlp_endpoint=values["OTLP_ENDPOINT"].rstrip("/"),
        otlp_headers=_headers(values["OTLP_HEADERS"], wrong),
        sentry_dsn=values["SENTRY_DSN"],
        secure_cookies=values["SECURE_COOKIES"].lower() in {"1", "true", "on", "yes"}
        or values["PUBLIC_URL"].startswith("https://"),
        log_level=values["LOG_LEVEL"].lower(),
        values={**values, "VAR_DIR": str(var), "DATABASE_URL": database_url, "REDIS_URL": redis_url},
    )
    try:
        _ = settings.zone
    except (ZoneInfoNotFoundError, ValueError):
        wrong.append("TIME_ZONE must name a zone such as Asia/Ho_Chi_Minh")
    if settings.log_level not in {"debug", "info", "warning", "error"}:
        wrong.append("LOG_LEVEL must be debug, info, warning or error")
    wrong += _without_package(values)
    if wrong:
        raise BadSettings("; ".join(wrong))
    return settings


def _database_url(given: str, wrong: list[str]) -> str:
    try:
        url = make_url(given)
    except ArgumentError:
        wrong.append("DATABASE_URL is not a database address")
        return given
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        wrong.append("DATABASE_URL must start with sqlite:/// or postgresql://")
    return url.render_as_string(hide_password=False)


def _sentinels(given: str, wrong: list[str]) -> tuple[tuple[str, int], ...]:
    found = []
    for word in given.split(","):
        if word.strip():
            try:
                parts = urlsplit(f"//{word.strip()}")
                found.append((parts.hostname or "", parts.port or 26379))
            except ValueError:
                found.append(("", 0))
    if any(not host for host, _ in found):
        wrong.append("REDIS_SENTINELS must be addresses such as one:26379,two:26379,three:26379")
    return tuple(found)


def _derived(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")


def _headers(given: str, wrong: list[str]) -> Mapping[str, str]:
    pairs = [word.partition("=") for word in given.split(",") if word.strip()]
    if any(not sign or not name.strip() for name, sign, _ in pairs):
        wrong.append("OTLP_HEADERS must be pairs such as name=value,name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _without_package(values: Mapping[str, str]) -> Iterator[str]:
    for name, package in TELEMETRY.items():
        if values[name] and urlsplit(values[name]).scheme not in {"http", "https"}:
            yield f"{name} must start with http:// or https://"
        elif values[name] and not _is_installed(package):
            yield f"{name} is set, and the package that it needs is not installed: give `make telemetry`"


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _data_keys(given: str, secret_keys: list[str], wrong: list[str]) -> tuple[bytes, ...]:
    if not given:
        return tuple(_derived(secret, "data") for secret in secret_keys)
    try:
        keys = tuple(bytes.fromhex(key.strip()) for key in given.split(","))
    except ValueError:
        keys = ()
    if not keys or any(len(key) != 32 for key in keys):
        wrong.append("DATA_KEYS must be one or more keys of 64 hexadecimal digits, newest first, comma between")
    return keys


def _backup_keys(given: str, secret_keys: list[str], wrong: list[str]) -> tuple[str, ...]:
    if not given:
        return tuple(_derived(secret, "backups").hex() for secret in secret_keys)
    if len(given) < SECRET_LENGTH:
        wrong.append("BACKUP_KEY must have at least 16 characters, or be empty")
    return (given,)


def _key(name: str, values: Mapping[str, str], wrong: list[str]) -> bytes | None:
    try:
        key = bytes.fromhex(values[name].strip())
    except ValueError:
        key = b""
    if values[name] and len(key) != 32:
        wrong.append(f"{name} must be 64 hexadecimal digits")
    return key or None
