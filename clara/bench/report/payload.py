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

import orjson

from clara.bench.figures.runs import Run, question_of
from clara.bench.replay.journal import AnswerRecord
from clara.language.codes import find_language

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
        return [printable(entry) for entry in value]
    return value


def blocks(runs: Sequence[Run], flagged: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Name and text of each script block: ``index``, ``texts`` and ``chunk-0`` onwards.

    ``flagged`` gives what an audit found for a question id, a sentence each.
    """
    answers = _by_question(runs)
    languages = _languages(runs)
    questions = [_Question(key[1], group) for key, group in answers.items()]
    starts = _starts(len(question.answers) for question in questions)
    yield "index", _packed(_index(runs, questions, languages, starts, list(answers), flagged))
    texts: list[list[str]] = []
    for question in questions:
        texts.append([question.searched(language) for language in languages])
    yield "texts", _packed(texts)
    places = _places(languages)
    for number, (start, end) in enumerate(itertools.pairwise([*starts, len(questions)])):
        yield f"chunk-{number}", _packed([question.detail(places) for question in questions[start:end]])


def _by_question(runs: Sequence[Run]) -> dict[Key, list[tuple[int, AnswerRecord]]]:
    """The answers of each question, with the number of their run."""
    groups: dict[Key, list[tuple[int, AnswerRecord]]] = defaultdict(list)
    for number, run in enumerate(runs):
        for record in run.records:
            groups[run.dataset, question_of(record)].append((number, record))
    return groups


def _languages(runs: Sequence[Run]) -> list[str]:
    names: dict[str, None] = {}
    for run in runs:
        names.update(dict.fromkeys(run.languages))
    return sorted(names, key=lambda language: language != "english")


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
            if record["language"] not in self.texts and isinstance(answer, Mapping) and answer.get("question"):
                self.texts[record["language"]] = {"question": answer["question"], "options": answer.get("options") or {}}

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
        text = " ".join(str(self.texts.get("english", first)["question"]).split())
        return text if len(text) <= _TITLE else text[: _TITLE - 1] + "…"

    def searched(self, language: str) -> str:
        """What the search reads of the question in one language."""
        text = self.texts.get(language)
        return "" if text is None else "\n".join([str(text["question"]), *map(str, text["options"].values())])

    def detail(self, places: Mapping[str, int]) -> dict[str, Any]:
        """Texts by language number, and every answer with its path."""
        return {
            "texts": {places[language]: text for language, text in self.texts.items()},
            "answers": [_answer(number, record, places[record["language"]]) for number, record in self.answers],
        }


def _index(
    runs: Sequence[Run],
    questions: Sequence[_Question],
    languages: Sequence[str],
    starts: Sequence[int],
    keys: Sequence[Key],
    flagged: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    ids = [question.first("id") for question in questions]
    flags: dict[int, list[str]] = {}
    for number, name in enumerate(ids):
        if name in flagged:
            flags[number] = list(flagged[name])
    return {
        "runs": [run.name for run in runs],
        "languages": [{"name": name, "code": _code(name)} for name in languages],
        "repeats": [run.repeats for run in runs],
        "ids": [question.name for question in questions],
        "gold": [question.first("gold") for question in questions],
        "themes": [question.first("theme") for question in questions],
        "titles": [question.title for question in questions],
        "flagged": flags,
        "starts": starts,
        "cells": _cells(runs, _places(keys), languages),
    }


def _starts(sizes: Iterable[int]) -> list[int]:
    """The first question of each chunk, from the number of answers of each question."""
    starts = [0]
    in_chunk = 0
    for number, size in enumerate(sizes):
        if in_chunk and in_chunk + size > _CHUNK:
            starts.append(number)
            in_chunk = 0
        in_chunk += size
    return starts


def _code(language: str) -> str:
    known = find_language(language)
    return known.code if known else ""


def _cells(runs: Sequence[Run], at: Mapping[Key, int], languages: Sequence[str]) -> list[list[list[list[str]]]]:
    """Run, repeat, language: the outcomes and the letters of all questions."""
    cells: list[list[list[list[str]]]] = []
    for run in runs:
        grid: dict[tuple[int, str], tuple[list[str], list[str]]] = {}
        for cell in itertools.product(range(run.repeats), languages):
            grid[cell] = ([" "] * len(at), [" "] * len(at))
        for record in run.records:
            outcomes, letters = grid[record.get("repeat", 0), record["language"]]
            number = at[run.dataset, question_of(record)]
            outcomes[number] = CODES.get(record["outcome"], "u")
            letters[number] = printable(str(record["label"] or ""))[:1] or " "
        rows: list[list[list[str]]] = [[] for _ in range(run.repeats)]
        for (repeat, _), (outcomes, letters) in grid.items():
            rows[repeat].append(["".join(outcomes), "".join(letters)])
        cells.append(rows)
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
