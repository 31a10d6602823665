"""Logs: one JSON line per event with a static name and fields; never a body, a name, a phone or a full address."""

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Set the process's logging up; called by entry points alone."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderers: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*renderers, structlog.processors.JSONRenderer(ensure_ascii=False)],
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
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.INFO))
    # These say per job or per limit what the products' own events say better.
    for chatty in ("rq.worker", "rq.job", "alembic", "flask-limiter"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
