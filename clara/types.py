"""The values that travel through CLARA. All are immutable; ``to_json`` gives the shapes of docs/contract.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
_LINE = 70
"""Most characters of a text in a short form."""

SourceKind = Literal["textbook", "guideline", "drug", "anatomy", "abstract", "encyclopaedia", "web", "document"]
"""What kind of source a passage comes from; weighted retrieval gives each kind a weight."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a multiple-choice question."""

    label: str
    """A single upper-case Latin letter, ``A`` to ``Z``."""
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was asked: the stem, its options if it is multiple choice, and the language if it is known."""

    text: str
    options: tuple[Option, ...] = ()
    language: str | None = None
    """A code of :mod:`clara.language.codes`; None means that the ``detect`` step decides."""
    id: str | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The allowed answer letters, empty for a free-text question."""
        return labels_of(self.options)

    def option_text(self, label: str) -> str | None:
        """The text of option ``label``, or None if there is no such option."""
        return next((option.text for option in self.options if option.label == label), None)


def labels_of(options: Iterable[Option]) -> tuple[str, ...]:
    """The letters of options, in order."""
    return tuple(option.label for option in options)


def texts_by_letter(options: Iterable[Option]) -> dict[str, str]:
    """Letter to text, in the order of the options."""
    return {option.label: option.text for option in options}


def with_options(stem: str, options: Iterable[Option]) -> str:
    """A stem and the texts of its options, as one text."""
    return " ".join((stem, *(option.text for option in options)))


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of evidence, with where it comes from."""

    id: str
    """Document id and chunk number, ``<document>#<n>``."""
    title: str
    text: str
    source: str = ""
    """Name and address of the public source that the document gives first."""
    kind: str = "document"
    score: float = 0.0
    """Fusion score: comparable within one ranked list only."""
    language: str = "en"
    section: str = ""

    def to_json(self) -> dict[str, Any]:
        """The passage shape of ``kb search --json``."""
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "kind": self.kind,
            "score": round(self.score, 6),
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that the answer rests on, with the words that carry it."""

    id: str
    title: str
    source: str
    quote: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the verify step found. None is "not judged", which is not the same as False."""

    grounded: bool | None = None
    answers_question: bool | None = None
    reason: str = ""
    agrees: bool | None = None
    """The reasoning leads to the option that was chosen."""
    contradiction: bool | None = None
    """The cited passages say the opposite of the answer."""
    flags: tuple[str, ...] = ()
    """What the deterministic checks of numbers, units, negations and citations found wrong."""

    @property
    def refused(self) -> bool:
        """True if something speaks against the answer; not judged is no refusal."""
        judged = (self.grounded, self.answers_question, self.agrees)
        return False in judged or self.contradiction is True or bool(self.flags)

    def to_json(self) -> dict[str, Any]:
        """The verdict shape of ``ask --json``."""
        return _dumped(self)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost. Adding two usages adds every field."""

    calls: int = 0
    """Requests sent to a language model; 0 in the embedded profile."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_calls: int = 0
    """Calls answered from CLARA's own reply cache."""
    cached_prompt_tokens: int = 0
    """Prompt tokens that the server took from its prefix cache, where it says so."""
    seconds: float = 0.0
    """Wall-clock seconds of the whole answer."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_calls + other.cached_calls,
            self.cached_prompt_tokens + other.cached_prompt_tokens,
            self.seconds + other.seconds,
        )

    def to_json(self) -> dict[str, Any]:
        """The usage shape of ``ask --json``."""
        return _dumped(self) | {"seconds": round(self.seconds, 4)}


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of the path: what ran, how long it took, and what came out."""

    step: str
    seconds: float
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON-serialisable facts; the same keys for the same step."""

    def to_json(self) -> dict[str, Any]:
        """The facts beside the step and its seconds, in one flat object."""
        return {"step": self.step, "seconds": round(self.seconds, 4), **self.detail}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TraceStep:
        """The step whose :meth:`to_json` this is."""
        detail = {name: fact for name, fact in value.items() if name not in ("step", "seconds")}
        return cls(value["step"], value["seconds"], detail)


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The result of one question: always produced, whatever failed on the way."""

    question: Question
    language: str
    """The question's language code."""
    answer: str
    """The answer in the asker's language."""
    answer_english: str
    english_question: str = ""
    english_options: tuple[Option, ...] = ()
    label: str | None = None
    """The chosen letter, or None: free text, abstained, or no letter could be parsed."""
    confidence: float | None = None
    """0 to 1, or None where nothing measures it."""
    votes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Letter to votes where several answers were asked for, else empty."""
    certainty: float | None = None
    """The backbone's confidence without evidence, where it was asked for; see the setting ``certainty``."""
    abstained: bool = False
    capped: bool = False
    """True if the rounds ran out before the answer was verified."""
    failure: str | None = None
    """``"unparsed"`` or ``"no_response"`` if the answer step produced nothing usable."""
    citations: tuple[Citation, ...] = ()
    verdict: Verdict = Verdict()
    rounds: int = 0
    warnings: tuple[str, ...] = ()
    """What the reader should know: no model was used, the translation is doubtful, ..."""
    notice: str = ""
    """A line in the asker's language that belongs before the answer (urgent care), or empty."""
    usage: Usage = Usage()
    trace: tuple[TraceStep, ...] = ()

    def __repr__(self) -> str:
        """One short line: the trace alone would fill a screen."""
        return (
            f"Answer({one_line(self.question.text, _LINE)!r} -> {one_line(self.answer, _LINE)!r}, label={self.label!r}, "
            f"language={self.language!r}, citations={len(self.citations)})"
        )

    def to_json(self) -> dict[str, Any]:
        """The ``ask --json`` shape of docs/contract.md."""
        return _dumped(self) | {
            "question": self.question.text,
            "id": self.question.id,
            "options": texts_by_letter(self.question.options),
            "english_options": texts_by_letter(self.english_options),
            "confidence": _rounded(self.confidence),
            "certainty": _rounded(self.certainty),
            "usage": self.usage.to_json(),
            "trace": [step.to_json() for step in self.trace],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Answer:
        """The answer whose :meth:`to_json` this is; numbers as they were rounded there.

        Raises:
            KeyError, TypeError, ValueError: it is no answer.
        """
        options = _options(value["options"])
        nested = {
            "question": Question(value["question"], options, value["language"], value["id"]),
            "english_options": _options(value["english_options"]),
            "trace": [TraceStep.from_json(step) for step in value["trace"]],
        }
        return _adapter(cls).validate_python({**value, **nested})


def one_line(text: str, most: int) -> str:
    """The text on one line, cut to ``most`` characters with an ellipsis at the end."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return f"{line[: most - 1]}…"


def _dumped(value: Any) -> dict[str, Any]:
    """Field name to plain JSON value."""
    return _adapter(type(value)).dump_python(value, mode="json")


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    from pydantic import TypeAdapter  # heavy, and these types are imported with the package

    return TypeAdapter(kind)


def _options(texts: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(label, text) for label, text in texts.items())


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
