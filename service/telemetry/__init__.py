"""Telemetry: what is told to a collector (OTLP) and to Sentry where a setting says so; else nothing is even loaded.

What leaves is on two lists: `Span` and `sentry.TAGS`. They hold what the log's lines hold: ids, times, kinds and
places, never a text, a name, a phone or an address (docs/adr/0196). Not here: metrics, which Prometheus asks for.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from service.config import Settings


@dataclass(frozen=True, slots=True)
class Span:
    """Something that was done and has just ended; `comment` is the one whose trace it belongs to."""

    name: str
    seconds: float
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    comment: UUID | None = None
    first: bool = False
    """Whether the comment's trace begins with it."""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Where spans and errors are told: nowhere, unless an installation says so."""

    tell: Callable[[Span], None] = lambda _: None
    report: Callable[[Mapping[str, Any]], None] = lambda _: None
    flush: Callable[[], None] = lambda: None
    """Send what waits, within two seconds or not at all; for a process that is about to end."""


def start(settings: Settings) -> Telemetry:
    """Return where this process tells of itself; what that needs is loaded here, and only where it is wanted."""
    tell, report, flush = Telemetry().tell, Telemetry().report, []
    if settings.otlp_endpoint:
        tracer = importlib.import_module("service.telemetry.otlp").Tracer(settings.otlp_endpoint, settings.otlp_headers)
        tell = tracer.tell
        flush.append(tracer.flush)
    if settings.sentry_dsn:
        reporter = importlib.import_module("service.telemetry.sentry").Reporter(settings.sentry_dsn)
        report = reporter.report
        flush.append(reporter.flush)

    def flush_all() -> None:
        for one in flush:
            one()

    return Telemetry(tell, report, flush_all)
