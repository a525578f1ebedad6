"""Records to runs: names, languages, scores, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.bench.figures.runs import (
    gold_letters,
    in_order,
    languages_of,
    question_of,
    read_folders,
    read_runs,
    rescored,
    runs_of,
    score,
    why_uncovered,
    without,
)
from clara.bench.replay.journal import Journal
from clara.errors import JournalError
from tests.bench.figures.records import answers, run


def test_languages_come_in_the_order_of_the_data() -> None:
    assert in_order(["hindi", "french", "english", "hindi"], ()) == ["hindi", "french", "english"]
    assert in_order(["hindi", "french", "english"], ["french", "german", "english"]) == ["french", "english", "hindi"]
    assert run(answers("hindi", "A"), answers("english", "A")).languages == ["hindi", "english"]
    planned = run(answers("hindi", "A"), answers("english", "A"), manifest={"languages": ["english", "hindi"]})
    assert planned.languages == ["english", "hindi"]
    assert languages_of([planned, run(answers("french", "A"), answers("hindi", "A"))]) == ["english", "hindi", "french"]


REFUSED = {"outcome": "no_response", "label": None, "error": "german is not covered", "error_kind": "UnsupportedLanguage"}


def test_a_language_that_is_not_covered_stands_apart_with_its_reason() -> None:
    urgent = answers("german", "..A", outcome="no_response", label=None)  # an urgent notice stands in place of the error
    records = answers("english", "AB") + answers("german", "AA", **REFUSED) + urgent
    (entry,) = runs_of(records)
    assert entry.languages == ["english"]
    assert [len(group) for group in entry.uncovered.values()] == [3]
    assert why_uncovered(entry.uncovered["german"]) == "german is not covered"
    assert why_uncovered(urgent) == "the language is not covered"


def test_a_language_with_an_answer_is_covered_whatever_failed_beside_it() -> None:
    (entry,) = runs_of(answers("german", "A") + answers("german", ".A", **REFUSED))
    assert (entry.languages, entry.uncovered, len(entry.records)) == (["german"], {}, 2)


def test_a_folder_without_any_covered_language_is_refused_with_the_reason(tmp_path: Path) -> None:
    with Journal(tmp_path / "a", {"version": 2}) as journal:
        journal.append(answers("german", "A", **REFUSED)[0])
    with pytest.raises(JournalError, match="no answer in a language that is covered: german is not covered"):
        read_folders([tmp_path / "a"])


def test_repeats_are_counted_from_the_records() -> None:
    assert run(answers("english", "A"), answers("english", "A", repeat=4)).repeats == 5
    assert run().repeats == 1


def test_strategies_of_a_journal_become_runs_in_order() -> None:
    records = answers("english", "A") + answers("english", "B", strategy="rag")
    runs = runs_of(records, prefix="old: ", manifest={"fingerprint": "f"})
    assert [(entry.name, entry.label, entry.dataset, len(entry.records)) for entry in runs] == [
        ("old: x", "x", "f", 1),
        ("old: rag", "rag", "f", 1),
    ]


def test_a_data_set_that_is_not_parallel_pairs_nothing_over_languages() -> None:
    records = answers("english", "A") + answers("hindi", "A")
    (alone,) = runs_of(records, manifest={"parallel": False})
    assert [question_of(record) for record in alone.records] == ["english: 0", "hindi: 0"]
    assert [record["id"] for record in alone.records] == ["0", "0"]
    assert "question" not in records[0]


@pytest.mark.parametrize(
    ("gold", "letters"), [("B", ("B",)), ("A|C", ("A", "C")), ("ACE", ()), ("A|BC", ("A",)), ("", ()), (None, ())]
)
def test_gold_letters(gold: str | None, letters: tuple[str, ...]) -> None:
    assert gold_letters({"gold": gold}) == letters


def test_a_score_counts_before_the_outcome() -> None:
    assert score({"outcome": "correct"}) == 1.0
    assert score({"outcome": "abstained"}) == 0.0
    assert score({"outcome": "wrong", "score": 0.4}) == 0.4
    assert score({"outcome": "correct", "score": None}) == 1.0


def test_flagged_questions_leave_in_all_languages_and_empty_runs_with_them() -> None:
    runs = [run(answers("english", "AB"), answers("hindi", "AB")), run(answers("english", "A"), name="y")]
    (remaining,) = without(runs, {"0"})
    assert [(record["id"], record["language"]) for record in remaining.records] == [("1", "english"), ("1", "hindi")]
    assert len(runs[0].records) == 4


def test_a_reply_is_read_again() -> None:
    (record,) = answers("english", "-", gold="B", reply="The answer is (B).")
    assert (rescored(record)["outcome"], rescored(record)["label"]) == ("correct", "B")
    assert record["outcome"] == "unparsed"
    assert "score" not in rescored(record)


def journal(folder: Path, letters: str = "AB") -> Path:
    with Journal(folder, {"version": 2, "fingerprint": "f"}) as opened:
        for record in answers("english", letters):
            opened.append(record)
    return folder


def test_one_folder_needs_no_prefix_and_two_the_shortest_that_tells_them_apart(tmp_path: Path) -> None:
    june, july = journal(tmp_path / "june" / "run"), journal(tmp_path / "july" / "run")
    other = journal(tmp_path / "other")
    assert [entry.name for entry in read_runs([june])] == ["x"]
    assert [entry.name for entry in read_runs([june, other])] == ["run: x", "other: x"]
    assert [entry.name for entry in read_runs([june, july, june])] == ["june/run: x", "july/run: x"]


def test_two_names_of_one_folder_are_shown_as_they_were_given(tmp_path: Path) -> None:
    folder = journal(tmp_path / "run")
    link = tmp_path / "link"
    link.symlink_to(folder)
    names = [entry.name for group in read_folders([folder, link]) for entry in group]
    assert names == [f"{folder}: x", f"{link}: x"]


def test_a_folder_without_answers_is_named(tmp_path: Path) -> None:
    empty = journal(tmp_path / "empty", "")
    with pytest.raises(JournalError, match="empty holds no answers yet"):
        read_runs([empty])
