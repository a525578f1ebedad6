"""API keys: each has a name for the log; the file holds hashes only.

A key is 256 random bits, so one round of SHA-256 is enough: there is no dictionary to try.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
from pathlib import Path

from clara.errors import DataError, UsageError
from clara.files import cannot_write, private_file

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LINE = re.compile(r"([A-Za-z0-9._-]{1,64}) sha256:([0-9a-f]{64})")
_log = logging.getLogger(__name__)


class KeyRing:
    """The keys of a file. A changed file counts at once, so that a key is withdrawn by deleting its line.

    Args:
        path: the file.

    Raises:
        DataError: it cannot be read, holds a line that is none, or holds no key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digests = read_keys(path)
        self._stamp = self._seen()

    def name_of(self, key: str) -> str | None:
        """The name of a key, or None if there is none like it; takes as long for any key."""
        self._reread()
        digest = _digest(key)
        name = None
        for known, known_digest in self._digests.items():
            if hmac.compare_digest(known_digest, digest):
                name = known
        return name

    def _reread(self) -> None:
        stamp = self._seen()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._digests = read_keys(self._path)
        except DataError as error:
            _log.error("no key is accepted any more: %s", error)
            self._digests = {}

    def _seen(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_size


def read_keys(path: Path) -> dict[str, str]:
    """Name to digest of every key in a file.

    Raises:
        DataError: the file cannot be read, holds a line that is none, or holds no key.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"cannot read the file of keys {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"the file of keys {path} is not UTF-8 text") from None
    digests: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise DataError(f"{path}, line {number}: a key is a line NAME sha256:DIGEST, as clara serve --new-key writes it")
        digests[match[1]] = match[2]
    if not digests:
        raise DataError(f"the file of keys {path} holds no key: make one with clara serve --new-key NAME")
    return digests


def new_key(path: Path, name: str) -> str:
    """Make a key, add its hash to the file, and give it; it cannot be read again.

    Raises:
        UsageError: the name is none, or taken.
        DataError: the file cannot be read.
        WriteError: it cannot be written.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"{name!r} is no name for a key: use up to 64 letters, digits, dots, hyphens and underscores")
    if path.exists() and path.stat().st_size and name in read_keys(path):
        raise UsageError(f"{path} has a key of the name {name} already")
    key = f"clara-{secrets.token_urlsafe(32)}"
    try:
        private_file(path)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{name} sha256:{_digest(key)}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(path, error) from None
    return key


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
