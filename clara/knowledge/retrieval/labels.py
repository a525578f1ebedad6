"""Reads the files that ``clara kb eval`` measures with."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clara.errors import KnowledgeError, UnknownLanguage
from clara.knowledge.loading.base import Unreadable
from clara.knowledge.loading.reading import read_lines, read_text
from clara.knowledge.retrieval.evaluation import Labelled, Parallel
from clara.language.codes import find_language, get_language
from clara.language.questions import parse_question


def read_questions(path: Path) -> list[Labelled] | list[Parallel]:
    """Questions with labels or parallel ones, whichever the file holds.

    JSONL lines are ``{"query", "relevant": [document ids], "language"?}``, ``{"id", "queries": {language: text}}`` or
    MedQuAD documents, whose questions are labelled with their own answers. A CSV file has a column a language.

    Raises:
        KnowledgeError: it is none of these; the message names the line.
    """
    try:
        questions = list(_wide(path)) if path.suffix.lower() == ".csv" else _lines(path)
    except Unreadable as problem:
        raise KnowledgeError(f"cannot read {path}: {problem}") from None
    except OSError as problem:
        raise KnowledgeError(f"cannot read {path}: {problem.strerror}") from None
    if not questions:
        raise KnowledgeError(f"{path} holds no question")
    return questions


def _lines(path: Path) -> list[Labelled] | list[Parallel]:
    rows = list(_rows(path))
    if rows and all("queries" in row for _, row in rows):
        return [_parallel(path, number, row) for number, row in rows]
    pairs: Counter[str] = Counter()
    questions: list[Labelled] = []
    for number, row in rows:
        questions.extend(_labelled(path, number, row, pairs))
    return questions


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for line in read_lines(path):
        if line.problem:
            raise KnowledgeError(f"{path}, line {line.number}: {line.problem}")
        if not line.text.strip():
            continue
        try:
            row: Any = json.loads(line.text)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise KnowledgeError(f"{path}, line {line.number}: no JSON object")
        yield line.number, row


def _labelled(path: Path, number: int, row: dict[str, Any], pairs: Counter[str]) -> Iterator[Labelled]:
    if isinstance(row.get("qa"), list) and "id" in row:
        yield from _medquad(str(row["id"]), row["qa"], pairs)
        return
    query, relevant = row.get("query"), row.get("relevant")
    has_query = isinstance(query, str) and query.strip()
    if not has_query or not isinstance(relevant, list) or not relevant:
        raise KnowledgeError(f'{path}, line {number}: needs "query" and a list "relevant" of document ids')
    yield Labelled(str(query), frozenset(map(str, relevant)), _code(path, number, str(row.get("language") or "en")))


def _medquad(name: str, listed: list[Any], pairs: Counter[str]) -> Iterator[Labelled]:
    """The questions of one MedQuAD document that have an answer; answers are numbered as the loader numbers them."""
    for pair in listed:
        if isinstance(pair, dict):
            question, answer = str(pair.get("question") or ""), str(pair.get("answer") or "")
            if question.strip() and answer.strip():
                yield Labelled(question, frozenset({f"{name}#{pairs[name]}"}))
        pairs[name] += 1


def _parallel(path: Path, number: int, row: dict[str, Any]) -> Parallel:
    queries = row["queries"]
    if not isinstance(queries, dict) or not queries:
        raise KnowledgeError(f'{path}, line {number}: "queries" must give a text for each language')
    texts: dict[str, str] = {}
    for name, text in queries.items():
        if str(text or "").strip():
            texts[_code(path, number, str(name))] = str(text)
    return Parallel(str(row.get("id", number)), texts)


def _code(path: Path, number: int, name: str) -> str:
    try:
        return get_language(name).code
    except UnknownLanguage as error:
        raise KnowledgeError(f"{path}, line {number}: {error}") from None


def _wide(path: Path) -> Iterator[Parallel]:
    """The stems of a wide benchmark file: options are not part of the query."""
    rows = csv.DictReader(read_text(path).splitlines(keepends=True))
    columns: dict[str, str] = {}
    for name in rows.fieldnames or ():
        language = find_language(name)
        if language is not None and name.lower() != "id":  # which is Indonesian too
            columns[name] = language.code
    if "en" not in columns.values() or len(columns) < 2:
        raise KnowledgeError(f"{path} needs a column for English and for at least one other language")
    for number, row in enumerate(rows, 2):
        texts: dict[str, str] = {}
        for name, code in columns.items():
            cell = row[name] or ""
            if cell.strip():
                texts[code] = parse_question(cell, language=code).text
        yield Parallel(str(row.get("id") or row.get("ID") or number), texts)
