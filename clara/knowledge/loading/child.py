"""The child process that parses: requests on standard input, frames on standard output, one a line.

A request is ``{"path", "name", "fields", "language", "kind"}``. The frames are ``{"document": {...}}``, for a record that is
left out ``{"problem": text}``, and at the end of a file ``{"end": null}``, or ``{"end": text}`` with why reading stopped.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable, named
from clara.knowledge.loading.formats import load

MOST_BAD = 1000
"""Records of a file that may be left out before it is given up."""


def limit(memory: int) -> None:
    """Bound the address space of this process, and write no core file."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _bounded(items: Iterable[Document | Unreadable]) -> Iterator[Document | Unreadable]:
    """The items, as long as not too many of them are unreadable.

    Raises:
        Unreadable: more than MOST_BAD are.
    """
    bad = 0
    for found in items:
        item = _checked(found)
        if isinstance(item, Unreadable):
            bad += 1
            if bad > MOST_BAD:
                raise Unreadable(f"more than {MOST_BAD:,} of its records cannot be read")
        yield item


def _checked(item: Document | Unreadable) -> Document | Unreadable:
    try:
        return named(item) if isinstance(item, Document) else item
    except Unreadable as problem:
        return problem


def serve(memory: int) -> None:
    """Answer requests until standard input ends."""
    frames = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # whatever a library prints must not look like a frame
    limit(memory)
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        source = SourceFile(Path(request["path"]), request["name"])
        hints = Hints(request["fields"], request["language"], request["kind"])
        try:
            for item in _bounded(load(source, hints)):
                frame = {"document": asdict(item)} if isinstance(item, Document) else {"problem": str(item)}
                print(json.dumps(frame, ensure_ascii=True), file=frames)
            end = None
        except Unreadable as problem:
            end = str(problem)
        except MemoryError:
            end = f"it needs more than {memory >> 20} MiB to parse"
        except (OSError, RecursionError) as error:
            end = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - a parser met a file that it was not written for; the file is at fault
            end = f"the parser failed ({type(error).__name__})"
        print(json.dumps({"end": end}), file=frames, flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
