"""No text makes the reading of a question fail or hang."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.safety import corpus, unseen
from clara.language.codes import SEVEN
from clara.safety import asks_personally, red_flags, urgent, urgent_notice
from clara.safety.concepts import READ
from clara.safety.vocabulary import PINYIN, Vocabulary, mentions_in
from clara.types import Question

LANGUAGES = st.none() | st.sampled_from([*SEVEN, "de", "ar"])


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), LANGUAGES)
def test_any_text_in_any_language_can_be_read(text: str, language: str | None) -> None:
    question = Question(text, language=language)
    assert bool(urgent_notice(question)) == bool(red_flags(question))
    assert asks_personally(question) in (True, False)


def test_a_very_long_question_is_read_to_its_end() -> None:
    filler = "I read a lot about the anatomy of the eye and its many layers. " * 300
    assert red_flags(Question(f"{filler} I splashed bleach in my eyes.", language="en"))


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 17])
def test_short_cuts_change_nothing_in_any_corpus(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [case.text for case in (*corpus(), *unseen())][::step]
    quick = [red_flags(Question(text)) for text in texts]
    clear_caches()

    def every_concept(vocabulary: Vocabulary, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(vocabulary.patterns)

    def every_language(parts: object, spoken: frozenset[str]) -> list[str]:
        closed = {"hi", PINYIN} - spoken if spoken else set[str]()
        return [language for language in READ if language not in closed]

    monkeypatch.setattr(Vocabulary, "candidates", every_concept)
    monkeypatch.setattr(urgent, "_languages_to_read", every_language)
    changed = [number for number, text in enumerate(texts) if red_flags(Question(text)) != quick[number]]
    clear_caches()
    assert not changed


def clear_caches() -> None:
    urgent._red_flags.cache_clear()  # pyright: ignore[reportPrivateUsage]
    mentions_in.cache_clear()
