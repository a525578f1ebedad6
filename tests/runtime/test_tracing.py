"""Spans for question, step and model call, by the names of the semantic conventions, with nothing that somebody wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from clara import Clara, Settings
from clara.errors import BackboneError
from clara.events import REQUEST_ID
from clara.runtime.tracing import span, stop_tracing, trace_headers, trace_with
from clara.testing import FixedRetriever
from clara.types import Passage
from tests.backbone.fake_server import DEAD, FakeServer, serving

QUESTION = "Which drops lower the pressure in Berenike Ostrander's left eye?"
WRITTEN = json.dumps({"answer": "Timolol lowers it [1].", "citations": [1], "confidence": 0.9})


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    memory = InMemorySpanExporter()
    trace_with(SimpleSpanProcessor(memory))
    yield memory
    stop_tracing()


def settings(home: Path, url: str) -> Settings:
    return Settings.plain(home=home, profile="remote", backbone=(url,), cache=False, strategy="rag", retries=0)


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {finished.name: finished for finished in exporter.get_finished_spans()}


async def test_question_step_and_call_are_one_trace(exporter: InMemorySpanExporter, isolated: Path) -> None:
    shelf = FixedRetriever([Passage("drops#0", "Timolol", "Timolol lowers the intraocular pressure.")])
    token = REQUEST_ID.set("ward-7")
    try:
        async with serving(FakeServer("portable")) as fake:
            fake.replies = [WRITTEN]
            async with Clara(settings(isolated, fake.url), retriever=shelf) as clara:
                answer = await clara.aask(QUESTION)
            headers = {name.lower(): value for name, value in fake.headers[-1].items()}
    finally:
        REQUEST_ID.reset(token)
    assert answer.answer
    spans = by_name(exporter)
    question, step, call = spans["invoke_agent clara"], spans["step answer"], spans["chat m"]
    assert question.parent is None
    assert step.parent is not None
    assert step.parent.span_id == question.context.span_id
    assert call.parent is not None
    assert call.parent.span_id == step.context.span_id
    assert (question.kind, call.kind) == (SpanKind.INTERNAL, SpanKind.CLIENT)
    assert dict(question.attributes or {}) | {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "clara",
        "clara.request_id": "ward-7",
        "clara.strategy": "rag",
        "clara.language": "en",
    } == dict(question.attributes or {})
    assert dict(call.attributes or {}) | {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.response.finish_reasons": ("stop",),
        "clara.task": "answer_text",
        "clara.request_id": "ward-7",
    } == dict(call.attributes or {})
    assert headers["traceparent"].split("-")[1:3] == [f"{call.context.trace_id:032x}", f"{call.context.span_id:016x}"]
    assert headers["x-request-id"] == "ward-7"


async def test_no_span_holds_what_somebody_wrote(exporter: InMemorySpanExporter, isolated: Path) -> None:
    shelf = FixedRetriever([Passage("drops#0", "Timolol", "Timolol lowers the intraocular pressure.")])
    async with serving(FakeServer("portable")) as fake:
        fake.replies = [WRITTEN]
        async with Clara(settings(isolated, fake.url), retriever=shelf) as clara:
            await clara.aask(QUESTION)
    everything = " ".join(finished.to_json() for finished in exporter.get_finished_spans())
    for word in ("Berenike", "Ostrander", "Timolol", "pressure"):
        assert word not in everything


async def test_a_failed_call_has_its_kind_of_error_and_no_message(exporter: InMemorySpanExporter, isolated: Path) -> None:
    async with Clara(settings(isolated, DEAD), retriever=FixedRetriever([])) as clara:
        with pytest.raises(BackboneError):
            await clara.aask(QUESTION)
    question = by_name(exporter)["invoke_agent clara"]
    assert question.status.status_code is StatusCode.ERROR
    assert not question.status.description
    assert "error.type" in (question.attributes or {})
    assert question.events == ()


def test_without_a_collector_there_are_no_spans_and_no_headers() -> None:
    with span("invoke_agent clara", {}) as opened:
        assert opened is None
        assert trace_headers() == {}
