"""Are the passages relevant, and are they enough?"""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english
from clara.tasks.model import GRADE, GradeIn


async def grade(state: State, deps: Deps) -> Outcome:
    """Drop what does not help; an ungraded list goes on whole, because no verdict is not a bad one."""
    passages = state["passages"]
    stem, options = english(state)
    if not passages:
        return Outcome({"sufficient": False, "reason": "no passage was found"}, {"relevant": [], "sufficient": False})
    result = await deps.backbone.perform(
        GRADE, GradeIn(stem=stem, options=options, passages=passages), seed=deps.settings.seed
    )
    if result.output is None:
        detail = {"relevant": [p.id for p in passages], "sufficient": True, "failure": result.failure}
        return Outcome({"sufficient": True}, detail, result.usage)
    wanted = {number for number in result.output.relevant if 1 <= number <= len(passages)}
    kept = tuple(passage for number, passage in enumerate(passages, 1) if number in wanted)
    sufficient = result.output.sufficient and bool(kept)
    reason = "" if sufficient else "the passages found do not settle the question"
    detail = {"relevant": [p.id for p in kept], "dropped": len(passages) - len(kept), "sufficient": sufficient}
    return Outcome({"passages": kept, "sufficient": sufficient, "reason": reason}, detail, result.usage)
