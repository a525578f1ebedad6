from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from clara.config import Settings
from clara.errors import SettingsError
from clara.knowledge.base import Query
from clara.knowledge.embedding.reranker import CrossEncoderReranker
from clara.knowledge.index.store import KnowledgeBase
from clara.knowledge.retrieval.retriever import RERANKED, HybridRetriever
from tests.knowledge.fakes import HashEmbedder, document


class ByLength:
    """Stands for the model: short passages score high. Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        self.asked.append((question, tuple(passages)))
        return [-float(len(passage)) for passage in passages]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    opened = KnowledgeBase(tmp_path / "kb" / "small", HashEmbedder(), create=True)
    opened.add(document(f"d{n}", f"Glaucoma {' '.join(f'word{n}x{m}' for m in range(n + 1))}.") for n in range(12))
    yield opened
    opened.close()


def test_the_rerankers_order_and_scores_count(base: KnowledgeBase) -> None:
    reranker = ByLength()
    retriever = HybridRetriever([base], reranker=reranker)
    plain = HybridRetriever([base]).search_batch([(Query(("glaucoma word11x0",)), 3)])[0]
    assert plain[0].id == "d11#0"
    found = retriever.search_batch([(Query(("glaucoma word11x0",)), 3)])[0]
    assert found[0].id != "d11#0"
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)
    lengths = [len(f"{passage.title}. {passage.text}") for passage in found]
    assert lengths == sorted(lengths)
    assert found[0].score == -lengths[0]


def test_it_reads_more_than_are_shown_and_the_first_wording(base: KnowledgeBase) -> None:
    reranker = ByLength()
    query = Query(("which glaucoma", "another wording"))
    found = HybridRetriever([base], reranker=reranker).search_batch([(query, 2)])[0]
    assert len(found) == 2
    [(question, passages)] = reranker.asked
    assert question == "which glaucoma"
    assert len(passages) == RERANKED * 2
    assert passages[0].startswith("D")  # the title stands in front


def test_nothing_found_is_nothing_to_put_in_order(tmp_path: Path) -> None:
    empty = KnowledgeBase(tmp_path / "kb" / "empty", HashEmbedder(), create=True)
    assert HybridRetriever([empty], reranker=ByLength()).search_batch([(Query(("x",)), 3)]) == [()]


def test_a_missing_extra_says_what_to_install(built_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(SettingsError, match=r"the reranker 'some/model' needs.*pip install 'clara-agent\[models\]'"):
        CrossEncoderReranker("some/model")
    with pytest.raises(SettingsError, match="some/model"):
        HybridRetriever.from_settings(Settings(home=built_home, reranker="some/model"))
