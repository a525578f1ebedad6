"""Which language is the question in?"""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State
from clara.language.detection import question_language
from clara.tasks.model import ANSWER_CHOICE


async def detect(state: State, deps: Deps) -> Outcome:
    """Take the language that the caller gave, else recognise it from the stem and the options."""
    question = state["question"]
    weighs = not deps.skills.trusts(ANSWER_CHOICE.name)
    if question.language is not None:
        update = {"language": question.language, "weighs": weighs}
        return Outcome(update, {"language": question.language, "given": True})
    detection = question_language(question, deps.settings.interface_language)
    detail = {
        "language": detection.code,
        "given": False,
        "confidence": round(detection.confidence, 3),
        "romanised": detection.romanised,
    }
    return Outcome({"language": detection.code, "weighs": weighs}, detail)
