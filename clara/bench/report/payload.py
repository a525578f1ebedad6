"""The records for the question browser: a small index that is read at once, and packed chunks that are read when opened.

A cell is one answer. All cells of a run, a repeat and a language are two strings as long as there are questions: one
character for the outcome and one for the letter, a space where nobody asked. That is what filters read. The whole path of a
question's answers lies in a chunk with that of its neighbours: JSON, gzip, base64.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import orjson

from clara.bench.figures.runs import Run, languages_of, question_of
from clara.bench.replay.journal import AnswerRecord
from clara.language.codes import find_language
from clara.types import one_line

CODES = {"correct": "c", "wrong": "w", "unparsed": "u", "no_response": "n", "abstained": "a"}
_CHUNK = 250
"""About as many answers lie in one chunk: one chunk is read for each question that is opened."""
_TITLE = 140
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters but newline and tab, direction overrides and tags: what could hide or turn the text of a page."""
_SHOWN = ("label", "outcome", "score", "error", "reply", "confidence", "rounds", "usage")
_ANSWER = (
    "english_question", "english_options", "answer", "answer_english", "abstained", "capped", "failure",
    "citations", "verdict", "warnings", "notice", "trace",
)  # fmt: skip

T = TypeVar("T")
Key = tuple[str, str]
"""Data set and question id."""


