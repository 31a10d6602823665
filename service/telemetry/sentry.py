"""Errors to Sentry, as the log has them: kind and places, no message, no value; loaded only where SENTRY_DSN is set.

None of the library's integrations is used: they gather requests, variables and what was logged before.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sentry_sdk.client import Client
from sentry_sdk.types import Event, Hint

PATIENCE_SECONDS = 2.0
TAGS = ("request", "job", "endpoint", "name", "result", "error")
"""The fields of a log line that leave with an error."""
KEPT = frozenset(
    {"event_id", "timestamp", "level", "platform", "logentry", "exception", "tags", "sdk", "release", "environment"}
)
"""What may stand in an event; all else that a version of the library might add is dropped."""
PLACE = re.compile(r"(.+):(\d+) (\S+)")


class Reporter:
    """A process's queue of errors, sent by a thread of the library's; what cannot be sent is dropped."""

    def __init__(self, dsn: str) -> None:
        self._client = Client(
            dsn=dsn,
            default_integrations=False,
            auto_enabling_integrations=False,
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            send_client_reports=False,
            auto_session_tracking=False,
            spotlight=False,
            shutdown_timeout=PATIENCE_SECONDS,
            before_send=_only_what_is_listed,
        )

    def report(self, line: Mapping[str, Any]) -> None:
        """Tell of an error that has just been logged as this line."""
        event: Event = {
            "level": "fatal" if line.get("level") == "critical" else "error",
            "logentry": {"message": str(line.get("event"))},
            "tags": {name: str(line[name]) for name in TAGS if line.get(name)},
        }
        if line.get("trace"):
            event["exception"] = {"values": _exceptions(line["trace"])}
        self._client.capture_event(event)
        if event["level"] == "fatal":
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        self._client.flush(PATIENCE_SECONDS)


def _exceptions(trace: Sequence[str]) -> list[dict[str, Any]]:
    """Turn the log's places and kinds into Sentry's exceptions, the one that was raised last at the end."""
    found, frames = [], []
    for line in trace:
        place = PLACE.fullmatch(line)
        if place:
            filename, number, function = place.groups()
            ours = filename.startswith(("service/", "workers/"))
            frames.append({"filename": filename, "lineno": int(number), "function": function, "in_app": ours})
        else:
            module, _, kind = line.rpartition(".")
            found.append({"type": kind, "module": module, "value": "", "stacktrace": {"frames": frames}})
            frames = []
    return found


def _only_what_is_listed(event: Event, _hint: Hint) -> Event:
    return {name: value for name, value in event.items() if name in KEPT}  # type: ignore[return-value]
