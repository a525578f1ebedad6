"""How the service runs: addresses, limits and logs. What CLARA answers with stands in :class:`clara.config.Settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from clara.errors import UsageError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ServiceOptions(BaseModel):
    """Everything that ``clara serve`` can be given beside the settings. Limits hold for each worker process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8010, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    workers: int = Field(default=1, ge=1, le=64)
    """Processes behind the port."""
    keys: Path | None = None
    """File of hashed keys; None asks for none, which is allowed on the loopback only."""
    origins: tuple[str, ...] = ()
    """Web origins whose pages may call the service (CORS)."""
    max_body: int = Field(default=1 << 20, ge=1)
    """Most bytes of a request."""
    max_question: int = Field(default=8_000, ge=1)
    """Most characters of one question, or of one message."""
    max_batch: int = Field(default=64, ge=1)
    """Most questions of one batch."""
    max_concurrent: int = Field(default=64, ge=1)
    """Most questions at work; beyond it callers get 503 and ``Retry-After``."""
    rate: int = Field(default=600, ge=0)
    """Most questions a minute of one caller; 0 sets no limit."""
    question_timeout: float = Field(default=300.0, gt=0)
    """Seconds that one request may work."""
    grace: float = Field(default=30.0, ge=0)
    """Seconds that running questions have to end after SIGTERM."""
    audit: Path | None = None
    """File that gets one line for each question: who, when, which model and sources; no text."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level of a log line."""
    log_format: Literal["text", "json"] = "text"
    """Form of a log line."""
    log_text: bool = False
    """Write the text of questions and error messages into the log."""

    @property
    def is_loopback(self) -> bool:
        """True if only this machine can reach the service."""
        return self.host in LOOPBACK

    def check(self) -> None:
        """Refuse what would open the service to strangers.

        Raises:
            UsageError: others can reach the address, and no key is asked for.
        """
        if not self.is_loopback and self.keys is None:
            raise UsageError(
                f"{self.host} can be reached from other machines, so callers need keys: "
                "make one with clara serve --new-key NAME and give its file with --keys"
            )
