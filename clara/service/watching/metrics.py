"""Figures for Prometheus. With several workers each writes its own file, and any of them answers for all."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from clara.language.codes import LANGUAGES
from clara.types import Answer

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder of the workers' files; it must be set before ``prometheus_client`` is imported."""
_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counts what happens in this worker."""

    def __init__(self) -> None:
        own = self._own = CollectorRegistry()
        self.requests = Counter("clara_http_requests", "Requests by status.", ("path", "status"), registry=own)
        self.refusals = Counter("clara_refusals", "Requests refused or failed, by reason.", ("code",), registry=own)
        self.questions = Counter("clara_questions", "Answered questions.", ("model", "language", "outcome"), registry=own)
        self.notices = Counter("clara_urgent_notices", "Answers with an urgent notice.", registry=own)
        self.abstentions = Counter("clara_abstentions", "Answers withheld for low confidence.", registry=own)
        self.calls = Counter("clara_model_calls", "Requests sent to the model server.", registry=own)
        self.cached = Counter("clara_cache_hits", "Calls answered from CLARA's reply cache.", registry=own)
        self.tokens = Counter("clara_tokens", "Tokens read and written by the model.", ("kind",), registry=own)
        self.stopped = Counter("clara_stopped", "Questions stopped because the client left.", registry=own)
        self.audit_failures = Counter("clara_audit_failures", "Lines that the audit log could not take.", registry=own)
        self.question_seconds = Histogram(
            "clara_question_seconds", "Seconds of a question.", ("model",), buckets=_SECONDS, registry=own
        )
        self.step_seconds = Histogram("clara_step_seconds", "Seconds of a step.", ("step",), buckets=_SECONDS, registry=own)
        self.in_flight = Gauge("clara_in_flight", "Questions at work.", registry=own, multiprocess_mode="livesum")

    def answered(self, model: str, answer: Answer) -> None:
        """Count an answer and what it cost."""
        outcome = answer.failure or ("abstained" if answer.abstained else "answered")
        language = answer.language if answer.language in LANGUAGES else "other"
        self.questions.labels(model, language, outcome).inc()
        self.notices.inc(bool(answer.notice))
        self.abstentions.inc(answer.abstained)
        usage = answer.usage
        self.calls.inc(usage.calls)
        self.cached.inc(usage.cached_calls)
        self.tokens.labels("prompt").inc(usage.prompt_tokens)
        self.tokens.labels("completion").inc(usage.completion_tokens)
        self.question_seconds.labels(model).observe(usage.seconds)
        for step in answer.trace:
            self.step_seconds.labels(step.step).observe(step.seconds)

    def page(self) -> bytes:
        """All figures of all workers in the text format of Prometheus."""
        folder = os.environ.get(FOLDER)
        if not folder:
            return generate_latest(self._own)
        _forget_dead(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return generate_latest(registry)


def _forget_dead(folder: Path) -> None:
    """Questions at work in a worker that was killed are at work no more."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rsplit("_", 1)[1])
        if not Path(f"/proc/{pid}").exists() and Path("/proc").exists():
            mark_process_dead(pid)
