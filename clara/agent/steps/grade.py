"""Are the passages relevant, and are they enough?"""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english, ids_of
from clara.tasks.model import GRADE, GradeIn


async def grade(state: State, deps: Deps) -> Outcome:
    """Drop what does not help. Without a verdict the list goes on whole: none came, the model is no judge, or it names none.

    A verdict that names no passage asks for another round, but never leaves the answer without the best that was found.
    """
    passages = state["passages"]
    stem, options = english(state)
    if not passages:
        return Outcome({"sufficient": False, "reason": "no passage was found"}, {"relevant": [], "sufficient": False})
    unjudged = {"relevant": list(ids_of(passages)), "sufficient": True}
    if not deps.skills.trusts(GRADE.name):
        return Outcome({"sufficient": True}, unjudged | {"note": "ranked by the search alone"})
    result = await deps.backbone.perform(
        GRADE, GradeIn(stem=stem, options=options, passages=passages), seed=deps.settings.seed
    )
    if result.output is None:
        return Outcome({"sufficient": True}, unjudged | {"failure": result.failure}, result.usage)
    numbers = result.output.relevant
    relevant = tuple(passage for number, passage in enumerate(passages, 1) if number in numbers)
    sufficient = result.output.sufficient and bool(relevant)
    reason = ""
    if not sufficient:
        reason = "the passages found do not settle the question"
    dropped = len(passages) - len(relevant)
    detail = {"relevant": list(ids_of(relevant)), "dropped": dropped, "sufficient": sufficient}
    update = {"passages": relevant or passages, "sufficient": sufficient, "reason": reason}
    return Outcome(update, detail, result.usage)
