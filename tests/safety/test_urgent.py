"""Red flags are found in seven languages, and calm questions stay calm."""

from __future__ import annotations

import pytest

from benchmarks.safety import PARTS, Case, corpus, rate
from clara.language.codes import SEVEN
from clara.language.messages import catalogue
from clara.safety import asks_personally, red_flags, urgent_notice
from clara.safety.concepts import table
from clara.safety.typos import Corrector
from clara.types import Option, Question

CASES = list(corpus())
URGENT = [case for case in CASES if case.flag and case.part in ("development", "held out")]
LATER = [case for case in CASES if case.flag and case.part in ("later", "typed", "kinds")]
CALM = [case for case in CASES if not case.flag]
OPTIONS = (Option("A", "Wash the eye"), Option("B", "Wait"))


def test_the_first_corpus_has_five_phrasings_of_fifteen_flags_in_seven_languages() -> None:
    flags = {case.flag for case in URGENT}
    assert len(flags) == 15
    assert flags <= set(table("flags"))
    for flag in flags:
        for language in SEVEN:
            assert sum(case.flag == flag and case.language == language for case in URGENT) >= 5
    assert len(CALM) >= 300


def test_sensitivity_is_at_least_99_percent() -> None:
    missed = [(case.language, case.flag, case.text) for case in URGENT if not case.right]
    assert rate(URGENT) >= 0.99, missed


def test_wordings_that_were_added_later_are_found_too() -> None:
    assert rate(LATER) >= 0.97, [(case.language, case.text) for case in LATER if not case.right]


def test_specificity_is_at_least_95_percent_in_every_part() -> None:
    for part in PARTS:
        some = [case for case in CALM if case.part == part]
        assert rate(some) >= 0.95, [(case.language, case.seen, case.text) for case in some if not case.right]


@pytest.mark.parametrize("language", SEVEN)
def test_the_notice_is_in_the_language_of_the_question(language: str) -> None:
    case = next(case for case in URGENT if case.language == language and case.flag == "chemical_burn")
    notice = urgent_notice(Question(case.text, language=language))
    assert notice.startswith(catalogue(language)["urgent_first"])
    assert catalogue(language)["urgent_rinse"] in notice


def test_the_language_is_recognised_where_it_is_not_given() -> None:
    wrong = [case for case in URGENT if not red_flags(Question(case.text))]
    assert len(wrong) <= 0.05 * len(URGENT), [case.text for case in wrong]


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("I splashed bleach in my eye", ("chemical_burn",)),
        ("I SPLASHED BLEACH IN MY EYE!!!", ("chemical_burn",)),
        ("I don't have a sudden loss of vision", ()),
        ("no flashes, floaters or curtain, my eye just itches", ()),
        ("no pain, but I suddenly went blind in my left eye", ("sudden_loss", "artery_occlusion")),
        ("I had a retinal detachment in 2010 and today I see flashes and floaters", ("retinal_detachment",)),
        ("A 60-year-old man with sudden loss of vision", ()),
        ("A patient splashed bleach in the eye. What is the first step?", ()),
    ],
)
def test_negation_past_and_person_decide(text: str, flags: tuple[str, ...]) -> None:
    assert red_flags(Question(text, language="en")) == flags


SHORT = [
    ("en", "sudden blindness"),
    ("en", "Sudden visual loss!"),
    ("es", "ceguera repentina"),
    ("es", "pérdida brusca de visión"),
    ("pt", "perda súbita da visão"),
    ("pt", "cegueira súbita"),
    ("fr", "perte brutale de vision"),
    ("fr", "cécité soudaine"),
    ("fil", "biglang pagkabulag"),
    ("hi", "अचानक अंधापन"),
    ("hi", "achanak andhapan"),
    ("zh", "突然失明"),
    ("zh", "突发失明"),
]


@pytest.mark.parametrize(("language", "text"), SHORT)
def test_a_bare_phrase_is_enough_with_the_language_given_or_not(language: str, text: str) -> None:
    assert red_flags(Question(text, language=language)) == ("sudden_loss",)
    assert red_flags(Question(text)) == ("sudden_loss",)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "What are the causes of sudden blindness?"),
        ("en", "A patient presents with sudden blindness"),
        ("en", "What is colour blindness?"),
        ("es", "¿Cuáles son las causas de la ceguera repentina?"),
        ("pt", "Paciente com perda súbita da visão: qual o diagnóstico?"),
        ("fr", "Quelles sont les causes d'une perte brutale de vision ?"),
        ("fr", "Un patient présente une perte brutale de vision"),
        ("fil", "Ano ang mga sanhi ng biglang pagkabulag?"),
        ("hi", "अचानक अंधापन के कारण क्या हैं?"),
        ("zh", "突然失明的原因有哪些？"),
    ],
)
def test_the_same_phrase_in_an_examination_question_is_calm(language: str, text: str) -> None:
    assert red_flags(Question(text, language=language)) == ()


