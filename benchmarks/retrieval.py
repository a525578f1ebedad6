"""How well the embedded profile finds what answers a question: labelled questions, parallel ones, and the time of one query.

    python benchmarks/retrieval.py --labelled medquad_eye.jsonl
    python benchmarks/retrieval.py --labelled medquad_full.jsonl.gz --limit 1500
    python benchmarks/retrieval.py --parallel --augment

``--labelled`` ingests a MedQuAD file and asks its questions, with each of the two parts alone beside their fusion, and every
query once more by itself for its time. ``--parallel`` asks the shipped sample in seven languages, through the glossary and
untranslated. ``--augment`` indexes the notes without titles in other languages, and asks with those titles and with the
untranslated sample: with nothing beside the notes, with the glossary's names, and with the titles themselves.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from clara import resources
from clara.cli.kb.evaluate import through_glossary
from clara.knowledge.base import Query
from clara.knowledge.corpus.augmentation import GlossaryAugmenter
from clara.knowledge.corpus.documents import Document
from clara.knowledge.corpus.notes import read_notes
from clara.knowledge.embedding.static import StaticEmbedder
from clara.knowledge.glossary import shipped_glossary
from clara.knowledge.index.store import KnowledgeBase
from clara.knowledge.ingestion import ingest
from clara.knowledge.retrieval.evaluation import Labelled, Parallel, evaluate_labelled, evaluate_parallel
from clara.knowledge.retrieval.labels import read_questions
from clara.knowledge.retrieval.retriever import DENSE_ONLY, LEXICAL_ONLY, HybridRetriever, Weights
from clara.language.codes import SEVEN

COMPARED = ((0.5, 1.6), (0.7, 1.2), (1.0, 1.3), (1.0, 1.0), (1.3, 1.0))
"""Weights of the dense and the lexical list."""
SHOWN = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")


def as_asked(text: str, code: str) -> Query:
    """The query untranslated."""
    return Query((text,), language=code)


def labelled(base: KnowledgeBase, file: Path, limit: int | None, *, compare: bool) -> None:
    """Recall, MRR and nDCG of fusion and parts, and the time of single queries."""
    questions = [question for question in read_questions(file) if isinstance(question, Labelled)]
    if limit is not None and len(questions) > limit:
        questions = [questions[at * len(questions) // limit] for at in range(limit)]
    print(f"{file.name}: {base.record.counts()}, {len(questions)} questions")
    for name, weights in (("fusion", Weights()), ("dense", DENSE_ONLY), ("lexical", LEXICAL_ONLY)):
        found = evaluate_labelled(HybridRetriever([base], weights), questions, as_asked)
        print(f"  {name:8}" + "".join(f"  {key} {found[key]:.3f}" for key in SHOWN) + f"  {found['ms_per_query']:.1f} ms")
    if compare:
        for dense, lexical in COMPARED:
            found = evaluate_labelled(HybridRetriever([base], Weights(dense, lexical)), questions, as_asked)
            print(f"  {dense:.1f} : {lexical:.1f}" + "".join(f"  {key} {found[key]:.3f}" for key in SHOWN))
    times = single_queries(HybridRetriever([base]), questions)
    print(f"  one at a time, k = 6: median {np.median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms")


def single_queries(retriever: HybridRetriever, questions: Sequence[Labelled]) -> list[float]:
    """Milliseconds of each query by itself, after a few that warm up."""
    times: list[float] = []
    for question in questions[:5] + list(questions):
        begin = time.perf_counter()
        retriever.search_batch([(Query((question.text,)), 6)])
        times.append(1000 * (time.perf_counter() - begin))
    return times[5:]


def sample() -> list[Parallel]:
    """The shipped sample benchmark."""
    return [question for question in read_questions(resources.SAMPLE_BENCHMARK) if isinstance(question, Parallel)]


def parallel(base: KnowledgeBase) -> None:
    """Overlap with the English ranking and rank spread, through the glossary and untranslated."""
    questions = sample()
    print(f"the shipped sample: {len(questions)} questions; overlap@10 with English (rank spread)")
    retriever = HybridRetriever([base])
    through, untranslated = (evaluate_parallel(retriever, questions, ask) for ask in (through_glossary(), as_asked))
    for code in through["languages"]:
        cells = [found["languages"][code] for found in (through, untranslated)]
        said = [f"{cell['overlap@10']:.3f} ({cell['rank_spread']:.1f})" for cell in cells]
        print(f"  {code:4} glossary {said[0]}  untranslated {said[1]}")


def augmented(place: Path, embedder: StaticEmbedder) -> None:
    """Recall of untranslated titles with nothing, the glossary's names, and the titles themselves indexed."""
    notes = list(read_notes())
    bare = [replace(note.document(), also=note.head.synonyms) for note in notes]
    questions = [Labelled(title, frozenset({note.slug}), code) for note in notes for code, title in note.head.titles.items()]
    print(f"{len(notes)} notes without titles in other languages, asked with these: recall@5 (MRR@10)")
    ways: tuple[tuple[str, list[Document], GlossaryAugmenter | None], ...] = (
        ("nothing", bare, None),
        ("glossary", bare, GlossaryAugmenter(shipped_glossary(), tuple(SEVEN))),
        ("titles", [note.document() for note in notes], None),
    )
    for name, documents, augmenter in ways:
        base = KnowledgeBase(place / "kb" / name, embedder, create=True)
        base.add(documents, augmenter=augmenter)
        with closing(HybridRetriever([base])) as retriever:
            found = evaluate_labelled(retriever, questions, as_asked)["languages"]
            cells = [f"{code} {row['recall@5']:.3f} ({row['mrr@10']:.3f})" for code, row in found.items()]
            print(f"  {name:9}" + "  ".join(cells))
            rows = evaluate_parallel(retriever, sample(), as_asked)["languages"]
            print("    overlap  " + "  ".join(f"{code} {row['overlap@10']:.3f}" for code, row in rows.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labelled", type=Path, metavar="FILE")
    parser.add_argument("--limit", type=int, help="only N labelled questions, spread evenly")
    parser.add_argument("--compare", action="store_true", help="with other weights of the two parts as well")
    parser.add_argument("--parallel", action="store_true")
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--store", type=Path, help="keep the knowledge bases here and use those that are there")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    embedder = StaticEmbedder()
    with tempfile.TemporaryDirectory() as scratch:
        place = given.store or Path(scratch)
        if given.labelled:
            name = given.labelled.name.split(".")[0]
            with closing(KnowledgeBase(place / "kb" / name, embedder, create=True)) as base:
                ingest(base, [str(given.labelled)])
                labelled(base, given.labelled, given.limit, compare=given.compare)
        if given.parallel:
            with closing(KnowledgeBase(place / "kb" / "notes", embedder, create=True)) as base:
                base.add(note.document() for note in read_notes())
                parallel(base)
        if given.augment:
            augmented(place, embedder)


if __name__ == "__main__":
    main()
