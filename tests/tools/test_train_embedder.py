from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from clara import resources
from clara.knowledge.corpus.notes import read_note
from clara.knowledge.embedding.static import StaticEmbedder
from clara.knowledge.glossary import TermGlossary, shipped_glossary
from tools import train_embedder as train

SLUGS = ("cornea-anatomy", "age-related-cataract", "keratoconus-and-corneal-ectasias")


@pytest.fixture
def small_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three notes and the entries about their subjects, so that a build takes a moment."""
    notes = [read_note(resources.KNOWLEDGE_BASE / "ophthalmology" / f"{slug}.md") for slug in SLUGS]
    entries = [
        e for e in shipped_glossary().entries if e.english in {"cornea", "cataract", "glaucoma", "keratoconus", "lens"}
    ]
    assert len(entries) >= 4
    monkeypatch.setattr(train, "read_notes", lambda: iter(notes))
    monkeypatch.setattr(train, "TermGlossary", SimpleNamespace(load=lambda: TermGlossary(entries)))


@pytest.mark.usefixtures("small_inputs")
def test_building_twice_gives_identical_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        train.build(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["inputs.sha256", "model.safetensors", "modules.json", "tokenizer.json"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


@pytest.mark.usefixtures("small_inputs")
def test_what_is_built_loads_and_joins_the_languages(tmp_path: Path) -> None:
    train.build(tmp_path / "built")
    built = StaticEmbedder(tmp_path / "built")
    vectors = built.embed_documents(["白内障", "cataract", "keratoconus"])
    assert built.info.dimension == train.DIMENSION
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_own_direction_is_a_fixed_unit_vector() -> None:
    assert np.array_equal(train.own_direction("cornea"), train.own_direction("cornea"))
    assert np.linalg.norm(train.own_direction("cornea")) == pytest.approx(1.0)
    assert abs(train.own_direction("cornea") @ train.own_direction("lens")) < 0.5


def test_pieces_keep_a_chinese_name_whole() -> None:
    assert train.pieces("原发性青光眼 (POAG)") == ("原发性青光眼", "poag")
    assert train.pieces("Córnea clara") == ("cornea", "clara")


def test_translation_probabilities_sum_to_one_and_find_the_pair() -> None:
    table = train.translation_table(
        [(("ojo", "seco"), ("dry", "eye")), (("ojo",), ("eye",)), (("seco",), ("dry",)), (("ojo", "rojo"), ("red", "eye"))]
    )
    assert all(sum(row.values()) == pytest.approx(1.0) for row in table.values())
    assert max(table["ojo"], key=table["ojo"].__getitem__) == "eye"
    assert max(table["rojo"], key=table["rojo"].__getitem__) == "red"


def test_tokenizer_prefers_the_longest_known_name() -> None:
    tokenizer, names = train.build_tokenizer(["青光眼", "青光", "眼", "cornea"])
    encoded = tokenizer.encode("青光眼 Córnea", add_special_tokens=False)
    assert [names[i] for i in encoded.ids] == ["青光眼", "cornea"]


def test_inputs_hash_changes_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("glossary", "ophthalmology"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(resources, "KNOWLEDGE_BASE", tmp_path)
    (tmp_path / "ophthalmology" / "a.md").write_text("one")
    before = train.inputs_hash()
    assert before == train.inputs_hash()
    (tmp_path / "ophthalmology" / "a.md").write_text("two")
    assert train.inputs_hash() != before
