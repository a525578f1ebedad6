"""Small tasks whose right outcome is known, to learn what a model does well. None of them is about a benchmark.

A judgement is tried on cases that must pass and on cases that must not, so that a model that always says the same fails.
Reading is tried on invented facts, so that memory cannot answer, in several languages and with exceptions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clara.tasks.model import (
    ANSWER_CHOICE,
    ASSESS,
    GRADE,
    TERMS,
    TRANSLATE,
    VERIFY,
    AnswerIn,
    AssessIn,
    GradeIn,
    Task,
    TaskModel,
    TermsIn,
    TranslateIn,
    TranslateOut,
    VerifyIn,
)
from clara.types import Option, Passage


@dataclass(frozen=True, slots=True)
class Trial:
    """One task, and what its output must be like."""

    task: Task[Any, Any]
    inputs: TaskModel
    passes: Callable[[Any], bool]


def options(*texts: str) -> tuple[Option, ...]:
    """The texts behind the letters A, B, C and so on."""
    return tuple(Option(letter, text) for letter, text in zip("ABCDE", texts, strict=False))


_LAMP = Passage("trial#1", "The Orbel lamp", "The Orbel lamp gives green light. It weighs 40 grams and is filled with neon.")
_BRIDGE = Passage(
    "trial#2", "The bridge of Tarn", "The bridge of Tarn was built of oak in the year 912. It has three arches."
)
_BIRD = Passage(
    "trial#3", "The grey mell", "The grey mell nests in reeds. It eats snails, seeds and moss, and it never eats fish."
)
_EVIDENCE = (_LAMP, _BRIDGE, _BIRD)


def _reading(language: str, stem: str, right: str, *texts: str) -> Trial:
    inputs = AnswerIn(language=language, original_stem=stem, stem=stem, options=options(*texts), passages=_EVIDENCE)
    shown = inputs.model_copy(update={"original_options": inputs.options})
    return Trial(ANSWER_CHOICE, shown, lambda out: out.label.upper() == right)


READING: tuple[Trial, ...] = (
    _reading("en", "What is the Orbel lamp filled with?", "C", "Argon", "Helium", "Neon", "Water"),
    _reading("en", "Which of these does the grey mell not eat?", "B", "Snails", "Fish", "Seeds", "Moss"),
    _reading("es", "¿De qué material se construyó el puente de Tarn?", "D", "Piedra", "Hierro", "Ladrillo", "Roble"),
    _reading("fr", "Combien d'arches le pont de Tarn a-t-il ?", "A", "Trois", "Deux", "Cinq", "Une"),
    _reading("hi", "ऑर्बेल लैंप का प्रकाश किस रंग का होता है?", "B", "लाल", "हरा", "नीला", "पीला"),
    _reading("fil", "Saan gumagawa ng pugad ang grey mell?", "C", "Sa buhangin", "Sa bato", "Sa mga tambo", "Sa bubong"),
    _reading("zh", "塔恩桥建于哪一年？", "A", "912年", "1012年", "812年", "921年"),
    _reading("pt", "Qual destes alimentos o mell cinzento não come?", "D", "Caracóis", "Sementes", "Musgo", "Peixe"),
)
"""Questions on invented facts: is the letter right when the model reasons first?"""


def _relevant(stem: str, passages: tuple[Passage, ...], wanted: set[int]) -> Trial:
    inputs = GradeIn(stem=stem, passages=passages)
    return Trial(GRADE, inputs, lambda out: set(out.relevant) == wanted and out.sufficient == bool(wanted))


def _translated(language: str, stem: str, english: str, *, adequate: bool) -> Trial:
    inputs = AssessIn(language=language, stem=stem, english_stem=english)
    return Trial(ASSESS, inputs, lambda out: out.adequate == adequate)


def _answered(stem: str, answer: str, cited: tuple[Passage, ...], *, sound: bool) -> Trial:
    inputs = VerifyIn(stem=stem, answer=answer, passages=cited, cites=tuple(range(1, len(cited) + 1)))
    return Trial(VERIFY, inputs, lambda out: (out.grounded and out.answers_question and not out.contradiction) == sound)


def _named(stem: str, *words: str) -> Trial:
    inputs = TermsIn(stem=stem)
    return Trial(TERMS, inputs, lambda out: any(word in " ".join(out.terms).casefold() for word in words))


JUDGEMENTS: tuple[Trial, ...] = (
    _relevant("How heavy is the Orbel lamp?", (_BRIDGE, _LAMP, _BIRD), {2}),
    _relevant("In which year was the bridge of Tarn built?", _EVIDENCE, {2}),
    _relevant("Who painted the ceiling of the town hall?", _EVIDENCE, set()),
    _relevant("How many teeth does a young horse have?", (_BIRD, _LAMP), set()),
    _translated("es", "¿Cuál de estos vasos no es de vidrio?", "Which of these cups is not made of glass?", adequate=True),
    _translated(
        "fr", "Quelle est la couleur du toit à gauche ?", "What is the colour of the roof on the left?", adequate=True
    ),
    _translated("es", "¿Cuál de estos vasos no es de vidrio?", "Which of these cups is made of glass?", adequate=False),
    _translated("pt", "Quantos barcos estão à direita?", "How many boats are on the left?", adequate=False),
    _answered("How heavy is the Orbel lamp?", "It weighs 40 grams [1].", (_LAMP,), sound=True),
    _answered("What was the bridge of Tarn built of?", "It was built of oak [1].", (_BRIDGE,), sound=True),
    _answered("How heavy is the Orbel lamp?", "It weighs 90 grams [1].", (_LAMP,), sound=False),
    _answered("What does the grey mell eat?", "It eats fish [1].", (_BIRD,), sound=False),
    _named("An old man's lens has become cloudy. Which operation restores his sight?", "cataract", "phaco"),
    _named("Which drops lower a high pressure in the eye?", "glaucoma", "intraocular pressure", "hypertension"),
)
"""Cases of the tasks whose verdict the loop acts on; a task is trusted if all of its cases come out right."""


def _into_english(language: str, stem: str, words: tuple[str, ...], *texts: str) -> Trial:
    """A question whose English must still ask, and hold each of these words (``|`` between words that mean the same)."""
    inputs = TranslateIn(language=language, stem=stem, options=options(*texts))

    def passes(out: TranslateOut) -> bool:
        english = " ".join([out.stem, *out.options.values()]).casefold()
        for word in words:
            if not any(form in english for form in word.split("|")):
                return False
        return out.stem.rstrip().endswith("?") and set(out.options) == {option.label for option in inputs.options}

    return Trial(TRANSLATE, inputs, passes)


TRANSLATIONS: dict[str, Trial] = {
    "es": _into_english("es", "¿Cuál de estos animales no tiene plumas?", ("no|n't|lack", "feather"), "Ganso", "Murciélago"),
    "pt": _into_english("pt", "Quantas janelas tem a casa à esquerda?", ("how many", "window", "left"), "Sete", "Doze"),
    "fr": _into_english("fr", "Lequel de ces outils coupe le bois ?", ("wood", "saw", "hammer"), "Une scie", "Un marteau"),
    "hi": _into_english("hi", "इनमें से कौन सा फल पेड़ पर नहीं उगता?", ("fruit", "not|n't", "tree", "mango"), "आम", "तरबूज़"),
    "fil": _into_english("fil", "Alin sa mga ito ang hindi nangingitlog?", ("not|n't", "egg", "dog"), "Manok", "Aso"),
    "zh": _into_english("zh", "下列哪种动物不会游泳？", ("swim", "not|n't|unable", "fish"), "鱼", "骆驼"),
}
"""By language, one short question: does its English still ask the same?"""
