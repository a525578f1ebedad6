from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from chromadb.api.shared_system_client import SharedSystemClient

from clara.config import Settings
from clara.errors import NoKnowledgeBase
from clara.knowledge.base import Query
from clara.knowledge.index.store import KnowledgeBase
from clara.knowledge.retrieval.retriever import HybridRetriever, Weights
from clara.types import Passage
from tests.knowledge.fakes import CORNEA, GLAUCOMA, LENS, HashEmbedder, document

DRUG = document("timolol", "Timolol drops lower the pressure in glaucoma.", kind="drug")
WEB = document("website", "The pressure in glaucoma falls under many drops.", kind="web")
QUESTIONS = [
    "What is the treatment of acute angle closure?",
    "síntomas del desprendimiento de retina",
    "白内障手术后眼内炎",
    "मोतियाबिंद का उपचार",
    "clear window of the eye",
    "What is the treatment of acute angle closure?",
]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[HybridRetriever]:
    base = KnowledgeBase(tmp_path / "kb" / "small", HashEmbedder(), create=True)
    base.add([CORNEA, LENS, GLAUCOMA, DRUG, WEB])
    retriever = HybridRetriever([base])
    yield retriever
    retriever.close()


@pytest.fixture
def shipped(built_home: Path) -> Iterator[HybridRetriever]:
    retriever = HybridRetriever.from_settings(Settings(home=built_home))
    yield retriever
    retriever.close()


async def ids(retriever: HybridRetriever, *texts: str, k: int = 8, **query: object) -> list[str]:
    return [passage.id for passage in await retriever.search(Query(texts, **query), k)]  # type: ignore[arg-type]


async def test_best_first_with_the_documents_facts(small: HybridRetriever) -> None:
    found = await small.search(Query(("Which drops lower the pressure: timolol?",)), 3)
    assert (found[0].id, found[0].title, found[0].kind) == ("timolol#0", "Timolol", "drug")
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)
    assert len(await small.search(Query(("pressure",)), 1)) == 1


async def test_weights_of_the_kinds_change_the_order(small: HybridRetriever) -> None:
    query = "pressure in glaucoma under drops"
    light = await ids(small, query, kinds={"drug": 1.0, "web": 0.1})
    heavy = await ids(small, query, kinds={"drug": 0.1, "web": 1.0})
    assert light.index("timolol#0") < light.index("website#0")
    assert heavy.index("website#0") < heavy.index("timolol#0")


async def test_weights_of_the_wordings_change_the_order(small: HybridRetriever) -> None:
    wordings = ("clear window cornea", "lens focuses light")
    assert (await ids(small, *wordings, weights=(1.0, 0.1)))[0] == "cornea#0"
    assert (await ids(small, *wordings, weights=(0.1, 1.0)))[0] == "lens#0"


@pytest.mark.parametrize("weights", [Weights(dense=0), Weights(lexical=0)])
async def test_either_list_alone_finds_the_passage(small: HybridRetriever, weights: Weights) -> None:
    alone = HybridRetriever(small.bases, weights)
    assert (await ids(alone, "clear window cornea"))[0] == "cornea#0"


async def test_near_duplicates_are_left_out_and_the_better_one_stays(tmp_path: Path) -> None:
    text = "Timolol is a beta blocker that lowers the aqueous production of the ciliary body in glaucoma patients"
    base = KnowledgeBase(tmp_path / "kb" / "twins", HashEmbedder(), create=True)
    base.add([document("one", text + "."), document("two", text + " today."), LENS])
    retriever = HybridRetriever([base])
    found = await ids(retriever, "timolol beta blocker aqueous production today")
    assert len({"one#0", "two#0"} & set(found)) == 1
    strict = HybridRetriever([base], Weights(near_duplicate=1.1))
    assert {"one#0", "two#0"} <= set(await ids(strict, "timolol beta blocker aqueous production today"))


async def test_several_bases_are_fused(small: HybridRetriever, tmp_path: Path) -> None:
    other = KnowledgeBase(tmp_path / "kb" / "other", HashEmbedder(), create=True)
    other.add([document("uvea", "The uvea is the vascular coat.")])
    both = HybridRetriever([*small.bases, other])
    found = await ids(both, "vascular uvea", "clear window cornea")
    assert set(found[:2]) == {"uvea#0", "cornea#0"}


async def test_an_empty_base_gives_nothing(tmp_path: Path) -> None:
    empty = HybridRetriever([KnowledgeBase(tmp_path / "kb" / "empty", HashEmbedder(), create=True)])
    assert await empty.search(Query(("cornea",)), 5) == ()


async def test_concurrent_searches_give_the_same_as_single_ones(shipped: HybridRetriever) -> None:
    queries = [Query((text,), kinds={"drug": 0.5}) for text in QUESTIONS]
    single = [await shipped.search(query, 6) for query in queries]
    together = await asyncio.gather(*(shipped.search(query, 6) for query in queries * 3))
    assert together == single * 3
    assert all(len(found) == 6 for found in single)


class Counting(HybridRetriever):
    """Remembers the sizes of its batches, and waits before the first of them if it is told to."""

    def __init__(self, bases: Sequence[KnowledgeBase]) -> None:
        super().__init__(bases)
        self.batches: list[int] = []
        self.started, self.gate = threading.Event(), threading.Event()
        self.gate.set()

    def search_batch(self, queries: Sequence[tuple[Query, int]]) -> list[tuple[Passage, ...]]:
        self.batches.append(len(queries))
        self.started.set()
        assert self.gate.wait(10)
        return super().search_batch(queries)


