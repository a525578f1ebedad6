from __future__ import annotations

import pytest

from clara.language.translit import devanagari_to_latin, hindi_key


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("मोतियाबिंद", "motiyaabind"),
        ("हिन्दी", "hindii"),
        ("कॉर्निया", "korniyaa"),
        ("ज़ख्म", "zakhm"),
        ("कमल", "kamal"),
        ("क्या है।", "kyaa hai."),
        ("IOP का मान 21.5 है", "IOP kaa maan 21.5 hai"),
    ],
)
def test_devanagari_becomes_plain_latin_letters(text: str, latin: str) -> None:
    assert devanagari_to_latin(text) == latin


def test_other_scripts_stay_as_they_are() -> None:
    assert devanagari_to_latin("角膜 córnea 5 %") == "角膜 córnea 5 %"


def test_composed_and_decomposed_nukta_are_the_same() -> None:
    assert devanagari_to_latin("\u095b") == devanagari_to_latin("\u091c\u093c") == "z"


@pytest.mark.parametrize(
    "spellings",
    [
        ("mein", "mem", "me"),
        ("nahin", "nahi", "nahim"),
        ("aankh", "ankh"),
        ("motiyabind", "motiyaabind"),
        ("chhodkar", "chodkar"),
        ("wala", "vaala"),
        ("shalya", "salya"),
    ],
)
def test_spellings_of_one_word_share_a_key(spellings: tuple[str, ...]) -> None:
    assert len({hindi_key(word) for word in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), [("dahina", "bayan"), ("sahi", "galat"), ("retina", "cornea"), ("ka", "ki")])
def test_different_words_keep_different_keys(one: str, other: str) -> None:
    assert hindi_key(one) != hindi_key(other)


def test_devanagari_and_its_usual_latin_spelling_meet() -> None:
    assert hindi_key(devanagari_to_latin("मोतियाबिंद")) == hindi_key("motiyabind")
    assert hindi_key(devanagari_to_latin("आँख")) == hindi_key("aankh")
