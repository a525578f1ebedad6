"""Files as people have them: any delimiter, encoding and shape is found by looking, and what is left out is said."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from clara.bench.audit.audit import audit_dataset
from clara.bench.datasets import Dataset, load_dataset
from clara.errors import DatasetError

HEADER = ["id", "language", "question", "option_a", "option_b", "answer"]
ROW = ["1", "pt", "Que exame mede a pressão do olho?", "Tonometria", "Perimetria", "A"]
RECORD = {"id": 1, "language": "fr", "question": "Quel examen ?", "options": {"A": "Tonométrie", "B": "OCT"}, "answer": "A"}


def table(delimiter: str = ",", end: str = "\n") -> str:
    return end.join([delimiter.join(HEADER), delimiter.join(ROW)]) + end


def load(tmp_path: Path, name: str, content: str | bytes, **more: object) -> Dataset:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_dataset(path, **more)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str, end: str) -> None:
    data = load(tmp_path, "exam.csv", table(delimiter, end))
    assert data.items[0].question.option_text("B") == "Perimetria"


def test_a_delimiter_in_quoted_text_does_not_mislead(tmp_path: Path) -> None:
    text = table(";").replace("Que exame mede", '"Que, entre estes, mede').replace("olho?", 'olho; qual?"')
    assert load(tmp_path, "exam.csv", text).items[0].question.text == "Que, entre estes, mede a pressão do olho; qual?"


def test_the_line_that_names_the_delimiter_for_excel_is_no_header(tmp_path: Path) -> None:
    assert len(load(tmp_path, "exam.csv", "sep=;\r\n" + table(";", "\r\n")).items) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found_and_an_unusual_one_is_said(tmp_path: Path, encoding: str) -> None:
    data = load(tmp_path, "exam.csv", (table() * 1).encode(encoding))
    assert "pressão" in data.items[0].question.text
    assert bool([note for note in data.notes if "was read as" in note]) == (not encoding.startswith("utf-8"))


def test_chinese_of_old_exports_is_read(tmp_path: Path) -> None:
    rows = "\n".join(f"{n},zh,下列哪项检查用于测量眼压的数值？第{n}题,眼压计检查,视野检查,A" for n in range(9))
    data = load(tmp_path, "exam.csv", (",".join(HEADER) + "\n" + rows).encode("gb18030"))
    assert data.items[0].question.option_text("A") == "眼压计检查"


@pytest.mark.parametrize("name", ["exam.csv.gz", "exam_pt.csv.gz"])
def test_gzip_is_unpacked(tmp_path: Path, name: str) -> None:
    assert len(load(tmp_path, name, gzip.compress(table().encode())).items) == 1


def test_a_damaged_gzip_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot read the data set .*exam\.csv\.gz"):
        load(tmp_path, "exam.csv.gz", gzip.compress(table().encode())[:30])


def test_blank_rows_and_columns_are_left_out_and_counted(tmp_path: Path) -> None:
    text = ",".join([*HEADER, "", ""]) + "\n" + ",".join([*ROW, "", ""]) + "\n,,,,,,,\n  , ,,,,,,\n"
    data = load(tmp_path, "exam.csv", text)
    assert len(data.items) == 1
    assert any("2 blank rows" in note for note in data.notes)


def test_a_long_case_fits_in_one_cell(tmp_path: Path) -> None:
    data = load(tmp_path, "exam.csv", table().replace("Que exame", "Um caso longo. " * 20_000 + "Que exame"))
    assert len(data.items[0].question.text) > 250_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.json", [RECORD]),
        ("a.jsonl", [RECORD]),
        ("a.json", {"data": [RECORD]}),
        ("a.json", {"version": "1.0", "exams": [RECORD], "authors": ["x"]}),
        ("a.json", {"q1": {key: value for key, value in RECORD.items() if key != "id"}}),
        ("a.json", {"set one": {"q1": RECORD}}),
        ("a.json", RECORD),
        ("a.json", [{**RECORD, "options": [{"letter": "A", "content": "Tonométrie"}, {"letter": "B", "content": "OCT"}]}]),
        ("a.json", [{**RECORD, "options": ["A. Tonométrie", "B. OCT"]}]),
    ],
)
def test_json_of_any_usual_shape(tmp_path: Path, name: str, value: object) -> None:
    (item,) = load(tmp_path, name, json.dumps(value, indent=1)).items
    assert (item.gold, item.question.option_text("A")) == ("A", "Tonométrie")


def test_a_key_that_held_the_records_is_said(tmp_path: Path) -> None:
    assert any("'exams'" in note for note in load(tmp_path, "a.json", json.dumps({"exams": [RECORD]})).notes)


def test_sheets_of_a_workbook_are_languages(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    first, second, third = book.active, book.create_sheet("french"), book.create_sheet("sources")
    first.title = "portuguese"
    for sheet in (first, second):
        sheet.append(["id", "question", "option_a", "option_b", "answer"])
        sheet.append([1, "Que?", "um", "dois", "B"])
        sheet.append([None] * 5)
    third.append(["a book"])
    book.save(tmp_path / "exam_pt.xlsx")
    data = load_dataset(tmp_path / "exam_pt.xlsx")
    assert data.languages == ("portuguese", "french")
    assert any("'sources'" in note and "not read" in note for note in data.notes)


def test_case_and_question_in_two_columns_are_asked_together(tmp_path: Path) -> None:
    record = {**RECORD, "case": ["Une femme de 60 ans.", "Elle voit des halos."]}
    data = load(tmp_path, "a.json", json.dumps([record]))
    assert data.items[0].question.text == "Une femme de 60 ans.\nElle voit des halos.\n\nQuel examen ?"
    assert any("case and question" in note for note in data.notes)
    mapping = {"question": ["case", "question"], "options": "options", "gold": "answer", "fixed_language": "fr"}
    assert load(tmp_path, "b.json", json.dumps([record]), mapping=mapping).items[0].question == data.items[0].question


def test_a_gold_letter_without_options_is_an_error_of_its_row(tmp_path: Path) -> None:
    text = "id,answer,english\n1,A,Which? a) x b) y\n2,B,Which is it?\n"
    with pytest.raises(DatasetError, match="row 2 has the gold answer 'B', but no options") as caught:
        load(tmp_path, "exam.csv", text)
    assert caught.value.row == 2
    problems = audit_dataset(load(tmp_path, "exam.csv", text, strict=False)).problems
    assert [(problem.id, problem.problem) for problem in problems] == [("2", "bad_gold")]


def test_audit_and_run_give_the_same_reason_where_no_row_can_be_used(tmp_path: Path) -> None:
    text = table().replace(",A\n", ",1\n")
    with pytest.raises(DatasetError, match=r"row 1 has the gold answer '1'.*gold_form"):
        load(tmp_path, "exam.csv", text)
    (problem,) = audit_dataset(load(tmp_path, "exam.csv", text, strict=False)).problems
    assert problem.problem == "bad_gold"
    assert "row 1 has the gold answer '1'" in problem.detail
    assert "gold_form" in problem.detail


@pytest.mark.parametrize(
    ("rows", "gold"),
    [
        ([{"id": 1, "question": "Which?", "options": [{"A": "x"}, {"B": "y"}], "answer": "B"}], "B"),
        ([{"id": 1, "question": "Which?", "options": [{"text": "x"}, {"text": "y", "correct": True}]}], "B"),
        (
            [{"id": 1, "stem": "Which?", "answers": [{"content": "x", "is_correct": 1}, {"content": "y", "is_correct": 0}]}],
            "A",
        ),
        ([{"id": 1, "question": "Which?", "choices": ["x", "y"], "answer": "y"}], "B"),
        ([{"id": 1, "question": "Which?", "choices": ["x", "y"], "answer": "B. y"}], "B"),
        ([{"id": 1, "question": "Which?", "opa": "x", "opb": "y", "cop": 0}], "A"),
        ([{"id": 1, "question": "Which?", "option1": "x", "option2": "y", "correct_option": 2}], "B"),
        (
            [
                {
                    "id": 1,
                    "question": "Which?",
                    "answer_options": '{"option1": "x", "option2": "y"}',
                    "correct_answer": "option1",
                }
            ],
            "A",
        ),
    ],
)
def test_options_and_gold_of_any_usual_form_are_seen(tmp_path: Path, rows: list[dict[str, object]], gold: str) -> None:
    (item,) = load(tmp_path, "exam_en.json", json.dumps(rows)).items
    assert (item.gold, item.question.labels) == (gold, ("A", "B"))


def test_an_exam_in_parts_is_taken_apart(tmp_path: Path) -> None:
    question = {"index": 7, "question": "¿Qué?", "options": ["x", "y"], "answer": "A"}
    exam = {"version": 1, "exams": {"2013": {"year": "2013", "data": [question]}, "2014": {"year": "2014", "data": []}}}
    (item,) = load(tmp_path, "exam_es.json", json.dumps(exam)).items
    assert (item.id, item.gold) == ("7", "A")


def test_decisions_in_words_are_references(tmp_path: Path) -> None:
    rows = {"12": {"QUESTION": "Does it?", "CONTEXTS": ["It may."], "final_decision": "no"}}
    (item,) = load(tmp_path, "set_en.json", json.dumps(rows)).items
    assert (item.references, item.gold) == (("no",), "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1251", "shift_jis"])
def test_semicolons_in_old_encodings(tmp_path: Path, encoding: str) -> None:
    question = "緑内障の治療薬はどれか。" if encoding == "shift_jis" else "Какое лекарство применяют при глаукоме?"
    code = "ja" if encoding == "shift_jis" else "ru"
    text = f"id;language;question;A;B;answer\r\n1;{code};{question};x;y;A\r\n2;{code};{question}!;x;y;B\r\n"
    data = load(tmp_path, "exam.csv", text.encode(encoding))
    assert [item.question.text for item in data.items] == [question, f"{question}!"]
