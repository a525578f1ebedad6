from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from clara.errors import KnowledgeError
from clara.knowledge.retrieval.evaluation import Labelled, Parallel
from clara.knowledge.retrieval.labels import read_questions


def jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_labelled_lines(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "q.jsonl",
        {"query": "What is a cataract?", "relevant": ["cataract", "lens"]},
        {"query": "¿Qué es una catarata?", "relevant": [7], "language": "spanish"},
    )
    assert read_questions(path) == [
        Labelled("What is a cataract?", frozenset({"cataract", "lens"})),
        Labelled("¿Qué es una catarata?", frozenset({"7"}), "es"),
    ]


def test_parallel_lines(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "q.jsonl",
        {"id": "a", "queries": {"english": "lens", "tl": "lente", "zh": "晶状体", "fr": " "}},
        {"queries": {"en": "iris"}},
    )
    assert read_questions(path) == [
        Parallel("a", {"en": "lens", "fil": "lente", "zh": "晶状体"}),
        Parallel("2", {"en": "iris"}),
    ]


def test_questions_of_medquad_are_labelled_with_their_own_answers(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "medquad.jsonl",
        {"id": "9", "qa": [{"question": "What?", "answer": "This."}, {"question": "Why?", "answer": ""}]},
        {"id": "9", "qa": [{"question": "How?", "answer": "So."}]},  # the same document goes on
    )
    assert read_questions(path) == [Labelled("What?", frozenset({"9#0"})), Labelled("How?", frozenset({"9#2"}))]


def test_medquad_names_are_those_that_ingestion_gives(tmp_path: Path) -> None:
    from clara.knowledge.loading.base import Hints, SourceFile
    from clara.knowledge.loading.formats.jsons import read_jsonl

    rows = [{"id": "9", "focus": "x", "qa": [{"question": "Q?", "answer": text}]} for text in ("one", "", "two")]
    path = jsonl(tmp_path / "m.jsonl", *rows)
    ingested = {item.id for item in read_jsonl(SourceFile(path, path.name), Hints()) if not isinstance(item, Exception)}
    assert {name for question in read_questions(path) for name in question.relevant} == ingested  # type: ignore[union-attr]


def test_compressed_lines_and_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl.gz"
    path.write_bytes(gzip.compress(b'\n{"query": "iris", "relevant": ["a"]}\n\n'))
    assert read_questions(path) == [Labelled("iris", frozenset({"a"}))]


def test_a_wide_table_gives_the_stems_without_options(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(
        "id,english,spanish,answer\nx1,What is the lens? a) clear b) red,¿Qué es el cristalino? a) claro b) rojo,a\n"
        ",Where is the iris?,,b\n",
        encoding="utf-8",
    )
    assert read_questions(path) == [
        Parallel("x1", {"en": "What is the lens?", "es": "¿Qué es el cristalino?"}),
        Parallel("3", {"en": "Where is the iris?"}),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2: no JSON object"),
        ("[1]", "line 2: no JSON object"),
        ('{"query": "x"}', 'line 2: needs "query" and a list "relevant"'),
        ('{"query": " ", "relevant": ["a"]}', 'line 2: needs "query"'),
        ('{"query": "x", "relevant": []}', 'line 2: needs "query"'),
        ('{"query": "x", "relevant": "a"}', 'line 2: needs "query"'),
        ('{"query": "x", "relevant": ["a"], "language": "klingon"}', "line 2: .*klingon"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"query": "iris", "relevant": ["a"]}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=rf"q\.jsonl, {words}"):
        read_questions(path)


@pytest.mark.parametrize(
    ("row", "words"), [({"queries": {}}, "must give a text"), ({"queries": {"xx": "a"}}, "line 1: .*xx")]
)
def test_wrong_parallel_lines_are_named(tmp_path: Path, row: object, words: str) -> None:
    with pytest.raises(KnowledgeError, match=words):
        read_questions(jsonl(tmp_path / "q.jsonl", row))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.jsonl", b"", "holds no question"),
        ("bad.jsonl", b"\x00\x81\n", "cannot read .*bad.jsonl: it is binary, not text"),
        ("headed.csv", b"id,english,spanish\n", "holds no question"),
        ("unanswered.jsonl", b'{"id": "1", "qa": [{"question": "Q?", "answer": ""}]}\n', "holds no question"),
        ("bad.csv", b"ab\x00cd", "cannot read .*bad.csv: it is binary, not text"),
        ("lonely.csv", b"id,english\n1,What?\n", "needs a column for English and for at least one other"),
        ("foreign.csv", b"id,spanish,french\n1,a,b\n", "needs a column for English"),
    ],
)
def test_a_file_that_is_none_of_these(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KnowledgeError, match=words):
        read_questions(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"cannot read .*nothing\.jsonl: No such file"):
        read_questions(tmp_path / "nothing.jsonl")


def test_a_medquad_pair_that_is_no_object_is_passed_over(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "q.jsonl", {"id": "9", "qa": ["x", {"question": "How?", "answer": "So."}]})
    assert read_questions(path) == [Labelled("How?", frozenset({"9#1"}))]
