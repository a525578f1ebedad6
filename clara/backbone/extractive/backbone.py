"""The embedded backbone: performs every task with no language model, from the glossary and the passages alone.

It searches and does not compose. Translation is a word-by-word rendering through the glossary; a free-text question gets the
passages that are about it; of options it names the one that the words of the passages are closest to, a baseline guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from clara.backbone.base import BackboneInfo, Skills, TokenSink
from clara.backbone.extractive import evidence
from clara.backbone.extractive.followups import condense
from clara.backbone.extractive.relevance import Relevance, text_of
from clara.backbone.extractive.wordwise import WordTranslator
from clara.knowledge.glossary import TermGlossary
from clara.language.codes import SEVEN
from clara.language.lexicon import asks_for_exception
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
from clara.types import texts_by_letter, with_options

RELEVANT = 0.12
"""Least share of the weighted words of a multiple-choice question that a passage must hold to be relevant."""
SUFFICIENT = 0.30
"""Least share that the best passage must hold for the evidence to be sufficient."""
GROUNDED = 0.50
"""Least share of the chosen option's and of the question's words in the cited passages, or another search is made."""
SHOWN = 3
"""Most passages that a search without a model shows."""


class ExtractiveBackbone:
    """Deterministic: the same input gives the same output on every machine."""

    def __init__(self, glossary: TermGlossary) -> None:
        self._glossary = glossary
        self._translator = WordTranslator(glossary)
        self._relevance = Relevance(glossary)
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
        options: dict[str, str] = {}
        for option in inputs.options:
            options[option.label] = self._english(option.text, inputs.language)
        return TranslateOut(stem=self._english(inputs.stem, inputs.language), options=options)

    def _english(self, text: str, language: str) -> str:
        """The text in English; as it is where that leaves nothing."""
        return self._translator.translate(text, language) or text

    def _assess(self, inputs: AssessIn) -> AssessOut:
        if inputs.flags:
            return AssessOut(adequate=False, problem="; ".join(inputs.flags)[:300])
        share = self._translator.coverage(with_options(inputs.english_stem, inputs.english_options))
        if share < 0.5:
            return AssessOut(adequate=False, problem=f"the glossary knows only {share:.0%} of the words")
        return AssessOut(adequate=True)

    def _terms(self, inputs: TermsIn) -> TermsOut:
        hints = self._glossary.lookup(with_options(inputs.stem, inputs.options), "en")
        return TermsOut(terms=tuple(hint.english for hint in hints))

    def _grade(self, inputs: GradeIn) -> GradeOut:
        if not inputs.options:
            numbers = self._relevance.about(inputs.stem, inputs.passages)
            return GradeOut(relevant=numbers, sufficient=bool(numbers))
        scores = evidence.coverage(with_options(inputs.stem, inputs.options), list(map(text_of, inputs.passages)))
        by_score = sorted(range(len(scores)), key=lambda place: -scores[place])
        relevant = tuple(place + 1 for place in by_score if scores[place] >= RELEVANT)
        return GradeOut(relevant=relevant, sufficient=max(scores, default=0.0) >= SUFFICIENT)

    def _rewrite(self, inputs: RewriteIn) -> RewriteOut:
        names: list[str] = []
        for hint in self._glossary.lookup(with_options(inputs.stem, inputs.options), "en", limit=12):
            names += self._glossary.synonyms(hint.english)[:3]
        wordings = [_distinct(names), _distinct(search_tokens(inputs.stem)), *texts_by_letter(inputs.options).values()]
        tried = set(map(fold, inputs.tried))
        for wording in filter(str.strip, wordings):
            if fold(wording) not in tried:
                return RewriteOut(query=wording[:400])
        return RewriteOut(query=inputs.stem[:400])

    def _choose(self, inputs: AnswerIn) -> ChoiceOut:
        guess = evidence.choose(inputs.stem, inputs.options, inputs.passages)
        question = with_options(inputs.stem, inputs.options)
        is_on_topic = any(self._relevance.shares_topic(question, passage) for passage in inputs.passages)
        if not guess.passage or not is_on_topic:
            return ChoiceOut(label=guess.label, confidence=guess.confidence)
        return ChoiceOut(
            reasoning=f"Passage [{guess.passage}] says: {guess.sentence}"[:1200],
            citations=(guess.passage,),
            label=guess.label,
            confidence=guess.confidence,
        )

    def _guess(self, inputs: AnswerIn) -> LetterOut:
        return LetterOut(label=inputs.options[0].label, confidence=1 / len(inputs.options), margin=0.0)

    def _write(self, inputs: AnswerIn) -> TextOut:
        """The passages that are about the question, as they stand; what the reader sees is made from their numbers."""
        numbers = self._relevance.shown(inputs.stem, inputs.passages, SHOWN)
        if not numbers:
            return TextOut(answer="The knowledge base holds nothing on this.", citations=())
        texts = [f"{inputs.passages[number - 1].text} [{number}]" for number in numbers]
        return TextOut(answer="\n\n".join(texts)[:2400], citations=numbers)

    def _verify(self, inputs: VerifyIn) -> VerifyOut:
        """Whether another search is worth its while; a reader never reads that word overlap confirmed an answer."""
        if inputs.label is None:
            return VerifyOut(grounded=True, answers_question=True, reason="passages as they stand")
        if not inputs.cited:
            return VerifyOut(grounded=False, answers_question=True, reason="no passage supports the answer")
        if asks_for_exception(inputs.stem):
            return VerifyOut(grounded=False, answers_question=True, reason="chosen because the passages support the others")
        text = " ".join(map(text_of, inputs.cited))
        option = texts_by_letter(inputs.options).get(inputs.label, "")
        chosen, about = evidence.share_of(option, text), evidence.share_of(inputs.stem, text)
        reason = f"the cited words hold {chosen:.0%} of the choice and {about:.0%} of the question"
        return VerifyOut(grounded=min(chosen, about) >= GROUNDED, answers_question=about >= GROUNDED, reason=reason)

    def _localize(self, inputs: LocalizeIn) -> LocalizeOut:
        """What stands in the passages is not translated."""
        return LocalizeOut(answer=(inputs.option_original or inputs.answer_english)[:4000])

    def _condense(self, inputs: CondenseIn) -> CondenseOut:
        return condense(inputs, self._glossary)

    def _reconcile(self, inputs: ReconcileIn) -> ReconcileOut:
        """The answer that holds more of what the passages say about the question; of two alike the first."""
        text = " ".join(map(text_of, inputs.passages))
        first, second = evidence.share_of(inputs.first, text), evidence.share_of(inputs.second, text)
        reason = f"the passages hold {first:.0%} of the words of the first answer and {second:.0%} of the second"
        agree = search_tokens(inputs.first) == search_tokens(inputs.second)
        if second > first:
            return ReconcileOut(reason=reason, agree=agree, better="second")
        return ReconcileOut(reason=reason, agree=agree, better="first")

    def _react(self, inputs: ReactIn) -> ReactOut:
        """Search the English words of the question, then once more in other words if that is too little, then answer."""
        english = self._english(inputs.stem, inputs.language)
        if not inputs.tried:
            return ReactOut(thought="nothing was looked up yet", query=english[:400], action="search_knowledge")
        graded = self._grade(GradeIn(stem=english, passages=inputs.passages))
        if graded.sufficient or not inputs.left:
            return ReactOut(thought="the passages hold enough of the question", action="answer")
        again = self._rewrite(RewriteIn(stem=english, tried=inputs.tried))
        return ReactOut(thought="the passages hold too little of the question", query=again.query, action="search_knowledge")


def _distinct(words: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(words))
