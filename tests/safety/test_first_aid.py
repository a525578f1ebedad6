"""One instruction that never contradicts itself, in the order in which it is done."""

from __future__ import annotations

import pytest

from clara.language.codes import SEVEN
from clara.language.messages import catalogue
from clara.safety import asks_personally, red_flags, urgent_notice
from clara.types import Question

EN = catalogue("en")


def notice(text: str) -> str:
    return urgent_notice(Question(text))


@pytest.mark.parametrize(
    "text",
    [
        "wet cement flew into my eye",
        "A bottle of acid broke and a piece of glass is stuck in my eye",
        "grinding sparks and drain cleaner hit my eye, a splinter is lodged in it",
        "I poked my eye with a bleach bottle and it burns",
    ],
)
def test_a_chemical_is_rinsed_gently_where_there_is_a_wound_too(text: str) -> None:
    assert EN["urgent_rinse"] in notice(text)
    assert EN["urgent_shield"] not in notice(text)


@pytest.mark.parametrize(
    "text", ["a firecracker went off in my face, my eye is bleeding", "mi hijo: le explotó un cuete en el ojo"]
)
def test_a_blast_is_an_injury_and_is_not_rinsed(text: str) -> None:
    flags = red_flags(Question(text))
    assert "blast" in flags
    assert "chemical_burn" not in flags
    assert "30" not in notice(text)


@pytest.mark.parametrize("language", SEVEN)
def test_rinsing_comes_before_going_and_contact_lenses_come_out(language: str) -> None:
    messages = catalogue(language)
    assert messages["urgent"].startswith(messages["urgent_first"].rstrip(".。।"))
    assert "30" in messages["urgent_rinse"]
    assert "30" not in messages["urgent_shield"]


def test_the_line_of_a_chemical_burn_begins_with_what_is_done_first() -> None:
    text = notice("bleach in my eye")
    assert text.index("rinse") < text.index("emergency department")
    assert "contact lenses out" in text


@pytest.mark.parametrize("text", ["my baby's pupil looks white in photos", "In pictures one eye of my daughter glows white"])
def test_a_white_pupil_is_a_matter_of_days(text: str) -> None:
    assert notice(text) == EN["urgent_soon"]


def test_hindi_in_latin_letters_is_answered_in_latin_letters() -> None:
    line = notice("aankh me tezab gir gaya")
    assert line.isascii()
    assert "30 minute" in line
    assert not notice("आँख में तेज़ाब गिर गया").isascii()


@pytest.mark.parametrize(
    "text",
    [
        "How much atropine can I give my 3 year old son?",
        "¿cuánto paracetamol le doy a mi hija?",
        "bachche ko kitni dawa du?",
        "孩子吃多少合适？",
        "quelle dose pour ma fille ?",
    ],
)
def test_a_dose_for_ones_child_is_personal(text: str) -> None:
    assert asks_personally(Question(text))


@pytest.mark.parametrize(
    "text",
    [
        "I'm a medical student, explain sudden painless loss of vision",
        "my patient has sudden loss of vision in the left eye, what is the diagnosis",
        "And what is the first-line treatment of acute angle closure?",
        "estoy estudiando para mi examen: dolor ocular intenso con halos y vómitos",
        "resume le zona ophtalmique avec oeil rouge pour mon exposé",
    ],
)
def test_academic_questions_raise_nothing(text: str) -> None:
    assert notice(text) == ""
