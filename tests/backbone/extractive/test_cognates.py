"""Words that sound like English terms are found, words that only look a little like them are not."""

from __future__ import annotations

import pytest

from clara.backbone.extractive.cognates import HEARD, WRITTEN, Cognates, sound_key
from clara.backbone.extractive.wordwise import WordTranslator
from clara.knowledge.glossary import TermGlossary

WORDS = Cognates("oblique trochlear fluorescein trachoma zygomatic corticosteroid sport pattern another reflex lens".split())


@pytest.mark.parametrize(
    ("foreign", "english"),
    [
        ("obliik", "oblique"),
        ("trokliyar", "trochlear"),
        ("phloresiin", "fluorescein"),
        ("trekomaa", "trachoma"),
        ("zaaigomaitik", "zygomatic"),
        ("kortikosteroid", "corticosteroid"),
    ],
)
def test_a_transliteration_is_heard(foreign: str, english: str) -> None:
    assert sound_key(foreign) == sound_key(english)
    assert WORDS.find(foreign, HEARD) == english


@pytest.mark.parametrize(("foreign", "english"), [("trochleaire", "trochlear"), ("corticosteroide", "corticosteroid")])
def test_a_cognate_is_read_without_its_ending(foreign: str, english: str) -> None:
    assert WORDS.find(foreign, WRITTEN, ("e", "aire")) == english


@pytest.mark.parametrize("foreign", ["patron", "antero", "mesa", "", "123", "ojo"])
def test_a_word_that_only_resembles_one_is_left_alone(foreign: str) -> None:
    assert WORDS.find(foreign, WRITTEN, ("o", "e")) is None


def test_short_words_are_never_taken_for_others() -> None:
    assert WORDS.find("lens", HEARD) is None


def test_hindi_terms_that_the_glossary_lacks_become_english(glossary: TermGlossary) -> None:
    made = WordTranslator(glossary).translate("डोर्ज़ोलामाइड और ट्रेकोमा", "hi")
    assert "dorzolamide" in made
    assert "trachoma" in made


def test_hindi_in_latin_letters_and_english_words_stay(glossary: TermGlossary) -> None:
    translator = WordTranslator(glossary)
    assert "dorzolamaaid" in translator.translate("dorzolamaaid", "hi")
    assert "Metformin" in translator.translate("¿Metformin?", "es")
