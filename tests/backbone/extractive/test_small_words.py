"""Word by word: what is neither term nor number, and where each language puts its spaces and commas."""

from __future__ import annotations

import pytest

from clara.backbone.extractive.wordwise import WordTranslator
from clara.knowledge.glossary import Entry, TermGlossary

ENTRIES = (
    Entry("lens", "anatomy", {"en": ("lens",), "es": ("cristalino",), "zh": ("晶状体",), "hi": ("लेंस",)}, "A lens."),
    Entry("mm", "general", {"en": ("millimetre clouds",), "es": ("mm nubes",)}, "A name that begins with a unit."),
)


@pytest.fixture(scope="module")
def translator() -> WordTranslator:
    return WordTranslator(TermGlossary(ENTRIES))


@pytest.mark.parametrize(
    ("text", "language", "english"),
    [
        ("no cristalino", "es", "not lens"),
        ("cristalino izquierdo", "es", "lens left"),
        ("cristalino derecho", "es", "lens right"),
        ("kanang cristalino", "fil", "right cristalino"),
        ("ang mga mata", "fil", "mata"),
        ("1,5 mm", "es", "1.5 mm"),
        ("1,5 mm", "zh", "1,5 mm"),
        ("अनजान", "hi", "anajaan"),
        ("", "es", ""),
    ],
)
def test_small_words_have_one_english_word_or_none(
    translator: WordTranslator, text: str, language: str, english: str
) -> None:
    assert translator.translate(text, language) == english


def test_chinese_words_get_spaces_and_keep_their_signs(translator: WordTranslator) -> None:
    assert translator.translate("左晶状体", "zh") == "left lens"
    assert translator.translate("（晶状体）晶状体", "zh") == "（lens ）lens"


def test_a_unit_behind_a_number_is_no_term(translator: WordTranslator) -> None:
    assert "millimetre" not in translator.translate("5 mm nubes", "es")
    assert translator.translate("mm nubes", "es") == "millimetre clouds"


@pytest.mark.parametrize(("english", "share"), [("lens", 1.0), ("lens xyzzy", 0.5), ("5 10", 1.0), ("", 1.0)])
def test_coverage_counts_content_words_only(translator: WordTranslator, english: str, share: float) -> None:
    assert translator.coverage(english) == share
