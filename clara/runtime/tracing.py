"""OpenTelemetry spans for question, step and model call; none unless a collector is named. They hold no text.

Names and attributes follow the semantic conventions for generative AI (https://opentelemetry.io/docs/specs/semconv/gen-ai/),
which are still in development; what they have no word for begins with ``clara.``.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from clara.errors import UsageError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span, Tracer

_tracers: dict[str, Tracer] = {}
"""Collector to the tracer that sends to it; empty while nothing is traced."""
_OFF = "OTEL_SDK_DISABLED"
"""What :mod:`clara.privacy` sets, so that no other library traces."""


def trace_to(collector: str) -> None:
    """Send spans to a collector, in batches from a thread of the SDK; idempotent.

    Args:
        collector: address that takes OTLP over gRPC, such as ``http://127.0.0.1:4317``.

    Raises:
        UsageError: the extra is not installed.
    """
    if collector in _tracers:
        return
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise UsageError("traces need OpenTelemetry: pip install 'clara-agent[tracing]'") from None
    exporter = OTLPSpanExporter(endpoint=collector, insecure=collector.startswith("http://"))
    trace_with(BatchSpanProcessor(exporter), collector)


def trace_with(processor: SpanProcessor, collector: str = "") -> None:
    """Hand every span to ``processor``; for programs with an OpenTelemetry of their own, and for tests."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    silenced = os.environ.pop(_OFF, None)  # a provider reads it when it is made; the other libraries' stay off
    try:
        provider = TracerProvider(resource=Resource.create({"service.name": "clara"}))
    finally:
        if silenced is not None:
            os.environ[_OFF] = silenced
    provider.add_span_processor(processor)
    _tracers[collector] = provider.get_tracer("clara")


def stop_tracing() -> None:
    """No more spans."""
    _tracers.clear()


@contextmanager
def span(name: str, attributes: Mapping[str, Any], *, client: bool = False) -> Generator[Span | None]:
    """A span around the block, below the one that is open; None where nothing is traced.

    An exception gives it its class as ``error.type``; the message, which may quote a question, is left out.

    Args:
        name: of the span.
        attributes: those of value None or "" are left out.
        client: True for a call to another process.
    """
    if not _tracers:
        yield None
        return
    from opentelemetry.trace import SpanKind, StatusCode

    tracer = next(reversed(_tracers.values()))
    kind = SpanKind.CLIENT if client else SpanKind.INTERNAL
    known = {key: value for key, value in attributes.items() if value not in (None, "")}
    with tracer.start_as_current_span(
        name, kind=kind, attributes=known, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except BaseException as error:
            opened.set_attribute("error.type", type(error).__name__)
            opened.set_status(StatusCode.ERROR)
            raise


def trace_headers() -> dict[str, str]:
    """The headers by which a server joins the open span (W3C Trace Context); empty where nothing is traced."""
    headers: dict[str, str] = {}
    if _tracers:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(headers)
    return headers
