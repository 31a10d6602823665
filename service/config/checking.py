"""The text of settings turned into what they mean; every fault is named, and no value."""

import importlib.util
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfoNotFoundError

from limits import parse_many
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from service.config.embedded import embedded_redis_url
from service.config.settings import BadSettings, Settings, derived

SECRET_LENGTH = 16
TELEMETRY = {"OTLP_ENDPOINT": "opentelemetry.exporter.otlp.proto.http", "SENTRY_DSN": "sentry_sdk"}
"""The settings that need a package which is not installed with the others."""

_YES = frozenset({"1", "true", "on", "yes"})


def checked(var: Path, values: Mapping[str, str]) -> Settings:
    """Return the settings that the text stands for; raise `BadSettings` naming all that is wrong."""
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
        address_key=_key("ADDRESS_KEY", values, wrong) or derived(known[-1], "addresses"),
        retention_floor=timedelta(days=number("RETENTION_FLOOR_DAYS", 0, 3660)),
        request_answer_days=int(number("REQUEST_ANSWER_DAYS", 1, 60)),
        request_finish_days=int(number("REQUEST_FINISH_DAYS", 1, 365)),
        takedown=timedelta(hours=number("TAKEDOWN_HOURS", 1, 720)),
        sign_ins_kept=timedelta(days=number("SIGN_IN_DAYS", 1, 3660)),
        backup_keys=_backup_keys(values["BACKUP_KEY"], known, wrong),
        public_url=values["PUBLIC_URL"].rstrip("/"),
        trusted_proxies=int(number("TRUSTED_PROXIES", 0, 10)),
        limit_comments=limit("LIMIT_COMMENTS"),
        limit_phone=limit("LIMIT_PHONE"),
        limit_challenges=limit("LIMIT_CHALLENGES"),
        limit_sounds=limit("LIMIT_SOUNDS"),
        limit_attempts=limit("LIMIT_ATTEMPTS"),
        limit_crowd=limit("LIMIT_CROWD"),
        limit_article=limit("LIMIT_ARTICLE"),
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
        secure_cookies=values["SECURE_COOKIES"].lower() in _YES or values["PUBLIC_URL"].startswith("https://"),
        require_code=values["REQUIRE_CODE"].lower() in _YES,
        require_own_password=values["REQUIRE_OWN_PASSWORD"].lower() in _YES,
        breached_passwords=_list_of_breached(values["BREACHED_PASSWORDS"], wrong),
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


def _list_of_breached(given: str, wrong: list[str]) -> Path | None:
    if given and not Path(given).is_file():
        wrong.append("BREACHED_PASSWORDS must name a file of SHA-1 hashes, or be empty")
    return Path(given) if given else None


def _data_keys(given: str, secret_keys: list[str], wrong: list[str]) -> tuple[bytes, ...]:
    if not given:
        return tuple(derived(secret, "data") for secret in secret_keys)
    try:
        keys = tuple(bytes.fromhex(key.strip()) for key in given.split(","))
    except ValueError:
        keys = ()
    if not keys or any(len(key) != 32 for key in keys):
        wrong.append("DATA_KEYS must be one or more keys of 64 hexadecimal digits, newest first, comma between")
    return keys


def _backup_keys(given: str, secret_keys: list[str], wrong: list[str]) -> tuple[str, ...]:
    if not given:
        return tuple(derived(secret, "backups").hex() for secret in secret_keys)
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
