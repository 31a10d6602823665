"""Logs: one JSON line per event with a static name and fields; never a body, a name, a phone or a full address.

An error is logged by its kind and the places it came through. Its message is left out, since messages quote what they
complain of: a value, a row, a line of a request.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

HOUSE = Path(__file__).resolve().parents[1]
DEEPEST = 40
"""So many places of an error are shown: the innermost ones."""


def configure(level: str, *, report: Callable[[Mapping[str, Any]], None] | None = None) -> None:
    """Set the process's logging up; called by entry points alone. `report` hears of each error of ours as well."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderers: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_messages,
    ]

    def pass_on(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if report is not None and event["level"] in {"error", "critical"}:
            report(event)
        return event

    structlog.configure(
        processors=[*renderers, pass_on, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=[*renderers, structlog.stdlib.add_logger_name],
            # A library's sentence without what it puts in: a static name, and nothing of anybody's.
            use_get_message=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.INFO))
    # These say per job or per limit what the products' own events say better.
    for chatty in ("rq.worker", "rq.job", "alembic", "flask-limiter"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    sys.excepthook = _last_words
    threading.excepthook = _thread_ends


def without_messages(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Put an error's kind and places in the place of its trace."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()[1]
    elif isinstance(given, tuple):
        given = given[1]
    if isinstance(given, BaseException):
        event["trace"] = trace(given)
    return event


def trace(error: BaseException) -> list[str]:
    """Return the error's places and kind, and those of what it came from, innermost last; no message, no value."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        places = traceback.extract_tb(current.__traceback__)[-DEEPEST:]
        kind = f"{type(current).__module__}.{type(current).__qualname__}"
        lines[:0] = [*(f"{_place(one.filename)}:{one.lineno} {one.name}" for one in places), kind]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return lines


def _place(filename: str) -> str:
    try:
        return str(Path(filename).resolve().relative_to(HOUSE))
    except ValueError:
        return "/".join(Path(filename).parts[-2:])


def _last_words(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger(__name__).critical("process_ends", error=kind.__name__, exc_info=error)


def _thread_ends(given: threading.ExceptHookArgs) -> None:
    structlog.get_logger(__name__).critical("thread_ends", error=given.exc_type.__name__, exc_info=given.exc_value)
