"""The audit finds each kind of damage, says nothing about sound items, and knows the traps of the real data."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.bench.audit.audit import PROBLEMS, audit_dataset
from clara.bench.datasets import Dataset, Item, load_dataset
from clara.bench.datasets.model import Defect
from clara.cli.app import app
from clara.language.questions import parse_question
from clara.types import Option

REAL = Path(__file__).parents[4] / "shared" / "data" / "multi_ophthalingua" / "questions_dev.csv"
run = CliRunner()


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return load_dataset("sample").select((), 30)


def item_of(data: Dataset, key: str, language: str) -> Item:
    return next(item for item in data.items if (item.id, item.language) == (key, language))


def damaged(data: Dataset, key: str, language: str, raw: str) -> Dataset:
    """The data set with one item's text replaced."""
    question = parse_question(raw, language=item_of(data, key, language).code, id=key)
    return with_item(data, replace(item_of(data, key, language), raw=raw, question=question))


def with_item(data: Dataset, item: Item) -> Dataset:
    items = tuple(item if (old.id, old.language) == (item.id, item.language) else old for old in data.items)
    return replace(data, items=items)


def found(data: Dataset) -> set[tuple[str, str, str]]:
    return {(entry.id, entry.language, entry.problem) for entry in audit_dataset(data).problems}


def test_the_whole_sample_is_clean() -> None:
    audit = audit_dataset(load_dataset("sample"))
    assert audit.problems == ()
    assert audit.n_items == 504


def test_lost_options(sample: Dataset) -> None:
    item = item_of(sample, "3", "french")
    kept = tuple(option for option in item.question.options if option.label != "B" and option.label != item.gold)
    both = replace(item, question=replace(item.question, options=kept))
    assert ("3", "french", "missing_options") in found(with_item(sample, both))
    assert ("3", "french", "bad_gold") in found(with_item(sample, both))


def test_only_the_right_option_left(sample: Dataset) -> None:
    item = item_of(sample, "3", "chinese")
    right = next(option for option in item.question.options if option.label == item.gold)
    alone = replace(item, question=replace(item.question, options=(right,)))
    assert {("3", "chinese", "answer_leak"), ("3", "chinese", "missing_options")} <= found(with_item(sample, alone))


def test_a_marker_without_its_bracket(sample: Dataset) -> None:
    item = item_of(sample, "3", "spanish")
    assert found(damaged(sample, "3", "spanish", item.raw.replace("a) ", "a ", 1))) == {("3", "spanish", "missing_options")}


def test_two_options_that_read_the_same(sample: Dataset) -> None:
    item = item_of(sample, "5", "portuguese")
    first, second, *rest = item.question.options
    same = (first, Option(second.label, first.text.upper() + "."), *rest)
    assert found(with_item(sample, replace(item, question=replace(item.question, options=same)))) == {
        ("5", "portuguese", "duplicate_options")
    }


@pytest.mark.parametrize(
    ("language", "addition"),
    [
        ("english", "\nAnswer: B"),
        ("spanish", "\nRespuesta correcta: b)"),
        ("chinese", "\n答案：B"),
        ("hindi", "\nव्याख्या: यह सही है"),
        ("french", "\nExplication : la bonne réponse est évidente."),
        ("tagalog", "\nSagot: B"),
        ("chinese", "\n\n因为这种结构含有许多血管和神经，所以它是最合适的结构，其他结构都没有这个特点。"),
        ("spanish", ". Esta opción es incorrecta porque no corresponde."),
    ],
)
def test_an_answer_line_after_the_options(sample: Dataset, language: str, addition: str) -> None:
    item = item_of(sample, "7", language)
    assert ("7", language, "answer_leak") in found(damaged(sample, "7", language, item.raw + addition))


