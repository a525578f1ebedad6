"""The embedded backbone: performs every task with no language model, from the glossary and the passages alone.

It is a baseline and says so. Translation is a word-by-word rendering through the glossary; answers are chosen by how well
the shown sentences support them; nothing is written that is not a quotation or a localised frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from clara.backbone.base import BackboneInfo, Skills, TokenSink
from clara.backbone.extractive import evidence
from clara.backbone.extractive.followups import condense
from clara.backbone.extractive.wordwise import WordTranslator
from clara.knowledge.glossary import TermGlossary
from clara.language.codes import SEVEN
from clara.language.lexicon import asks_for_exception
from clara.language.messages import say
from clara.language.text import fold, search_tokens
from clara.tasks.model import (
    AnswerIn,
    AssessIn,
    AssessOut,
    ChoiceOut,
    CondenseIn,
    CondenseOut,
    GradeIn,
    GradeOut,
    I,
    LetterOut,
    LocalizeIn,
    LocalizeOut,
    O,
    ReactIn,
    ReactOut,
    ReconcileIn,
    ReconcileOut,
    RewriteIn,
    RewriteOut,
    Task,
    TaskModel,
    TaskResult,
    TermsIn,
    TermsOut,
    TextOut,
    TranslateIn,
    TranslateOut,
    VerifyIn,
    VerifyOut,
)

RELEVANT = 0.12
"""Least share of the question's weighted words that a passage must hold to be relevant."""
SUFFICIENT = 0.30
"""Least share that the best passage must hold for the evidence to be sufficient."""
GROUNDED = 0.50
"""Least share of the chosen option's words that the cited passages must hold."""
ABOUT = 0.50
"""Least share of the question's words that the evidence must hold to be about it."""


