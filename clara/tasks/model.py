"""A reasoning step is a typed task: a pydantic input, a pydantic output, and a name that is also its prompt's file name.

A backbone performs tasks. A language model renders ``prompts/<name>.md`` and fills the output's JSON schema; the extractive
backbone computes the same output with no model; a specialised part may take over one task.

Output fields are bounded (enums, maximum lengths) so that structured decoding always ends; every string a model writes
first is its reasoning, every decision comes last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from clara.types import Option, Passage, Usage

Form = Literal["json", "letter"]
Tool = Literal["search_knowledge", "search_pubmed", "search_wikipedia"]
"""What the ``react`` strategy may call: the knowledge base, and outside sources that the settings name."""
Action = Literal["search_knowledge", "search_pubmed", "search_wikipedia", "answer"]
"""A tool, or the end of the search."""
Failure = Literal["unparsed", "no_response"]
"""Why a task has no output: the reply did not fit the schema twice, or none came."""


class TaskModel(BaseModel):
    """Base of all inputs and outputs: frozen, unknown fields forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TermHint(TaskModel):
    """A glossary entry that occurs in the question."""

    source: str
    """The words as they stand in the question."""
    english: str
    definition: str = ""
    kind: str = ""
    """As the glossary sorts it: anatomy, disease, systemic, ..."""


class TranslateIn(TaskModel):
    language: str
    """Code of the language that the text is in."""
    stem: str
    options: tuple[Option, ...] = ()
    terms: tuple[TermHint, ...] = ()
    problems: tuple[str, ...] = ()
    """What was wrong with the last translation; empty the first time."""
    previous: str = ""
    """The last translation of the stem, if there was one."""
    previous_options: tuple[Option, ...] = ()
    """The last translation of the options."""


class TranslateOut(TaskModel):
    stem: str = Field(min_length=1, max_length=6000)
    options: dict[str, str] = Field(default_factory=dict)
    """Option letter to English text; exactly the letters of the question."""


class AssessIn(TaskModel):
    language: str
    stem: str
    options: tuple[Option, ...] = ()
    english_stem: str
    english_options: tuple[Option, ...] = ()
    flags: tuple[str, ...] = ()
    """What the deterministic guards found."""


class AssessOut(TaskModel):
    problem: str = Field(default="", max_length=300)
    """What is lost or changed, in a few English words; empty if nothing is."""
    adequate: bool


class TermsIn(TaskModel):
    stem: str
    options: tuple[Option, ...] = ()


class TermsOut(TaskModel):
    terms: tuple[str, ...] = Field(default=(), max_length=8)
    """Key English terms to look up, most important first."""


class GradeIn(TaskModel):
    stem: str
    options: tuple[Option, ...] = ()
    passages: tuple[Passage, ...]


class GradeOut(TaskModel):
    relevant: tuple[int, ...] = Field(default=(), max_length=16)
    """Numbers (from 1) of the passages that help to answer."""
    sufficient: bool
    """True if the relevant passages together are enough to answer from."""


class RewriteIn(TaskModel):
    stem: str
    options: tuple[Option, ...] = ()
    tried: tuple[str, ...]
    """Queries of the earlier rounds."""
    reason: str = ""
    """Why another round is needed."""


class RewriteOut(TaskModel):
    query: str = Field(min_length=1, max_length=400)


class RefusedAnswer(TaskModel):
    """An answer that was not accepted. Its letter is left out, because the options may be shown in another order."""

    text: str
    """The words of the chosen option, or the free text."""
    reasoning: str = ""
    cited: tuple[str, ...] = ()
    """Titles of the passages that it cited; their numbers may have changed."""


class AnswerIn(TaskModel):
    language: str
    original_stem: str
    original_options: tuple[Option, ...] = ()
    stem: str
    """The text to reason on: English where the strategy translates, else the original."""
    options: tuple[Option, ...] = ()
    passages: tuple[Passage, ...] = ()
    terms: tuple[TermHint, ...] = ()
    feedback: str = ""
    """Why the last answer was not accepted; empty in the first round."""
    refused: RefusedAnswer | None = None
    """That answer; None in the first round, and where the last one was not usable."""


class ChoiceOut(TaskModel):
    """The answer to a multiple-choice question."""

    reasoning: str = Field(default="", max_length=1200)
    citations: tuple[int, ...] = Field(default=(), max_length=6)
    """Numbers (from 1) of the passages that the answer rests on."""
    label: str = Field(max_length=1)
    confidence: float | None = Field(default=None, ge=0, le=1)


class TextOut(TaskModel):
    """The answer to a free-text question."""

    answer: str = Field(min_length=1, max_length=2400)
    citations: tuple[int, ...] = Field(default=(), max_length=6)
    confidence: float | None = Field(default=None, ge=0, le=1)


class LetterOut(TaskModel):
    """A letter alone, with how sure the backbone is of it; the output of tasks of the form ``letter``."""

    label: str = Field(max_length=1)
    confidence: float | None = Field(default=None, ge=0, le=1)
    """Probability of the letter among the allowed ones, or None where the backbone does not tell."""
    margin: float | None = Field(default=None, ge=0, le=1)
    """Its lead over the next letter, or None where the backbone does not tell."""
    probabilities: dict[str, float] = Field(default_factory=dict)
    """Probability of every allowed letter; empty where the backbone does not tell."""


class VerifyIn(TaskModel):
    stem: str
    options: tuple[Option, ...] = ()
    label: str | None = None
    answer: str
    passages: tuple[Passage, ...] = ()
    """What was shown when the answer was written, in order."""
    cites: tuple[int, ...] = ()
    """Numbers (from 1) of the passages that the answer cites."""

    @property
    def cited(self) -> tuple[Passage, ...]:
        """The passages that the answer cites."""
        return tuple(self.passages[number - 1] for number in self.cites if number <= len(self.passages))


