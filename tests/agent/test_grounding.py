"""The deterministic part of the verifier: what an answer says must stand in what it cites."""

from __future__ import annotations

import pytest

from benchmarks.grounding import CORRUPTIONS, measure
from clara.agent.grounding import check_answer, check_choice
from clara.types import Option, Passage

PRESSURE = Passage(
    "pressure#0",
    "Intraocular pressure",
    "Mean intraocular pressure is about 16 mmHg, with an upper limit of 21 mmHg. "
    "Pressure is higher in the morning in most eyes. "
    "Pilocarpine is not given while the pressure is above 40 mmHg. The central cornea is 0.54 mm thick.",
)
LENS = Passage("lens#0", "Lens", "The lens capsule is thickest near the equator and is made by the epithelium of the lens.")
SHOWN = (PRESSURE, LENS)


def kinds(answer: str, cited: tuple[Passage, ...] = (PRESSURE,), **how: str) -> list[str]:
    return [finding.kind for finding in check_answer(answer, cited, SHOWN, **how)]


@pytest.mark.parametrize(
    "answer",
    [
        "Mean intraocular pressure is about 16 mmHg [1].",
        "The mean IOP is around 16 mm Hg, the upper limit of the pressure 21 mmHg [1].",
        "The central cornea is 540 µm thick [1].",
        "Pilocarpine is not given while pressure is above 40 mmHg [1]. The lens capsule is thickest near the equator [2].",
        "",
        "Yes.",
    ],
)
def test_what_the_passage_says_raises_nothing(answer: str) -> None:
    assert kinds(answer) == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("Mean intraocular pressure is about 26 mmHg [1].", ["number"]),
        ("Mean intraocular pressure is about 16 kPa [1].", ["unit"]),
        ("Mean intraocular pressure is about 16 mm [1].", ["unit"]),
        ("The central cornea is 5.4 mm thick [1].", ["number"]),
        ("Pilocarpine is given while the pressure is above 40 mmHg [1].", ["negation"]),
        ("Pressure is not higher in the morning in most eyes [1].", ["negation"]),
        ("Mean intraocular pressure is about 16 mmHg [3].", ["citation"]),
        ("The lens capsule is thickest near the equator [1].", ["citation"]),
    ],
)
def test_what_it_does_not_say_is_found(answer: str, found: list[str]) -> None:
    assert kinds(answer) == found


def test_a_number_must_stand_in_the_sentence_that_says_the_same() -> None:
    (finding,) = check_answer("Mean intraocular pressure is about 40 mmHg [1].", (PRESSURE,), SHOWN)
    assert finding.message == "the number 40 says something else in the cited passage"


def test_a_sentence_without_a_mark_rests_on_all_cited_passages() -> None:
    assert kinds("The lens capsule is thickest near the equator.", (PRESSURE, LENS)) == []
    assert kinds("The lens capsule is thickest near the equator.", (PRESSURE,)) == ["citation"]


def test_in_another_language_only_numbers_and_units_are_compared() -> None:
    assert kinds("La presión media es de 16 mmHg y no es alta [1].", language="es") == []
    assert kinds("La presión media es de 61 mmHg [1].", language="es") == ["number"]
    assert kinds("La presión media del ojo es de 16 mmHg y no es alta [1].") == []
    assert kinds("眼压平均约16 mmHg，并不高 [1]。") == []


def test_without_evidence_there_is_nothing_to_compare() -> None:
    assert check_answer("Pressure is 99 mmHg.", ()) == ()


def test_the_reasoning_must_not_end_in_another_letter() -> None:
    options = (Option("A", "one"), Option("B", "two"))
    assert check_choice("Option A is wrong because of the pressure, so the answer is B.", "B", options) == ()
    assert [f.kind for f in check_choice("So the answer is A.", "B", options)] == ["choice"]
    assert check_choice("The answer is A.", None, options) == ()
    assert check_choice("No letter here.", "B", options) == ()


@pytest.mark.slow
def test_corrupted_answers_are_caught_and_paraphrases_pass() -> None:
    """The bars of the project, on a sample of the shipped notes; benchmarks/grounding.py measures all of them."""
    measured = measure(120, seed=7)
    for kind in (*CORRUPTIONS, "citation"):
        assert measured.rate(kind) >= 0.95, [(c.kind, c.answer) for c in measured.wrong if c.kind == kind]
    assert measured.rate("clean") < 0.05, [c.answer for c in measured.wrong if c.kind == "clean"]