async def test_waiting_searches_go_together(small: HybridRetriever) -> None:
    counting = Counting(small.bases)
    await asyncio.gather(*(ids(counting, f"cornea {i}") for i in range(20)))
    assert sum(counting.batches) == 20
    assert len(counting.batches) <= 2


async def test_a_cancelled_asker_does_not_hurt_the_others(small: HybridRetriever) -> None:
    expected = await ids(small, "cornea", k=3)
    slow = Counting(small.bases)
    slow.gate.clear()
    first = asyncio.create_task(ids(slow, "lens", k=3))
    second = asyncio.create_task(ids(slow, "cornea", k=3))
    await asyncio.to_thread(slow.started.wait, 5)
    third = asyncio.create_task(ids(slow, "cornea", k=3))
    first.cancel()
    await asyncio.sleep(0)
    slow.gate.set()
    assert await asyncio.wait_for(second, 5) == expected
    assert await asyncio.wait_for(third, 5) == expected
    assert first.cancelled()
    assert await ids(small, "cornea", k=3) == expected


async def test_a_failing_search_reaches_every_asker_and_the_next_one_works(
    small: HybridRetriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(small.bases[0].embedder, "embed_queries", lambda texts: 1 / 0)
        results = await asyncio.gather(ids(small, "a"), ids(small, "b"), return_exceptions=True)
    assert [type(result) for result in results] == [ZeroDivisionError] * 2
    assert (await ids(small, "clear window cornea"))[0] == "cornea#0"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("corneal cross-linking for keratoconus", "corneal-cross-linking"),
        ("blefaroespasmo y espasmo hemifacial", "blepharospasm-hemifacial-spasm"),
        ("真菌性角膜炎", "fungal-keratitis"),
        ("मंददृष्टि", "amblyopia"),
    ],
)
async def test_the_shipped_base_is_searched_in_any_of_its_languages(
    shipped: HybridRetriever, query: str, wanted: str
) -> None:
    assert wanted in {passage_id.split("#")[0] for passage_id in await ids(shipped, query, k=6)}


def test_a_base_that_is_not_built_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoKnowledgeBase, match="clara kb add --kb mine"):
        HybridRetriever.from_settings(Settings(home=tmp_path, kb=("mine",)))


SPANISH = [
    document("glaucoma_es", "El glaucoma daña el nervio óptico y estrecha el campo visual.", language="es"),
    document("gotas_es", "Las gotas bajan la presión del ojo.", language="es", kind="drug"),
]
UNRELATED = [
    document(f"unrelated{n}", f"A nervio campo visual report number {n} of a workshop on radio masts.") for n in range(30)
]


@pytest.fixture
def bilingual(tmp_path: Path) -> Iterator[HybridRetriever]:
    """Two Spanish passages among many unrelated English ones that share the words of a Spanish query."""
    base = KnowledgeBase(tmp_path / "kb" / "bilingual", HashEmbedder(), create=True)
    base.add([CORNEA, LENS, GLAUCOMA, DRUG, *SPANISH, *UNRELATED])
    retriever = HybridRetriever([base])
    yield retriever
    retriever.close()


async def test_a_passage_in_the_askers_language_is_not_crowded_out_by_unrelated_english_ones(
    bilingual: HybridRetriever,
) -> None:
    query = "nervio campo visual number report"
    inclined = HybridRetriever(bilingual.bases, Weights(own_language=0.0))
    before = await ids(inclined, query, language="es", k=40)
    after = await ids(bilingual, query, language="es", k=40)
    assert before[0].startswith("unrelated")
    assert after[0] == "glaucoma_es#0"
    assert await ids(bilingual, query, language="en", k=40) == before


async def test_a_language_without_passages_changes_nothing(bilingual: HybridRetriever) -> None:
    query = "clear window of the eye"
    assert await ids(bilingual, query, language="hi") == await ids(bilingual, query, language="en")


async def test_documents_added_later_get_the_list_of_their_language(bilingual: HybridRetriever) -> None:
    query = "cristallin clair report number"
    [base] = bilingual.bases
    assert not any(name.startswith("cristallin") for name in await ids(bilingual, query, language="fr"))
    base.add([document("cristallin", "Le cristallin est clair.", language="fr")])
    assert (await ids(bilingual, query, language="fr"))[0] == "cristallin#0"


def test_a_base_that_cannot_be_opened_closes_those_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clara.knowledge.retrieval.retriever.build_embedder", lambda _: HashEmbedder())
    KnowledgeBase(tmp_path / "kb" / "first", HashEmbedder(), create=True).close()
    with pytest.raises(NoKnowledgeBase):
        HybridRetriever.from_settings(Settings(home=tmp_path, kb=("first", "second")))
    assert str(tmp_path / "kb" / "first" / "chroma") not in SharedSystemClient._identifier_to_system


async def test_a_passage_of_a_pdf_names_its_page(tmp_path: Path) -> None:
    base = KnowledgeBase(tmp_path / "kb" / "paged", HashEmbedder(), create=True)
    text = "# Page 1\n\nThe cornea is clear.\n\n# Page 12\n\nThe macula sees detail.\n\n# Pages\n\nThe iris opens."
    base.add([replace(document("atlas.pdf", text), source="atlas.pdf")])
    retriever = HybridRetriever([base])
    sources = {passage.text: passage.source for passage in await retriever.search(Query(("cornea macula iris",)), 5)}
    assert sources == {
        "The cornea is clear.": "atlas.pdf, page 1",
        "The macula sees detail.": "atlas.pdf, page 12",
        "The iris opens.": "atlas.pdf",
    }
    retriever.close()
