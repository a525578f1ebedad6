"""Everything that CLARA raises on purpose.

    ClaraError
    ├── UsageError              the caller asked for something that cannot be (exit code 2)
    │   ├── SettingsError       a setting is unknown or has a wrong value
    │   ├── UnknownLanguage     a language code or name that CLARA does not know
    │   ├── EmptyQuestion       there is nothing to answer
    │   └── UnsupportedLanguage the profile at work does not cover the language
    ├── DataError               a file cannot be read as what it should be (exit code 1)
    │   ├── DatasetError        a benchmark file; carries the row and column
    │   ├── KnowledgeError      a note, a glossary, a document
    │   ├── PromptError         a prompt template
    │   ├── JournalError        a run folder
    │   └── WriteError          a file or folder cannot be written; carries the path and the reason
    ├── ReplayStopped           a replay cannot or should not go on; what is done is kept (exit code 1)
    ├── SourceError             an outside source (PubMed, Wikipedia) cannot be asked; the agent goes on without it
    ├── StoreError              the vector store (exit code 1)
    │   ├── NoKnowledgeBase     it has not been built yet
    │   └── EmbedderMismatch    it was built with another embedder
    ├── RequestRefused          the HTTP service refuses or ends a request; carries status, code and retry_after
    ├── Shortage                the machine gives no thread, memory, open file or disk any more (exit code 1)
    ├── ServingError            a model server cannot be started, or ended by itself (exit code 1)
    └── BackboneError           the language model cannot be used (exit code 1)
        ├── BackboneUnreachable no connection, or none that lasts; may be tried again
        ├── BackboneRefused     the server says no: 400, 401, 403, 404
        ├── BackboneOverloaded  429 or 5xx after all retries; may be tried again
        └── ContextOverflow     the prompt does not fit, even with no passage

A message is one sentence that names what and where and, if there is one, the mend. Failures of a single reply are values,
not errors: see :class:`clara.tasks.model.TaskResult`.
"""

from __future__ import annotations

import re
from pathlib import Path

_CREDENTIALS = re.compile(r"(?<=://)\S*@")


def without_credentials(text: str) -> str:
    """A text with user names and passwords masked in all addresses that it holds, whichever library wrote it."""
    return _CREDENTIALS.sub("***@", text)


class ClaraError(Exception):
    """Base of all errors raised on purpose; the command line prints its message and nothing else.

    Addresses in the message are shown without user name and password.
    """

    exit_code = 1
    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(without_credentials(message))


class UsageError(ClaraError):
    """The caller asked for something that cannot be."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown or has a wrong value."""


class UnknownLanguage(UsageError):
    """A language code or name that CLARA does not know."""


class EmptyQuestion(UsageError):
    """There is nothing to answer."""


class UnsupportedLanguage(UsageError):
    """The profile at work does not cover the question's language."""

    def __init__(self, message: str, *, language: str) -> None:
        super().__init__(message)
        self.language = language


class DataError(ClaraError):
    """A file cannot be read as what it should be."""


class DatasetError(DataError):
    """A benchmark file is not usable as it is."""

    def __init__(self, message: str, *, path: str | None = None, row: int | None = None, column: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.row = row
        self.column = column


class KnowledgeError(DataError):
    """A note, a glossary or a document is not usable as it is."""


class PromptError(DataError):
    """A prompt template is missing, or does not match the code."""


class JournalError(DataError):
    """A run folder cannot be read or continued."""


class WriteError(DataError):
    """A file or folder cannot be written; ``reason`` is the operating system's word for why."""

    def __init__(self, message: str, *, path: Path, reason: str) -> None:
        super().__init__(message)
        self.path = path
        self.reason = reason


class ReplayStopped(ClaraError):
    """A replay cannot or should not go on: too many items without a response, no worker left. What is done is kept."""


class SourceError(ClaraError):
    """An outside source cannot be asked, or what it sent cannot be read; ``source`` names it."""

    retryable = True

    def __init__(self, message: str, *, source: str) -> None:
        super().__init__(message)
        self.source = source


class StoreError(ClaraError):
    """The vector store cannot be used."""


class NoKnowledgeBase(StoreError):
    """The knowledge base has not been built yet."""


class EmbedderMismatch(StoreError):
    """The store was built with another embedder than the one configured."""


class RequestRefused(ClaraError):
    """The HTTP service refuses or ends a request.

    ``status`` is the HTTP status, ``code`` a word for programs, ``retry_after`` the seconds after which to try again.
    """

    def __init__(self, message: str, *, status: int, code: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Shortage(ClaraError):
    """The machine gives no thread, memory, open file or disk any more; whatever comes next would fail as well."""


class ServingError(ClaraError):
    """A model server cannot be started, or ended by itself."""


class BackboneError(ClaraError):
    """The language model cannot be used.

    ``url`` is the server's base address without credentials, ``status`` the HTTP status if there was a reply, ``detail``
    the parameters that its refusal names.
    """

    def __init__(
        self,
        message: str,
        *,
        url: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.detail = detail
        self.url = url
        self.status = status
        self.retry_after = retry_after


class BackboneUnreachable(BackboneError):
    """No connection, or none that lasts."""

    retryable = True


class BackboneRefused(BackboneError):
    """The server answered 400, 401, 403 or 404: trying again would not help."""


class BackboneOverloaded(BackboneError):
    """The server answered 408, 409, 429 or 5xx, and went on doing so."""

    retryable = True


class ContextOverflow(BackboneError):
    """The prompt does not fit the model's context length, even with no passage."""
