"""Names that keep their letters, and options that keep their order; both look terms up in the glossary they are given."""

from __future__ import annotations

import pytest

from clara.agent.guards import alignment, check_translation, names
from clara.agent.guards.spelling import alike, skeleton
from clara.knowledge.glossary import Entry, TermGlossary
from clara.types import Option

EMPTY = TermGlossary(())
INVENTED = TermGlossary(
    (
        Entry("blue", "anatomy", {"en": ("azurium",), "es": ("glaucio",)}, "An invented layer."),
        Entry("red", "anatomy", {"en": ("rubidum",), "es": ("ocreo",)}, "Another one."),
        Entry("drops", "drug", {"en": ("zentolol",), "zh": ("森妥洛尔",), "hi": ("ज़ेंटोलोल",)}, "An invented drug."),
    )
)


def options(*texts: str) -> tuple[Option, ...]:
    return tuple(Option("ABCD"[number], text) for number, text in enumerate(texts))


def flags(source: str, target: str, languages: tuple[str, str], glossary: TermGlossary = EMPTY) -> list[str]:
    return list(names.compare("the text", source, target, languages, glossary))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("timolol and latanoprost", {"timolol", "latanoprost"}),
        ("prednisolona tópica", {"prednisolona"}),
        ("el perfil", set[str]()),
        ("azol", set[str]()),  # a stem alone is no name
    ],
)
def test_a_drug_carries_the_stem_of_its_class(text: str, found: set[str]) -> None:
    assert names.drugs(text) == found


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("la membrana de Descemet", "es", ["Descemet"]),
        ("El ojo. La córnea", "es", []),
        ("sobre ello, Cuál es", "es", []),
        ("Descemet膜", "zh", ["Descemet"]),
        ("Bruch's membrane and the Descemet membrane", "en", ["Bruch", "Descemet"]),
    ],
)
def test_eponyms_are_names_and_not_the_beginnings_of_sentences(text: str, language: str, found: list[str]) -> None:
    assert names.eponyms(text, language) == found


def test_an_eponym_may_stand_in_the_stem_instead() -> None:
    lost = flags("la membrana de Descemet", "the membrane", ("es", "en"))
    assert lost == ["the name Descemet of the text is missing"]
    context = ("", "Where is Descemet's membrane?")
    assert list(names.compare("x", "la membrana de Descemet", "that membrane", ("es", "en"), EMPTY, context)) == []


def test_drugs_are_compared_by_their_letters_where_both_texts_have_them() -> None:
    assert flags("Se dio latanoprosta", "Latanoprost was given", ("es", "en")) == []
    assert flags("Timolol was given", "Se dio brimonidina", ("en", "es")) == [
        "the name timolol of the text is missing",
        "the name brimonidina in the text is not in the original",
    ]


@pytest.mark.parametrize(("source", "language"), [("使用森妥洛尔", "zh"), ("ज़ेंटोलोल दी गई", "hi")])
def test_a_drug_in_another_script_is_known_from_the_glossary_that_is_given(source: str, language: str) -> None:
    assert flags(source, "Zentolol is used", (language, "en"), INVENTED) == []
    lost = "the name zentolol of the text is missing"
    assert flags(source, "Nothing is used", (language, "en"), INVENTED) == [lost]
    assert flags(source, "Nothing is used", (language, "en"), EMPTY) == []


def test_options_are_aligned_by_the_concepts_of_the_glossary_that_is_given() -> None:
    own, exchanged = options("glaucio", "ocreo"), options("rubidum", "azurium")
    assert list(alignment.compare(own, exchanged, "es", INVENTED)) == ["options A and B changed places"]
    assert list(alignment.compare(own, options("azurium", "rubidum"), "es", INVENTED)) == []
    assert list(alignment.compare(own, exchanged, "es", EMPTY)) == []


def test_the_guards_of_a_translation_use_the_glossary_that_is_given() -> None:
    own, exchanged = options("glaucio", "ocreo"), options("rubidum", "azurium")
    assert check_translation("¿Qué?", own, "What?", exchanged, "es", INVENTED) == ("options A and B changed places",)
    assert check_translation("¿Qué?", own, "What?", exchanged, "es", EMPTY) == ()


@pytest.mark.parametrize(
    ("own", "exchanged"),
    [(("10 mg", "25 mg"), ("25 mg", "10 mg")), (("nervio III", "nervio VI"), ("nerve VI", "nerve III"))],
)
def test_numbers_and_numerals_align_options_too(own: tuple[str, ...], exchanged: tuple[str, ...]) -> None:
    assert list(alignment.compare(options(*own), options(*exchanged), "es", EMPTY)) == ["options A and B changed places"]


def test_options_with_other_letters_are_not_aligned() -> None:
    assert list(alignment.compare(options("10", "20"), options("20"), "es", EMPTY)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("sphincter", "esfínter"), ("oesophagus", "esófago"), ("phthisis", "ftisis"), ("retina", "rétine")],
)
def test_spellings_of_one_word_are_alike(one: str, other: str) -> None:
    assert alike(one, other)


def test_words_of_other_origin_are_not_alike() -> None:
    assert not alike("cornea", "retina")
    assert skeleton("esclera") == skeleton("sclera")
