"""What is recorded, and what must hold of every state that it may leave."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from clara.backbone.openai.cache import ReplyCache
from clara.backbone.openai.reply import Completion
from clara.bench.replay.journal import JOURNAL, MANIFEST, Journal
from clara.chat.store import FILE, open_store
from clara.chat.turns import Turn
from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.corpus.documents import Document
from clara.knowledge.index.folder import make_kb_folder
from clara.knowledge.index.record import KnowledgeRecord

ROUNDS = 12
Promise = Callable[[int], None]
"""Say that what has this number is durable."""


def write_journal(folder: Path, promise: Promise) -> None:
    for begin in (0, ROUNDS):
        with Journal(folder / "run", {"version": 2}, resume=begin > 0) as journal:
            for number in range(begin, begin + ROUNDS):
                journal.append({"id": number, "text": "x" * 700}).result()
                promise(number)


def check_journal(folder: Path, promised: set[int]) -> None:
    if not (folder / "run").is_dir():
        assert not promised, "the run folder is gone"
        return
    begun = any((folder / "run" / name).exists() for name in (MANIFEST, JOURNAL))
    with Journal(folder / "run", {"version": 2}, resume=begun) as journal:
        numbers = [record["id"] for record in journal.records()]
    assert promised <= set(numbers), f"lost: {sorted(promised - set(numbers))}"
    assert len(set(numbers)) == len(numbers), "a record stands twice"


def write_record(folder: Path, promise: Promise) -> None:
    base = folder / "kb" / "mine"
    make_kb_folder(base)
    for begin in (0, ROUNDS):
        with closing(KnowledgeRecord(base / "record.sqlite")) as record:
            for number in range(begin, begin + ROUNDS):
                document = Document(str(number), f"Title {number}", "text " * 300)
                record.put([(document, [Chunk(f"{number}#0", document, "", document.text)])])
                promise(number)


def check_record(folder: Path, promised: set[int]) -> None:
    path = folder / "kb" / "mine" / "record.sqlite"
    if not path.parent.is_dir():
        assert not promised, "the folder of the knowledge base is gone"
        return
    with closing(KnowledgeRecord(path)) as record:
        numbers = set(map(int, record.fingerprints()))
    _check_sqlite(path)
    assert promised <= numbers, f"lost: {sorted(promised - numbers)}"


def write_cache(folder: Path, promise: Promise) -> None:
    async def fill() -> None:
        for begin in (0, ROUNDS):
            cache = ReplyCache(folder / "cache" / "replies.sqlite", 100)
            for number in range(begin, begin + ROUNDS):
                cache.put(_key(number), _reply(number))
                await cache.get(_key(number))
            await cache.aclose()

    del promise  # a cache may forget
    asyncio.run(fill())


def check_cache(folder: Path, promised: set[int]) -> None:
    del promised

    async def read() -> None:
        cache = ReplyCache(folder / "cache" / "replies.sqlite", 100)
        for number in range(2 * ROUNDS):
            reply = await cache.get(_key(number))
            assert reply is None or reply.text == _reply(number).text, "a reply is another one"
        cache.put(_key(0), _reply(0))
        assert await cache.get(_key(0)) is not None, "the cache keeps nothing any more"
        await cache.aclose()

    asyncio.run(read())


def write_chat(folder: Path, promise: Promise) -> None:
    for begin in (0, ROUNDS):
        with open_store(folder / "chat") as store:
            for number in range(begin, begin + ROUNDS):
                row = store.add("c", _turn(number))
                store.replace(row, _turn(number))
                promise(number)


def check_chat(folder: Path, promised: set[int]) -> None:
    if not (folder / "chat").is_dir():
        assert not promised, "the folder of the conversations is gone"
        return
    with open_store(folder / "chat") as store:
        numbers = [int(turn.asked) for turn in store.load("c")]
    _check_sqlite(folder / "chat" / FILE)
    assert promised <= set(numbers), f"lost: {sorted(promised - set(numbers))}"


@dataclass(frozen=True, slots=True)
class Workload:
    """What writes, and what must hold afterwards: the check raises where it does not."""

    write: Callable[[Path, Promise], None]
    check: Callable[[Path, set[int]], None]


WORKLOADS = {
    "journal": Workload(write_journal, check_journal),
    "record": Workload(write_record, check_record),
    "cache": Workload(write_cache, check_cache),
    "chat": Workload(write_chat, check_chat),
}


def _key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _reply(number: int) -> Completion:
    return Completion(text=f"reply {number} " * 200, finish="stop")


def _turn(number: int) -> Turn:
    return Turn(str(number), "What is the cornea? " * 40, "en", "clara", "2026-01-01T00:00:00")


def _check_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the file is damaged"


def main() -> None:
    name, folder, acknowledged = sys.argv[1:]
    descriptor = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    WORKLOADS[name].write(Path(folder), lambda number: void(os.write(descriptor, b"%d\n" % number)))


def void(_value: object) -> None:
    """Take a value and give none."""


if __name__ == "__main__":
    main()
