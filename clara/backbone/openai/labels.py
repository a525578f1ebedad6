"""How sure a model is of an option letter: the log-probabilities of the one token that holds the letter.

The probability of a letter is renormalised over the allowed letters. A letter may be several tokens of the vocabulary
(``B``, `` B``, ``b``, ``"B``); their probabilities add up. Where the letter follows the model's own reasoning, its
probability is conditional on that reasoning and tends to be higher than the share of right answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

TOP = 20
"""Alternatives asked for where the reply is one letter; the most that vLLM and OpenAI give by default."""
TOP_IN_JSON = 5
"""Alternatives asked for where every token of a longer reply brings its own."""
_AROUND = " \t\r\n\"'`*_()[]{}<>:.,\u0120\u2581"
"""What may stand around a letter in its token, and two marks for a leading space."""
_LABEL = re.compile(r'"label"\s*:\s*"\s*')

Tokens = Sequence[Mapping[str, Any]]
"""``choices[0].logprobs.content`` of a chat completion."""


def letter_probabilities(tokens: Tokens, letters: Sequence[str], *, in_json: bool) -> dict[str, float] | None:
    """Probability of each allowed letter at the token that chose one; None where no token shows it.

    Args:
        tokens: what the server gave.
        letters: the allowed letters.
        in_json: the letter is the value of ``label`` in a JSON object, not the whole reply.
    """
    token = _chosen(tokens, letters, in_json=in_json)
    if token is None:
        return None
    # the chosen token is among the alternatives in most servers, not in all
    seen: dict[str, float] = {str(token.get("token")): _logprob(token)}
    seen |= {str(other.get("token")): _logprob(other) for other in token.get("top_logprobs") or ()}
    weights = dict.fromkeys(letters, 0.0)
    for text, logprob in seen.items():
        letter = _letter(text)
        if letter in weights:
            weights[letter] += math.exp(min(0.0, logprob))
    total = math.fsum(weights.values())
    return {letter: weight / total for letter, weight in weights.items()} if total > 0 else None


def chosen_letter(tokens: Tokens, letters: Sequence[str], *, in_json: bool) -> str:
    """The letter whose token :func:`letter_probabilities` reads; empty where no token shows one."""
    token = _chosen(tokens, letters, in_json=in_json)
    return "" if token is None else _letter(str(token.get("token")))


def confidence_of(label: str, probabilities: Mapping[str, float] | None) -> tuple[float | None, float | None]:
    """Probability of the label and its lead over the next letter (0 if another leads); None where they are unknown."""
    if probabilities is None or label not in probabilities:
        return None, None
    own = probabilities[label]
    rest = max((value for letter, value in probabilities.items() if letter != label), default=0.0)
    return min(1.0, own), min(1.0, max(0.0, own - rest))


def _chosen(tokens: Tokens, letters: Sequence[str], *, in_json: bool) -> Mapping[str, Any] | None:
    return _in_json(tokens) if in_json else _first_letter(tokens, letters)


def _first_letter(tokens: Tokens, letters: Sequence[str]) -> Mapping[str, Any] | None:
    """The first token after the thinking that is a letter, as the reply itself is read."""
    texts = [str(token.get("token")) for token in tokens]
    thinking, mark, _ = "".join(texts).rpartition("</think>")
    at, begin = 0, len(thinking) + len(mark)
    for token, text in zip(tokens, texts, strict=True):
        if at >= begin and _letter(text) in letters:
            return token
        at += len(text)
    return None


def _in_json(tokens: Tokens) -> Mapping[str, Any] | None:
    texts = [str(token.get("token")) for token in tokens]
    matches = list(_LABEL.finditer("".join(texts)))
    if not matches:
        return None
    end = 0
    for token, text in zip(tokens, texts, strict=True):
        end += len(text)
        if end > matches[-1].end():
            return token
    return None


def _letter(text: str) -> str:
    return text.strip(_AROUND).upper()


def _logprob(token: Mapping[str, Any]) -> float:
    value = token.get("logprob")
    return float(value) if isinstance(value, int | float) and not math.isnan(value) else -math.inf
