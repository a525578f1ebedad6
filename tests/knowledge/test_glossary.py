from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from clara.errors import KnowledgeError
from clara.knowledge.glossary import COLUMNS, HEADER, TERM_KINDS, WORD_KINDS, Entry, TermGlossary, read_glossary
from clara.language.text import spans

LUPUS = (
    "lupus\tsystemic\tsystemic lupus erythematosus\tLES\tLES\tLES | lupus érythémateux disséminé\tlupus\t"
    "ल्यूपस\tlupus\t系统性红斑狼疮\tSLE\tAutoimmune disease."
)
CORNEA = "cornea\tanatomy\tcornea\tcórnea\tcórnea\tcornée\tkornea\tकॉर्निया\tkorniya\t角膜\t\tClear window of the eye."
OEDEMA = (
    "corneal-oedema\tsign\tcorneal oedema\tedema corneal\tedema de córnea\tœdème cornéen\tpamamaga ng kornea\t"
    "कॉर्निया की सूजन\tkorniya ki sujan\t角膜水肿\tcorneal edema\tSwelling."
)


def write(folder: Path, *rows: str, header: str = "\t".join(HEADER)) -> Path:
    path = folder / "terms.tsv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def small(tmp_path: Path) -> TermGlossary:
    return TermGlossary(read_glossary(write(tmp_path, LUPUS, CORNEA, OEDEMA)))


def found(glossary: TermGlossary, text: str, language: str) -> list[str]:
    return [hint.english for hint in glossary.lookup(text, language)]


def test_at_least_twelve_hundred_entries_ship_with_unique_ids(glossary: TermGlossary) -> None:
    assert len(glossary.entries) >= 1200
    assert [key for key, count in Counter(entry.id for entry in glossary.entries).items() if count > 1] == []


@pytest.mark.parametrize("language", COLUMNS)
def test_every_shipped_entry_has_a_name_in_the_language(glossary: TermGlossary, language: str) -> None:
    assert [entry.id for entry in glossary.entries if not entry.names[language]] == []


def test_every_shipped_entry_has_a_definition_and_a_known_kind(glossary: TermGlossary) -> None:
    assert all(entry.definition for entry in glossary.entries)
    assert {entry.kind for entry in glossary.entries} <= TERM_KINDS | WORD_KINDS


@pytest.mark.parametrize(
    ("text", "language"),
    [("glaucoma", "en"), ("el glaucoma", "es"), ("o glaucoma", "pt"), ("le glaucome", "fr"), ("青光眼的治疗", "zh")],
)
def test_glaucoma_is_found_in_its_languages(glossary: TermGlossary, text: str, language: str) -> None:
    assert "glaucoma" in found(glossary, text, language)


def test_french_les_is_no_lupus_in_the_shipped_glossary(glossary: TermGlossary) -> None:
    assert not [name for name in found(glossary, "Quelles sont les couches ? Les bâtonnets", "fr") if "lupus" in name]


def test_an_acronym_counts_only_in_capitals(small: TermGlossary) -> None:
    assert found(small, "les patients, Les yeux", "fr") == []
    assert found(small, "un patient avec LES", "fr") == ["systemic lupus erythematosus"]
    assert found(small, "sle or SLE", "en") == ["systemic lupus erythematosus"]
    assert small.lookup("sle or SLE", "en")[0].source == "SLE"


def test_the_longest_name_wins(small: TermGlossary) -> None:
    assert found(small, "角膜水肿", "zh") == ["corneal oedema"]
    assert found(small, "The corneal edema of the cornea", "en") == ["corneal oedema", "cornea"]


@pytest.mark.parametrize("text", ["CORNEA", "corneas", "cornea", "Córneas"])
def test_case_accents_and_plural_do_not_matter(small: TermGlossary, text: str) -> None:
    assert found(small, text, "es") == ["cornea"]


@pytest.mark.parametrize("text", ["korniya", "korniyaa", "कॉर्निया"])
def test_hindi_is_found_in_both_scripts_and_spellings(small: TermGlossary, text: str) -> None:
    assert found(small, text, "hi") == ["cornea"]


def test_english_names_count_in_every_language(small: TermGlossary) -> None:
    assert found(small, "什么是 cornea？", "zh") == ["cornea"]


def test_each_term_is_given_once_in_order_and_up_to_the_limit(small: TermGlossary) -> None:
    text = "cornea, SLE, cornea"
    assert found(small, text, "en") == ["cornea", "systemic lupus erythematosus"]
    assert len(small.lookup(text, "en", limit=1)) == 1


def test_source_is_what_the_text_says_even_if_it_is_decomposed(small: TermGlossary) -> None:
    text = unicodedata.normalize("NFD", "Él está aquí: la córnea.")
    assert unicodedata.normalize("NFC", small.lookup(text, "es")[0].source) in {"córnea", "la córnea"}


def test_words_between_the_terms_are_no_hints(glossary: TermGlossary) -> None:
    assert found(glossary, "which of the following is not", "en") == []


def test_synonyms_are_all_english_names(small: TermGlossary) -> None:
    assert small.synonyms("corneal oedema") == ("corneal oedema", "corneal edema")
    assert small.synonyms("no such term") == ()


@pytest.mark.parametrize(("kind", "winner"), [("negation", "word"), ("direction", "word"), ("general", "term")])
def test_of_two_entries_with_one_name_what_turns_a_question_round_wins(kind: str, winner: str) -> None:
    names = dict.fromkeys(COLUMNS, ("thing",))
    entries = [Entry("term", "disease", names, "d"), Entry("word", kind, names, "d")]
    for order in (entries, entries[::-1]):
        assert [match.entry.id for match in TermGlossary(order).matches(spans("thing"), "en")] == [winner]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (CORNEA + "\textra", "row 3: 13 cells instead of 12"),
        ("cornea\tanatomy", "row 3: 2 cells instead of 12"),
        (CORNEA.replace("\tanatomy\t", "\tpoetry\t"), "row 3: unknown kind 'poetry'"),
        (CORNEA.replace("角膜", " "), "row 3: chinese is empty"),
        (CORNEA.replace("Clear window of the eye.", ""), "row 3: definition is empty"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"terms\.tsv, {words}"):
        TermGlossary.load(write(tmp_path, LUPUS, row).parent)


def test_a_wrong_header_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"terms\.tsv: the header must be: id kind english"):
        read_glossary(write(tmp_path, CORNEA, header="id\tkind"))


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"no glossary file \(\*\.tsv\)"):
        TermGlossary.load(tmp_path)
