"""Kills ingestion at random moments and checks what is left; in the end the store must equal one that was never killed.

    python benchmarks/kill_ingestion.py --kills 100

A child process opens the knowledge base (which repairs the index), checks that everything acknowledged before is there and
that the index holds exactly the record's passages and answers, then adds a version of 400 documents. It is killed with
SIGKILL after a random time, opening included. When it gets through, the next ones add another version.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clara.knowledge.corpus.documents import Document
from clara.knowledge.embedding.static import StaticEmbedder
from clara.knowledge.index import indexer, store, vectors
from clara.knowledge.index.store import KnowledgeBase

DOCUMENTS = 400
BATCH = 32
"""Documents in a transaction and passages in a call of Chroma, few so that there are many moments to be killed at."""
_WORDS = ("cornea", "lens", "retina", "macula", "iris", "uvea", "optic", "nerve", "pressure", "vessel", "choroid", "sclera")


def documents(version: int) -> Iterator[Document]:
    """Documents of a version; every third one has another text in each."""
    for number in range(DOCUMENTS):
        kind = version if number % 3 == 0 else 0
        draw = random.Random(number * 10 + kind)
        text = " ".join(f"Fact {n} of {number}: {' '.join(draw.choices(_WORDS, k=12))}." for n in range(draw.randint(5, 40)))
        yield Document(f"d{number}", f"Title {number}", text)


@dataclass(slots=True)
class Told:
    """What a child said before it ended."""

    opened: bool = False
    acknowledged: int = 0
    finished: bool = False
    problems: tuple[str, ...] = ()


def child(folder: Path, version: int, expected: dict[str, str], out: int) -> None:
    """Open, check, add; every fact is written to ``out`` as soon as it is true."""

    def say(**fact: object) -> None:
        os.write(out, json.dumps(fact).encode() + b"\n")

    store.BATCH = indexer.BATCH = vectors.BATCH = BATCH
    base = KnowledgeBase(folder, StaticEmbedder(), create=True)
    say(problems=check(base, expected, prints(version)))
    base.add(documents(version), progress=lambda read, _passages: say(acknowledged=read))
    say(finished=True)
    base.close()


def prints(version: int) -> dict[str, str]:
    """Fingerprint of each document of a version."""
    return {document.id: document.fingerprint for document in documents(version)}


def check(base: KnowledgeBase, expected: dict[str, str], newer: dict[str, str]) -> list[str]:
    """What is wrong with a store that has just been opened; what was written but not acknowledged may be there too."""
    found, problems = base.record.fingerprints(), list[str]()
    if lost := [name for name, old in expected.items() if found.get(name) not in (old, newer[name])]:
        problems.append(f"{len(lost)} acknowledged documents are lost, {lost[0]} the first")
    numbers = base.record.numbers()
    if base._vectors.numbers() != set(numbers):
        problems.append("the index does not hold the record's passages")
    if numbers:
        sample = random.Random(0).sample(numbers, min(20, len(numbers)))
        if not base._mirror.answers(sample):
            problems.append("the index does not answer for a passage")
        base.postings()
    return problems


def run_and_kill(folder: Path, version: int, expected: dict[str, str], seconds: float | None) -> Told:
    """One child, killed after ``seconds``."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            child(folder, version, expected, write)
        except BaseException as error:  # noqa: BLE001
            os.write(write, json.dumps({"problems": [f"{type(error).__name__}: {error}"]}).encode() + b"\n")
            os._exit(1)
        os._exit(0)
    os.close(write)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(read, "rb") as pipe:
        lines = [json.loads(line) for line in pipe.read().splitlines() if line.endswith(b"}")]
    os.waitpid(pid, 0)
    told = Told()
    for fact in lines:
        told.opened = True
        told.acknowledged = fact.get("acknowledged", told.acknowledged)
        told.finished = fact.get("finished", told.finished)
        told.problems += tuple(fact.get("problems", ()))
    return told


def contents(folder: Path) -> dict[str, object]:
    """What a finished store holds: documents, passages and vectors."""
    base = KnowledgeBase(folder, StaticEmbedder())
    by_number = {str(number): part.id for number, part in base.record.chunks()}
    stored = base._vectors._collection.get(include=["embeddings"])
    by_passage = {by_number[n]: v.tobytes() for n, v in zip(stored["ids"], stored["embeddings"], strict=True)}
    found = {
        "documents": base.record.fingerprints(),
        "passages": {part.id: part.text for _, part in base.record.chunks()},
        "vectors": by_passage,
    }
    base.close()
    return found


def kill_often(folder: Path, kills: int, seed: int, longest: float) -> tuple[list[str], int, int]:
    """Kill ``kills`` times; then let the last version finish.

    Returns:
        Problems, children that had opened the store when they were killed, and runs that got through.
    """
    draw = random.Random(seed)
    order = [d.id for d in documents(0)]
    expected: dict[str, str] = {}
    version, opened, finished, problems = 0, 0, 0, list[str]()
    for number in range(kills):
        told = run_and_kill(folder, version, expected, draw.uniform(0.05, longest))
        problems += [f"kill {number}: {problem}" for problem in told.problems]
        opened += told.opened
        now = prints(version)
        expected |= {name: now[name] for name in order[: told.acknowledged]}
        if told.finished:
            finished, version = finished + 1, version + 1
    told = run_and_kill(folder, version, expected, None)
    problems += [f"the end: {problem}" for problem in told.problems]
    told = run_and_kill(folder, 0, prints(version), None)
    problems += [f"after the end: {problem}" for problem in told.problems]
    return problems, opened, finished


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        calm, killed = Path(place) / "calm", Path(place) / "killed"
        begin = time.perf_counter()
        run_and_kill(calm, 0, {}, None)
        whole = time.perf_counter() - begin
        print(f"undisturbed: {whole:.1f} s for {DOCUMENTS} documents")
        problems, opened, finished = kill_often(killed, given.kills, given.seed, whole * 1.2)
        before = run_and_kill(calm, 0, {}, None)
        problems += before.problems
        read, write = os.pipe()
        pid = os.fork()  # Chroma must not live in this process, which forks
        if pid == 0:
            os.write(write, b"1" if contents(calm) == contents(killed) else b"0")
            os._exit(0)
        os.waitpid(pid, 0)
        if os.read(read, 1) != b"1":
            problems.append("the finished store differs from one that was never killed")
    print(f"{given.kills} kills: {opened} after the store was open, {finished} runs got through; problems: {len(problems)}")
    for problem in problems:
        print(" ", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
