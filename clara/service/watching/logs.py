"""One set-up for every log line: level, and text or JSON. What a question said is in no line unless it is asked for."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from clara.events import REQUEST_ID
from clara.service.options import ServiceOptions

_PLAIN = "%(asctime)s %(levelname)s %(name)s %(request)s%(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if REQUEST_ID.get():
            line["request_id"] = REQUEST_ID.get()
        line |= getattr(record, "facts", {})
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """A line for people, with the facts behind the message as ``name=value``."""

    def __init__(self) -> None:
        super().__init__(_PLAIN)

    def format(self, record: logging.LogRecord) -> str:
        record.request = f"[{REQUEST_ID.get()}] " if REQUEST_ID.get() else ""
        facts: dict[str, Any] = getattr(record, "facts", {})
        line = super().format(record)
        return " ".join([line, *(f"{name}={value}" for name, value in facts.items())])


class WithoutText(logging.Filter):
    """Takes the message off every exception: it may quote what somebody asked. Its class and its frames stay."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = "".join(traceback.format_tb(error.__traceback__))
            record.exc_text = f"Traceback:\n{frames}{type(error).__name__}"
            record.exc_info = None
        return True


def log_config(options: ServiceOptions) -> dict[str, Any]:
    """The configuration for :func:`logging.config.dictConfig`: everything to standard error in one form."""
    formatter = JsonLines if options.log_format == "json" else TextLines
    filters = [] if options.log_text else ["without_text"]
    handler = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "lines", "filters": filters}
    level = options.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": formatter}},
        "filters": {"without_text": {"()": WithoutText}},
        "handlers": {"stderr": handler},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {"clara": {"level": level}, "uvicorn": {"level": level}},
    }
