"""One writer at a time for a knowledge base: Chroma's persistent store does not stand two."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from clara.errors import StoreError


class Exclusive:
    """Holds a lock on a folder; the system frees it when the process ends, however it ends.

    Raises:
        StoreError: on entering, if another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = -1

    def take(self) -> bool:
        """Take the lock; False if another holds it."""
        self._file = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.free()
            return False
        return True

    def free(self) -> None:
        """Let others have it."""
        os.close(self._file)

    def __enter__(self) -> Self:
        if not self.take():
            raise StoreError(f"another process is changing the knowledge base {self._folder}; wait for it to end")
        return self

    def __exit__(self, *_: object) -> None:
        self.free()
