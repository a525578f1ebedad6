"""Parts with a script, so that a test decides what every task replies and sees what every task was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy, get_strategy
from clara.backbone.base import Skills
from clara.config import Settings
from clara.errors import SourceError
from clara.knowledge.base import Query
from clara.knowledge.glossary import Match, shipped_glossary
from clara.language.text import Word
from clara.tasks.model import (
    AssessOut,
    ChoiceOut,
    GradeOut,
    LetterOut,
    LocalizeOut,
    ReactOut,
    ReconcileOut,
    RewriteOut,
    TaskResult,
    TermHint,
    TermsOut,
    TextOut,
    TranslateOut,
    VerifyOut,
)
from clara.testing import FixedRetriever, ScriptedBackbone
from clara.types import Answer, Option, Passage, Question, Usage

SPANISH = Question(
    "¿Qué músculo del ojo derecho no mueve el globo 30 grados?",
    (Option("A", "Recto medial"), Option("B", "Recto lateral"), Option("C", "Recto superior")),
    "es",
)
ENGLISH = Question(
    "Which muscle of the right eye does not move the globe 30 degrees?",
    (Option("A", "Medial rectus"), Option("B", "Lateral rectus"), Option("C", "Superior rectus")),
    "en",
)
FREE = Question("¿Qué nervio inerva el recto lateral?", (), "es")
GOOD = TranslateOut(stem=ENGLISH.text, options={o.label: o.text for o in ENGLISH.options})
PASSAGES = (
    Passage(
        "sixth#0", "Sixth nerve", "The abducens nerve is long. It supplies the lateral rectus.", "Atlas, https://a.example/1"
    ),
    Passage("third#0", "Third nerve", "The oculomotor nerve supplies the medial rectus.", "Atlas, https://a.example/2"),
    Passage("lens#0", "Lens", "The lens has a capsule.", "Atlas, https://a.example/3"),
)
UNPARSED: TaskResult[Any] = TaskResult(None, Usage(calls=1), "unparsed", "the reply did not fit the schema", raw="???")
SILENT: TaskResult[Any] = TaskResult(None, Usage(calls=1), "no_response", "no reply came")
ACCEPT = VerifyOut(grounded=True, answers_question=True, reason="passage 1 says so")
REFUSE = VerifyOut(grounded=False, answers_question=True, reason="passage 1 is about the lens")

DEFAULTS: dict[str, Any] = {
    "translate": GOOD,
    "assess": AssessOut(adequate=True),
    "terms": TermsOut(terms=("lateral rectus",)),
    "grade": GradeOut(relevant=(1, 2, 3), sufficient=True),
    "rewrite": RewriteOut(query="abducens nerve palsy"),
    "answer_choice": ChoiceOut(reasoning="It supplies the lateral rectus.", citations=(1,), label="B", confidence=0.8),
    "answer_text": TextOut(answer="The abducens nerve supplies it [1].", citations=(1,), confidence=0.8),
    "verify": ACCEPT,
    "localize": LocalizeOut(answer="Lo inerva el nervio abducens [1]."),
    "guess": LetterOut(label="B", confidence=0.9, margin=0.85),
    "reconcile": ReconcileOut(reason="the first rests on passage 1", agree=True, better="first"),
    "react": lambda asked: (
        ReactOut(action="answer") if asked.tried else ReactOut(query="abducens nerve", action="search_knowledge")
    ),
}


class Script(ScriptedBackbone):
    """A scripted backbone with a good reply for every task; a list of replies is used in order and its last repeats."""

    def __init__(
        self,
        *,
        uses_model: bool = True,
        languages: frozenset[str] | None = None,
        skills: Skills | None = None,
        **replies: Any,
    ) -> None:
        super().__init__(uses_model=uses_model, skills=skills)
        self._info = replace(self._info, languages=languages)
        self.asked: list[tuple[str, Any, int | None]] = []
        self.how: list[dict[str, Any]] = []
        for task, given in {**DEFAULTS, **replies}.items():
            *first, last = given if isinstance(given, list) else [given]
            self.enqueue(task, *first).always(task, _raiser(last) if isinstance(last, Exception) else last)

    async def perform(self, task: Any, inputs: Any, *, seed: int | None = None, **how: Any) -> TaskResult[Any]:
        assert isinstance(inputs, task.inputs)
        self.asked.append((task.name, inputs, seed))
        self.how.append(how)
        return await super().perform(task, inputs, seed=seed, **how)

    def inputs(self, task: str) -> list[Any]:
        """What the task was asked, in order."""
        return [inputs for name, inputs, _ in self.asked if name == task]


def _raiser(error: Exception) -> Callable[[Any], Any]:
    def fail(_inputs: Any) -> Any:
        raise error

    return fail


class Shelf(FixedRetriever):
    """A retriever that finds the three passages, unless told others, and behind them another one in each later search."""

    def __init__(self, passages: tuple[Passage, ...] = PASSAGES, *, repeats: bool = False) -> None:
        super().__init__(passages)
        self.repeats = repeats

    async def search(self, query: Query, k: int = 8) -> tuple[Passage, ...]:
        passages = await super().search(query, k)
        number = len(self.queries)
        if self.repeats or number == 1 or not passages:
            return passages
        return (*passages, Passage(f"later#{number}", f"Later {number}", "The sclera is white."))


class Words:
    """A glossary that looks two terms up; the guards compare with all that ship."""

    def matches(self, words: Sequence[Word], language: str) -> list[Match]:
        return shipped_glossary().matches(words, language)

    def lookup(self, text: str, language: str, limit: int = 8) -> tuple[TermHint, ...]:
        if "abducens nerve palsy" in text.lower():
            return (TermHint(source="abducens nerve palsy", english="sixth nerve palsy", kind="disease"),)
        for name in ("lateral rectus", "recto lateral"):
            if name in text.lower():
                return (TermHint(source=name, english="lateral rectus", definition="the muscle that abducts the eye"),)
        return ()


class Outside:
    """An outside source that finds what it is given, or fails; ``queries`` holds what was sent."""

    def __init__(self, name: str = "pubmed", *found: Passage, fails: bool = False) -> None:
        self.name = name
        self.tool: Any = f"search_{name}"
        self.found = found
        self.fails = fails
        self.queries: list[str] = []

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        self.queries.append(query)
        if self.fails:
            raise SourceError(f"{self.name} cannot be reached", source=self.name)
        return self.found[:limit]

    async def aclose(self) -> None:
        pass


def agent(script: Script, shelf: Shelf | None = None, sources: Sequence[Outside] = (), **settings: Any) -> Agent:
    """An agent of scripted parts."""
    search = tuple(source.name for source in sources)
    return Agent(script, shelf or Shelf(), Words(), Settings.plain(**{"search": search, **settings}), sources)


async def ask(
    script: Script,
    question: Question = SPANISH,
    strategy: str | Strategy = "clara",
    shelf: Shelf | None = None,
    sources: Sequence[Outside] = (),
    **settings: Any,
) -> Answer:
    """One question to an agent of scripted parts."""
    chosen = get_strategy(strategy) if isinstance(strategy, str) else strategy
    return await agent(script, shelf, sources, **settings).run(question, chosen)


def steps(answer: Answer) -> list[str]:
    """The path that the answer took."""
    return [step.step for step in answer.trace]


def details(answer: Answer, step: str) -> list[Any]:
    """The facts of every run of a step."""
    return [entry.detail for entry in answer.trace if entry.step == step]
