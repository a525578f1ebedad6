from __future__ import annotations

import json
import shutil
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from tokenizers import Tokenizer

from clara import resources
from clara.errors import KnowledgeError
from clara.knowledge.embedding.static import StaticEmbedder

FOLDER = resources.KNOWLEDGE_BASE / "embedder"


def test_vectors_have_unit_length_in_every_script(embedder: StaticEmbedder) -> None:
    vectors = embedder.embed_documents(["The cornea", "córnea", "角膜", "मोतियाबिंद", "cornea " * 5000])
    assert vectors.shape == (5, embedder.info.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "…!?", "\U0001f600", "ༀ༁"])
def test_text_without_a_known_token_is_the_zero_vector(embedder: StaticEmbedder, text: str) -> None:
    assert not embedder.embed_documents([text]).any()


@pytest.mark.parametrize(
    "text",
    [
        "The cornea is 0.5 mm thick; Schlemm’s canal, e.g. CYP1B1-linked.",
        "El desprendimiento\tde retina\n\nes una urgencia:\u00a0¿qué hacer?",
        "白内障手术后眼内炎。\u3000青光眼，角膜。" * 9,
        "मोतियाबिंद का उपचार। \ufb01xed \uff21\uff22 cafe\u0301 \u0301x",
        "x" * 5000,
    ],
)
def test_counting_word_by_word_gives_the_tokens_of_the_whole_text(embedder: StaticEmbedder, text: str) -> None:
    whole = Tokenizer.from_file(str(FOLDER / "tokenizer.json")).encode(text, add_special_tokens=False).ids
    assert list(chain.from_iterable(embedder._split(text))) == whole
    assert embedder.count_tokens([text]) == [len(whole)]


def test_no_texts_give_no_rows(embedder: StaticEmbedder) -> None:
    assert embedder.embed_documents([]).shape == (0, embedder.info.dimension)


def test_a_text_has_the_same_vector_alone_and_in_a_batch(embedder: StaticEmbedder) -> None:
    texts = ["cornea", "a much longer text about the retina and the optic nerve", "青光眼"]
    batch = embedder.embed_queries(texts)
    for row, text in enumerate(texts):
        assert np.array_equal(embedder.embed_documents([text])[0], batch[row])


def test_case_and_latin_accents_do_not_matter(embedder: StaticEmbedder) -> None:
    one, other = embedder.embed_documents(["Córnea transparente", "CORNEA TRANSPARENTE"])
    assert np.allclose(one, other)


@pytest.mark.parametrize("name", ["catarata", "cataracte", "katarata", "मोतियाबिंद", "白内障"])
def test_a_foreign_name_is_nearest_to_its_english_one(embedder: StaticEmbedder, name: str) -> None:
    vectors = embedder.embed_documents([name, "cataract", "optic neuritis", "strabismus", "conjunctivitis"])
    assert int(np.argmax(vectors[1:] @ vectors[0])) == 0


def test_the_folder_has_the_layout_of_sentence_transformers() -> None:
    modules = json.loads((FOLDER / "modules.json").read_text())
    assert [(module["idx"], module["path"]) for module in modules] == [(0, "")]
    assert modules[0]["type"] == "sentence_transformers.models.StaticEmbedding"
    with safe_open(str(FOLDER / "model.safetensors"), framework="numpy") as tensors:
        assert list(tensors.keys()) == ["embedding.weight"]
        rows, columns = tensors.get_slice("embedding.weight").get_shape()
    tokenizer = json.loads((FOLDER / "tokenizer.json").read_text(encoding="utf-8"))
    assert rows == len(tokenizer["model"]["vocab"])
    assert columns == StaticEmbedder(FOLDER).info.dimension


def test_fingerprint_changes_with_a_file(tmp_path: Path, embedder: StaticEmbedder) -> None:
    copy = Path(shutil.copytree(FOLDER, tmp_path / "embedder"))
    assert StaticEmbedder(copy).info == embedder.info
    path = copy / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert StaticEmbedder(copy).info.fingerprint != embedder.info.fingerprint


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=f"{tmp_path} holds no static embedding"):
        StaticEmbedder(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(FOLDER, tmp_path / "embedder"))
    (copy / name).write_bytes(b"damaged")
    with pytest.raises(KnowledgeError, match="holds no static embedding"):
        StaticEmbedder(copy)
    (copy / name).unlink()
    with pytest.raises(KnowledgeError, match="holds no static embedding"):
        StaticEmbedder(copy)
