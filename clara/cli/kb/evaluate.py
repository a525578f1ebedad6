"""``clara kb eval``: how well a knowledge base is searched, with labels or on parallel questions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.options import ConfigOption, JsonOption, KbOption, QuietOption, settings_of
from clara.language.codes import SEVEN

if TYPE_CHECKING:
    from clara.knowledge.retrieval.evaluation import Ask, Labelled, Parallel
    from clara.knowledge.retrieval.retriever import HybridRetriever


def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Questions: JSONL, MedQuAD JSONL or a wide CSV.")],
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only N questions, spread evenly over the file.", show_default=False)
    ] = None,
    parts: Annotated[bool, typer.Option("--parts", help="Also measure the dense and the lexical search alone.")] = False,
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure retrieval: recall, MRR and nDCG with labels; overlap with English, Max@R and rank spread without."""
    settings = settings_of(config=config, kb=kb)
    from clara.cli.output import print_json, progress_console, show
    from clara.cli.render import facts_table, plain
    from clara.knowledge.retrieval.labels import read_questions
    from clara.knowledge.retrieval.retriever import HybridRetriever

    questions: Sequence[Labelled | Parallel] = read_questions(file)
    if limit is not None and len(questions) > limit:
        questions = [questions[at * len(questions) // limit] for at in range(limit)]
    waiting = progress_console(quiet=quiet or as_json).status(f"asking {len(questions):,} questions")
    with waiting, closing(HybridRetriever.from_settings(settings)) as retriever:
        result: dict[str, Any] = {"file": str(file), "kb": list(settings.kb), **_measure(retriever, questions, parts=parts)}
    if as_json:
        print_json(_rounded(result))
        return
    show(facts_table((name, _figure(value)) for name, value in result.items() if not isinstance(value, dict)))
    for name in ("languages", "untranslated", "parts"):
        tables: dict[str, dict[str, Any]] = result.get(name, {})
        for key, figures in tables.items():
            row = ", ".join(f"{measure} {_figure(value)}" for measure, value in figures.items())
            prefix = "untranslated " if name == "untranslated" else ""
            show(plain(f"{prefix}{key}: {row}"))


def _measure(retriever: HybridRetriever, questions: Sequence[Labelled | Parallel], *, parts: bool) -> dict[str, Any]:
    from clara.knowledge.base import Query
    from clara.knowledge.retrieval.evaluation import Parallel, evaluate_labelled, evaluate_parallel
    from clara.knowledge.retrieval.retriever import DENSE_ONLY, LEXICAL_ONLY

    parallel = [question for question in questions if isinstance(question, Parallel)]
    labelled = [question for question in questions if not isinstance(question, Parallel)]

    def measure(ask: Ask) -> dict[str, Any]:
        if parallel:
            return evaluate_parallel(retriever, parallel, ask)
        return evaluate_labelled(retriever, labelled, ask)

    result = measure(through_glossary())
    if parallel:
        result["untranslated"] = measure(lambda text, code: Query((text,), language=code))["languages"]
    if parts:
        fused, result["parts"] = retriever.weights, {}
        for name, weights in (("dense", DENSE_ONLY), ("lexical", LEXICAL_ONLY)):
            retriever.weights = weights
            measures = measure(through_glossary())
            result["parts"][name] = {key: value for key, value in measures.items() if isinstance(value, float)}
        retriever.weights = fused
    return result


def through_glossary() -> Ask:
    """Builds queries as the embedded profile does: English words for what the glossary knows."""
    from clara.backbone.extractive.wordwise import WordTranslator
    from clara.knowledge.base import Query
    from clara.knowledge.glossary import shipped_glossary

    translator = WordTranslator(shipped_glossary())

    def ask(text: str, code: str) -> Query:
        english = translator.translate(text, code) if code in SEVEN else text
        return Query((english,), language=code)

    return ask


def _figure(value: Any) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.3f}"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
