"""PubMed and Wikipedia against a server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from clara.errors import SourceError
from clara.knowledge.outside.pubmed import PubMed
from clara.knowledge.outside.source import OutsideSource
from clara.knowledge.outside.wikipedia import Wikipedia
from tests.knowledge.outside.loopback import Loopback, serving

KINDS: dict[str, Any] = {"pubmed": PubMed, "wikipedia": Wikipedia}


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with serving() as server:
        yield server


@pytest.fixture
async def pubmed(loopback: Loopback) -> AsyncIterator[PubMed]:
    source = PubMed(loopback.address, pause=0)
    yield source
    await source.aclose()


@pytest.fixture
async def wikipedia(loopback: Loopback) -> AsyncIterator[Wikipedia]:
    source = Wikipedia(loopback.address, pause=0)
    yield source
    await source.aclose()


@pytest.fixture(params=KINDS)
async def source(loopback: Loopback, request: pytest.FixtureRequest) -> AsyncIterator[OutsideSource]:
    made = KINDS[request.param](loopback.address, pause=0, timeout=2.0, connect_timeout=2.0)
    yield made
    await made.aclose()


async def test_pubmed_gives_abstracts_in_the_order_of_relevance_with_their_address(
    pubmed: PubMed, loopback: Loopback
) -> None:
    first, second = await pubmed.search("retinal detachment", 3)
    assert (first.id, first.title, first.text) == ("pubmed:111#0", "First article.", "Purpose: To ask. Results: In 40 eyes.")
    assert first.source == "PubMed, https://pubmed.ncbi.nlm.nih.gov/111/"
    assert (second.text, second.kind) == ("Plain words with italic ones.", "abstract")
    assert second.source == "Eye (Lond) 2020, https://pubmed.ncbi.nlm.nih.gov/222/"
    (search, wanted), (fetch, texts) = loopback.asked
    assert (search, fetch) == ("/entrez/eutils/esearch.fcgi", "/entrez/eutils/efetch.fcgi")
    assert (wanted["term"], wanted["retmax"]) == ("retinal detachment AND hasabstract", "3")
    assert texts["id"] == "111,333,222"


async def test_pubmed_fetches_nothing_where_nothing_was_found(pubmed: PubMed, loopback: Loopback) -> None:
    loopback.numbers = []
    assert await pubmed.search("zzz", 3) == ()
    assert len(loopback.asked) == 1


async def test_an_article_number_that_is_none_is_never_sent_on(pubmed: PubMed, loopback: Loopback) -> None:
    loopback.numbers = ["111&db=x", "111"]
    await pubmed.search("q", 3)
    assert loopback.asked[1][1]["id"] == "111"


async def test_xml_with_entities_is_refused(pubmed: PubMed, loopback: Loopback) -> None:
    await pubmed.search("q", 1)
    loopback.body = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    with pytest.raises(SourceError, match="entities"):
        pubmed._passages(loopback.body)


async def test_wikipedia_gives_openings_in_the_order_of_the_search(wikipedia: Wikipedia, loopback: Loopback) -> None:
    first, second = await wikipedia.search("cornea", 3)
    assert (first.id, first.title) == ("wikipedia:5#0", "Sooner")
    assert len(first.text) <= 1800
    assert first.text.endswith("page.")
    assert (second.text, second.source) == ("The second page.", "Wikipedia, https://en.wikipedia.org/?curid=7")
    assert first.kind == "encyclopaedia"
    [(path, asked)] = loopback.asked
    assert (path, asked["gsrsearch"], asked["gsrlimit"]) == ("/w/api.php", "cornea", "3")


async def test_a_reply_that_drips_without_end_is_an_error(loopback: Loopback) -> None:
    loopback.drips = True
    source = Wikipedia(loopback.address, pause=0, timeout=0.1, connect_timeout=0.1)
    with pytest.raises(SourceError, match=r"no whole reply within 0\.4 s"):
        await source.search("q", 1)
    await source.aclose()


async def test_an_interface_that_refuses_the_search_is_an_error(wikipedia: Wikipedia, loopback: Loopback) -> None:
    loopback.body = b'{"error": {"code": "toomany"}}'
    with pytest.raises(SourceError, match=r"refused the search \(toomany\)"):
        await wikipedia.search("q", 1)


async def test_requests_say_who_asks(source: OutsideSource, loopback: Loopback) -> None:
    await source.search("q", 1)
    [agent] = loopback.agents
    assert agent.startswith("clara-agent/")


@pytest.mark.parametrize("status", [404, 429, 500, 302])
async def test_a_status_that_is_no_success_is_an_error_that_names_the_source(
    source: OutsideSource, loopback: Loopback, status: int
) -> None:
    loopback.status = status
    with pytest.raises(SourceError, match=rf"{source.name} at http://127.0.0.1:\d+ answered with status {status}") as caught:
        await source.search("q", 1)
    assert caught.value.source == source.name


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"[]", b"null", b'{"esearchresult": 3, "query": 4}'])
async def test_a_reply_that_is_something_else_is_an_error(source: OutsideSource, loopback: Loopback, body: bytes) -> None:
    loopback.body = body
    with pytest.raises(SourceError, match="sent no list of articles"):
        await source.search("q", 1)


async def test_a_reply_beyond_all_measure_is_not_read(source: OutsideSource, loopback: Loopback) -> None:
    loopback.body = b" " * 5_000_000
    with pytest.raises(SourceError, match="sent more than"):
        await source.search("q", 1)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_is_not_there_is_an_error(kind: str) -> None:
    source = KINDS[kind]("http://127.0.0.1:9", timeout=2.0, connect_timeout=2.0)
    try:
        with pytest.raises(SourceError, match="cannot be reached"):
            await source.search("q", 1)
    finally:
        await source.aclose()
