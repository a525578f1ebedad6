"""What is sent to an embeddings server; the server is a fake at the network boundary."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from clara.config import Settings
from clara.errors import StoreError
from clara.knowledge.embedding.remote import RemoteEmbedder

SENT: list[httpx.Request] = []


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Answer every post with embeddings, as many as texts less the given number where there is more than one."""
    SENT.clear()

    def start(short: int) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            SENT.append(request)
            count = len(json.loads(request.content)["input"])
            rows = [{"index": n, "embedding": [1.0, 2.0]} for n in range(count - short if count > 1 else count)]
            return httpx.Response(200, json={"data": rows})

        client = httpx.Client
        monkeypatch.setattr(
            httpx, "Client", lambda headers, **_: client(headers=headers, transport=httpx.MockTransport(answer))
        )

    return start


def settings(embedder: str) -> Settings:
    return Settings(backbone=("http://model.example:8000/v1",), embedder=embedder, embedder_model="m", api_key="a-secret")


@pytest.mark.parametrize(
    ("embedder", "sent"),
    [("http://model.example:8001/v1", "Bearer a-secret"), ("http://other.example:8001/v1", None)],
)
def test_the_key_goes_to_the_backbones_hosts_only(serve: Callable[[int], None], embedder: str, sent: str | None) -> None:
    serve(0)
    assert RemoteEmbedder(settings(embedder)).embed_queries(["a", "b"]).shape == (2, 2)
    assert {request.headers.get("Authorization") for request in SENT} == {sent}


def test_fewer_embeddings_than_texts_are_an_error(serve: Callable[[int], None]) -> None:
    serve(1)
    with pytest.raises(StoreError, match="1 embeddings for 2 texts"):
        RemoteEmbedder(settings("http://model.example:8001/v1")).embed_documents(["a", "b"])
