from __future__ import annotations

import unicodedata

import pytest

from clara.language.text import fold, normalise, script_counts, search_tokens, sentences, spans, stem, words


def test_normalise_makes_wide_letters_and_foreign_digits_plain_and_keeps_accents() -> None:
    assert normalise("ＡＢ１２ Ñandú ४५ ٣") == "ab12 ñandú 45 3"


def test_fold_drops_latin_accents_but_keeps_devanagari_signs() -> None:
    assert fold("Córnea ŒDÈME") == "cornea œdeme"
    assert fold("हिन्दी") == unicodedata.normalize("NFC", "हिन्दी")
    assert fold("co\u0301rnea") == fold("c\u00f3rnea") == "cornea"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("The pressure is 21.5 mmHg. It rose.", ["The pressure is 21.5 mmHg.", "It rose."]),
        ("यह पहला है। यह दूसरा है॥ तीसरा", ["यह पहला है।", "यह दूसरा है॥", "तीसरा"]),
        ("角膜透明。晶状体混浊！为什么？", ["角膜透明。", "晶状体混浊！", "为什么？"]),
        ("Use drops, e.g. Timolol vs. Latanoprost. Done.", ["Use drops, e.g. Timolol vs. Latanoprost.", "Done."]),
        ("H. Goldmann wrote it. Yes.", ["H. Goldmann wrote it.", "Yes."]),
        ("# Heading\n\nText\nin lines", ["Heading", "Text in lines"]),
        ("  \n\n ", []),
    ],
)
def test_sentences_end_in_every_script(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_words_of_chinese_are_single_characters() -> None:
    assert words("角膜炎 is keratitis") == ["角", "膜", "炎", "is", "keratitis"]


def test_words_of_devanagari_keep_their_vowel_signs_and_end_at_a_danda() -> None:
    assert words("मोतियाबिंद का उपचार।") == ["मोतियाबिंद", "का", "उपचार"]


def test_numbers_keep_their_decimal_mark_in_every_notation() -> None:
    assert words("0,5 mm and 21.5 mmHg and ४.५") == ["0,5", "mm", "and", "21.5", "mmhg", "and", "4.5"]


def test_a_decimal_right_after_a_chinese_character_stays_one_number() -> None:
    assert words("眼压21.5mmHg") == ["眼", "压", "21.5", "mmhg"]
    assert words("与HLA-B27相关") == ["与", "hla", "b27", "相", "关"]


def test_spans_point_at_the_surface_in_the_nfc_text() -> None:
    text = "La Córnea: 角膜 ४.५ आँख"
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text))
    for word in spans(unicodedata.normalize("NFD", text)):
        assert composed[word.start : word.end] == word.surface
    assert [word.surface for word in spans(text)][:2] == ["La", "Córnea"]


def test_underscores_and_punctuation_are_no_words() -> None:
    assert words("____ (a_b) …") == ["a", "b"]


def test_stem_joins_plural_and_singular_and_leaves_chinese_alone() -> None:
    assert stem("corneas") == stem("cornea")
    assert stem("角", "zh") == "角"
    assert stem("kornea", "hi") == "kornea"


def test_search_tokens_are_stems_bigrams_and_devanagari_words_without_stop_words() -> None:
    assert search_tokens("the corneas of 角膜炎 and 眼") == [stem("corneas"), "角膜", "膜炎", "眼"]
    assert search_tokens("the of and") == []


def test_a_bigram_never_crosses_a_latin_word() -> None:
    assert search_tokens("角膜 OCT 眼压") == ["角膜", "oct", "眼压"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("চোখের ছানি", ["চোখের", "ছানি"]),  # Bengali
        ("கண்புரை நோய்", ["கண்புரை", "நோய்"]),  # Tamil
        ("కంటిశుక్లం చికిత్స", ["కంటిశుక్లం", "చికిత్స"]),  # Telugu
        ("મોતિયો રોગ", ["મોતિયો", "રોગ"]),  # Gujarati
        ("ಕಣ್ಣಿನ ಪೊರೆ", ["ಕಣ್ಣಿನ", "ಪೊರೆ"]),  # Kannada
        ("തിമിരം രോഗം", ["തിമിരം", "രോഗം"]),  # Malayalam
        ("ඇසේ සුද", ["ඇසේ", "සුද"]),  # Sinhala
        ("ਮੋਤੀਆ ਬਿੰਦ", ["ਮੋਤੀਆ", "ਬਿੰਦ"]),  # Gurmukhi
    ],
)
def test_a_word_with_vowel_signs_is_one_word(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("text", ["ต้อหิน", "ເລນ", "ភ្នែក", "မျက်စိ", "青光眼", "コンタクト"])
def test_scripts_without_spaces_are_cut_into_letters_with_their_marks(text: str) -> None:
    units = words(text)
    assert len(units) > 1
    assert "".join(units) == fold(text)
    assert len(search_tokens(text)) == len(units) - 1


@pytest.mark.parametrize(
    ("pointed", "plain"),
    [("مُلْتَحِمَة", "ملتحمة"), ("العيـــن", "العين"), ("דַּלֶּקֶת", "דלקת"), ("mắt", "mat"), ("ỗ", "o"), ("ΐ", "ι")],
)
def test_points_and_stacked_accents_make_no_difference(pointed: str, plain: str) -> None:
    assert fold(pointed) == fold(plain)


def test_marks_that_make_another_letter_stay() -> None:
    assert fold("й") != fold("и")
    assert fold("ड़") != fold("ड")
    assert fold("が") != fold("か")


def test_joiners_without_width_do_not_cut_a_word() -> None:
    assert words("می\u200cشود") == ["میشود"]
    assert words("क्\u200dष") == ["क्ष"]


def test_letters_are_counted_by_script() -> None:
    assert script_counts("POAG 的治疗 2 mm") == {"LATIN": 6, "CJK": 3}
    assert script_counts("12 %") == {}
