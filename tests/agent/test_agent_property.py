"""Whatever a backbone replies, a question ends in an Answer within the allowed rounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clara.agent.strategies import REQUIRED, STEPS, STRATEGIES
from clara.tasks import (
    AssessOut,
    ChoiceOut,
    GradeOut,
    LocalizeOut,
    RewriteOut,
    TermsOut,
    TextOut,
    TranslateOut,
    VerifyOut,
)
from tests.agent.fakes import ENGLISH, FREE, PASSAGES, SILENT, SPANISH, UNPARSED, Script, Shelf, agent

text = st.text(max_size=30)
letter = st.text(max_size=1) | st.sampled_from("ABCabc")
some = st.text(min_size=1, max_size=30)
numbers = st.lists(st.integers(-3, 20), max_size=6).map(tuple)
chance = st.none() | st.floats(0, 1)


def replies(good: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.one_of(good, st.sampled_from([UNPARSED, SILENT])), min_size=1, max_size=4)


SCRIPTS = st.fixed_dictionaries(
    {
        "translate": replies(
            st.builds(TranslateOut, stem=some, options=st.dictionaries(st.sampled_from("ABCDE?"), text, max_size=6))
        ),
        "assess": replies(st.builds(AssessOut, problem=text, adequate=st.booleans())),
        "terms": replies(st.builds(TermsOut, terms=st.lists(text, max_size=8).map(tuple))),
        "grade": replies(st.builds(GradeOut, relevant=numbers, sufficient=st.booleans())),
        "rewrite": replies(st.builds(RewriteOut, query=some)),
        "answer_choice": replies(
            st.builds(
                ChoiceOut,
                reasoning=text,
                citations=numbers,
                label=letter,
                confidence=chance,
            )
        ),
        "answer_text": replies(st.builds(TextOut, answer=some, citations=numbers, confidence=chance)),
        "verify": replies(st.builds(VerifyOut, reason=text, grounded=st.booleans(), answers_question=st.booleans())),
        "localize": replies(st.builds(LocalizeOut, answer=some)),
    }
)
LEFT_OUT = st.sets(st.sampled_from([step for step in STEPS if step not in REQUIRED]), max_size=3)


@settings(max_examples=150, deadline=None)
@given(
    script=SCRIPTS,
    question=st.sampled_from([SPANISH, ENGLISH, FREE]),
    strategy=st.sampled_from(list(STRATEGIES.values())),
    left_out=LEFT_OUT,
    rounds=st.integers(1, 10),
    found=st.integers(0, 3),
    uses_model=st.booleans(),
    abstain=st.sampled_from([0.0, 0.5]),
)
def test_any_replies_end_in_an_answer_within_the_rounds(
    script: dict[str, list[Any]],
    question: Any,
    strategy: Any,
    left_out: set[str],
    rounds: int,
    found: int,
    uses_model: bool,
    abstain: float,
) -> None:
    chosen = strategy.without(*left_out)
    parts = agent(Script(uses_model=uses_model, **script), Shelf(PASSAGES[:found]), rounds=rounds, abstain_below=abstain)
    answer = asyncio.run(parts.run(question, chosen))
    path = [step.step for step in answer.trace]

    assert 1 <= answer.rounds <= rounds
    assert path.count("retrieve") <= rounds
    assert path.count("answer") <= rounds
    assert path.count("translate") <= parts.settings.translations
    assert set(path) <= chosen.steps
    assert answer.label is None or answer.label in question.labels
    assert {citation.id for citation in answer.citations} <= {passage.id for passage in PASSAGES[:found]}
    assert answer.failure in (None, "unparsed", "no_response")
    assert answer.failure is None or (answer.label is None and answer.answer == "")
    refused = False in (answer.verdict.grounded, answer.verdict.answers_question)
    assert answer.capped == (chosen.has("verify") and refused)
    assert json.loads(json.dumps(answer.to_json()))["rounds"] == answer.rounds
