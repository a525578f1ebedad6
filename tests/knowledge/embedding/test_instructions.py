"""The strings are those of the model cards; one blank more or less costs recall, so they are compared exactly."""

from __future__ import annotations

import pytest

from clara.knowledge.embedding.instructions import Instructions, instructions_for

INSTRUCT = "Instruct: Given a clinical question, retrieve passages that answer it\nQuery: "
BGE = "Represent this sentence for searching relevant passages: "


@pytest.mark.parametrize(
    ("model", "query", "document"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("intfloat/multilingual-e5-large", "query: ", "passage: "),
        ("intfloat/multilingual-e5-large-instruct", INSTRUCT, ""),
        ("intfloat/e5-mistral-7b-instruct", INSTRUCT, ""),
        ("intfloat/e5-base-v2", "query: ", "passage: "),
        ("BAAI/bge-m3", "", ""),
        ("BAAI/bge-large-en-v1.5", BGE, ""),
        ("BAAI/bge-base-en-v1.5", BGE, ""),
        ("BAAI/bge-small-en-v1.5", BGE, ""),
        ("Qwen/Qwen3-Embedding-0.6B", INSTRUCT.rstrip(" "), ""),
        ("Qwen/Qwen3-Embedding-8B", INSTRUCT.rstrip(" "), ""),
        ("nvidia/llama-embed-nemotron-8b", INSTRUCT, ""),
        ("/models/multilingual-E5-base", "query: ", "passage: "),
    ],
)
def test_presets(model: str, query: str, document: str) -> None:
    assert instructions_for(model) == Instructions(query, document)


@pytest.mark.parametrize("model", ["all-MiniLM-L6-v2", "embedded", "my/own-model", ""])
def test_an_unknown_model_gets_none(model: str) -> None:
    assert instructions_for(model) == Instructions("", "")
