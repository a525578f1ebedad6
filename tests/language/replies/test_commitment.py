"""Where a sentence commits itself to an option, letter by letter, and how strongly."""

from __future__ import annotations

import pytest

from clara.language.replies.anchors import Phrases, anchors, lowered
from clara.language.replies.commitment import commitments, is_one_of_several, is_rejected
from clara.language.replies.context import role_before, verdict_after


def committed(text: str, labels: str = "ABCDE") -> list[tuple[str, str]]:
    return [(commitment.label, commitment.strength) for commitment in commitments(text, labels)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is B.", [("B", "strong")]),
        ("Therefore, C is correct.", [("C", "weak")]),
        ("La respuesta correcta es la D.", [("D", "strong")]),
        ("正确答案是B。", [("B", "strong")]),
        ("Not A but B.", [("B", "strong")]),
        ("The answer is not B.", []),
        ("Option C is wrong.", []),
        ("The answer is A or B.", []),
        ("If A, then the eye turns in.", []),
        ("A patient has vitamin A deficiency.", []),
        ("The answer is F.", []),  # no option of the question
    ],
)
def test_a_letter_counts_by_the_words_around_it(text: str, expected: list[tuple[str, str]]) -> None:
    assert committed(text) == expected


def test_a_later_correction_is_strong() -> None:
    text = "I would choose A. Wait, B is correct."
    assert committed(text)[-1] == ("B", "strong")


def test_a_commitment_says_where_its_letter_stands() -> None:
    text = "So the answer is C, since it drains the gut."
    [commitment] = commitments(text, "ABC")
    assert text[commitment.start] == "C"


@pytest.mark.parametrize(
    ("text", "letter", "listed"),
    [
        ("A or B", "A", True),
        ("A, B and C", "B", True),
        ("A/B", "B", True),
        ("B because of A", "B", False),
        ("B", "B", False),
    ],
)
def test_letters_of_a_list_are_seen(text: str, letter: str, listed: bool) -> None:
    start = text.index(letter)
    assert is_one_of_several(text, start, start + 1, "ABC") == listed


def test_a_rejection_stands_behind_the_letter() -> None:
    assert is_rejected("B is incorrect", 1)
    assert not is_rejected("B is correct", 1)


@pytest.mark.parametrize(
    ("before", "role"),
    [
        ("the answer is ", "strong"),
        ("answer ", "naming"),
        ("option ", "mention"),
        ("therefore, ", "weak"),
        ("do not choose ", "rejected"),
        ("la réponse attendue est ", "strong"),
        ("the patient has ", None),
        ("", None),
    ],
)
def test_the_words_before_a_letter_give_it_a_role(before: str, role: str | None) -> None:
    assert role_before(before) == role


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (" is the correct answer", "answer"),
        (" is correct", "correct"),
        (" is wrong", "wrong"),
        (" is not correct", "wrong"),
        (" (the lens) is correct", "correct"),
        (" सही नहीं है", "wrong"),
        (" moves the eye", None),
    ],
)
def test_the_words_after_a_letter_judge_it(after: str, verdict: str | None) -> None:
    assert verdict_after(after) == verdict


def test_the_longest_phrase_at_an_end_counts_and_no_part_of_a_word() -> None:
    phrases = Phrases(["not", "cannot", "是"])
    assert phrases.ending("it cannot") == "cannot"
    assert phrases.ending("a knot") == ""
    assert phrases.ending("答案是") == "是"
    assert phrases.beginning("not so") == "not"
    assert phrases.beginning("note") == ""
    assert phrases.beginning("") == ""


def test_a_denial_is_a_negation_or_a_word_for_wrong_and_a_joint_a_word_or_a_sign() -> None:
    known = anchors()
    assert known.denial.beginning("not this") == "not"
    assert known.denial.beginning("wrong, since") == "wrong"
    assert known.denial.beginning("correct") == ""
    assert known.joint.beginning("or b") == "or"
    assert known.joint.beginning(", b") == ","
    assert known.joint.ending("a/") == "/"


def test_lower_case_keeps_the_length_of_a_text() -> None:
    text = "İstanbul’da IŞIK"
    assert len(lowered(text)) == len(text)
    assert lowered("It’s B") == "it's b"
