"""What a forked process inherits and must leave alone."""

from __future__ import annotations

import ctypes


def never_free(inherited: object) -> None:
    """Keep an object, and what it holds, until the process ends.

    Threads do not live on in a forked process. What waits for its thread when it is freed (an event loop's, those of
    Chroma's engine) would wait there without end, at the latest when the interpreter ends.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
