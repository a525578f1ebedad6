"""Recorded responses: what each row becomes, and what is wrong with a file, by its name and row."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.bench.datasets import load_dataset
from clara.bench.figures.published import read_published
from clara.errors import DatasetError

ANSWERS = "ID,theme,answer\n1,lens,b\n2,retina,A\n"
RESPONSES = "model,language,ID,response\nm,english,1,B\nm,hindi,2,The answer is C.\nn,english,2,I do not know\n"


def files(tmp_path: Path, responses: str | bytes = RESPONSES, answers: str | bytes = ANSWERS) -> tuple[Path, Path]:
    paths = tmp_path / "responses.csv", tmp_path / "answers.csv"
    for path, content in zip(paths, (responses, answers), strict=True):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return paths


def test_a_run_for_each_model_scored_like_our_own(tmp_path: Path) -> None:
    first, second = read_published(*files(tmp_path))
    assert (first.name, first.kind, second.name) == ("m", "model", "n")
    facts = [(record["language"], record["gold"], record["label"], record["outcome"]) for record in first.records]
    assert facts == [("english", "B", "B", "correct"), ("hindi", "A", "C", "wrong")]
    assert (second.records[0]["label"], second.records[0]["theme"]) == (None, "retina")
    assert second.records[0]["reply"] == "I do not know"
    assert first.dataset == ""


def test_texts_are_read_beside_the_responses_where_there_are_some(tmp_path: Path) -> None:
    texts = tmp_path / "texts.csv"
    texts.write_text("id,english,answer\n1,Which? a) lens b) iris,B\n", encoding="utf-8")
    questions = load_dataset(texts)
    first, second = read_published(*files(tmp_path), questions)
    assert first.records[0]["answer"] == {"question": "Which?", "options": {"A": "lens", "B": "iris"}}
    assert "answer" not in first.records[1]
    assert "answer" not in second.records[0]
    assert first.dataset == questions.fingerprint


@pytest.mark.parametrize(
    ("responses", "answers", "sentence"),
    [
        ("model,language,ID\nm,english,1\n", ANSWERS, r"responses\.csv has no column response; columns are model, "),
        (RESPONSES, "ID,key\n1,B\n", r"answers\.csv has no column answer"),
        (RESPONSES + "m,english,7,A\n", ANSWERS, r"responses\.csv: row 4 has the ID '7', which .*answers\.csv lacks"),
        (RESPONSES + "m,english\n", ANSWERS, r"responses\.csv: row 4 has too few cells"),
        ("model,language,ID,response\n", ANSWERS, r"responses\.csv holds no responses"),
        (RESPONSES, b"ID,answer\n1,\xff\n", r"answers\.csv is no readable CSV"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used(tmp_path: Path, responses: str, answers: str | bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        read_published(*files(tmp_path, responses, answers))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    responses, answers = files(tmp_path)
    answers.unlink()
    with pytest.raises(DatasetError, match=r"cannot read .*answers\.csv: No such file"):
        read_published(responses, answers)
