"""Sound items that look odd: terms with a word of judgement, sentences that name all options, other ways of numbers."""

from __future__ import annotations

import pytest

from clara.bench.audit.audit import audit_dataset
from clara.bench.audit.numbers import numbers_of
from clara.bench.datasets import Dataset, Item
from tests.bench.audit.items import item


def problems_of(*items: Item) -> list[tuple[str, str]]:
    data = Dataset("made", "f", items, tuple(entry.language for entry in items))
    return [(problem.language, problem.problem) for problem in audit_dataset(data).problems]


@pytest.mark.parametrize(
    "text",
    [
        "Retinoscopy (objective refractive error)",
        "A spot in the field (true scotoma)",
        "Swelling (false membrane)",
        "Conducto (canal verdadero)",
        "Sonography (wrong-site marker)",
        "Explanation is given to the patient",
        "Answer is not known",
        "试验（正确率高的方法）",
    ],
)
def test_a_term_that_holds_a_word_of_judgement_gives_nothing_away(text: str) -> None:
    assert problems_of(item("Which of these is it, please?", [text, "Something else"])) == []


@pytest.mark.parametrize(
    "note", ["(correct)", "(this answer is wrong)", "(False: it is a vein)", "（正确）", "(respuesta correcta)"]
)
def test_a_verdict_beside_an_option_gives_the_answer_away(note: str) -> None:
    assert ("english", "answer_leak") in problems_of(item("Which one is it?", [f"Aorta {note}", "Portal vein"]))


def test_a_sentence_that_names_all_options_is_no_second_list() -> None:
    options = ["Timolol", "Latanoprost", "Pilocarpine"]
    stem = "He uses pilocarpine, latanoprost and timolol. Which of them constricts the pupil?"
    assert problems_of(item(stem, options)) == []
    twice = "Which one constricts the pupil?\nA) Timolol\nB) Latanoprost\nC) Pilocarpine"
    assert problems_of(item(twice, options)) == [("english", "duplicate_options")]
    bullets = "Which one constricts the pupil?\n- Timolol\n- Latanoprost\n- Pilocarpine"
    assert problems_of(item(bullets, options)) == [("english", "duplicate_options")]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,00,000", ["100000"]),
        ("12,34,567.5", ["1234567.5"]),
        ("100.000", ["100000"]),
        ("1 000", ["1000"]),
        ("10万", ["100000"]),
        ("1.2万", ["12000"]),
        ("3 लाख", ["300000"]),
        ("١٢٬٠٠٠", ["12000"]),
        ("٣٫٥", ["3.5"]),
        ("3,5", ["3.5"]),
        ("2, 4", ["2", "4"]),
    ],
)
def test_numbers_are_read_however_a_language_writes_them(text: str, numbers: list[str]) -> None:
    assert numbers_of(text, signed=False) == numbers


def test_numbers_that_only_look_different_are_no_mismatch() -> None:
    items = [
        item("Of 100,000 people 12,000 have 3.5 mm. How many are ill?", ["x y", "z w"]),
        item("De 100.000 personas 12.000 tienen 3,5 mm. ¿Cuántas están enfermas?", ["x y", "z w"], "es"),
        item("1,00,000 लोगों में से 12,000 को 3.5 mm है। कितने बीमार हैं?", ["x y", "z w"], "hi"),
        item("10万人中有1.2万人为3.5毫米。有多少人患病？", ["x y", "z w"], "zh"),
        item("من بين ١٠٠٬٠٠٠ شخص لدى ١٢٬٠٠٠ منهم ٣٫٥ مم. كم عدد المرضى؟", ["x y", "z w"], "ar"),
    ]
    assert [problem for problem in problems_of(*items) if problem[1] == "number_mismatch"] == []