@pytest.mark.parametrize("note", [" (correct)", "（正确）", "（这一项有误，应为另一项）", " (incorrecta)", " (सही)"])
def test_a_verdict_beside_an_option(sample: Dataset, note: str) -> None:
    item = item_of(sample, "7", "english")
    lines = item.raw.splitlines()
    lines[-2] += note
    assert found(damaged(sample, "7", "english", "\n".join(lines))) == {("7", "english", "answer_leak")}


def test_an_option_that_has_grown_an_explanation(sample: Dataset) -> None:
    item = item_of(sample, "7", "english")
    grown = item.raw + ", because it is the structure that every textbook describes in this place, with many words " * 4
    assert ("7", "english", "answer_leak") in found(damaged(sample, "7", "english", grown))


def test_the_source_before_its_translation(sample: Dataset) -> None:
    source, target = item_of(sample, "9", "english"), item_of(sample, "9", "french")
    problems = found(damaged(sample, "9", "french", f"{source.raw}\n\nTraduction :\n{target.raw}"))
    assert ("9", "french", "echoed_source") in problems
    assert found(damaged(sample, "9", "french", source.raw)) == {("9", "french", "echoed_source")}


def test_wrong_and_romanised_scripts(sample: Dataset) -> None:
    romanised = "Cornea ki sabse moti parat kaun si hai?\na) ek\nb) do\nc) teen\nd) chaar"
    assert ("4", "hindi", "romanised") in found(damaged(sample, "4", "hindi", romanised))
    french = item_of(sample, "4", "french").raw
    assert ("4", "chinese", "romanised") in found(damaged(sample, "4", "chinese", french))
    chinese = item_of(sample, "4", "chinese").raw
    assert ("4", "spanish", "wrong_script") in found(damaged(sample, "4", "spanish", chinese))
    english = item_of(sample, "4", "english").raw
    assert {("4", "chinese", "wrong_script"), ("4", "chinese", "echoed_source")} <= found(
        damaged(sample, "4", "chinese", english)
    )


def test_a_changed_number(sample: Dataset) -> None:
    item = item_of(sample, "27", "chinese")
    assert found(damaged(sample, "27", "chinese", item.raw.replace("48", "84"))) == {("27", "chinese", "number_mismatch")}


def test_a_decimal_comma_and_a_plus_sign_change_no_number(sample: Dataset) -> None:
    item = item_of(sample, "15", "spanish")
    assert found(damaged(sample, "15", "spanish", item.raw.replace(".", ","))) == set()


def test_a_thousands_mark_changes_no_number(sample: Dataset) -> None:
    data = sample
    for language, number in (("english", "1,500"), ("spanish", "1.500"), ("french", "1\u202f500"), ("chinese", "1500")):
        data = damaged(data, "1", language, f"{number} {item_of(sample, '1', language).raw}")
    for language in ("portuguese", "tagalog", "hindi"):
        data = damaged(data, "1", language, f"1500 {item_of(sample, '1', language).raw}")
    assert found(data) == set()
    changed = damaged(data, "1", "hindi", f"150 {item_of(sample, '1', 'hindi').raw}")
    assert found(changed) == {("1", "hindi", "number_mismatch")}


def test_a_lost_sign_is_a_changed_number(sample: Dataset) -> None:
    item = item_of(sample, "15", "spanish")
    assert ("15", "spanish", "number_mismatch") in found(
        damaged(sample, "15", "spanish", item.raw.replace("-", "").replace("−", ""))
    )


def test_the_same_question_under_two_numbers(sample: Dataset) -> None:
    item = item_of(sample, "1", "english")
    again = replace(item_of(sample, "2", "english"), question=item.question, raw=item.raw)
    assert ("2", "english", "duplicate_item") in found(with_item(sample, again))


def test_options_without_a_question_or_a_text(sample: Dataset) -> None:
    item = item_of(sample, "6", "english")
    assert ("6", "english", "empty") in found(with_item(sample, replace(item, question=replace(item.question, text=""))))
    blank = (*item.question.options[:3], Option("D", " "))
    assert ("6", "english", "empty") in found(
        with_item(sample, replace(item, question=replace(item.question, options=blank)))
    )


