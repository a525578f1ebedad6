"""What gives an answer away, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clara.bench.audit.leaks import given_away
from tests.bench.audit.items import item, versions

OPTIONS = ("the lens", "the iris", "the retina", "the sclera")
LONG = "the lens, which every textbook describes as the part that bends light by changing its shape"


def alone(stem: str, *options: str, raw: str = "") -> str | None:
    entry = item(stem, options)
    entry = replace(entry, raw=raw or entry.raw)
    return given_away(entry, versions(entry))


def test_only_the_right_option_is_left() -> None:
    assert alone("Which part focuses?", "the lens") == "only the right option, A, is left"


@pytest.mark.parametrize(
    ("option", "detail"),
    [
        ("the iris (falsch)", "option B carries the note (falsch)"),
        ("the iris【错误】", "option B carries the note 【错误】"),
        ("the iris (front part)", None),
        ("the iris. This option is incorrect", "option B says This option is incorrect"),
        ("the iris, which is the correct place for it", None),
        ("the iris. The statement is correct", "option B says The statement is correct"),
    ],
)
def test_a_verdict_on_an_option(option: str, detail: str | None) -> None:
    assert alone("Which part focuses?", "the lens", option, "the retina") == detail


def test_a_statement_of_the_answer_in_the_question() -> None:
    assert alone("Which part focuses? Answer: A", *OPTIONS) == "the text says Answer: A"


def test_a_line_after_the_question() -> None:
    stem = "Which part focuses?"
    assert alone(stem, *OPTIONS, raw=f"{stem}\na) the lens\nExplanation: it bends") == "the text says Explanation: i"
    assert alone(stem, *OPTIONS, raw=f"Explanation: none\n{stem}") is None  # only what follows the question counts


def test_an_item_without_gold_or_options_gives_nothing_away() -> None:
    entry = item("Which part? Answer: A", OPTIONS, gold="")
    assert given_away(entry, versions(entry)) is None
    assert alone("Which part? Answer: A") is None


def test_an_option_is_measured_against_itself_in_the_other_languages() -> None:
    grown = item("Which part focuses?", (LONG, *OPTIONS[1:]))
    others = item("Quelle partie ?", OPTIONS, "fr"), item("¿Qué parte?", OPTIONS, "es")
    # 91 characters against 8 are 11.4 times; the other three are 1 times as long as elsewhere
    assert given_away(grown, versions(grown, *others)) == "option A is 11 times as long as in the other languages"
    long_everywhere = item("Quelle partie ?", (LONG, *OPTIONS[1:]), "fr"), item("¿Qué parte?", (LONG, *OPTIONS[1:]), "es")
    assert given_away(grown, versions(grown, *long_everywhere)) is None


def test_an_option_beside_blank_ones_is_measured_too() -> None:
    blank = item("Which part focuses?", (LONG, "", "", ""))
    others = item("Quelle partie ?", OPTIONS, "fr"), item("¿Qué parte?", OPTIONS, "es")
    assert given_away(blank, versions(blank, *others)) == "option A is 46 times as long as in the other languages"


def test_a_paragraph_after_the_options_that_one_language_alone_has() -> None:
    tail = "the sclera\n\nIt is the part that bends light."
    own = item("Which part focuses?", (*OPTIONS[:3], tail))
    plain, with_tail = item("Quelle partie ?", OPTIONS, "fr"), item("¿Qué parte?", (*OPTIONS[:3], tail), "es")
    assert given_away(own, versions(own, plain)) == "text follows the options: It is the part that bends light."
    assert given_away(own, versions(own, plain, with_tail)) is None
    short = item("Which part focuses?", (*OPTIONS[:3], "the sclera\n\nPage 3"))
    assert given_away(short, versions(short, plain)) is None
