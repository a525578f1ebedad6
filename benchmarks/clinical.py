"""In how many plain clinical questions the passages that are shown first, without a model, state the answer.

    .venv/bin/python -m benchmarks.clinical

``clinical_questions.csv`` holds the questions, and ``clinical_terms.csv`` the terms that a passage with the answer must
state: all of those parted by "&", each in one of the wordings parted by "|". Where an urgent line hides the passages,
nothing is answered.
"""

from __future__ import annotations

import asyncio
import csv
import sys
from pathlib import Path

from clara.agent.strategies import get_strategy
from clara.assembly import build_agent
from clara.config import Settings
from clara.language.questions import parse_question

QUESTIONS = Path(__file__).parent / "questions"


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the files of questions."""
    with (QUESTIONS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def states(text: str, terms: str) -> bool:
    """True if the text states every term, in one of its wordings, whatever its case."""
    folded = text.lower()
    for term in terms.split("&"):
        wordings = [wording.strip().lower() for wording in term.split("|")]
        if not any(wording in folded for wording in wordings):
            return False
    return True


async def answered() -> dict[str, bool]:
    """Id of each question to whether the passages shown for it state the answer."""
    terms = {row["id"]: row["terms"] for row in rows("clinical_terms.csv")}
    agent = build_agent(Settings(profile="embedded"))
    strategy = get_strategy("clara")
    results: dict[str, bool] = {}
    for row in rows("clinical_questions.csv"):
        answer = await agent.run(parse_question(row["question"]), strategy)
        results[row["id"]] = states(answer.answer.replace("**", ""), terms[row["id"]])
    await agent.aclose()
    return results


def main() -> int:
    """Print how many questions are answered, and the ids of the others."""
    results = asyncio.run(answered())
    missed = [name for name, is_answered in results.items() if not is_answered]
    print(f"{len(results) - len(missed)} of {len(results)} answered by the passages shown first")
    print(f"missed: {', '.join(missed)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
