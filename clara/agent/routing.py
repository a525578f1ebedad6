"""Where the graph goes next: pure functions of the state, the strategy and the settings."""

from __future__ import annotations

from typing import Literal

from clara.agent.state import State
from clara.agent.strategies import Strategy
from clara.config import Settings

Ahead = Literal["augment", "act", "retrieve", "weigh", "answer"]
Choosing = Literal["weigh", "answer"]
AfterAnswer = Literal["verify", "vote", "localize", "end"]


def after_detect(state: State, strategy: Strategy, settings: Settings) -> Literal["translate", "gauge"] | Ahead:
    """English questions need no translation."""
    if strategy.has("translate") and state["language"] != "en":
        return "translate"
    return towards_answer(state, strategy, settings)


def after_translate(state: State, strategy: Strategy, settings: Settings) -> Literal["assess", "gauge"] | Ahead:
    """Every translation is assessed where the strategy does so."""
    return "assess" if strategy.has("assess") else towards_answer(state, strategy, settings)


def after_assess(state: State, strategy: Strategy, settings: Settings) -> Literal["translate", "gauge"] | Ahead:
    """A poor translation is made again until the attempts run out; then the better one goes on, flagged."""
    translations = state["translations"]
    if not translations[-1].adequate and len(translations) < settings.translations:
        return "translate"
    return towards_answer(state, strategy, settings)


def towards_answer(state: State, strategy: Strategy, settings: Settings) -> Literal["gauge"] | Ahead:
    """First whether evidence is needed at all, where the settings can be satisfied without; letters only can be guessed."""
    gauged = strategy.has("gauge") and strategy.searches and settings.certainty <= 1
    return "gauge" if gauged and state["question"].options else towards_evidence(state, strategy)


def after_gauge(state: State, strategy: Strategy, _settings: Settings) -> Ahead:
    """A sure question is answered at once."""
    return choosing(state, strategy) if state["sure"] else towards_evidence(state, strategy)


def towards_evidence(state: State, strategy: Strategy) -> Ahead:
    """The first of augment, act and retrieve that the strategy has, else straight to the answer."""
    return "augment" if strategy.has("augment") else towards_passages(state, strategy)


def after_augment(state: State, strategy: Strategy, _settings: Settings) -> Literal["act", "retrieve"] | Choosing:
    """Terms first, then evidence where the strategy retrieves."""
    return towards_passages(state, strategy)


def towards_passages(state: State, strategy: Strategy) -> Literal["act", "retrieve"] | Choosing:
    """Tools where the backbone chooses them, else one search, else the answer."""
    if not strategy.has("retrieve"):
        return choosing(state, strategy)
    return "act" if strategy.has("act") else "retrieve"


def choosing(state: State, strategy: Strategy) -> Choosing:
    """The answer, weighed first where there are options and the strategy does so; once is enough."""
    if not strategy.has("weigh") or not state.get("weighs", False):
        return "answer"
    return "weigh" if state["question"].options and "weighed" not in state else "answer"


def after_act(state: State, _strategy: Strategy, _settings: Settings) -> Literal["retrieve", "search", "answer"]:
    """The tool that the backbone chose."""
    if state["action"] == "answer":
        return "answer"
    return "retrieve" if state["action"] == "search_knowledge" else "search"


def after_retrieve(state: State, strategy: Strategy, settings: Settings) -> Literal["act", "grade"] | Choosing:
    """Back to the backbone that called the tool, or to the grade where the strategy has one."""
    if strategy.has("act"):
        return "act" if state["round"] < settings.rounds else "answer"
    return "grade" if strategy.has("grade") else choosing(state, strategy)


def after_grade(state: State, strategy: Strategy, settings: Settings) -> Literal["rewrite", "search"] | Choosing:
    """Too little evidence asks for a better query while rounds are left, then for outside sources, once."""
    if state["sufficient"]:
        return choosing(state, strategy)
    if can_go_round(state, strategy, settings):
        return "rewrite"
    return "search" if can_search(state, strategy, settings) else choosing(state, strategy)


def after_rewrite(
    state: State, strategy: Strategy, settings: Settings
) -> Literal["retrieve", "search", "vote", "localize", "end"] | Choosing:
    """A new query is searched for; where there is none, the last evidence or the last answer has to do."""
    if not state["exhausted"]:
        return "retrieve"
    if state.get("candidates"):
        return towards_end(state, strategy)
    return "search" if can_search(state, strategy, settings) else choosing(state, strategy)


def after_search(state: State, strategy: Strategy, settings: Settings) -> Literal["act", "grade"] | Choosing:
    """What came is judged like any other evidence, where something came; a tool's caller reads it."""
    if strategy.has("act"):
        return "act" if state["round"] < settings.rounds else "answer"
    return "grade" if state["outside"] else choosing(state, strategy)


def after_weigh(state: State, strategy: Strategy, _settings: Settings) -> Literal["answer", "localize", "end"]:
    """Probabilities that decided leave nothing to verify and no second vote: they saw both wordings."""
    if not state["weighed"]:
        return "answer"
    return "localize" if strategy.has("localize") else "end"


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
    return "localize" if strategy.has("localize") else "end"


def after_vote(_state: State, strategy: Strategy, _settings: Settings) -> Literal["localize", "end"]:
    """The asker's language last."""
    return "localize" if strategy.has("localize") else "end"


def can_go_round(state: State, strategy: Strategy, settings: Settings) -> bool:
    """True if another round of rewrite, retrieve and answer is allowed."""
    if state.get("exhausted", False):
        return False
    return strategy.loops and not strategy.has("act") and state["round"] < settings.rounds


def can_search(state: State, strategy: Strategy, settings: Settings) -> bool:
    """True if outside sources are named and were not asked yet."""
    return strategy.has("search") and bool(settings.search) and "outside" not in state
