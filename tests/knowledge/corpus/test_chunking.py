from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from clara.knowledge.corpus import chunking
from clara.knowledge.corpus.chunking import chunk, count_words
from clara.knowledge.corpus.documents import Document
from clara.knowledge.corpus.notes import read_notes
from clara.language.text import words


def document(text: str, **fields: object) -> Document:
    return Document("doc", "Title", text, **fields)  # type: ignore[arg-type]


def test_ids_count_from_zero_and_carry_the_document() -> None:
    chunks = chunk(document("# One\nText a.\n# Two\nText b.\n# Three\nText c."))
    assert [part.id for part in chunks] == ["doc#0", "doc#1", "doc#2"]
    assert [part.document.id for part in chunks] == ["doc"] * 3


def test_sections_come_from_headings_and_no_heading_stays_in_the_text() -> None:
    chunks = chunk(document("Intro.\n# One\nText a.\n## Two ##\nText b.\n# Empty\n"))
    assert [(part.section, part.text) for part in chunks] == [("", "Intro."), ("One", "Text a."), ("Two", "Text b.")]


def test_what_is_indexed_holds_title_section_text_and_other_names() -> None:
    part = chunk(document("# One\nText a.", also=("Synonym", "角膜")))[0]
    assert part.indexed == "Title. One.\nText a.\nSynonym\n角膜"


@pytest.mark.parametrize("text", ["", "  \n\n ", "# Only a heading\n"])
def test_a_document_without_text_has_no_chunk(text: str) -> None:
    assert chunk(document(text)) == []


def test_no_chunk_is_longer_than_the_limit_and_nothing_is_lost() -> None:
    sentences = [f"Sentence number{i} has seven words here." for i in range(60)]
    chunks = chunk(document(" ".join(sentences)), size=40, overlap=10)
    assert all(len(words(part.text)) <= 40 for part in chunks)
    joined = " ".join(part.text for part in chunks)
    assert all(sentence in joined for sentence in sentences)


def test_each_chunk_repeats_the_end_of_the_one_before_in_whole_sentences() -> None:
    chunks = chunk(document(" ".join(f"W{i} a b c d." for i in range(12))), size=20, overlap=6)
    for before, after in pairwise(chunks):
        last = before.text.split(". ")[-1].rstrip(".")
        assert after.text.startswith(last)


def test_without_overlap_nothing_is_repeated() -> None:
    text = " ".join(f"W{i} a b c d." for i in range(12))
    assert " ".join(part.text for part in chunk(document(text), size=20, overlap=0)) == text


def test_chinese_is_limited_by_characters() -> None:
    chunks = chunk(document("角膜透明无血管。" * 100), size=50, overlap=8)
    assert len(chunks) > 10
    assert all(len(words(part.text)) <= 50 for part in chunks)


def test_chinese_without_any_full_stop_is_cut_to_the_limit() -> None:
    chunks = chunk(document("字" * 10_000))
    assert all(len(words(part.text)) <= 240 for part in chunks)
    assert "".join(part.text for part in chunks) == "字" * 10_000


def test_a_long_sentence_is_cut_between_words() -> None:
    text = " ".join(f"word{i}" for i in range(500))
    chunks = chunk(document(text))
    assert all(len(words(part.text)) <= 240 for part in chunks)
    assert " ".join(part.text for part in chunks).split() == text.split()


def test_a_word_of_ten_thousand_letters_without_blanks_is_cut() -> None:
    chunks = chunk(document("x" * 10_000))
    assert len(chunks) > 1
    assert max(len(part.text) for part in chunks) <= 240 * 12 + 20
    assert "".join(part.text for part in chunks).count("x") == 10_000


@pytest.mark.parametrize("text", ["字字字字字 " * 400, "a-b-c-" * 2000 + " end"])
def test_many_words_between_two_blanks_are_cut_to_the_limit(text: str) -> None:
    assert max(len(words(part.text)) for part in chunk(document(text))) <= 240


def test_every_shipped_note_gives_chunks_within_the_limit() -> None:
    for note in read_notes():
        chunks = chunk(note.document())
        assert chunks
        assert all(0 < len(words(part.text)) <= 240 for part in chunks), note.slug
        assert [part.id for part in chunks] == [f"{note.slug}#{n}" for n in range(len(chunks))]


def test_fingerprint_changes_with_everything_that_is_indexed_or_shown() -> None:
    base = document("text")
    changed = [
        Document("doc", "Other", "text"),
        document("other"),
        document("text", source="s"),
        document("text", kind="drug"),
        document("text", language="es"),
        document("text", also=("s",)),
    ]
    prints = {base.fingerprint, *(other.fingerprint for other in changed)}
    assert len(prints) == 7
    assert Document("another id", "Title", "text").fingerprint == base.fingerprint


def test_a_heading_with_endless_blanks_costs_no_more_than_its_length_and_is_cut() -> None:
    part = chunk(document("# a" + " " * 400_000 + "b\nText."))[0]
    assert part.section == "a" + " " * 299
    assert chunk(document("# C ##  \r\nText."))[0].section == "C"


@pytest.mark.parametrize("text", ["the eye has a lens and " * 9000, "眼压升高会损害视神经" * 20_000, "x" * 200_000])
def test_a_text_without_an_end_is_never_looked_at_as_a_whole(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    seen: list[int] = []

    def watched(function: Callable[[str], list[Any]]) -> Callable[[str], list[Any]]:
        def call(text: str) -> list[Any]:
            seen.append(len(text))
            return function(text)

        return call

    def count(texts: Sequence[str]) -> list[int]:
        seen.append(max(map(len, texts)))
        return count_words(texts)

    monkeypatch.setattr(chunking, "sentences", watched(chunking.sentences))
    monkeypatch.setattr(chunking, "spans", watched(chunking.spans))
    parts = chunk(document(text), count, overlap=0)
    assert max(seen) <= 1 << 16
    assert all(len(words(part.text)) <= 240 for part in parts)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())


def test_blocks_and_pieces_part_an_ordinary_text_where_it_is_parted_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        "The I.O.P. was 21.5 mmHg. Dr. J. Smith said vs. Timolol, e.g. At night. It fell.  Then\n\nno more! " * 30,
        "角膜透明。 El ojo está rojo. ¿Duele? मोतियाबिंद होता है। Lens 晶状体混浊，称为白内障。" * 30,
        "a sentence, long and without an end; its words number 3.5 or 1,000 and " * 60,
    ]
    whole = [chunk(document(text), size=20, overlap=4) for text in texts]
    monkeypatch.setattr(chunking, "_PIECE", 64)
    assert [chunk(document(text), size=20, overlap=4) for text in texts] == whole
    monkeypatch.setattr(chunking, "_BLOCK", 300)
    monkeypatch.setattr(chunking, "_COUNTED", 100)
    assert [chunk(document(text), size=20, overlap=4) for text in texts[:2]] == whole[:2]
