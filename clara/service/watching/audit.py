"""The audit log: one JSON line for each question, who asked, when, which model and sources. It never holds text."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clara.errors import WriteError
from clara.files import cannot_write, private_file
from clara.types import Answer


class AuditLog:
    """Appends to a file that only its owner may read. Several workers may share it: each line is one write.

    Args:
        path: the file; its folder is made.

    Raises:
        WriteError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            private_file(path)
        except OSError as error:
            raise cannot_write(path, error) from None

    def write(self, *, request_id: str, caller: str, model: str, outcome: str, answer: Answer | None) -> None:
        """Add the line of one question.

        Raises:
            WriteError: it cannot be written.
        """
        line: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": request_id,
            "caller": caller,
            "model": model,
            "outcome": outcome,
        }
        if answer is not None:
            line["language"] = answer.language
            line["sources"] = [citation.id for citation in answer.citations]
            line["urgent"] = bool(answer.notice)
            line["seconds"] = round(answer.usage.seconds, 3)
        data = (json.dumps(line) + "\n").encode()
        try:
            # opened each time, so that a log that was rotated is followed
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise WriteError(str(cannot_write(self._path, error)), path=self._path, reason=str(error)) from None
