"""The child process that parses: requests on standard input, frames on standard output, one a line.

The first frame is ``{"ready": true}``. A request is ``{"path", "name", "fields", "language", "kind"}``. The frames of a file
are ``{"document": {...}}``; for a record that is left out ``{"problem": text}``, or ``{"notice": text}`` if it was read
nevertheless; and at its end ``{"end": null, "spent": bool}``, or ``{"end": text, ...}`` with why reading stopped. A child
that is spent is replaced: it met its limits or an error of a parser, and the next file must not pay for that.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, Notice, SourceFile, Unreadable, language_of, named
from clara.knowledge.loading.loaders import load
from clara.knowledge.loading.reading import is_gzip

MOST_BAD = 1000
"""Records of a file that may be left out before it is given up."""
MOST_RECORDS = 5_000_000
"""Records of a file."""
_FEW_RECORDS, _PACKED_BYTES = 100_000, 8
"""Records that any gzip may hold, and bytes of it for each where it holds more: a small file may unpack to millions."""
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def limit(memory: int) -> None:
    """Bound the address space of this process, and write no core file."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def peak_memory() -> int:
    """Most bytes that this process has had in memory; 0 where the system hides it. ``ru_maxrss`` counts its parent too."""
    status = Path("/proc/self/status")
    match = _PEAK.search(status.read_text()) if status.exists() else None
    return int(match[1]) << 10 if match else 0


def most_records(path: Path) -> int:
    """How many records a file may hold."""
    if not is_gzip(path):
        return MOST_RECORDS
    return min(MOST_RECORDS, max(_FEW_RECORDS, path.stat().st_size // _PACKED_BYTES))


def bounded(items: Iterable[Document | Unreadable], most: int) -> Iterator[Document | Unreadable]:
    """The items, as long as they are not too many, and not too many of them are unreadable.

    Raises:
        Unreadable: more than MOST_BAD are unreadable, or there are more than ``most``.
    """
    bad = 0
    for number, found in enumerate(items, 1):
        if number > most:
            raise Unreadable(f"it holds more than {most:,} records; split it, or unpack it if it is compressed")
        item = _checked(found)
        if isinstance(item, Unreadable) and not isinstance(item, Notice):
            bad += 1
            if bad > MOST_BAD:
                raise Unreadable(f"more than {MOST_BAD:,} of its records cannot be read")
        yield item


def _checked(item: Document | Unreadable) -> Document | Unreadable:
    try:
        return named(item) if isinstance(item, Document) else item
    except Unreadable as problem:
        return problem


def _frame(item: Document | Unreadable) -> dict[str, Any]:
    if isinstance(item, Document):
        return {"document": asdict(item)}
    return {"notice" if isinstance(item, Notice) else "problem": str(item)}


def serve(memory: int) -> None:
    """Answer requests until standard input ends."""
    frames = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # whatever a library prints must not look like a frame
    limit(memory)
    language_of("Words that load what tells languages apart.", Hints())
    print(json.dumps({"ready": True}), file=frames, flush=True)
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        source = SourceFile(Path(request["path"]), request["name"])
        hints = Hints(request["fields"], request["language"], request["kind"])
        has_failed = True
        try:
            for item in bounded(load(source, hints), most_records(source.path)):
                print(json.dumps(_frame(item), ensure_ascii=True), file=frames)
            end, has_failed = None, False
        except Unreadable as problem:
            end, has_failed = str(problem), False
        except MemoryError:
            end = f"it needs more than {memory >> 20} MiB to parse"
        except (OSError, RecursionError) as error:
            end = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - a parser met a file that it was not written for; the file is at fault
            end = f"the parser failed ({type(error).__name__})"
        is_spent = has_failed or 4 * peak_memory() > 3 * memory  # what a library has once taken it seldom gives back
        print(json.dumps({"end": end, "spent": is_spent}), file=frames, flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