def test_a_question_with_options_is_an_examination_unless_it_is_about_the_asker() -> None:
    text = "Wet cement in both eyes. What should be done first?"
    assert red_flags(Question(text, language="en"))
    assert not red_flags(Question(text, OPTIONS, "en"))
    assert red_flags(Question("I got wet cement in my eyes. What should be done first?", OPTIONS, "en"))


@pytest.mark.parametrize("case", [c for c in CALM if "?" in c.text][::6], ids=lambda c: c.text[:40])
def test_calm_questions_have_no_notice(case: Case) -> None:
    assert urgent_notice(Question(case.text, language=case.language)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "How many drops should I take for my glaucoma?",
        "Do I have keratoconus?",
        "¿Qué dosis debo tomar?",
        "Quantas gotas devo pingar?",
        "Quel médicament dois-je prendre ?",
        "Ilang patak ang dapat kong gamitin?",
        "मुझे क्या बीमारी है?",
        "mujhe kya bimari hai?",
        "我应该吃什么药？",
    ],
)
def test_personal_requests_are_recognised(text: str) -> None:
    assert asks_personally(Question(text))


@pytest.mark.parametrize(
    "text",
    [
        "What is the dose of acetazolamide in acute glaucoma?",
        "A patient asks what dose he should take. What is the best answer?",
        "¿Cuál es la dosis de acetazolamida?",
        "Paciente de 60 anos com glaucoma: qual dose deve usar?",
        "Quelle dose de mannitol faut-il administrer ?",
        "急性青光眼乙酰唑胺的剂量是多少？",
    ],
)
def test_examination_questions_are_no_personal_requests(text: str) -> None:
    assert not asks_personally(Question(text))


def test_typing_errors_of_one_letter_are_corrected_and_others_are_not() -> None:
    corrector = Corrector(frozenset(("vision", "disapeared", "swolen")))
    assert [corrector.corrected(word) for word in ("visoin", "dissapeared", "vison")] == ["vision", "disapeared", "vision"]
    assert [corrector.corrected(word) for word in ("mission", "revision", "stolen")] == ["mission", "revision", "stolen"]


@pytest.mark.parametrize(
    "text",
    [
        "wo zuo yan turan kanbujian le",
        "shihui jian dao yanjing li le, hen teng",
        "yanjing hong, teng de lihai, yizhi tu, kan deng you caihong",
    ],
)
def test_chinese_in_latin_letters_is_read(text: str) -> None:
    assert red_flags(Question(text))


@pytest.mark.parametrize(
    "text", ["Tell me a slow thing about the cornea please", "a tell-tale thing about the lens, please"]
)
def test_an_english_word_is_not_taken_for_a_hindi_one_that_sounds_alike(text: str) -> None:
    assert red_flags(Question(text)) == ()


@pytest.mark.parametrize(
    ("past", "fresh"),
    [
        ("got hit in the eye as a boy, it bled, healed completely", "it healed, but today there is blood inside my eye"),
        ("me dieron un pelotazo, tuve sangre en el ojo, se curó", "se curó, pero hoy tengo sangre dentro del ojo"),
        ("reçu un pétard dans l'œil, guéri sans séquelle", "guéri, mais ce matin un pétard dans l'œil"),
    ],
)
def test_what_has_healed_is_over_and_what_is_new_is_not(past: str, fresh: str) -> None:
    assert red_flags(Question(past)) == ()
    assert red_flags(Question(fresh))


@pytest.mark.parametrize(
    "text",
    [
        "I was studying for my finals when my left eye went black",
        "estava estudando e do nada fiquei cego de um olho",
        "复习的时候右眼突然看不见了",
    ],
)
def test_studying_when_it_happened_makes_no_question_academic(text: str) -> None:
    assert red_flags(Question(text))


@pytest.mark.parametrize("text", ["drain cleaner in my eye", "draincleaner in my eye", "draincleaner intomyeye"])
def test_words_that_run_together_are_read(text: str) -> None:
    assert "chemical_burn" in red_flags(Question(text))