class VerifyOut(TaskModel):
    reason: str = Field(default="", max_length=300)
    grounded: bool
    """What the answer says stands in the cited passages."""
    contradiction: bool = False
    """A cited passage says the opposite of the answer, or the answer contradicts itself."""
    agrees: bool = True
    """The reasoning leads to the chosen option and to no other; true where no option was chosen."""
    answers_question: bool


class ReconcileIn(TaskModel):
    """Two answers to one question, reached through English and through the question's own language."""

    language: str
    original_stem: str
    original_options: tuple[Option, ...] = ()
    stem: str
    options: tuple[Option, ...] = ()
    passages: tuple[Passage, ...] = ()
    first: str
    """The answer reached through English, with its letter if it has one."""
    second: str
    """The answer reached through the original."""
    first_cites: tuple[int, ...] = ()
    """Numbers (from 1) of the passages that the first answer cites."""
    second_cites: tuple[int, ...] = ()
    """Numbers of those that the second cites."""


class ReconcileOut(TaskModel):
    reason: str = Field(default="", max_length=300)
    agree: bool
    """Both say the same."""
    better: Literal["first", "second"]


class ReactIn(TaskModel):
    """The question and what the tools have found so far."""

    language: str
    stem: str
    options: tuple[Option, ...] = ()
    passages: tuple[Passage, ...] = ()
    tried: tuple[str, ...] = ()
    """Queries of the earlier turns."""
    tools: tuple[Tool, ...] = ("search_knowledge",)
    left: int = 1
    """Searches that are left, this one included."""


class ReactOut(TaskModel):
    thought: str = Field(default="", max_length=600)
    action: Action
    query: str = Field(default="", max_length=400)
    """English words to look for; empty with ``answer``."""


class LocalizeIn(TaskModel):
    language: str
    answer_english: str
    label: str | None = None
    option_original: str = ""
    """The chosen option in the asker's own words."""
    quotes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What was wrong with the last wording; empty the first time."""
    previous: str = ""
    """The last wording, if there was one."""


class LocalizeOut(TaskModel):
    answer: str = Field(min_length=1, max_length=4000)


class Exchange(TaskModel):
    """An earlier turn of a conversation."""

    language: str
    question: str
    """As it was understood: a question that stands alone."""
    answer: str
    """The beginning of the answer that was given."""


class CondenseIn(TaskModel):
    language: str
    question: str
    """What was said now."""
    history: tuple[Exchange, ...] = ()
    """Earlier turns, oldest first."""


class CondenseOut(TaskModel):
    question: str = Field(default="", max_length=2000)
    """The question as it can be understood alone, in the asker's language; empty if it cannot be understood."""
    clarification: str = Field(default="", max_length=300)
    """What to ask back, in the asker's language; empty if the question is understood."""


class AskAboutIn(TaskModel):
    """A passage for which questions are wanted, so that it is found in another language too."""

    language: str
    """Code of the language to ask in."""
    title: str
    text: str
    """The passage, or its beginning."""


class AskAboutOut(TaskModel):
    questions: tuple[str, ...] = Field(default=(), max_length=4)
    """Short questions that the passage answers, in the wanted language."""


I = TypeVar("I", bound=TaskModel)  # noqa: E741
O = TypeVar("O", bound=TaskModel)  # noqa: E741


@dataclass(frozen=True, slots=True)
class Task(Generic[I, O]):
    """A named task with the types of its input and its output."""

    name: str
    inputs: type[I]
    output: type[O]
    form: Form = "json"
    """``letter``: the reply is one of the option letters and nothing else, and its probability is the confidence."""


TRANSLATE = Task("translate", TranslateIn, TranslateOut)
ASSESS = Task("assess", AssessIn, AssessOut)
TERMS = Task("terms", TermsIn, TermsOut)
GRADE = Task("grade", GradeIn, GradeOut)
REWRITE = Task("rewrite", RewriteIn, RewriteOut)
ANSWER_CHOICE = Task("answer_choice", AnswerIn, ChoiceOut)
ANSWER_TEXT = Task("answer_text", AnswerIn, TextOut)
GUESS = Task("guess", AnswerIn, LetterOut, form="letter")
VERIFY = Task("verify", VerifyIn, VerifyOut)
LOCALIZE = Task("localize", LocalizeIn, LocalizeOut)
CONDENSE = Task("condense", CondenseIn, CondenseOut)
RECONCILE = Task("reconcile", ReconcileIn, ReconcileOut)
REACT = Task("react", ReactIn, ReactOut)
ASK_ABOUT = Task("ask_about", AskAboutIn, AskAboutOut)

TASKS: tuple[Task[Any, Any], ...] = (
    TRANSLATE,
    ASSESS,
    TERMS,
    GRADE,
    REWRITE,
    ANSWER_CHOICE,
    ANSWER_TEXT,
    GUESS,
    VERIFY,
    LOCALIZE,
    RECONCILE,
    REACT,
    CONDENSE,
    ASK_ABOUT,
)


@dataclass(frozen=True, slots=True)
class TaskResult(Generic[O]):
    """What a backbone returns: an output, or a failure that is a value."""

    output: O | None
    usage: Usage = Usage()
    failure: Failure | None = None
    reason: str = ""
    """One English sentence about the failure."""
    raw: str = ""
    """The model's reply as it came, for the trace of a failure."""
    notes: tuple[str, ...] = ()
    """What the trace should say: passages left out, retries, a cache hit."""
