from __future__ import annotations

from pathlib import Path

import pytest

from clara.agent.runner import Agent
from clara.agent.strategies import get_strategy
from clara.backbone.extractive.backbone import ExtractiveBackbone
from clara.config import Settings
from clara.errors import UnsupportedLanguage
from clara.knowledge.base import Query
from clara.knowledge.glossary import TermGlossary
from clara.language.codes import SEVEN
from clara.language.lexicon import negated
from clara.tasks.model import (
    ANSWER_CHOICE,
    ANSWER_TEXT,
    ASSESS,
    GRADE,
    REWRITE,
    TRANSLATE,
    VERIFY,
    AnswerIn,
    AssessIn,
    GradeIn,
    RewriteIn,
    TranslateIn,
    VerifyIn,
)
from clara.types import Option, Passage, Question

PASSAGE = Passage(
    "drugs#0",
    "Glaucoma drugs",
    "Timolol is a beta blocker that lowers aqueous production. "
    "Latanoprost is a prostaglandin analogue that increases uveoscleral outflow.",
)
DRUGS = (Option("A", "Timolol"), Option("B", "Latanoprost"), Option("C", "Amoxicillin"))

TRANSLATED = {
    "es": ("¿Cuál NO es correcto sobre el glaucoma con 21,5 mmHg?", ("0,5 mg", "la córnea", "no hay")),
    "pt": ("Qual NÃO é correto sobre o glaucoma com 21,5 mmHg?", ("0,5 mg", "a córnea", "não há")),
    "fr": ("Lequel n'est pas correct sur le glaucome avec 21,5 mmHg ?", ("0,5 mg", "la cornée", "pas")),
    "fil": ("Alin ang HINDI tama tungkol sa glaucoma na may 21.5 mmHg?", ("0.5 mg", "kornea", "hindi")),
    "hi": ("21.5 mmHg वाले ग्लूकोमा के बारे में क्या सही नहीं है?", ("0.5 mg", "कॉर्निया", "नहीं")),
    "zh": ("关于眼压21.5 mmHg的青光眼，下列哪项不正确？", ("0.5 mg", "角膜", "不")),
}


class OnePassage:
    """A retriever that always finds the same passage, or none."""

    def __init__(self, *passages: Passage) -> None:
        self.passages = passages

    async def search(self, query: Query, k: int = 8) -> tuple[Passage, ...]:
        return self.passages[:k]


@pytest.fixture(scope="module")
def backbone(glossary: TermGlossary) -> ExtractiveBackbone:
    return ExtractiveBackbone(glossary)


@pytest.fixture
def agent(backbone: ExtractiveBackbone, glossary: TermGlossary, isolated: Path) -> Agent:
    return Agent(backbone, OnePassage(PASSAGE), glossary, Settings(home=isolated))


@pytest.mark.parametrize("language", TRANSLATED)
async def test_translation_keeps_numbers_units_negation_and_option_letters(
    backbone: ExtractiveBackbone, language: str
) -> None:
    stem, texts = TRANSLATED[language]
    options = tuple(Option(label, text) for label, text in zip("ABC", texts, strict=True))
    output = (await backbone.perform(TRANSLATE, TranslateIn(language=language, stem=stem, options=options))).output
    assert output is not None
    assert "21.5 mmHg" in output.stem
    assert "glaucoma" in output.stem
    assert list(output.options) == ["A", "B", "C"]
    assert output.options["A"] in {"0.5 mg", "0.5 milligram"}
    assert "cornea" in output.options["B"]
    judged = await backbone.perform(
        ASSESS,
        AssessIn(
            language=language,
            stem=stem,
            options=options,
            english_stem=output.stem,
            english_options=tuple(Option(label, text) for label, text in output.options.items()),
        ),
    )
    assert judged.output is not None
    assert judged.output.adequate
    assert negated(output.stem, "en")
    assert negated(output.options["C"], "en")


async def test_translation_that_would_be_empty_keeps_the_original() -> None:
    backbone = ExtractiveBackbone(TermGlossary([]))
    output = (await backbone.perform(TRANSLATE, TranslateIn(language="zh", stem="的", options=(Option("A", "了"),)))).output
    assert output is not None
    assert (output.stem, output.options) == ("的", {"A": "了"})


async def test_assess_repeats_the_guards_flags(backbone: ExtractiveBackbone) -> None:
    inputs = AssessIn(language="es", stem="a", english_stem="cornea", flags=("the number 5 is missing",))
    output = (await backbone.perform(ASSESS, inputs)).output
    assert output is not None
    assert not output.adequate
    assert output.problem == "the number 5 is missing"


async def test_assess_doubts_a_text_of_unknown_words(backbone: ExtractiveBackbone) -> None:
    output = (await backbone.perform(ASSESS, AssessIn(language="es", stem="a", english_stem="xyzzy plugh frobnitz"))).output
    assert output is not None
    assert not output.adequate


def answer_in(stem: str, passages: tuple[Passage, ...] = (PASSAGE,), options: tuple[Option, ...] = DRUGS) -> AnswerIn:
    return AnswerIn(language="en", original_stem=stem, stem=stem, options=options, passages=passages)


async def test_choice_cites_the_sentence_that_carries_it(backbone: ExtractiveBackbone) -> None:
    output = (await backbone.perform(ANSWER_CHOICE, answer_in("Which drug is a prostaglandin analogue?"))).output
    assert output is not None
    assert output.label == "B"
    assert output.citations == (1,)
    assert "Latanoprost is a prostaglandin analogue" in output.reasoning


