from __future__ import annotations

import pytest

from clara.errors import UnknownLanguage
from clara.language.codes import LANGUAGES, SEVEN, find_language, get_language, language_name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hi", "hi"), ("hin", "hi"), ("Hindi", "hi"), ("हिन्दी", "hi"), (" FRENCH ", "fr"), ("tl", "fil"), ("tagalog", "fil"),
        ("Filipino", "fil"), ("zh_CN", "zh"), ("Mandarin", "zh"), ("中文", "zh"), ("pt-BR", "pt"), ("deu", "de"),
    ],
)  # fmt: skip
def test_codes_names_and_aliases_mean_one_language(text: str, code: str) -> None:
    assert get_language(text).code == code


def test_unknown_language_suggests_the_nearest() -> None:
    with pytest.raises(UnknownLanguage, match=r"'hindy'.*did you mean hindi"):
        get_language("hindy")


def test_unknown_language_without_a_near_one_says_what_to_give() -> None:
    with pytest.raises(UnknownLanguage, match="ISO 639"):
        get_language("qqqqqq")
    assert find_language("qqqqqq") is None


def test_no_code_or_alias_means_two_languages() -> None:
    names = [name for language in LANGUAGES.values() for name in {language.code, language.name.lower(), *language.aliases}]
    assert len(names) == len(set(names))


def test_a_language_has_its_english_name_and_an_unknown_code_stays() -> None:
    assert [language_name(code) for code in ("fil", "pt", "tlh")] == ["Filipino", "Portuguese", "tlh"]


def test_the_seven_are_known() -> None:
    assert len(SEVEN) == 7
    assert set(SEVEN) <= set(LANGUAGES)
