"""Open questions in seven languages, answered by a real model: what the answers rest on, and in which language they are.

    .venv/bin/python benchmarks/open_questions.py http://127.0.0.1:8000/v1 --out ../runs/open.jsonl

Asks ``questions/open_questions.csv`` with strategy ``clara``; the knowledge base must be built. Every answer is kept as one
line of ``--out``, and a question that stands there already is not asked again. Whether an answer is right is not judged
here: the facts of a right one stand in the file, for a reader.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
from collections import Counter
from pathlib import Path

from clara import Answer, Clara, ClaraError, Question, load_settings
from clara.language.codes import get_language
from clara.language.detection import detect_language

QUESTIONS = Path(__file__).parent / "questions" / "open_questions.csv"
PATIENT = {"CLARA_TIMEOUT": "3000", "CLARA_FIRST_TOKEN_TIMEOUT": "3000"}
"""A model on a CPU takes minutes for what a GPU does in seconds."""
TOGETHER = 8
"""Questions at work at once."""
COLUMNS = ("answered", "cited", "no doubt", "own language", "says it is English", "says none is about it")


async def main() -> None:
    """Ask what is missing, then print what all answers are like."""
    parser = argparse.ArgumentParser(description="open questions on a real model")
    parser.add_argument("url", help="address of a model server, ending in /v1")
    parser.add_argument("--out", type=Path, required=True, help="file of the answers, outside the repository")
    arguments = parser.parse_args()
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    answers = read_answers(arguments.out)
    settings = load_settings({"backbone": [arguments.url]}, environ={**PATIENT, **os.environ})
    gate = asyncio.Semaphore(TOGETHER)
    async with Clara(settings) as clara:

        async def one(row: dict[str, str]) -> None:
            question = Question(row["question"], (), get_language(row["language"]).code, row["id"])
            async with gate:
                try:
                    answer = await clara.aask(question)
                except ClaraError as error:
                    print(f"{row['id']}: {error}", flush=True)
                    return
            answers[row["id"]] = answer
            with arguments.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(answer.to_json(), ensure_ascii=False) + "\n")

        await asyncio.gather(*(one(row) for row in rows if row["id"] not in answers))
    print(table(rows, answers))


def read_answers(path: Path) -> dict[str, Answer]:
    """The answers of earlier calls, by the id of the question."""
    answers: dict[str, Answer] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            answer = Answer.from_json(json.loads(line))
            answers[answer.question.id or ""] = answer
    return answers


def table(rows: list[dict[str, str]], answers: dict[str, Answer]) -> str:
    """A Markdown table: of the questions of each language, and of those beside the field, how many answers are what."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        answer = answers.get(row["id"])
        if answer is not None:
            group = row["language"] if row["in_scope"] == "yes" else "beside the field"
            counts.setdefault(group, Counter()).update(("questions", *features(answer)))
    lines = [f"| | questions | {' | '.join(COLUMNS)} |", "| --- |" + " --- |" * (len(COLUMNS) + 1)]
    for group, counted in counts.items():
        lines.append(f"| {group} | {counted['questions']} | " + " | ".join(str(counted[name]) for name in COLUMNS) + " |")
    return "\n".join(lines)


def features(answer: Answer) -> list[str]:
    """Which of the columns hold for an answer."""
    holds = {
        "answered": bool(answer.answer),
        "cited": bool(answer.citations),
        "no doubt": bool(answer.answer) and not answer.verdict.flags,
        "own language": detect_language(answer.answer).code == answer.language,
        "says it is English": "answer_in_english" in answer.warnings,
        "says none is about it": "beyond_knowledge_base" in answer.warnings,
    }
    return [name for name in COLUMNS if holds[name]]


if __name__ == "__main__":
    asyncio.run(main())
