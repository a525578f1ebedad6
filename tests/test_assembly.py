"""Parts are opened when they are needed and closed with the agent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clara import Clara, Settings
from clara.agent.strategies import STRATEGIES, get_strategy
from clara.assembly import LazyRetriever, build_agent
from clara.errors import NoKnowledgeBase
from clara.knowledge.base import Query
from clara.knowledge.retrieval.retriever import HybridRetriever
from clara.testing import FixedRetriever

NERVE = Query(("Which nerve supplies the lateral rectus?",))


async def test_the_store_is_opened_once_by_the_first_search(built_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Settings] = []
    build = HybridRetriever.from_settings

    def counting(settings: Settings) -> HybridRetriever:
        opened.append(settings)
        return build(settings)

    monkeypatch.setattr(HybridRetriever, "from_settings", counting)
    retriever = LazyRetriever(Settings(home=built_home))
    assert opened == []
    found = await asyncio.gather(*(retriever.search(NERVE, 2) for _ in range(4)))
    await retriever.aclose()
    assert len(opened) == 1
    assert len(set(found)) == 1


async def test_closing_closes_the_store_and_a_later_search_opens_it_again(built_home: Path) -> None:
    retriever = LazyRetriever(Settings(home=built_home))
    inner = await retriever.open()
    await retriever.aclose()
    with pytest.raises(RuntimeError):  # its worker has ended
        inner._worker.submit(print)
    assert await retriever.search(NERVE, 1)
    assert await retriever.open() is not inner
    await retriever.aclose()


async def test_closing_the_agent_closes_what_it_opened(built_home: Path) -> None:
    agent = build_agent(Settings(home=built_home))
    await agent.prepare([get_strategy("rag")])
    assert isinstance(agent.retriever, LazyRetriever)
    inner = await agent.retriever.open()
    await agent.aclose()
    with pytest.raises(RuntimeError):
        inner._worker.submit(print)


@pytest.mark.parametrize("name", STRATEGIES)
async def test_preparing_finds_a_missing_store_for_strategies_that_search(tmp_path: Path, name: str) -> None:
    agent = build_agent(Settings(home=tmp_path, kb=("mine",)))
    if name in ("direct", "translate"):
        await agent.prepare([get_strategy(name)])
    else:
        with pytest.raises(NoKnowledgeBase, match="run: clara kb add --kb mine"):
            await agent.prepare([get_strategy("direct"), get_strategy(name)])


async def test_a_given_retriever_is_neither_replaced_nor_asked_to_open(tmp_path: Path) -> None:
    given = FixedRetriever()
    agent = build_agent(Settings(home=tmp_path), retriever=given)
    await agent.prepare(STRATEGIES.values())
    await agent.aclose()
    assert agent.retriever is given


def test_strategies_that_never_search_need_no_knowledge_base(tmp_path: Path) -> None:
    with Clara(Settings(home=tmp_path, kb=("mine",))) as clara:
        for strategy in ("direct", "translate"):
            assert clara.ask("¿Qué músculo? a) Recto medial b) Recto lateral", strategy=strategy).label in ("A", "B")
        with pytest.raises(NoKnowledgeBase):
            clara.ask("Which nerve?", strategy="rag")
    assert not (tmp_path / "kb").exists()