def printable(value: Any) -> Any:
    """The value without characters that could hide or turn text."""
    if isinstance(value, str):
        return _HIDDEN.sub("", value)
    if isinstance(value, Mapping):
        return {printable(str(key)): printable(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return list(map(printable, value))
    return value


def blocks(runs: Sequence[Run], flagged: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Name and text of each script block: ``index``, ``texts`` and ``chunk-0`` onwards.

    ``flagged`` gives what an audit found for a question id, a sentence each.
    """
    questions = _questions(runs)
    languages = languages_of(runs)
    chunks = _chunks(questions.values())
    yield "index", _packed(_index(runs, questions, languages, chunks, flagged))
    texts: list[list[str]] = []
    for question in questions.values():
        texts.append(list(map(question.searched, languages)))
    yield "texts", _packed(texts)
    places = _places(languages)
    for number, chunk in enumerate(chunks):
        yield f"chunk-{number}", _packed([question.detail(places) for question in chunk])


def _questions(runs: Sequence[Run]) -> dict[Key, _Question]:
    """Every question with its answers, each with the number of its run."""
    answers: dict[Key, list[tuple[int, AnswerRecord]]] = defaultdict(list)
    for number, run in enumerate(runs):
        for record in run.records:
            answers[run.dataset, question_of(record)].append((number, record))
    return {key: _Question(key[1], group) for key, group in answers.items()}


def _places(names: Iterable[T]) -> dict[T, int]:
    return {name: place for place, name in enumerate(names)}


class _Question:
    """One question: its answers, and its text in every language in which it was asked."""

    def __init__(self, name: str, answers: Sequence[tuple[int, AnswerRecord]]) -> None:
        self.name = name
        self.answers = answers
        self.texts: dict[str, Mapping[str, Any]] = {}
        for _, record in answers:
            answer = record.get("answer")
            if isinstance(answer, Mapping) and answer.get("question"):
                text = {"question": answer["question"], "options": answer.get("options") or {}}
                self.texts.setdefault(record["language"], text)

    def first(self, field: str) -> str:
        """The first value of a field of the records that says something."""
        for _, record in self.answers:
            if record.get(field):
                return str(record[field])
        return ""

    @property
    def title(self) -> str:
        """The beginning of the text, in English if it was asked in English."""
        if not self.texts:
            return ""
        first = next(iter(self.texts.values()))
        return one_line(str(self.texts.get("english", first)["question"]), _TITLE)

    def searched(self, language: str) -> str:
        """What the search reads of the question in one language."""
        text = self.texts.get(language)
        if text is None:
            return ""
        return "\n".join([str(text["question"]), *map(str, text["options"].values())])

    def detail(self, places: Mapping[str, int]) -> dict[str, Any]:
        """Texts by language number, and every answer with its path."""
        texts: dict[int, Mapping[str, Any]] = {}
        for language, text in self.texts.items():
            texts[places[language]] = text
        answers: list[dict[str, Any]] = []
        for run, record in self.answers:
            answers.append(_answer(run, record, places[record["language"]]))
        return {"texts": texts, "answers": answers}


def _index(
    runs: Sequence[Run],
    questions: Mapping[Key, _Question],
    languages: Sequence[str],
    chunks: Sequence[Sequence[_Question]],
    flagged: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    index: dict[str, Any] = {
        "runs": [run.name for run in runs],
        "languages": [{"name": name, "code": _code(name)} for name in languages],
        "repeats": [run.repeats for run in runs],
        "ids": [],
        "gold": [],
        "themes": [],
        "titles": [],
        "flagged": {},
        "starts": [0, *itertools.accumulate(map(len, chunks[:-1]))],
        "cells": _cells(runs, _places(questions), languages),
    }
    for number, question in enumerate(questions.values()):
        index["ids"].append(question.name)
        index["gold"].append(question.first("gold"))
        index["themes"].append(question.first("theme"))
        index["titles"].append(question.title)
        sentences = flagged.get(question.first("id"))
        if sentences is not None:
            index["flagged"][number] = list(sentences)
    return index


def _chunks(questions: Iterable[_Question]) -> list[list[_Question]]:
    """Neighbours together, as many as have :data:`_CHUNK` answers between them."""
    chunks: list[list[_Question]] = [[]]
    in_chunk = 0
    for question in questions:
        size = len(question.answers)
        if chunks[-1] and in_chunk + size > _CHUNK:
            chunks.append([])
            in_chunk = 0
        chunks[-1].append(question)
        in_chunk += size
    return chunks


def _code(language: str) -> str:
    known = find_language(language)
    return known.code if known else ""


def _cells(runs: Sequence[Run], at: Mapping[Key, int], languages: Sequence[str]) -> list[list[list[list[str]]]]:
    """Run, repeat, language: the outcomes and the letters of all questions."""
    column_of = _places(languages)
    cells: list[list[list[list[str]]]] = []
    for run in runs:
        grid = np.full((run.repeats, len(languages), 2, len(at)), " ")
        for record in run.records:
            number = at[run.dataset, question_of(record)]
            cell = grid[record.get("repeat", 0), column_of[record["language"]]]
            cell[0, number] = CODES.get(record["outcome"], "u")
            cell[1, number] = printable(str(record["label"] or ""))[:1] or " "
        repeats: list[list[list[str]]] = []
        for by_language in grid.tolist():
            repeats.append([["".join(outcomes), "".join(letters)] for outcomes, letters in by_language])
        cells.append(repeats)
    return cells


def _answer(number: int, record: AnswerRecord, language: int) -> dict[str, Any]:
    shown = _filled(record, _SHOWN)
    answer = record.get("answer")
    if isinstance(answer, Mapping):
        shown |= _filled(answer, _ANSWER)
        shown["answer"] = answer.get("answer", "")
    elif isinstance(answer, str):
        shown["answer"] = answer
    return {"run": number, "language": language, "repeat": record.get("repeat", 0), **shown}


def _filled(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The fields of these names that say something."""
    fields: dict[str, Any] = {}
    for name in names:
        value = values.get(name)
        if value is not None and value is not False and value not in ("", {}, []):
            fields[name] = value
    return fields


def _packed(value: Any) -> str:
    try:
        raw = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a lone surrogate
        raw = b""
    if not raw or b"\\u00" in raw or _HIDDEN.search(raw.decode()):  # JSON writes C0 as escapes
        raw = orjson.dumps(printable(value))
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode("ascii")
