"""Recorded responses of other systems, scored like our own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from clara.bench.datasets import Dataset
from clara.bench.figures.runs import Run, runs_of
from clara.bench.replay.journal import AnswerRecord
from clara.bench.scoring.scoring import extract_letter, response_outcome
from clara.errors import DatasetError
from clara.language.codes import find_language
from clara.types import Question


def read_published(responses: Path, answers: Path, questions: Dataset | None = None) -> list[Run]:
    """A run for each model of recorded responses (``model,language,ID,response``), with gold letters (``ID,...,answer``).

    Args:
        responses: what was answered, as recorded.
        answers: what is right.
        questions: the texts, to be read beside the responses; they change no figure, and some may be missing.

    Raises:
        DatasetError: a file cannot be read, lacks a column, or answers a question that has no gold letter.
    """
    right = {row["ID"]: row for row in _rows(answers, "ID", "answer")}
    texts: dict[tuple[str, str], Question] = {}
    manifest: dict[str, str] = {}
    if questions is not None:
        manifest["fingerprint"] = questions.fingerprint
        for item in questions.items:
            texts[item.id, item.code] = item.question
    records: list[AnswerRecord] = []
    for number, row in enumerate(_rows(responses, "model", "language", "ID", "response"), 1):
        if row["ID"] not in right:
            raise DatasetError(f"{responses}: row {number} has the ID {row['ID']!r}, which {answers} lacks", row=number)
        records.append(_record(row, right[row["ID"]], texts))
    if not records:
        raise DatasetError(f"{responses} holds no responses", path=str(responses))
    return runs_of(records, kind="model", manifest=manifest)


def _record(row: Mapping[str, str], right: Mapping[str, str], texts: Mapping[tuple[str, str], Question]) -> AnswerRecord:
    text, gold = row["response"], right["answer"].strip().upper()
    result = response_outcome(text, gold)
    record: AnswerRecord = {
        "strategy": row["model"],
        "language": row["language"],
        "id": row["ID"],
        "gold": gold,
        "theme": right.get("theme", ""),
        "outcome": result,
        "label": extract_letter(text) if result in ("correct", "wrong") else None,
        "reply": text,
    }
    language = find_language(row["language"])
    if language is not None and (row["ID"], language.code) in texts:
        question = texts[row["ID"], language.code]
        options = {option.label: option.text for option in question.options}
        record["answer"] = {"question": question.text, "options": options}
    return record


def _rows(path: Path, *needed: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            for name in needed:
                if name not in columns:
                    raise DatasetError(f"{path} has no column {name}; columns are {', '.join(columns)}", path=str(path))
            rows = list(reader)
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}", path=str(path)) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is no readable CSV: {error}", path=str(path)) from None
    for number, row in enumerate(rows, 1):
        if any(row[name] is None for name in needed):
            raise DatasetError(f"{path}: row {number} has too few cells", path=str(path), row=number)
    return rows
