from __future__ import annotations

import pytest

from clara.language.detection import UNKNOWN, detect_language

SEVEN = {
    "en": "Which of the following is the most common cause of blindness?",
    "es": "¿Cuál es el tratamiento de la catarata en los adultos?",
    "pt": "Qual é o tratamento da catarata? Assinale a alternativa correta.",
    "fr": "Quel est le traitement de la cataracte chez un adulte ?",
    "fil": "Alin sa mga sumusunod ang sanhi ng katarata sa mata?",
    "hi": "मोतियाबिंद का उपचार क्या है?",
    "zh": "白内障的治疗方法是什么？",
}
OTHERS = {
    "de": "Welche Behandlung ist bei einem Glaukom die beste?",
    "ja": "白内障の治療は何ですか？",
    "ar": "ما هو علاج الساد؟",
    "ru": "Что такое катаракта?",
    "ko": "백내장의 치료는 무엇입니까?",
    "th": "ต้อกระจกรักษาอย่างไร",
    "el": "Ποια είναι η θεραπεία του καταρράκτη;",
    "it": "Quale è il trattamento della cataratta nel bambino?",
    "vi": "Bệnh nào trong các bệnh sau không gây mù?",
}


@pytest.mark.parametrize(("code", "text"), [*SEVEN.items(), *OTHERS.items()])
def test_language_is_recognised(code: str, text: str) -> None:
    found = detect_language(text)
    assert found.code == code
    assert 0.5 <= found.confidence <= 1


@pytest.mark.parametrize(
    "text",
    ["Motiyabind ka upchar kya hai?", "Nimnlikhit mein se kaun sa glaucoma ka lakshan nahin hai?"],
)
def test_hindi_in_latin_letters_is_hindi_and_says_so(text: str) -> None:
    found = detect_language(text)
    assert found.code == "hi"
    assert found.romanised


def test_hindi_in_devanagari_is_not_called_romanised() -> None:
    assert not detect_language(SEVEN["hi"]).romanised


def test_filipino_mixed_with_english_terms_is_filipino() -> None:
    assert detect_language("Alin sa mga sumusunod ang sign of the open-angle glaucoma in the eye?").code == "fil"


def test_latin_terms_do_not_hide_another_script() -> None:
    assert detect_language("下列哪项是 primary open-angle glaucoma 的治疗？").code == "zh"


def test_a_single_foreign_letter_does_not_change_an_english_question() -> None:
    assert detect_language("What is the role of the α2 receptor and of the β blocker in the eye?").code == "en"


@pytest.mark.parametrize("text", ["", "   ", "123 45.6 %", "____ ?"])
def test_text_without_letters_is_undetermined(text: str) -> None:
    found = detect_language(text)
    assert (found.code, found.confidence) == (UNKNOWN, 0.0)


def test_bare_terms_count_as_english_with_no_confidence() -> None:
    assert detect_language("keratoconus") == detect_language("uveitis anterior")
    assert detect_language("keratoconus").confidence == 0.0
