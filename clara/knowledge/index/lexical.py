"""BM25 over passages (bm25s), with tokens that work for Latin letters, Chinese and Devanagari.

Reference: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009. The
variant is Lucene's, with Anserini's k1 = 0.9 and b = 0.4 (benchmarks/retrieval.py compares others).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from clara.files import sync_folder
from clara.language.text import search_tokens

logging.getLogger("bm25s").setLevel(logging.WARNING)


_K1, _B = 0.9, 0.4
_RECIPE = f"k1={_K1} b={_B} title=3 tokens=2"
"""Changes with what is indexed and how, so that an index on disk that was made otherwise is made again."""


_ABOUT = "about.json"
"""File that says what an index holds, with the checksums of the others."""


def _digests(folder: Path) -> dict[str, str]:
    """Name and SHA-256 of each file of an index, but for the one that says them."""
    digests: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.name != _ABOUT:
            with path.open("rb") as file:
                digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


class LexicalIndex:
    """Scores passages by the words they share with a query. Position i belongs to the i-th text given to :meth:`build`."""

    def __init__(self, scorer: Any, size: int) -> None:
        self._scorer = scorer
        self._size = size

    @classmethod
    def build(cls, texts: Iterable[str]) -> LexicalIndex:
        """Index texts."""
        tokens = [search_tokens(text) for text in texts]
        if not any(tokens):
            return cls(None, len(tokens))
        scorer = bm25s.BM25(k1=_K1, b=_B)
        scorer.index(tokens, show_progress=False)
        return cls(scorer, len(tokens))

    def top(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> list[tuple[int, float]]:
        """Positions and scores of the ``k`` best passages that share at least one word, best first.

        Args:
            query: the text to look for.
            k: how many.
            allowed: shape (passages,), False for those that must not be found.
        """
        scores = self.scores(search_tokens(query))
        if scores is None:
            return []
        if allowed is not None:
            scores = np.where(allowed, scores, np.float32(0))
        count = min(k, self._size)
        best = np.argpartition(-scores, count - 1)[:count]
        order = best[np.lexsort((best, -scores[best]))]
        return [(int(i), float(scores[i])) for i in order[scores[order] > 0]]

    def scores(self, tokens: Sequence[str]) -> NDArray[np.float32] | None:
        """BM25 score of every passage, or None if no token is known."""
        if self._scorer is None:
            return None
        known = list(filter(self._scorer.vocab_dict.__contains__, tokens))
        if not known:
            return None
        return np.asarray(self._scorer.get_scores(known), dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write the index with a checksum; the folder is replaced whole and synced, so a crash leaves the old one or none.

        Raises:
            OSError: the disk refuses, or another process that saves the same index was quicker.
        """
        fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
        try:
            if self._scorer is not None:
                self._scorer.save(str(fresh), show_progress=False)
            about = {"size": self._size, "recipe": _RECIPE, "files": _digests(fresh)}
            (fresh / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
            for path in fresh.iterdir():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            sync_folder(fresh)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path, size: int) -> LexicalIndex:
        """Read an index of ``size`` passages, its arrays mapped from disk.

        Raises:
            OSError, ValueError, EOFError, KeyError, TypeError: it is missing, damaged or of another size; build it again.
        """
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if (about["recipe"], about["size"]) != (_RECIPE, size):
            raise ValueError("another recipe or size")
        if about["files"] != _digests(folder):
            raise ValueError("a file is damaged")
        if not (folder / "params.index.json").exists():
            return cls(None, size)
        return cls(bm25s.BM25.load(str(folder), mmap=True, show_progress=False), size)
