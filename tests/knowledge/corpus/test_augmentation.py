from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chromadb.api.shared_system_client import SharedSystemClient

from clara.errors import BackboneUnreachable
from clara.knowledge.corpus.augmentation import GlossaryAugmenter, ModelAugmenter, augment, fingerprint
from clara.knowledge.corpus.documents import Document
from clara.knowledge.glossary import TermGlossary
from clara.knowledge.index.store import Change, KnowledgeBase
from clara.tasks.model import AskAboutIn, AskAboutOut, TaskResult
from clara.testing import ScriptedBackbone
from tests.knowledge.fakes import CORNEA, LENS, HashEmbedder, document

CATARACT = Document("cataract", "Cataract", "The lens is cloudy. Surgery replaces the lens with an intraocular lens.")


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    opened = KnowledgeBase(tmp_path / "kb" / "mine", HashEmbedder(), create=True)
    yield opened
    opened.close()
    SharedSystemClient.clear_system_cache()


@pytest.fixture
def asking() -> Iterator[ModelAugmenter]:
    """A model that asks one question a language."""

    def write(inputs: AskAboutIn) -> AskAboutOut:
        return AskAboutOut(questions=(f"{inputs.language} asks\nabout {inputs.title}", " "))

    augmenter = ModelAugmenter(ScriptedBackbone(model="m1").always("ask_about", write), ("es", "hi"))
    yield augmenter
    augmenter.close()


def lexical(base: KnowledgeBase, text: str) -> list[int]:
    return base.postings().top(text, 10)


def test_the_glossary_names_the_title_first_in_every_language(glossary: TermGlossary) -> None:
    [names] = GlossaryAugmenter(glossary, ("es", "hi", "zh")).names([CATARACT])
    assert names is not None
    assert len(names) == 3
    assert [line.split(", ")[0] for line in names] == ["catarata", "मोतियाबिंद", "白内障"]
    assert "cristalino" in names[0]


def test_a_document_is_not_named_in_its_own_language(glossary: TermGlossary) -> None:
    spanish = Document("c", "Catarata", "El cristalino se opacifica.", language="es")
    [names] = GlossaryAugmenter(glossary, ("en", "es")).names([spanish])
    assert names is not None
    assert len(names) == 1
    assert names[0].startswith("cataract")


def test_nothing_known_adds_nothing(glossary: TermGlossary) -> None:
    assert GlossaryAugmenter(glossary, ("es",)).names([Document("x", "Zzz", "Qqq www.")]) == [()]


def test_a_model_asks_in_each_language_but_the_documents_own(asking: ModelAugmenter) -> None:
    spanish = replace(LENS, language="es")
    assert asking.names([CORNEA, spanish]) == [("es asks about Cornea", "hi asks about Cornea"), ("hi asks about Lens",)]
    assert asking.name == "model m1 es,hi"


def test_a_model_sees_the_beginning_of_a_long_document() -> None:
    writer = ScriptedBackbone().always("ask_about", AskAboutOut())
    augmenter = ModelAugmenter(writer, ("es",))
    augmenter.names([document("long", "x" * 100_000)])
    augmenter.close()
    [(_, inputs)] = writer.calls
    assert isinstance(inputs, AskAboutIn)
    assert len(inputs.text) < 10_000


def test_what_was_written_is_found_and_not_shown(base: KnowledgeBase, glossary: TermGlossary) -> None:
    augmenter = GlossaryAugmenter(glossary, ("es", "hi", "zh"))
    assert base.add([CATARACT, CORNEA], augmenter=augmenter).added == 2
    for query in ("catarata", "मोतियाबिंद", "白内障"):
        [number] = lexical(base, query)
        [(_, found)] = base.record.chunks([number])
        assert found.document.id == "cataract"
        assert query not in found.text


def test_unchanged_documents_are_not_written_to_again(base: KnowledgeBase, asking: ModelAugmenter) -> None:
    assert base.add([CORNEA, LENS], augmenter=asking).added == 2
    writer = asking._writer
    assert isinstance(writer, ScriptedBackbone)
    before = len(writer.calls)
    assert base.add([CORNEA, LENS], augmenter=asking) == Change(unchanged=2)
    assert len(writer.calls) == before
    base.recut()
    assert base.add([CORNEA, LENS], augmenter=asking) == Change(unchanged=2)


def test_another_augmenter_or_none_replaces(base: KnowledgeBase, asking: ModelAugmenter, glossary: TermGlossary) -> None:
    base.add([CORNEA], augmenter=asking)
    assert base.add([CORNEA], augmenter=GlossaryAugmenter(glossary, ("es",))).replaced == 1
    assert base.add([CORNEA]).replaced == 1
    assert base.add([CORNEA]) == Change(unchanged=1)


def test_a_document_whose_questions_failed_is_added_and_tried_again(base: KnowledgeBase) -> None:
    writer = ScriptedBackbone().enqueue("ask_about", TaskResult(None, failure="unparsed"))
    writer.always("ask_about", AskAboutOut(questions=("¿Qué es la córnea?",)))
    augmenter = ModelAugmenter(writer, ("es",))
    assert base.add([CORNEA], augmenter=augmenter).added == 1
    assert lexical(base, "córnea es qué") == lexical(base, "cornea")
    assert base.add([CORNEA], augmenter=augmenter).replaced == 1
    assert base.add([CORNEA], augmenter=augmenter) == Change(unchanged=1)
    augmenter.close()


def test_a_server_that_is_away_is_told_before_anything_is_written() -> None:
    class Away(ScriptedBackbone):
        closed = False

        async def info(self):
            raise BackboneUnreachable("no answer")

        async def aclose(self) -> None:
            self.closed = True

    away = Away()
    with pytest.raises(BackboneUnreachable):
        ModelAugmenter(away, ("es",))
    assert away.closed


def test_without_an_augmenter_nothing_changes() -> None:
    assert augment([CORNEA], None) == [CORNEA]
    assert fingerprint(CORNEA, None) == CORNEA.fingerprint
