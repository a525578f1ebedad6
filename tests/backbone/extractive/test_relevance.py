"""The floor of relevance: what is about the eye is found in many wordings, and nothing is shown for anything else."""

from __future__ import annotations

import pytest

from clara.backbone.extractive.relevance import Relevance
from clara.knowledge.glossary import TermGlossary
from clara.types import Passage

GLAUCOMA = Passage(
    "poag#0",
    "Primary open-angle glaucoma",
    "A chronic optic neuropathy with cupping of the disc; it is a leading cause of blindness in the world.",
)
LASIK = Passage("lasik#0", "Flap complications", "After LASIK the flap may wrinkle or slip.")
UVEITIS = Passage("uveitis#0", "Uveitis trials", "The treatment of uveitis was compared in trials.")
BURN = Passage("burn#0", "Chemical burns of the eye", "Alkali and lime penetrate the eye; rinse at once with water.")
DOG = Passage("dog#0", "Low vision aids", "A guide dog is trained for two years; a long cane is learned in weeks.")
PASSAGES = (GLAUCOMA, LASIK, UVEITIS, BURN, DOG)


@pytest.fixture(scope="module")
def relevance(glossary: TermGlossary) -> Relevance:
    return Relevance(glossary)


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("What is glaucoma?", (1,)),
        ("glaucoma", (1,)),
        ("what risk has the surgery laser in situ keratomileusis?", (2,)),
        ("How is uveitis managed when drops fail?", (3,)),
        ("what do I do if lime gets in the eye?", (4,)),
        ("How long is a guide dog trained?", (5,)),
    ],
)
def test_a_passage_that_names_the_subject_by_any_name_is_about_it(
    relevance: Relevance, question: str, numbers: tuple[int, ...]
) -> None:
    assert relevance.about(question, PASSAGES) == numbers


@pytest.mark.parametrize(
    "question",
    [
        "Who won the world cup in 2018?",
        "What is the treatment of appendicitis?",
        "Best treatment for a knee that hurts?",
        "How do I bake sourdough bread?",
        "asdf qwer zxcv",
        "Why is the sky blue?",
        "How are kidney stones removed?",
        "Which team plays in Madrid?",
        "",
    ],
)
def test_nothing_is_about_a_question_from_elsewhere(relevance: Relevance, question: str) -> None:
    assert relevance.about(question, PASSAGES) == ()


def test_a_knowledge_base_of_another_field_is_searched_by_its_words(relevance: Relevance) -> None:
    bread = Passage("bread#0", "Sourdough", "Sourdough bread is baked with a starter, at high heat.")
    assert relevance.about("How do I bake sourdough bread?", (GLAUCOMA, bread)) == (2,)


def test_no_passages_are_about_nothing(relevance: Relevance) -> None:
    assert relevance.about("What is glaucoma?", ()) == ()


@pytest.mark.parametrize(
    ("question", "shared"), [("Which nerve supplies it? lateral rectus", False), ("Which is true of uveitis? a b c", True)]
)
def test_options_count_for_the_topic(relevance: Relevance, question: str, shared: bool) -> None:
    assert relevance.shares_topic(question, UVEITIS) == shared