def test_what_a_lenient_reading_left_out_is_reported(sample: Dataset) -> None:
    audit = audit_dataset(replace(sample, defects=(Defect("9", "french", "empty", "row 9 has no text under french"),)))
    assert [entry.problem for entry in audit.problems] == ["empty"]
    assert audit.flagged() == {("9", "french")}


def test_a_property_of_a_whole_language_flags_no_item(sample: Dataset) -> None:
    items = tuple(
        replace(item, question=replace(item.question, text=f"Cornea ki sabse moti parat kaun si hai {'x' * int(item.id)}?"))
        if item.language == "hindi"
        else item
        for item in sample.items
    )
    audit = audit_dataset(replace(sample, items=items))
    assert audit.systematic() == {("hindi", "romanised"): 30}
    own = {(entry.id, entry.language) for entry in audit.problems if entry.problem != "romanised"}
    assert audit.flagged() == own
    assert ("1", "hindi") not in audit.flagged()


@pytest.mark.skipif(not REAL.is_file(), reason="the real development questions are not here (../shared/data)")
def test_the_known_traps_of_the_real_data_and_nothing_else() -> None:
    audit = audit_dataset(load_dataset(REAL, strict=False))
    problems = {(entry.id, entry.language, entry.problem) for entry in audit.problems}
    own = {entry for entry in problems if entry[2] != "romanised"}
    assert {language for _, language, problem in problems if problem == "romanised"} == {"hindi"}
    assert len(problems) - len(own) == 44
    assert own == {  # each read by hand
        ("2", "hindi", "echoed_source"),
        ("2", "hindi", "duplicate_options"),
        ("17", "chinese", "missing_options"),
        ("32", "chinese", "answer_leak"),
        ("33", "chinese", "missing_options"),
        ("33", "chinese", "answer_leak"),
        ("40", "chinese", "missing_options"),
        ("40", "chinese", "answer_leak"),
    }
    assert audit.flagged_ids() == {"2", "17", "32", "33", "40"}


class TestCommand:
    def test_json_has_the_shape_of_the_contract(self, tmp_path: Path) -> None:
        import json

        path = tmp_path / "data.csv"
        path.write_text("id,english,answer\n1,Which? a) x b) x,A\n2,Why? a) x b) y,K\n", encoding="utf-8")
        result = run.invoke(app, ["bench", "audit", str(path), "--json"])
        assert result.exit_code == 0, result.stderr
        value = json.loads(result.stdout)
        assert {"dataset", "n_items", "languages", "problems"} <= set(value)
        assert Counter(entry["problem"] for entry in value["problems"]) == {"duplicate_options": 1, "bad_gold": 1}
        assert all(set(entry) == {"id", "language", "problem", "detail"} for entry in value["problems"])
        assert {entry["problem"] for entry in value["problems"]} <= set(PROBLEMS)

    def test_people_see_the_problems_by_kind(self, tmp_path: Path) -> None:
        path = tmp_path / "data.csv"
        path.write_text("id,english,answer\n1,Which? a) x b) x,A\n", encoding="utf-8")
        result = run.invoke(app, ["bench", "audit", str(path)])
        assert result.exit_code == 0, result.stderr
        assert "duplicate_options (1)" in result.stdout
        assert "options A and B read the same" in result.stdout

    def test_a_clean_set_says_so(self) -> None:
        result = run.invoke(app, ["bench", "audit", "sample"])
        assert result.exit_code == 0
        assert "nothing was found" in result.stdout

    def test_a_missing_file_is_an_error(self) -> None:
        result = run.invoke(app, ["bench", "audit", "no/such/file.csv"])
        assert result.exit_code == 1
        assert "cannot read the data set no/such/file.csv" in result.stderr
