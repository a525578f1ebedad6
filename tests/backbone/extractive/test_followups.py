"""Follow-up questions without a model: the last topic completes a question that leans on the conversation."""

from __future__ import annotations

import pytest

from clara.backbone.extractive.followups import condense
from clara.knowledge.glossary import TermGlossary
from clara.language.codes import SEVEN
from clara.language.messages import say
from clara.tasks.model import CondenseIn, Exchange

FIRST = {
    "en": "What is glaucoma?",
    "es": "¿Qué es el glaucoma?",
    "pt": "O que é glaucoma?",
    "fr": "Qu'est-ce que le glaucome ?",
    "fil": "Ano ang glaucoma?",
    "hi": "मोतियाबिंद क्या है?",
    "zh": "什么是青光眼？",
}
TOPIC = {
    "en": "glaucoma",
    "es": "glaucoma",
    "pt": "glaucoma",
    "fr": "glaucome",
    "fil": "glaucoma",
    "hi": "मोतियाबिंद",
    "zh": "青光眼",
}
LEANING = {
    "en": "How is it treated?",
    "es": "¿Cómo se trata?",
    "pt": "E em crianças?",
    "fr": "Et chez l'enfant ?",
    "fil": "Paano ito ginagamot?",
    "hi": "इसका इलाज कैसे होता है?",
    "zh": "怎么治疗？",
}


def asked(question: str, language: str, *earlier: str, glossary: TermGlossary, before: str | None = None) -> tuple[str, str]:
    history = tuple(Exchange(language=before or language, question=text, answer="...") for text in earlier)
    out = condense(CondenseIn(language=language, question=question, history=history), glossary)
    return out.question, out.clarification


@pytest.mark.parametrize("language", SEVEN)
def test_a_question_that_names_nothing_takes_the_last_topic(language: str, glossary: TermGlossary) -> None:
    question, _ = asked(LEANING[language], language, FIRST[language], glossary=glossary)
    assert question == f"{LEANING[language]} ({TOPIC[language]})"


@pytest.mark.parametrize("language", SEVEN)
def test_a_question_that_names_its_topic_stands_alone(language: str, glossary: TermGlossary) -> None:
    other = "What is uveitis?" if language == "en" else FIRST[language]
    question, clarification = asked(other, language, "What is keratoconus?", before="en", glossary=glossary)
    assert (question, clarification) == (other, "")


@pytest.mark.parametrize("language", SEVEN)
def test_without_a_conversation_it_is_asked_what_is_meant(language: str, glossary: TermGlossary) -> None:
    question, clarification = asked(LEANING[language], language, glossary=glossary)
    assert (question, clarification) == ("", say("clarify_topic", language))


def test_a_new_term_takes_the_place_of_the_old(glossary: TermGlossary) -> None:
    question, _ = asked("And uveitis?", "en", "How is glaucoma treated?", glossary=glossary)
    assert question == "How is uveitis treated?"


def test_the_topic_crosses_languages_in_english(glossary: TermGlossary) -> None:
    question, _ = asked("¿Cómo se trata?", "es", "मोतियाबिंद क्या है?", before="hi", glossary=glossary)
    assert question == "¿Cómo se trata? (cataract)"


def test_the_answer_to_a_question_back_completes_the_question(glossary: TermGlossary) -> None:
    back = Exchange(language="en", question="How is it treated?", answer=say("clarify_topic", "en"))
    out = condense(CondenseIn(language="en", question="glaucoma", history=(back,)), glossary)
    assert out.question == "How is it treated? (glaucoma)"


def test_a_long_question_with_a_pronoun_and_a_term_stands_alone(glossary: TermGlossary) -> None:
    text = "A patient with uveitis says that it hurts when she reads in bright light; which drop should be given first?"
    assert asked(text, "en", "What is glaucoma?", glossary=glossary) == (text, "")


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "What is acute angle closure and what are its symptoms?"),
        ("en", "In uveitis, which drugs cause it?"),
        ("es", "¿Qué es la uveítis y cuáles son sus causas?"),
        ("fr", "Qu'est-ce que l'uvéite, et quels sont ses signes ?"),
        ("pt", "O que é uveíte e quais são as causas dela?"),
    ],
)
def test_a_pronoun_behind_its_own_topic_refers_to_nothing_earlier(
    language: str, question: str, glossary: TermGlossary
) -> None:
    assert asked(question, language, "What is keratoconus?", before="en", glossary=glossary) == (question, "")


@pytest.mark.parametrize("question", ["Does timolol treat it?", "How does it differ from uveitis?", "Is it like cataract?"])
def test_a_pronoun_that_its_own_topic_cannot_mean_refers_to_the_last(question: str, glossary: TermGlossary) -> None:
    understood, _ = asked(question, "en", "What is glaucoma?", glossary=glossary)
    assert understood == f"{question} (glaucoma)"


@pytest.mark.parametrize(
    "question", ["asdf qwer zxcv", "qqq", "wat is teh treetment of amblyopya in chldren", "treetment of keratoconnus"]
)
def test_what_nobody_knows_takes_over_no_topic(question: str, glossary: TermGlossary) -> None:
    assert asked(question, "en", "What is glaucoma?", glossary=glossary) == (question, "")


@pytest.mark.parametrize("question", ["And in children?", "In adults?", "Is it contagious?", "What causes it?"])
def test_known_words_without_a_topic_still_take_the_last(question: str, glossary: TermGlossary) -> None:
    understood, _ = asked(question, "en", "What is glaucoma?", glossary=glossary)
    assert understood == f"{question} (glaucoma)"
