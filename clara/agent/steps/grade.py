"""Are the passages relevant, and are they enough?"""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english
from clara.tasks.model import GRADE, GradeIn


async def grade(state: State, deps: Deps) -> Outcome:
    """Drop what does not help. Without a verdict the list goes on whole: none came, the model is no judge, or it names none.

    A verdict that names no passage asks for another round, but never leaves the answer without the best that was found.
    """
    passages = state["passages"]
    stem, options = english(state)
    if not passages:
        return Outcome({"sufficient": False, "reason": "no passage was found"}, {"relevant": [], "sufficient": False})
    if not deps.skills.trusts(GRADE.name):
        detail = {"relevant": [p.id for p in passages], "sufficient": True, "note": "ranked by the search alone"}
        return Outcome({"sufficient": True}, detail)
    result = await deps.backbone.perform(
        GRADE, GradeIn(stem=stem, options=options, passages=passages), seed=deps.settings.seed
    )
    if result.output is None:
        detail = {"relevant": [p.id for p in passages], "sufficient": True, "failure": result.failure}
        return Outcome({"sufficient": True}, detail, result.usage)
    numbers = {number for number in result.output.relevant if 1 <= number <= len(passages)}
    relevant = tuple(passage for number, passage in enumerate(passages, 1) if number in numbers)
    sufficient = result.output.sufficient and bool(relevant)
    reason = "" if sufficient else "the passages found do not settle the question"
    detail = {"relevant": [p.id for p in relevant], "dropped": len(passages) - len(relevant), "sufficient": sufficient}
    update = {"passages": relevant or passages, "sufficient": sufficient, "reason": reason}
    return Outcome(update, detail, result.usage)
