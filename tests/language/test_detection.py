from __future__ import annotations

from pathlib import Path

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
    assert detect_language("keratoconus") == detect_language("retinitis pigmentosa")
    assert detect_language("keratoconus").confidence == 0.0


CORPUS = Path(__file__).parent / "corpus"


def recognised(name: str, prefer: str | None = None) -> tuple[int, list[tuple[str, str, str]]]:
    """Number of texts of a corpus file, and those that were taken for another language."""
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    mistaken: list[tuple[str, str, str]] = []
    for line in lines:
        code, text = line.split("\t")
        recognised_code = detect_language(text, prefer).code
        if recognised_code != code:
            mistaken.append((code, recognised_code, text))
    return len(lines), mistaken


def test_nearly_all_short_phrases_of_the_seven_languages_are_recognised() -> None:
    number, mistaken = recognised("phrases.tsv")
    assert number == 66
    assert len(mistaken) <= 2, mistaken


def test_nearly_all_sentences_in_other_languages_are_recognised() -> None:
    number, mistaken = recognised("other_languages.tsv")
    assert number == 60
    assert len(mistaken) <= 2, mistaken


@pytest.mark.parametrize("prefer", ["es", "pt"])
@pytest.mark.parametrize("text", ["catarata", "glaucoma", "uvea"])
def test_a_bare_term_is_taken_for_the_preferred_language_and_is_not_sure(text: str, prefer: str) -> None:
    detection = detect_language(text, prefer)
    assert (detection.code, detection.confidence) == (prefer, 0.0)


def test_a_preference_does_not_outweigh_the_words() -> None:
    assert detect_language("¿Qué es la catarata?", "pt").code == "es"
    assert detect_language("Qual é o tratamento da catarata?", "es").code == "pt"


@pytest.mark.parametrize(
    "text",
    [
        "Treatment of Behçet disease with the eye involved",
        "Vogt-Koyanagi-Harada and Ménière: which of these is bilateral?",
        "What are the signs of Sjögren syndrome in the eye?",
        "Is Dalén-Fuchs nodule a sign of sympathetic ophthalmia?",
    ],
)
def test_the_accents_of_an_eponym_do_not_change_the_language(text: str) -> None:
    assert detect_language(text).code == "en"


def test_accents_that_were_left_out_still_speak_for_their_language() -> None:
    assert detect_language("cirugia de ojos en ninos").code == "es"
    assert detect_language("pressao do olho e dor").code == "pt"
    assert detect_language("symptomes de la cecite").code == "fr"


@pytest.mark.parametrize(("prefer", "code"), [("pt", "pt"), ("es", "es")])
@pytest.mark.parametrize("text", ["lentes de contato", "causas de ceguera"])
def test_a_phrase_of_two_languages_is_in_the_preferred_one(text: str, prefer: str, code: str) -> None:
    detection = detect_language(text, prefer)
    assert (detection.code, detection.is_tie) == (code, False)


@pytest.mark.parametrize("text", ["lentes de contato", "causas de ceguera"])
def test_a_phrase_of_two_languages_without_a_preference_says_so(text: str) -> None:
    assert detect_language(text).is_tie
    assert detect_language(text, "fr").is_tie


def test_a_phrase_of_a_shared_script_is_in_the_language_that_most_texts_are_in() -> None:
    assert detect_language("लाल आँख").code == "hi"
    assert detect_language("लाल आँख", "hi").code == "hi"
    assert detect_language("डोळ्यांचा उपचार").code == "mr"
    assert detect_language("आँखाको उपचार").code == "ne"


def test_a_script_that_is_not_known_is_undetermined_and_not_sure() -> None:
    detection = detect_language("ᚠᚢᚦᚨᚱᚲ")
    assert (detection.code, detection.confidence) == (UNKNOWN, 0.0)
