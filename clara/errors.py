"""Everything that CLARA raises on purpose, and the shortages of the machine that show in errors of libraries.

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

import errno
import re
from collections.abc import Iterator
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
    """The prompt does not fit the model's context length; ``length`` is that, where a server has said it."""

    def __init__(
        self, message: str, *, url: str | None = None, status: int | None = None, length: int | None = None
    ) -> None:
        super().__init__(message, url=url, status=status)
        self.length = length


_BY_NUMBER = {
    errno.EMFILE: "too many files are open: allow more (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "there is not enough memory",
    errno.EAGAIN: "no further thread or process may be started: allow more (ulimit -u), or end others",
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "your disk quota is used up: free some space",
    errno.EROFS: "the disk is read-only: set CLARA_HOME to a folder that can be written",
}
_BY_WORDS = (
    ("can't start new thread", "no thread can be started: allow more memory or threads (ulimit -v, ulimit -u)"),
    ("ThreadPoolBuildError", "no thread can be started: allow more memory or threads (ulimit -v, ulimit -u)"),
    ("Resource temporarily unavailable", "no further thread or process may be started: allow more (ulimit -u)"),
    ("Cannot allocate memory", "there is not enough memory"),
    ("failed to map segment", "there is not enough memory"),
    ("out of memory", "there is not enough memory"),
    ("Too many open files", "too many files are open: allow more (ulimit -n)"),
    ("No space left on device", "the disk is full: free some space"),
)
"""What libraries say of it in errors of their own, a panic of Rust among them."""


def shortage(error: BaseException) -> Shortage | None:
    """What the machine has run out of, if that is what an error comes from; None if it is not."""
    for part in _parts(error):
        reason = _reason(part)
        if reason:
            return Shortage(f"the machine does not give CLARA what it needs: {reason}")
    return None


def as_exception(error: BaseException) -> Exception:
    """The error as one that may be passed on; a panic of a Rust library is none by itself."""
    if isinstance(error, Exception):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")


def _reason(error: BaseException) -> str:
    if isinstance(error, Shortage):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number in _BY_NUMBER:
        return _BY_NUMBER[number]
    text = str(error)
    for words, reason in _BY_WORDS:
        if words in text:
            return reason
    return ""


def _parts(error: BaseException) -> Iterator[BaseException]:
    """The error, those in its group, and those that it came from."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _parts(inner)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield from _parts(cause)
