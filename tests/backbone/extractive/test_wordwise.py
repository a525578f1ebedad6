from __future__ import annotations

import unicodedata

import pytest

from clara.agent.guards import check_translation
from clara.backbone.extractive.wordwise import WordTranslator
from clara.knowledge.glossary import TermGlossary
from clara.language.lexicon import negated
from clara.language.text import words

QUESTIONS = {
    "es": "¿Cuál de los siguientes NO es un signo de glaucoma con presión de 21,5 mmHg en el ojo derecho?",
    "pt": "Qual das seguintes NÃO é um sinal de glaucoma com pressão de 21,5 mmHg no olho direito?",
    "fr": "Lequel n'est pas un signe de glaucome avec une pression de 21,5 mmHg dans l'œil droit ?",
    "fil": "Alin ang HINDI sintomas ng glaucoma na may presyon na 21.5 mmHg sa kanang mata?",
    "hi": "दाहिने आँख में 21.5 mmHg दबाव वाले ग्लूकोमा का कौन सा लक्षण नहीं है?",
    "zh": "右眼眼压21.5 mmHg的青光眼，下列哪项不是其体征？",
}


@pytest.fixture(scope="module")
def translator(glossary: TermGlossary) -> WordTranslator:
    return WordTranslator(glossary)


@pytest.mark.parametrize("language", QUESTIONS)
def test_numbers_units_negation_side_and_term_survive(translator: WordTranslator, language: str) -> None:
    english = translator.translate(QUESTIONS[language], language)
    assert "21.5 mmHg" in english
    assert negated(english, "en")
    assert {"right", "eye", "glaucoma"} <= set(words(english))


@pytest.mark.parametrize("language", QUESTIONS)
def test_the_guards_find_nothing_wrong_with_the_translation(translator: WordTranslator, language: str) -> None:
    english = translator.translate(QUESTIONS[language], language)
    assert check_translation(QUESTIONS[language], (), english, (), language) == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("बाएं आँख", "hi"),
        ("baayin aankh", "hi"),
        ("ojo izquierdo", "es"),
        ("olho esquerdo", "pt"),
        ("œil gauche", "fr"),
        ("kaliwang mata", "fil"),
        ("左眼", "zh"),
    ],
)
def test_left_stays_left(translator: WordTranslator, text: str, language: str) -> None:
    found = words(translator.translate(text, language))
    assert "left" in found
    assert "right" not in found


@pytest.mark.parametrize("text", ["0.5 mg", "21.5 mmHg", "3 mm", "10 ml"])
def test_unit_abbreviations_stay_where_they_are(translator: WordTranslator, text: str) -> None:
    for language in QUESTIONS:
        assert translator.translate(text, language) == text


def test_romanised_hindi_is_translated_too(translator: WordTranslator) -> None:
    english = translator.translate("glaucoma ka kaun sa lakshan nahin hai?", "hi")
    assert negated(english, "en")
    assert {"glaucoma", "which"} <= set(words(english))


def test_english_stays_as_it_is(translator: WordTranslator) -> None:
    assert translator.translate("Which  is   it?", "en") == "Which  is   it?"


def test_a_decomposed_text_translates_like_a_composed_one(translator: WordTranslator) -> None:
    text = QUESTIONS["es"]
    assert translator.translate(unicodedata.normalize("NFD", text), "es") == translator.translate(text, "es")


def test_unknown_words_stay_and_devanagari_becomes_latin(translator: WordTranslator) -> None:
    assert translator.translate("Xyzzy", "es") == "Xyzzy"
    assert translator.translate("क्षत्रपम", "hi").isascii()


def test_coverage_is_the_share_of_known_words(translator: WordTranslator) -> None:
    assert translator.coverage("glaucoma cornea") == 1.0
    assert translator.coverage("glaucoma xyzzyq") == 0.5
    assert translator.coverage("21.5 the") == 1.0
