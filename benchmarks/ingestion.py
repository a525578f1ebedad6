"""How fast files become a knowledge base, beside the rate at which bare Chroma takes the same vectors in the same run.

    python benchmarks/ingestion.py medquad_full.jsonl.gz

Each part runs in a process of its own: ``ingest`` reads, cuts, embeds and indexes the file as ``clara kb add`` does; the
others add the vectors that came out of it, with the same metadata, to an empty Chroma collection of the same
configuration: once with the passages' texts, as Chroma is mostly used, and once without, as CLARA uses it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clara.knowledge.embedding.static import StaticEmbedder
from clara.knowledge.index.store import KnowledgeBase
from clara.knowledge.index.vectors import BATCH, open_client
from clara.knowledge.ingestion import ingest


def our_part(file: Path, folder: Path) -> dict[str, Any]:
    """Seconds, passages and memory of an ingestion."""
    embedder = StaticEmbedder()
    begin = time.perf_counter()
    base = KnowledgeBase(folder, embedder, create=True)
    result = ingest(base, [str(file)])
    spent = time.perf_counter() - begin
    base.postings()
    lexical = time.perf_counter() - begin - spent
    again = time.perf_counter()
    unchanged = ingest(base, [str(file)]).change.unchanged
    found = {
        "documents": result.change.added,
        "passages": result.change.passages,
        "left_out": result.left_out,
        "seconds": spent,
        "lexical_seconds": lexical,
        "again_seconds": time.perf_counter() - again,
        "unchanged": unchanged,
    }
    base.close()
    return {**found, **memory()}


def bare_part(folder: Path, empty: Path, *, texts: bool) -> dict[str, Any]:
    """Seconds that Chroma takes to add what the knowledge base in ``folder`` holds, with or without the texts."""
    base = KnowledgeBase(folder, StaticEmbedder())
    stored = base._vectors._collection.get(include=["embeddings", "metadatas"])
    parts = dict(base.record.chunks())
    documents = [parts[int(number)].text for number in stored["ids"]] if texts else None
    configuration = {"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}}
    collection = open_client(empty).create_collection("bare", configuration=configuration, embedding_function=None)
    begin = time.perf_counter()
    for at in range(0, len(stored["ids"]), BATCH):
        part = slice(at, at + BATCH)
        collection.add(
            ids=stored["ids"][part],
            embeddings=stored["embeddings"][part],
            metadatas=stored["metadatas"][part],
            documents=documents[part] if documents else None,
        )
    spent = time.perf_counter() - begin
    base.close()
    return {"passages": collection.count(), "seconds": spent}


def memory() -> dict[str, float]:
    """Most memory of this process and of the largest of its children, in MiB."""
    usage = {"own_mib": resource.RUSAGE_SELF, "child_mib": resource.RUSAGE_CHILDREN}
    return {name: resource.getrusage(who).ru_maxrss / 1024 for name, who in usage.items()}


def _tell(place: Any, part: Callable[..., dict[str, Any]], args: tuple[Path, ...], more: dict[str, bool]) -> None:
    place.send(part(*args, **more))


def apart(part: Callable[..., dict[str, Any]], *args: Path, **more: bool) -> dict[str, Any]:
    """What ``part`` finds out in a fresh process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_tell, args=(theirs, part, args, more))
    process.start()
    theirs.close()
    found: dict[str, Any] = ours.recv()
    process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        mine = Path(place) / "kb" / "mine"
        ours = apart(our_part, given.file, mine)
        usual = apart(bare_part, mine, Path(place) / "usual", texts=True)
        lean = apart(bare_part, mine, Path(place) / "lean", texts=False)
    rate = ours["passages"] / ours["seconds"]
    print(f"{ours['documents']:,} documents, {ours['passages']:,} passages, {ours['left_out']} left out")
    print(f"ingest:      {ours['seconds']:6.1f} s, {rate:,.0f} passages a second")
    for name, bare in (("bare Chroma, texts stored as usual", usual), ("bare Chroma, no texts, as CLARA", lean)):
        bare["ratio"] = rate / (bare["passages"] / bare["seconds"])
        print(
            f"{name}: {bare['seconds']:.1f} s, {bare['passages'] / bare['seconds']:,.0f} a second; ratio {bare['ratio']:.2f}"
        )
    print(f"BM25 index:  {ours['lexical_seconds']:6.1f} s")
    print(f"again:       {ours['again_seconds']:6.1f} s for {ours['unchanged']:,} unchanged documents")
    print(f"memory:      {ours['own_mib']:,.0f} MiB at most, a parser {ours['child_mib']:,.0f} MiB")
    if given.json:
        given.json.write_text(json.dumps({"ingest": ours, "bare": usual, "bare_without_texts": lean}, indent=1))


if __name__ == "__main__":
    main()
