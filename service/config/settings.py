"""What an installation may set, with its defaults, and the keys that follow from its secrets; nothing is read here."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from limits import parse_many


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
    sign_ins_kept: timedelta
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
    limit_article: str
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
    require_code: bool
    require_own_password: bool
    breached_passwords: Path | None
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
        return derived(self.secret_key, purpose)

    def secrets(self, purpose: str) -> tuple[bytes, ...]:
        """Return that key, and the one that follows from SECRET_KEY_PREVIOUS: what it made is still taken."""
        known = (self.secret_key, self.secret_key_previous)
        return tuple(derived(secret, purpose) for secret in known if secret)


def derived(secret: str, purpose: str) -> bytes:
    """Return the key that follows from a secret for one purpose."""
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")


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
    "SIGN_IN_DAYS": "90",
    "BACKUP_KEY": "",
    "PUBLIC_URL": "",
    "TRUSTED_PROXIES": "0",
    "LIMIT_COMMENTS": "5/minute;30/hour",
    "LIMIT_PHONE": "10/hour",
    "LIMIT_CHALLENGES": "20/minute",
    "LIMIT_SOUNDS": "10/minute;60/hour",
    "LIMIT_ATTEMPTS": "20/minute;100/hour",
    "LIMIT_CROWD": "120/minute;1200/hour",
    "LIMIT_ARTICLE": "60/minute;300/hour",
    "LIMIT_RECEIPTS": "30/minute",
    "LIMIT_REPORTS": "5/minute;30/hour",
    "LIMIT_SIGN_IN": "10/minute",
    "LIMIT_REVIEW": "600/minute",
    "PHONE_REGION": "VN",
    "TIME_ZONE": "Asia/Ho_Chi_Minh",
    "LEASE_SECONDS": "30",
    "BATCH": "200",
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
    "REQUIRE_CODE": "",
    "REQUIRE_OWN_PASSWORD": "",
    "BREACHED_PASSWORDS": "",
    "LOG_LEVEL": "info",
}
"""Every setting with its default; an empty one is worked out from the others."""
