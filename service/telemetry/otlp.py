"""Spans to a collector, by OTLP over HTTP; loaded only where OTLP_ENDPOINT is set.

A comment's trace has the comment's id, and its first span, the request that stored it, has the id's last half. So the
worker's span is a child of the request's without a word between the two but the row (docs/adr/0196).
"""

import time
from collections.abc import Mapping
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, set_span_in_context

from service.telemetry import Span

PATIENCE_SECONDS = 2
SEND_EVERY_MILLISECONDS = 1000
LAST_HALF = 2**64 - 1

_of_comment: ContextVar[int | None] = ContextVar("of_comment", default=None)


class Ids(RandomIdGenerator):
    """Random ids, but for the first span of a comment's trace."""

    def generate_trace_id(self) -> int:
        """Return the comment's id where there is one."""
        return _of_comment.get() or super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Return the last half of the comment's id where there is one."""
        return (_of_comment.get() or 0) & LAST_HALF or super().generate_span_id()


class Tracer:
    """A process's queue of spans, sent by a thread of the library's; what cannot be sent is dropped."""

    def __init__(self, endpoint: str, headers: Mapping[str, str]) -> None:
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", headers=dict(headers), timeout=PATIENCE_SECONDS)
        # Resource.create would add what it finds on the machine.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource({"service.name": "duyet"}), id_generator=Ids()
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, schedule_delay_millis=SEND_EVERY_MILLISECONDS, max_export_batch_size=256)
        )
        self._tracer = self._provider.get_tracer("duyet")

    def tell(self, span: Span) -> None:
        """Note something that has just ended."""
        ended = time.time_ns()
        context = Context()
        if span.comment is not None and not span.first:
            parent = SpanContext(span.comment.int, span.comment.int & LAST_HALF, True, TraceFlags(TraceFlags.SAMPLED))
            context = set_span_in_context(NonRecordingSpan(parent), context)
        chosen = _of_comment.set(span.comment.int if span.comment is not None and span.first else None)
        try:
            told = self._tracer.start_span(
                span.name,
                context,
                attributes={f"duyet.{name}": value for name, value in span.facts.items()},
                start_time=ended - int(span.seconds * 1e9),
            )
        finally:
            _of_comment.reset(chosen)
        if span.failed:
            told.set_status(StatusCode.ERROR)
        told.end(ended)

    def flush(self) -> None:
        """Send what waits."""
        self._provider.force_flush(PATIENCE_SECONDS * 1000)