class ExtractiveBackbone:
    """Deterministic: the same input gives the same output on every machine."""

    def __init__(self, glossary: TermGlossary) -> None:
        self._glossary = glossary
        self._translator = WordTranslator(glossary)
        self._tasks: dict[str, Callable[[Any], TaskModel]] = {
            "translate": self._translate,
            "assess": self._assess,
            "terms": self._terms,
            "grade": self._grade,
            "rewrite": self._rewrite,
            "answer_choice": self._choose,
            "answer_text": self._write,
            "verify": self._verify,
            "guess": self._guess,
            "localize": self._localize,
            "reconcile": self._reconcile,
            "react": self._react,
            "condense": self._condense,
        }

    async def info(self) -> BackboneInfo:
        """No model, seven languages."""
        return BackboneInfo(kind="extractive", model="none", uses_model=False, languages=frozenset(SEVEN))

    async def skills(self) -> Skills:
        """Nothing is measured: what it computes is acted on."""
        return Skills()

    async def perform(
        self,
        task: Task[I, O],
        inputs: I,
        *,
        seed: int | None = None,
        temperature: float | None = None,
        on_token: TokenSink | None = None,
    ) -> TaskResult[O]:
        """Perform one task; ``seed``, ``temperature`` and ``on_token`` change nothing here."""
        del seed, temperature, on_token
        output = self._tasks[task.name](inputs)
        return TaskResult(cast("O", output))

    async def aclose(self) -> None:
        """Nothing to release."""

    def _translate(self, inputs: TranslateIn) -> TranslateOut:
        translate = self._translator.translate
        return TranslateOut(
            stem=translate(inputs.stem, inputs.language) or inputs.stem,
            options={o.label: translate(o.text, inputs.language) or o.text for o in inputs.options},
        )

    def _assess(self, inputs: AssessIn) -> AssessOut:
        english = " ".join((inputs.english_stem, *(option.text for option in inputs.english_options)))
        covered = self._translator.coverage(english)
        if inputs.flags:
            return AssessOut(adequate=False, problem="; ".join(inputs.flags)[:300])
        if covered < 0.5:
            return AssessOut(adequate=False, problem=f"the glossary knows only {covered:.0%} of the words")
        return AssessOut(adequate=True)

    def _terms(self, inputs: TermsIn) -> TermsOut:
        text = " ".join((inputs.stem, *(option.text for option in inputs.options)))
        return TermsOut(terms=tuple(hint.english for hint in self._glossary.lookup(text, "en")))

    def _grade(self, inputs: GradeIn) -> GradeOut:
        wanted = " ".join((inputs.stem, *(option.text for option in inputs.options)))
        scores = evidence.coverage(wanted, [f"{p.title} {p.section} {p.text}" for p in inputs.passages])
        order = sorted(range(len(scores)), key=lambda i: -scores[i])
        relevant = tuple(i + 1 for i in order if scores[i] >= RELEVANT)
        return GradeOut(relevant=relevant, sufficient=bool(scores) and max(scores) >= SUFFICIENT)

    def _rewrite(self, inputs: RewriteIn) -> RewriteOut:
        text = " ".join((inputs.stem, *(option.text for option in inputs.options)))
        names: list[str] = []
        for hint in self._glossary.lookup(text, "en", limit=12):
            names += self._glossary.synonyms(hint.english)[:3]
        wordings = [
            " ".join(dict.fromkeys(names)),
            " ".join(dict.fromkeys(search_tokens(inputs.stem))),
            *(option.text for option in inputs.options),
        ]
        tried = {fold(query) for query in inputs.tried}
        fresh = [wording[:400] for wording in wordings if wording.strip() and fold(wording) not in tried]
        return RewriteOut(query=fresh[0] if fresh else inputs.stem[:400])

    def _choose(self, inputs: AnswerIn) -> ChoiceOut:
        choice = evidence.choose(inputs.stem, inputs.options, inputs.passages)
        reasoning = f"Passage [{choice.passage}] says: {choice.sentence}" if choice.passage else ""
        return ChoiceOut(
            reasoning=reasoning[:1200],
            citations=(choice.passage,) if choice.passage else (),
            label=choice.label,
            confidence=choice.confidence,
        )

    def _guess(self, inputs: AnswerIn) -> LetterOut:
        choice = evidence.choose(inputs.stem, inputs.options, ())
        return LetterOut(label=choice.label, confidence=1 / len(inputs.options), margin=0.0)

    def _write(self, inputs: AnswerIn) -> TextOut:
        found = evidence.extract(inputs.stem, inputs.passages)
        if not found:
            return TextOut(answer=say("nothing_found", "en"), citations=(), confidence=0.0)
        text = " ".join(f"{part.sentence} [{part.passage}]" for part in found)
        numbers = tuple(dict.fromkeys(part.passage for part in found))
        return TextOut(answer=text[:2400], citations=numbers, confidence=min(1.0, found[0].score))

    def _verify(self, inputs: VerifyIn) -> VerifyOut:
        if not inputs.cited:
            return VerifyOut(grounded=False, answers_question=True, reason="no passage supports the answer")
        text = " ".join(f"{p.title} {p.section} {p.text}" for p in inputs.cited)
        chosen = next((option.text for option in inputs.options if option.label == inputs.label), "")
        if chosen and asks_for_exception(inputs.stem):
            return VerifyOut(grounded=False, answers_question=True, reason="chosen because the passages support the others")
        held = evidence.held(chosen, text) if chosen else 1.0
        about = evidence.held(inputs.stem, inputs.answer if not chosen else text)
        reason = f"the cited words hold {held:.0%} of the choice and {about:.0%} of the question"
        return VerifyOut(grounded=held >= GROUNDED and about >= ABOUT, answers_question=about >= ABOUT, reason=reason)

    def _localize(self, inputs: LocalizeIn) -> LocalizeOut:
        language, lines = inputs.language, list[str]()
        if inputs.label:
            key = "choice_frame" if inputs.quotes else "no_support"
            lines.append(say(key, language, label=inputs.label, option=inputs.option_original))
            if inputs.quotes:
                lines.append(say("quote_frame", language))
                lines += [f"“{quote}”" for quote in inputs.quotes]
        elif inputs.quotes:
            lines += [say("text_frame", language), inputs.answer_english]
        else:
            lines.append(say("nothing_found", language))
        return LocalizeOut(answer="\n".join(lines)[:4000])

    def _condense(self, inputs: CondenseIn) -> CondenseOut:
        return condense(inputs, self._glossary)

    def _reconcile(self, inputs: ReconcileIn) -> ReconcileOut:
        """The answer that holds more of what the passages say about the question; of two alike the first."""
        text = " ".join(f"{p.title} {p.section} {p.text}" for p in inputs.passages)
        first, second = (evidence.held(answer, text) for answer in (inputs.first, inputs.second))
        reason = f"the passages hold {first:.0%} of the words of the first answer and {second:.0%} of the second"
        agree = search_tokens(inputs.first) == search_tokens(inputs.second)
        return ReconcileOut(reason=reason, agree=agree, better="second" if second > first else "first")

    def _react(self, inputs: ReactIn) -> ReactOut:
        """Search the English words of the question, then once more in other words if that is too little, then answer."""
        english = self._translator.translate(inputs.stem, inputs.language) or inputs.stem
        if not inputs.tried:
            return ReactOut(thought="nothing was looked up yet", query=english[:400], action="search_knowledge")
        graded = self._grade(GradeIn(stem=english, passages=inputs.passages))
        if graded.sufficient or not inputs.left:
            return ReactOut(thought="the passages hold enough of the question", action="answer")
        again = self._rewrite(RewriteIn(stem=english, tried=inputs.tried))
        return ReactOut(thought="the passages hold too little of the question", query=again.query, action="search_knowledge")
