"""One's own files: every file form, every form of options and gold, and a mapping in TOML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clara.bench.datasets import load_dataset
from clara.bench.datasets.layout import layout_from
from clara.bench.datasets.values import read_gold, read_options, read_references
from clara.errors import DatasetError
from clara.types import Option


def save(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "value",
    [
        {"A": "one", "B": "two"},
        {"1": "one", "2": "two"},
        {"0": "one", "1": "two"},
        {"option_a": "one", "option_b": "two"},
        ["one", "two"],
        [{"key": "A", "value": "one"}, {"key": "B", "value": "two"}],
        [{"aid": 1, "atext": "one"}, {"aid": 2, "atext": "two"}],
        {"label": ["A", "B"], "text": ["one", "two"]},
        '{"A": "one", "B": "two"}',
        "{'1': 'one', '2': 'two', '3': None}",
        "(A) one\n(B) two",
        "① one ② two",
        {"क": "one", "ख": "two"},
    ],
)
def test_options_in_every_shape(value: Any) -> None:
    assert read_options(value) == (Option("A", "one"), Option("B", "two"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("one, two", "without markers"),
        (7, "unknown form int"),
        ({str(n): "x" for n in range(1, 28)}, "options go from A to Z"),
        ({"A": "x", "a": "y"}, "two options with the same letter"),
        ([{"left": 1}], "unknown keys left"),
    ],
)
def test_options_that_cannot_be_told_apart(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_options(value)


@pytest.mark.parametrize(
    ("value", "form", "gold"),
    [
        ("b", "letter", "B"),
        ("(B)", "letter", "B"),
        ("(ACE)", "letter", "ACE"),
        ("E, A and C", "letter", "ACE"),
        (["A", "C"], "letter", "AC"),
        ("A|C", "letter", "A|C"),
        ("C or A", "letter", "A|C"),
        ("②", "letter", "B"),
        ("ख", "letter", "B"),
        ("K", "letter", "K"),
        ("1", "letter", None),
        ("AA", "letter", None),
        ("", "letter", None),
        (None, "letter", None),
        (1, "index0", "B"),
        ("1", "index1", "A"),
        (2.0, "index1", "B"),
        ("option2", "index1", "B"),
        ("0", "index1", None),
        ("Two.", "text", "B"),
        ("three", "text", None),
    ],
)
def test_gold_in_every_form(value: Any, form: Any, gold: str | None) -> None:
    assert read_gold(value, (Option("A", "one"), Option("B", "two")), form) == gold


def test_a_long_file_with_a_column_an_option(tmp_path: Path) -> None:
    text = "id,language,question,option_a,option_b,answer\n1,en,Which?,x,y,B\n1,de,Welche?,u,v,B\n"
    data = load_dataset(save(tmp_path, "data.csv", text))
    assert data.languages == ("english", "german")
    assert data.items[1].question.options == (Option("A", "u"), Option("B", "v"))


def test_free_text_with_references_needs_no_gold(tmp_path: Path) -> None:
    rows = [
        {
            "id": 1,
            "language": "en",
            "question": "What is blood in the anterior chamber?",
            "references": ["hyphaema", "hyphema"],
        },
        {"id": 2, "language": "en", "question": "What is pus there?", "references": "hypopyon"},
    ]
    data = load_dataset(save(tmp_path, "data.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert [(item.gold, item.references) for item in data.items] == [("", ("hyphaema", "hyphema")), ("", ("hypopyon",))]


def test_tsv_and_json_arrays(tmp_path: Path) -> None:
    tsv = load_dataset(save(tmp_path, "a.tsv", "id\tenglish\tanswer\n1\tWhich? a) x b) y\tA\n"))
    array = load_dataset(save(tmp_path, "b.json", '[{"id": 1, "english": "Which? a) x b) y", "answer": "A"}]'))
    assert [item.question for item in tsv.items] == [item.question for item in array.items]


def test_a_parquet_file_is_read_like_its_csv(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"id": "1", "english": "Which? a) x b) y", "hindi": "कौन? क) x ख) y", "answer": "A"}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "data.parquet")
    data = load_dataset(tmp_path / "data.parquet")
    assert [item.question.labels for item in data.items] == [("A", "B")] * 2


@pytest.mark.parametrize(("name", "kind"), [("bad.parquet", "Parquet"), ("bad.xlsx", "Excel")])
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, kind: str) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("openpyxl")
    with pytest.raises(DatasetError, match=f"{name} is no readable {kind} file"):
        load_dataset(save(tmp_path, name, "no such thing"))


def test_a_mapping_names_columns_of_any_file(tmp_path: Path) -> None:
    rows = "code;x\n"
    rows = "code,frage,wahl,richtig,fach,bild\n1,Welche?,\"['a','b','c']\",2,Auge,\n2,Und?,\"['a','b']\",0,Herz,\n"
    rows += "3,Bild?,\"['a','b']\",1,Auge,bild.png\n"
    mapping = save(
        tmp_path,
        "my.toml",
        'id = "code"\nquestion = "frage"\noptions = "wahl"\nfixed_language = "de"\ngold = "richtig"\ngold_form = "index0"\n'
        'theme = "fach"\nwithout = "bild"\n[only]\nfach = ["auge"]\n',
    )
    data = load_dataset(save(tmp_path, "data.csv", rows), mapping=mapping)
    assert [(item.id, item.language, item.gold, item.theme) for item in data.items] == [("1", "german", "C", "Auge")]


def test_a_wide_mapping_with_options_of_their_own(tmp_path: Path) -> None:
    mapping = {
        "gold": "key",
        "languages": {
            "en": {"question": "q_en", "options": ["a_en", "b_en"]},
            "filipino": {"question": "q_tl", "options": ["a_tl", "b_tl"]},
        },
    }
    text = "id,q_en,a_en,b_en,q_tl,a_tl,b_tl,key\n1,Which?,lens,iris,Alin?,lente,iris,B\n"
    data = load_dataset(save(tmp_path, "data.csv", text), mapping=mapping)
    assert [(item.language, item.question.options[0].text) for item in data.items] == [
        ("english", "lens"),
        ("filipino", "lente"),
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"quesion": "q"}, "there is no key 'quesion'; keys are"),
        ({"gold": "g", "fixed_language": "en"}, "needs question"),
        ({"question": "q", "fixed_language": "en"}, "needs gold or references"),
        ({"question": "q", "fixed_language": "klingon", "gold": "g"}, "'klingon' names no language"),
        ({"question": "q", "fixed_language": "en", "gold": "g", "gold_form": "number"}, "gold_form must be one of"),
        ({"question": [1], "fixed_language": "en", "gold": "g"}, "question must be a text or a list of texts"),
        ({"languages": {"xx": "q"}, "gold": "g"}, "'xx' under \\[languages\\] names no language"),
    ],
)
def test_a_wrong_mapping_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        layout_from(values, "my.toml")


def test_a_missing_column_names_file_row_and_columns(tmp_path: Path) -> None:
    mapping = {"question": "q", "fixed_language": "en", "gold": "g"}
    with pytest.raises(DatasetError, match=r"data\.csv: row 1 has no column g; columns are id, q") as caught:
        load_dataset(save(tmp_path, "data.csv", "id,q\n1,What?\n"), mapping=mapping)
    assert (caught.value.row, caught.value.column) == (1, "g")


def test_a_folder_with_a_file_a_language(tmp_path: Path) -> None:
    row = {"id": 1, "question": "Which?", "options": ["x", "y"], "answer": "B"}
    save(tmp_path, "exam_hi.jsonl", json.dumps(row))
    save(tmp_path, "exam_english.jsonl", json.dumps(row))
    data = load_dataset(tmp_path)
    assert sorted(data.languages) == ["english", "hindi"]
    assert {item.id for item in data.items} == {"1"}
    mapping = {"question": "question", "options": "options", "gold": "answer"}
    assert load_dataset(tmp_path, mapping=mapping).languages == data.languages


def test_a_file_that_says_no_language(tmp_path: Path) -> None:
    path = save(tmp_path, "exam.csv", "id,question,answer\n1,Which? a) x b) y,A\n")
    with pytest.raises(DatasetError, match="has no language column"):
        load_dataset(path)
    with pytest.raises(DatasetError, match="row 1 has no language: give the mapping language"):
        load_dataset(path, mapping={"question": "question", "gold": "answer"})


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        DatasetError, match=r"there is no data set 'mmluprox': .*one of sample, multi-ophthalingua, mmlu-prox"
    ):
        load_dataset("mmluprox")


def test_lenient_reading_collects_what_a_strict_one_refuses(tmp_path: Path) -> None:
    text = "id,english,answer\n1,Which? a) x b) y,A\n2,Why? a) x b) y,7\n1,Which? a) x b) y,A\n3,,A\n"
    path = save(tmp_path, "data.csv", text)
    with pytest.raises(DatasetError, match="row 2 has the gold answer '7'"):
        load_dataset(path)
    data = load_dataset(path, strict=False)
    assert [item.id for item in data.items] == ["1"]
    assert [(defect.id, defect.problem) for defect in data.defects] == [
        ("2", "bad_gold"),
        ("1", "duplicate_item"),
        ("3", "empty"),
    ]


def test_the_fingerprint_follows_file_and_mapping(tmp_path: Path) -> None:
    path = save(tmp_path, "data.csv", "id,q,alt,g\n1,Which? a) x b) y,Other? a) x b) y,A\n")
    prints = [
        load_dataset(path, mapping={"question": column, "fixed_language": "en", "gold": "g"}).fingerprint
        for column in ("q", "alt", "q")
    ]
    assert prints[0] == prints[2] != prints[1]


def test_options_nested_without_end_are_named_by_file_and_row(tmp_path: Path) -> None:
    for depth in (40, 900, 5000, 60_000):
        path = save(
            tmp_path, "d.csv", f"id,language,question,options,answer\n1,english,Which?,{'[' * depth}{']' * depth},A\n"
        )
        with pytest.raises(DatasetError, match=r"d\.csv: row 1 is nested more than 32 levels deep"):
            load_dataset(str(path))


@pytest.mark.parametrize("depth", [40, 900, 5000, 200_000])
@pytest.mark.parametrize(("name", "begin"), [("d.json", "["), ("d.jsonl", '{"id": '), ("e.jsonl", "")])
def test_a_file_nested_without_end_is_a_sentence(tmp_path: Path, name: str, begin: str, depth: int) -> None:
    end = "]" if begin == "[" else "}" if begin else ""
    path = save(tmp_path, name, f"{begin}{'[' * depth}{']' * depth}{end}\n")
    with pytest.raises(DatasetError, match=rf"{name}.*(nested more than|no JSON)"):
        load_dataset(str(path))


@pytest.mark.parametrize("depth", [40, 900, 5000])
def test_a_reference_nested_without_end_is_text(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    assert read_references(nested) == (nested,)
