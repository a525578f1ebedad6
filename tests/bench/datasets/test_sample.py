"""The sample that ships, and what is wrong with a file, said by row and column."""

from __future__ import annotations

from collections import Counter

import pytest

from clara.bench.datasets import load_dataset
from clara.errors import DatasetError, UnknownLanguage


def test_sample():
    data = load_dataset("sample")
    assert len(data.languages) == 7
    assert Counter(item.language for item in data.items) == dict.fromkeys(data.languages, 72)
    gold = Counter(item.gold for item in data.items if item.language == "english")
    assert max(gold.values()) - min(gold.values()) <= 1
    assert all(item.gold in [option.label for option in item.question.options] for item in data.items)


def write(tmp_path, text, name="data.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_missing_file(tmp_path):
    with pytest.raises(DatasetError, match=r"cannot read .*none\.csv: No such file"):
        load_dataset(tmp_path / "none.csv")


def test_no_gold_column(tmp_path):
    with pytest.raises(DatasetError, match=r"no gold column .*id, english") as caught:
        load_dataset(write(tmp_path, "id,english\n1,What?\n"))
    assert caught.value.column == "answer"


def test_broken_csv_row_is_named(tmp_path):
    with pytest.raises(DatasetError, match="row 2 has 2 cells, the header has 3") as caught:
        load_dataset(write(tmp_path, "id,english,answer\n1,What?,A\n2,Why?\n"))
    assert caught.value.row == 2


def test_broken_json_row_is_named(tmp_path):
    good = '{"id": 1, "language": "en", "question": "What?", "options": {"A": "x", "B": "y"}, "answer": "A"}'
    with pytest.raises(DatasetError, match="row 2 is no JSON") as caught:
        load_dataset(write(tmp_path, f"{good}\n{{torn\n", "data.jsonl"))
    assert caught.value.row == 2


@pytest.mark.parametrize("gold", ["", "K", "AA", "1"])
def test_bad_gold(tmp_path, gold):
    with pytest.raises(DatasetError, match=f"row 1 has the gold answer '{gold}'") as caught:
        load_dataset(write(tmp_path, f"id,english,answer\n1,What?,{gold}\n"))
    assert caught.value.row == 1


def test_unknown_language_in_a_row(tmp_path):
    with pytest.raises(DatasetError, match="row 1 has the unknown language 'klingon'"):
        load_dataset(write(tmp_path, "id,language,question,answer\n1,klingon,What?,A\n"))


def test_select():
    data = load_dataset("sample")
    part = data.select(["en", "tagalog"], 3)
    assert len(part.items) == 6
    assert len(part.languages) == 2
    with pytest.raises(UnknownLanguage, match="klingon"):
        data.select(["klingon"])
    with pytest.raises(DatasetError, match="sample has no German; its languages are"):
        data.select(["de"])
