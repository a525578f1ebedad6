"""What all tests share: an isolated data folder, and the shipped knowledge base, built once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clara.knowledge.corpus.notes import read_notes
from clara.knowledge.embedding.static import StaticEmbedder
from clara.knowledge.glossary import TermGlossary, shipped_glossary
from clara.knowledge.index.store import KnowledgeBase


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads the user's settings or writes into the user's data: CLARA_HOME is a fresh folder, the rest is unset."""
    for name in [name for name in os.environ if name.startswith("CLARA_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "clara-home"
    monkeypatch.setenv("CLARA_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def embedder() -> StaticEmbedder:
    """The embedder that ships."""
    return StaticEmbedder()


@pytest.fixture(scope="session")
def glossary() -> TermGlossary:
    """The glossary that ships."""
    return shipped_glossary()


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory, embedder: StaticEmbedder) -> Path:
    """A data folder that holds the shipped ophthalmology knowledge base; read it, do not change it."""
    home = tmp_path_factory.mktemp("built-home")
    base = KnowledgeBase(home / "kb" / "ophthalmology", embedder, create=True)
    base.add(note.document() for note in read_notes())
    base.postings()
    base.close()
    return home
