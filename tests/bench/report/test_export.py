"""Exports are read back with the programs that they are meant for."""

from __future__ import annotations

import csv
import json

import pandas as pd
import pytest

from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run
from clara.bench.report.export import COLUMNS, export
from clara.errors import DataError, UsageError

EVIL = '=cmd|"/c calc"!A1, 100% & $x_1$ #{~^\\} | `code` <b>\nnew line'


def runs(name="clara"):
    records = [
        {
            "strategy": name, "repeat": 0, "id": str(q), "language": language, "gold": "A", "options": 4,
            "outcome": "correct" if q % 2 else "unparsed", "label": "A" if q % 2 else None,
            "confidence": 0.5 if q % 2 else None, "rounds": 1,
            "usage": {"calls": 3, "prompt_tokens": 10, "completion_tokens": 5, "seconds": 0.25},
            "answer": {"answer": EVIL if q == 1 else "résumé 中文", "trace": [{"step": "detect"}]},
        }
        for q in range(6)
        for language in ("english", "hindi")
    ]  # fmt: skip
    return [Run(name, "strategy", name, records, "f", {"dataset": "toy"})]


def write(path, name="clara"):
    given = runs(name)
    export(path, metrics(given), given)
    return path


def test_csv_holds_every_answer_and_no_formula(tmp_path):
    with write(tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), list(rows[0])) == (12, list(COLUMNS))
    assert rows[0]["language"] == "english"
    assert rows[2]["answer"] == "'" + EVIL
    assert {row["score"] for row in rows} == {"0.0", "1.0"}
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_jsonl_keeps_the_path(tmp_path):
    lines = write(tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 12
    first = json.loads(lines[0])
    assert (first["run"], first["answer"]["trace"]) == ("clara", [{"step": "detect"}])


def test_parquet_is_ready_for_pandas(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: the extra `export`")
    frame = pd.read_parquet(write(tmp_path / "a.parquet"))
    assert list(frame.columns) == list(COLUMNS)
    assert frame["seconds"].dtype == "float64"
    assert frame.groupby("language")["score"].mean().to_dict() == {"english": 0.5, "hindi": 0.5}
    assert frame["label"].isna().sum() == 6


def test_latex_is_a_booktabs_table_with_everything_escaped(tmp_path):
    text = write(tmp_path / "a.tex", name=EVIL).read_text(encoding="utf-8")
    body = text[text.index("\\toprule") : text.index("\\bottomrule")]
    assert body.count("\\\\") == 2
    row = body.splitlines()[-1]
    assert "\\%" in row
    assert "\\$x\\_1\\$" in row
    assert "\\textbackslash{}" in row
    assert row.replace("\\&", "").count("&") == text[text.index("{tabular}{l") :].split("}")[1].count("r")


def test_markdown_is_one_table(tmp_path):
    lines = write(tmp_path / "a.md", name=EVIL).read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 3
    assert {line.replace("\\|", "").count("|") for line in table} == {table[1].count("|")}


def test_an_unknown_ending_names_those_that_are_known(tmp_path):
    with pytest.raises(UsageError, match=r"\.csv, \.jsonl, \.parquet, \.tex, \.md"):
        write(tmp_path / "a.xlsx")


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file/a\.csv"):
        write(tmp_path / "file" / "a.csv")
