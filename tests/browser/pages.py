"""Report pages for the browser tests: answers in the shape that the journal holds, made of CLARA's own types."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run
from clara.bench.report import write_html
from clara.types import Answer, Citation, Option, Question, TraceStep, Usage, Verdict

STEMS = {
    "english": "Which layer of the cornea is thickest?",
    "spanish": "¿Cuál es la capa más gruesa de la córnea?",
    "hindi": "कॉर्निया की सबसे मोटी परत कौन सी है?",
}
OPTIONS = (Option("A", "Epithelium"), Option("B", "Stroma"), Option("C", "Endothelium"), Option("D", "Bowman layer"))
CODES = {"english": "en", "spanish": "es", "hindi": "hi"}


def answer(language: str, label: str, number: int) -> Answer:
    """A whole path, with every step that a question can take."""
    question = Question(f"{STEMS[language]} ({number})", OPTIONS, CODES[language], str(number))
    trace = (
        TraceStep("detect", 0.001, {"language": CODES[language], "given": True, "romanised": False}),
        TraceStep("translate", 0.2, {"attempt": 1, "stem": "Which corneal layer is thickest?", "notes": []}),
        TraceStep("assess", 0.1, {"adequate": True, "flags": ["number_lost"], "judgement": "adequate"}),
        TraceStep("augment", 0.1, {"terms": [{"source": "córnea", "english": "cornea", "definition": "Clear window."}]}),
        TraceStep("retrieve", 0.02, {"queries": ["corneal layers"], "passages": [{"id": "cornea#1", "title": "Cornea"}]}),
        TraceStep("grade", 0.1, {"relevant": ["cornea#1"], "dropped": 0, "sufficient": True}),
        TraceStep("answer", 0.3, {"label": label, "confidence": 0.8, "citations": ["cornea#1"]}),
        TraceStep("verify", 0.1, {"grounded": True, "reason": "the quote says so", "accepted": True}),
    )
    return Answer(
        question=question,
        language=CODES[language],
        answer=f"Option {label}",
        answer_english=f"Option {label} in English",
        english_question="Which corneal layer is thickest?",
        label=label,
        confidence=0.8,
        citations=(Citation("cornea#1", "Cornea", "Wikipedia: Cornea", "The stroma is 90 % of the thickness."),),
        verdict=Verdict(True, True, "the quote says so"),
        rounds=1,
        usage=Usage(calls=7, prompt_tokens=900, completion_tokens=80, seconds=1.2),
        trace=trace,
    )


def record(strategy: str, language: str, number: int, label: str, **changes: object) -> dict:
    """One journal record."""
    given = replace(answer(language, label, number), **changes).to_json()
    usage = given.pop("usage")
    return {
        "strategy": strategy,
        "repeat": 0,
        "id": str(number),
        "language": language,
        "gold": "B",
        "options": 4,
        "theme": "cornea" if number % 2 else "lens",
        "outcome": "correct" if label == "B" else "wrong",
        "label": label,
        "error": None,
        "rounds": 1,
        "confidence": 0.8,
        "usage": usage,
        "answer": given,
    }


def two_strategies(questions: int = 12) -> list[Run]:
    """``direct`` is wrong in Hindi but for question 12, in Spanish every other time; ``clara`` in Hindi for question 3."""
    manifest = {"dataset": "toy", "fingerprint": "f", "languages": list(STEMS), "repeat": 1, "model": "none"}

    def label(strategy: str, language: str, number: int) -> str:
        if strategy == "clara":
            return "C" if language == "hindi" and number == 3 else "B"
        return "A" if (language == "hindi" and number != 12) or (language == "spanish" and number % 2) else "B"

    return [
        Run(
            name,
            "strategy",
            name,
            [record(name, language, n, label(name, language, n)) for n in range(1, questions + 1) for language in STEMS],
            "f",
            manifest,
        )
        for name in ("direct", "clara")
    ]


def write(path: Path, runs: list[Run], flagged: dict[str, list[str]] | None = None) -> str:
    """Writes the page and gives its address."""
    write_html(path, metrics(runs), runs, flagged)
    return path.as_uri()
