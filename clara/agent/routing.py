"""Where the graph goes next: pure functions of the state, the strategy and the settings."""

from __future__ import annotations

from typing import Literal

from clara.agent.state import State
from clara.agent.strategies import Strategy
from clara.config import Settings

Ahead = Literal["augment", "act", "retrieve", "weigh", "answer"]
Choosing = Literal["weigh", "answer"]
Last = Literal["localize", "end"]
AfterAnswer = Literal["verify", "vote", "localize", "end"]


def after_detect(state: State, strategy: Strategy, settings: Settings) -> Literal["translate", "gauge"] | Ahead:
    """English questions need no translation."""
    if strategy.has("translate") and state["language"] != "en":
        return "translate"
    return towards_answer(state, strategy, settings)


def after_translate(state: State, strategy: Strategy, settings: Settings) -> Literal["assess", "gauge"] | Ahead:
    """Every translation is assessed where the strategy does so."""
    if strategy.has("assess"):
        return "assess"
    return towards_answer(state, strategy, settings)


def after_assess(state: State, strategy: Strategy, settings: Settings) -> Literal["translate", "gauge"] | Ahead:
    """A poor translation is made again until the attempts run out; then the better one goes on, flagged."""
    translations = state["translations"]
    if not translations[-1].adequate and len(translations) < settings.translations:
        return "translate"
    return towards_answer(state, strategy, settings)


def towards_answer(state: State, strategy: Strategy, settings: Settings) -> Literal["gauge"] | Ahead:
    """First whether evidence is needed at all, where the settings can be satisfied without; letters only can be guessed."""
    if state["question"].options and strategy.gauges(settings):
        return "gauge"
    return towards_evidence(state, strategy)


def after_gauge(state: State, strategy: Strategy, _settings: Settings) -> Ahead:
    """A sure question is answered at once."""
    if state["sure"]:
        return choosing(state, strategy)
    return towards_evidence(state, strategy)


def towards_evidence(state: State, strategy: Strategy) -> Ahead:
    """The first of augment, act and retrieve that the strategy has, else straight to the answer."""
    if strategy.has("augment"):
        return "augment"
    return towards_passages(state, strategy)


def after_augment(state: State, strategy: Strategy, _settings: Settings) -> Literal["act", "retrieve"] | Choosing:
    """Terms first, then evidence where the strategy retrieves."""
    return towards_passages(state, strategy)


def towards_passages(state: State, strategy: Strategy) -> Literal["act", "retrieve"] | Choosing:
    """Tools where the backbone chooses them, else one search, else the answer."""
    if not strategy.has("retrieve"):
        return choosing(state, strategy)
    if strategy.has("act"):
        return "act"
    return "retrieve"


def choosing(state: State, strategy: Strategy) -> Choosing:
    """The answer, weighed first where there are options and the strategy does so; once is enough."""
    is_weighing = strategy.has("weigh") and state.get("weighs", False)
    if is_weighing and state["question"].options and "weighed" not in state:
        return "weigh"
    return "answer"


def after_act(state: State, _strategy: Strategy, _settings: Settings) -> Literal["retrieve", "search", "answer"]:
    """The tool that the backbone chose."""
    match state["action"]:
        case "answer":
            return "answer"
        case "search_knowledge":
            return "retrieve"
        case _:
            return "search"


def after_tool(state: State, settings: Settings) -> Literal["act", "answer"]:
    """Back to the backbone that called the tool while rounds are left."""
    if state["round"] < settings.rounds:
        return "act"
    return "answer"


def after_retrieve(state: State, strategy: Strategy, settings: Settings) -> Literal["act", "grade"] | Choosing:
    """Back to the backbone that called the tool, or to the grade where the strategy has one."""
    if strategy.has("act"):
        return after_tool(state, settings)
    if strategy.has("grade"):
        return "grade"
    return choosing(state, strategy)


def after_grade(state: State, strategy: Strategy, settings: Settings) -> Literal["rewrite", "search"] | Choosing:
    """Too little evidence asks for a better query while rounds are left, then for outside sources, once."""
    if state["sufficient"]:
        return choosing(state, strategy)
    if can_go_round(state, strategy, settings):
        return "rewrite"
    return towards_sources(state, strategy, settings)


def towards_sources(state: State, strategy: Strategy, settings: Settings) -> Literal["search"] | Choosing:
    """Outside sources where they may still be asked, else the answer."""
    if can_search(state, strategy, settings):
        return "search"
    return choosing(state, strategy)


def after_rewrite(
    state: State, strategy: Strategy, settings: Settings
) -> Literal["retrieve", "search", "vote", "localize", "end"] | Choosing:
    """A new query is searched for; where there is none, the last evidence or the last answer has to do."""
    if not state["exhausted"]:
        return "retrieve"
    if state.get("candidates"):
        return towards_end(state, strategy)
    return towards_sources(state, strategy, settings)


def after_search(state: State, strategy: Strategy, settings: Settings) -> Literal["act", "grade"] | Choosing:
    """What came is judged like any other evidence, where something came; a tool's caller reads it."""
    if strategy.has("act"):
        return after_tool(state, settings)
    if state["outside"]:
        return "grade"
    return choosing(state, strategy)


def after_weigh(state: State, strategy: Strategy, _settings: Settings) -> Literal["answer", "localize", "end"]:
    """Probabilities that decided leave nothing to verify and no second vote: they saw both wordings."""
    if not state["weighed"]:
        return "answer"
    return last(strategy)


def after_answer(state: State, strategy: Strategy, _settings: Settings) -> AfterAnswer:
    """An answer is verified where the strategy does so; one without evidence has nothing to be verified against."""
    if strategy.has("verify") and not state.get("sure", False):
        return "verify"
    return towards_end(state, strategy)


def after_verify(state: State, strategy: Strategy, settings: Settings) -> Literal["rewrite", "vote", "localize", "end"]:
    """An answer that is not accepted sends the graph round again while rounds are left."""
    if not state["accepted"] and can_go_round(state, strategy, settings):
        return "rewrite"
    return towards_end(state, strategy)


def towards_end(state: State, strategy: Strategy) -> Literal["vote", "localize", "end"]:
    """The original language has its say where there are two wordings of the question."""
    translation = state.get("translation")
    if strategy.has("vote") and translation is not None and translation.stem != state["question"].text:
        return "vote"
    return last(strategy)


def after_vote(_state: State, strategy: Strategy, _settings: Settings) -> Last:
    """The asker's language last."""
    return last(strategy)


def last(strategy: Strategy) -> Last:
    """The asker's language, where the strategy localises."""
    if strategy.has("localize"):
        return "localize"
    return "end"


def can_go_round(state: State, strategy: Strategy, settings: Settings) -> bool:
    """True if another round of rewrite, retrieve and answer is allowed."""
    if state.get("exhausted", False) or strategy.has("act"):
        return False
    return strategy.loops and state["round"] < settings.rounds


def can_search(state: State, strategy: Strategy, settings: Settings) -> bool:
    """True if outside sources are named and were not asked yet."""
    if not strategy.has("search") or "outside" in state:
        return False
    return bool(settings.search)
