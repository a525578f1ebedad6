"""Where the graph goes next: pure functions of the state, the strategy and the settings."""

from __future__ import annotations

from typing import Literal

from clara.agent.state import State
from clara.agent.strategies import Strategy
from clara.config import Settings

Start = Literal["translate", "augment", "retrieve", "answer"]
AfterTranslation = Literal["translate", "augment", "retrieve", "answer"]
AfterGrade = Literal["answer", "rewrite"]
AfterVerify = Literal["localize", "rewrite", "end"]


def after_detect(state: State, strategy: Strategy) -> Start:
    """English questions need no translation."""
    if strategy.has("translate") and state["language"] != "en":
        return "translate"
    return towards_answer(strategy)


def towards_answer(strategy: Strategy) -> Literal["augment", "retrieve", "answer"]:
    """The first of augment and retrieve that the strategy has, else straight to the answer."""
    if strategy.has("augment"):
        return "augment"
    return "retrieve" if strategy.has("retrieve") else "answer"


def after_translate(_state: State, strategy: Strategy) -> Literal["assess", "augment", "retrieve", "answer"]:
    """Every translation is assessed where the strategy does so."""
    return "assess" if strategy.has("assess") else towards_answer(strategy)


def after_assess(state: State, strategy: Strategy, settings: Settings) -> AfterTranslation:
    """A poor translation is made again until the attempts run out; then the better one goes on, flagged."""
    translations = state["translations"]
    if not translations[-1].adequate and len(translations) < settings.translations:
        return "translate"
    return towards_answer(strategy)


def after_augment(_state: State, strategy: Strategy) -> Literal["retrieve", "answer"]:
    """Terms first, then evidence where the strategy retrieves."""
    return "retrieve" if strategy.has("retrieve") else "answer"


def after_retrieve(_state: State, strategy: Strategy) -> Literal["grade", "answer"]:
    """Passages are graded where the strategy does so."""
    return "grade" if strategy.has("grade") else "answer"


def after_grade(state: State, strategy: Strategy, settings: Settings) -> AfterGrade:
    """Too little evidence asks for a better query while rounds are left."""
    if state["sufficient"] or not can_go_round(state, strategy, settings):
        return "answer"
    return "rewrite"


def after_answer(_state: State, strategy: Strategy) -> Literal["verify", "localize", "end"]:
    """An answer is verified where the strategy does so."""
    if strategy.has("verify"):
        return "verify"
    return "localize" if strategy.has("localize") else "end"


def after_verify(state: State, strategy: Strategy, settings: Settings) -> AfterVerify:
    """An answer that is not accepted sends the graph round again while rounds are left."""
    if not state["accepted"] and can_go_round(state, strategy, settings):
        return "rewrite"
    return "localize" if strategy.has("localize") else "end"


def can_go_round(state: State, strategy: Strategy, settings: Settings) -> bool:
    """True if another round of rewrite, retrieve and answer is allowed."""
    return strategy.has("rewrite") and strategy.has("retrieve") and state["round"] < settings.rounds