async def test_choice_inverts_on_except(backbone: ExtractiveBackbone) -> None:
    output = (await backbone.perform(ANSWER_CHOICE, answer_in("All of these are glaucoma drugs EXCEPT"))).output
    assert output is not None
    assert output.label == "C"


async def test_a_text_answer_is_the_passages_that_are_about_the_question(backbone: ExtractiveBackbone) -> None:
    other = Passage("x#0", "Roads", "Asphalt is laid in summer.")
    inputs = answer_in("Which drops lower aqueous production, timolol or others?", (other, PASSAGE), ())
    output = (await backbone.perform(ANSWER_TEXT, inputs)).output
    assert output is not None
    assert output.answer == f"{PASSAGE.text} [2]"
    assert output.citations == (2,)
    assert output.confidence is None


async def test_a_text_answer_without_evidence_cites_nothing(backbone: ExtractiveBackbone) -> None:
    output = (await backbone.perform(ANSWER_TEXT, answer_in("What?", (), ()))).output
    assert output is not None
    assert output.citations == ()


async def test_grade_keeps_what_is_about_the_question(backbone: ExtractiveBackbone) -> None:
    other = Passage("x#0", "Roads", "Asphalt is laid in summer.")
    inputs = GradeIn(stem="Which prostaglandin analogue increases outflow?", passages=(other, PASSAGE))
    output = (await backbone.perform(GRADE, inputs)).output
    assert output is not None
    assert output.relevant == (2,)
    assert output.sufficient


async def test_rewrite_never_repeats_a_query(backbone: ExtractiveBackbone) -> None:
    tried: tuple[str, ...] = ()
    for _ in range(3):
        inputs = RewriteIn(stem="Which drug is used in glaucoma?", options=DRUGS, tried=tried)
        output = (await backbone.perform(REWRITE, inputs)).output
        assert output is not None
        assert output.query not in tried
        tried = (*tried, output.query)


async def test_verify_refuses_an_answer_without_citations(backbone: ExtractiveBackbone) -> None:
    stem = "Which drug is a prostaglandin analogue?"
    inputs = VerifyIn(stem=stem, options=DRUGS, label="B", answer="Latanoprost")
    output = (await backbone.perform(VERIFY, inputs)).output
    assert output is not None
    assert not output.grounded
    cited = (await backbone.perform(VERIFY, inputs.model_copy(update={"passages": (PASSAGE,), "cites": (1,)}))).output
    assert cited is not None
    assert cited.grounded


async def test_same_input_gives_the_same_output(backbone: ExtractiveBackbone) -> None:
    inputs = answer_in("Which drug is a prostaglandin analogue?")
    results = [await backbone.perform(ANSWER_CHOICE, inputs, seed=seed) for seed in (1, 2)]
    assert results[0] == results[1]
    assert results[0].usage.calls == 0


async def test_info_says_that_no_model_is_at_work(backbone: ExtractiveBackbone) -> None:
    info = await backbone.info()
    assert not info.uses_model
    assert info.model == "none"
    assert info.languages == frozenset(SEVEN)


async def test_german_is_refused_with_the_remedy(agent: Agent) -> None:
    question = Question("Welche Behandlung ist bei einem Glaukom die beste?")
    with pytest.raises(UnsupportedLanguage, match=r"not German.*--backbone") as caught:
        await agent.run(question, get_strategy("clara"))
    assert caught.value.language == "de"


async def test_answer_says_that_no_model_was_used(agent: Agent) -> None:
    question = Question("¿Cuál fármaco es un análogo de prostaglandina?", DRUGS)
    answer = await agent.run(question, get_strategy("clara"))
    assert answer.language == "es"
    assert answer.label == "B"
    assert answer.warnings[0] == "no_model"
    assert answer.usage.calls == 0
    assert "Opción más cercana por coincidencia de palabras" in answer.answer
    assert "Latanoprost" in answer.answer
    assert answer.verdict.grounded is None
    assert [citation.id for citation in answer.citations] == ["drugs#0"]
    assert answer.citations[0].quote in PASSAGE.text


async def test_answer_without_evidence_is_still_given_and_not_called_grounded(
    backbone: ExtractiveBackbone, glossary: TermGlossary, isolated: Path
) -> None:
    agent = Agent(backbone, OnePassage(), glossary, Settings(home=isolated))
    answer = await agent.run(Question("Which drug is a prostaglandin analogue?", DRUGS), get_strategy("clara"))
    assert answer.label in {"A", "B", "C"}
    assert answer.citations == ()
    assert "nothing on this" in answer.answer
    assert "Closest option by word matching" in answer.answer
    assert answer.verdict.grounded is None
    assert not answer.capped


async def test_verify_refuses_evidence_about_something_else(backbone: ExtractiveBackbone) -> None:
    inputs = VerifyIn(
        stem="Which bacterium causes ophthalmia neonatorum?",
        options=DRUGS,
        label="B",
        answer="Latanoprost",
        passages=(PASSAGE,),
        cites=(1,),
    )
    output = (await backbone.perform(VERIFY, inputs)).output
    assert output is not None
    assert not output.grounded


async def test_verify_calls_no_exception_grounded(backbone: ExtractiveBackbone) -> None:
    stem = "All of these are glaucoma drugs EXCEPT"
    inputs = VerifyIn(stem=stem, options=DRUGS, label="A", answer="Timolol", passages=(PASSAGE,), cites=(1,))
    output = (await backbone.perform(VERIFY, inputs)).output
    assert output is not None
    assert not output.grounded
    assert output.answers_question
