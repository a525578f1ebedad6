"""No text makes the reading of a question fail or hang."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from clara.language.codes import SEVEN
from clara.safety import asks_personally, red_flags, urgent_notice
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
