"""Nothing hides an emergency: characters, spacing, another language beside it or given for it."""

from __future__ import annotations

import pytest

from clara.language.codes import SEVEN
from clara.safety import red_flags, urgent_notice
from clara.safety.disguise import undisguised
from clara.types import Question

PLAIN = [
    "I got bleach in my eye",
    "Me cayó cemento en los ojos",
    "J'ai reçu de l'acide dans l'œil",
    "आँख में तेज़ाब गिर गया",
    "洁厕灵溅到眼睛里了",
]


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize("joint", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u202e", "\ufe0f"])
def test_invisible_characters_hide_nothing(text: str, joint: str) -> None:
    assert "chemical_burn" in red_flags(Question(joint.join(text)))


@pytest.mark.parametrize(
    "text",
    [
        "I got blеасh in my еуе",  # Cyrillic
        "I got ｂｌｅａｃｈ in my ｅｙｅ",
        "I got 𝐛𝐥𝐞𝐚𝐜𝐡 in my 𝐞𝐲𝐞",
        "I got bl3ach in my 3ye",
        "b l e a c h  i n  m y  e y e",
        "b.l.e.a.c.h in my e.y.e",
        "I got bl*ea*ch in my ey_e",
        "I got bleeeeeach in my eyyyye",
        "b̶l̶e̶a̶c̶h̶ in my eye",
        "洁 厕 灵 溅 到 眼 睛 里",
    ],
)
def test_look_alikes_spaces_and_stretched_letters_hide_nothing(text: str) -> None:
    assert "chemical_burn" in red_flags(Question(text))


@pytest.mark.parametrize("text", ["eye/vision", "глаз болит", "2 drops of 40 mg at 10am", "E. coli"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert undisguised(text) == text.lower()


@pytest.mark.parametrize("given", [*SEVEN, "de", None])
@pytest.mark.parametrize("text", PLAIN)
def test_the_language_that_is_given_switches_no_rules_off(text: str, given: str | None) -> None:
    assert red_flags(Question(text, language=given)) == red_flags(Question(text))
    assert urgent_notice(Question(text, language=given))


@pytest.mark.parametrize(
    "addition",
    ["कृपया जल्दी बताइए", "por favor dígame rápido", "s'il vous plaît, vite", "tolong po", "请快点告诉我", "bitte schnell"],
)
@pytest.mark.parametrize("text", PLAIN)
def test_a_sentence_in_another_language_takes_nothing_away(text: str, addition: str) -> None:
    assert "chemical_burn" in red_flags(Question(f"{text}. {addition}"))
    assert "chemical_burn" in red_flags(Question(f"{addition}. {text}"))


@pytest.mark.parametrize(
    "text",
    [
        "meri right eye ka vision achanak blur ho gaya",
        "yung left eye ko suddenly blurred tapos may floaters",
        "tengo el ojo red and painful after my injection",
        "我的left eye突然看不见了",
    ],
)
def test_languages_mixed_in_one_sentence_are_read_together(text: str) -> None:
    assert red_flags(Question(text))
