"""The statistics behind the detection: probabilities among the languages that come into question, and none else."""

from __future__ import annotations

import math

import pytest

from clara.language.identifier import LEAST, log_probabilities


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Der Patient klagt seit gestern über Schmerzen im Auge", "de"),
        ("De patiënt klaagt sinds gisteren over pijn in het oog", "nl"),
        ("Il paziente lamenta dolore agli occhi da ieri", "it"),
    ],
)
def test_the_language_of_a_sentence_is_the_likeliest(text: str, code: str) -> None:
    likelihoods = log_probabilities(text, ("de", "nl", "it"))
    assert max(likelihoods, key=lambda known: likelihoods[known]) == code
    assert sum(map(math.exp, likelihoods.values())) == pytest.approx(1, abs=0.01)


def test_filipino_goes_by_the_code_of_the_model() -> None:
    likelihoods = log_probabilities("Ano ang sanhi ng pamumula ng mata", ("fil", "de"))
    assert likelihoods["fil"] > likelihoods["de"]


def test_what_the_model_does_not_know_is_next_to_impossible() -> None:
    assert log_probabilities("any text at all", ("xx", "yy")) == {"xx": LEAST, "yy": LEAST}
    assert log_probabilities("any text at all", ("en", "xx"))["xx"] == LEAST
