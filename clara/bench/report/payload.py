"""The records for the question browser: a small index that is read at once, and packed chunks that are read when opened.

A cell is one answer. All cells of a run, a repeat and a language are two strings as long as there are questions: one
character for the outcome and one for the letter, a space where nobody asked. That is what filters read. The whole path of a
question's answers lies in a chunk with that of its neighbours: JSON, gzip, base64.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from clara.bench.figures.runs import Run, question_of
from clara.bench.replay.journal import Record
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
    questions = _questions(runs)
    languages = list(dict.fromkeys(language for run in runs for language in run.languages))
    languages.sort(key=lambda language: language != "english")
    grouped: dict[Key, list[tuple[int, Record]]] = defaultdict(list)
    for number, run in enumerate(runs):
        for record in run.records:
            grouped[run.dataset, question_of(record)].append((number, record))
    sizes = [len(grouped[key]) for key in questions]
    starts = _starts(sizes)
    ids = [_first(grouped[key], "id") for key in questions]
    texts = {key: _texts(record for _, record in grouped[key]) for key in questions}
    yield (
        "index",
        _packed(
            {
                "runs": [run.name for run in runs],
                "languages": [{"name": name, "code": _code(name)} for name in languages],
                "repeats": [1 + max((r.get("repeat", 0) for r in run.records), default=0) for run in runs],
                "ids": [key[1] for key in questions],
                "gold": [_first(grouped[key], "gold") for key in questions],
                "themes": [_first(grouped[key], "theme") for key in questions],
                "titles": [_title(texts[key]) for key in questions],
                "flagged": {number: list(flagged[name]) for number, name in enumerate(ids) if name in flagged},
                "starts": starts,
                "cells": _cells(runs, {key: n for n, key in enumerate(questions)}, languages),
            }
        ),
    )
    yield "texts", _packed([[_flat(texts[key].get(language)) for language in languages] for key in questions])
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(questions)
        part = [_detail(grouped[key], texts[key], languages) for key in questions[start:end]]
        yield f"chunk-{number}", _packed(part)


def _questions(runs: Sequence[Run]) -> list[Key]:
    return list(dict.fromkeys((run.dataset, question_of(record)) for run in runs for record in run.records))


def _starts(sizes: Sequence[int]) -> list[int]:
    """The first question of each chunk."""
    starts, held = [0], 0
    for number, size in enumerate(sizes):
        if held and held + size > _CHUNK:
            starts.append(number)
            held = 0
        held += size
    return starts


def _code(language: str) -> str:
    known = find_language(language)
    return known.code if known else ""


def _first(records: Iterable[tuple[int, Record]], field: str) -> str:
    return next((str(record[field]) for _, record in records if record.get(field)), "")


def _texts(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """The question as it was asked, by language."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        answer = record.get("answer")
        if record["language"] not in found and isinstance(answer, Mapping) and answer.get("question"):
            found[record["language"]] = {"question": answer["question"], "options": answer.get("options") or {}}
    return found


def _title(texts: Mapping[str, Mapping[str, Any]]) -> str:
    chosen = texts.get("english") or next(iter(texts.values()), None)
    text = " ".join(str(chosen["question"]).split()) if chosen else ""
    return text if len(text) <= _TITLE else text[: _TITLE - 1] + "…"


def _flat(text: Mapping[str, Any] | None) -> str:
    """What the search reads of a question in one language."""
    return "" if text is None else "\n".join([str(text["question"]), *map(str, text["options"].values())])


def _cells(runs: Sequence[Run], at: Mapping[Key, int], languages: Sequence[str]) -> list[list[list[list[str]]]]:
    """Run, repeat, language: the outcomes and the letters of all questions."""
    cells: list[list[list[list[str]]]] = []
    for run in runs:
        repeats = 1 + max((record.get("repeat", 0) for record in run.records), default=0)
        grid = [[([" "] * len(at), [" "] * len(at)) for _ in languages] for _ in range(repeats)]
        places = {language: n for n, language in enumerate(languages)}
        for record in run.records:
            outcomes, letters = grid[record.get("repeat", 0)][places[record["language"]]]
            number = at[run.dataset, question_of(record)]
            outcomes[number] = CODES.get(record["outcome"], "u")
            letters[number] = (printable(str(record["label"] or "")) or " ")[0]
        cells.append([[["".join(outcomes), "".join(letters)] for outcomes, letters in row] for row in grid])
    return cells


def _detail(records: Sequence[tuple[int, Record]], texts: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    """One question: its texts by language number, and every answer with its path."""
    places = {language: n for n, language in enumerate(languages)}
    return {
        "texts": {places[language]: text for language, text in texts.items()},
        "answers": [_answer(number, record, places[record["language"]]) for number, record in records],
    }


def _answer(number: int, record: Record, language: int) -> dict[str, Any]:
    shown = {key: record[key] for key in _SHOWN if record.get(key) not in (None, "", {})}
    answer = record.get("answer")
    if isinstance(answer, Mapping):
        shown |= {key: answer[key] for key in _ANSWER if answer.get(key) not in (None, "", {}, [], False)}
        shown |= {"answer": answer.get("answer", "")}
    elif isinstance(answer, str):
        shown["answer"] = answer
    return {"run": number, "language": language, "repeat": record.get("repeat", 0), **shown}


def _packed(value: Any) -> str:
    try:
        raw = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a lone surrogate
        raw = b""
    if not raw or b"\\u00" in raw or _HIDDEN.search(raw.decode()):  # JSON writes C0 as escapes
        raw = orjson.dumps(printable(value))
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode("ascii")
