"""How well sentences support a choice or a claim: weighted word overlap, no model.

Words count by their rarity among the shown sentences (inverse document frequency), so that what all passages say decides
nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from clara.language.lexicon import asks_for_exception
from clara.language.text import search_tokens, sentences
from clara.types import Option, Passage, texts_by_letter

Tokens = frozenset[str]
"""The search words of a text."""


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence, the number (from 1) of its passage and its score."""

    passage: int
    sentence: str
    score: float


@dataclass(frozen=True, slots=True)
class OptionGuess:
    """The option that the words of the passages are closest to, and the sentence that carries it; passage 0 if none does."""

    label: str
    confidence: float
    passage: int = 0
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a passage; the words of the passage's title and section count as its own."""

    passage: int
    sentence: str
    tokens: Tokens


class Rarity:
    """Smoothed inverse document frequency over the tokens of some texts."""

    def __init__(self, texts: Iterable[Tokens]) -> None:
        self._count: Counter[str] = Counter()
        self._total = 0
        for tokens in texts:
            self._count.update(tokens)
            self._total += 1

    def weight(self, token: str) -> float:
        """The weight of one token."""
        return math.log(1 + self._total / (0.5 + self._count[token]))

    def sum(self, tokens: Iterable[str]) -> float:
        """The weights of some tokens together, whatever their order."""
        return math.fsum(map(self.weight, tokens))


def tokens_of(text: str) -> Tokens:
    """The search words of a text, each once."""
    return frozenset(search_tokens(text))


def coverage(question: str, texts: Sequence[str]) -> list[float]:
    """For each text the share of the question's words, weighted by rarity among the texts, that it holds."""
    tokens = list(map(tokens_of, texts))
    rarity = Rarity(tokens)
    question_tokens = tokens_of(question)
    total = rarity.sum(question_tokens) or 1.0
    return [rarity.sum(question_tokens & own) / total for own in tokens]


def share_of(claim: str, text: str) -> float:
    """Share of the claim's words that stand in the text; 0 for an empty claim."""
    claimed = tokens_of(claim)
    if not claimed:
        return 0.0
    return len(claimed & tokens_of(text)) / len(claimed)


def choose(stem: str, options: Sequence[Option], passages: Sequence[Passage]) -> OptionGuess:
    """The option that the passages support best; the worst supported one where the stem asks for the exception."""
    statements = _statements(passages)
    if not statements:
        return OptionGuess(options[0].label, round(1 / len(options), 4))
    rarity = Rarity(statement.tokens for statement in statements)
    stem_tokens = tokens_of(stem)
    option_tokens = list(map(tokens_of, texts_by_letter(options).values()))
    options_with: Counter[str] = Counter()
    for tokens in option_tokens:
        options_with.update(tokens)
    supports: list[Support] = []
    for tokens in option_tokens:
        worth: dict[str, float] = {}
        for token in tokens:  # what many options say tells them less apart
            worth[token] = rarity.weight(token) * (1 - (options_with[token] - 1) / len(options))
        supports.append(_best_support(worth, stem_tokens, statements, rarity))
    support = max(supports, key=attrgetter("score"))
    scores = [support.score for support in supports]
    if asks_for_exception(stem):
        scores = [-score for score in scores]
    first = scores.index(max(scores))
    return OptionGuess(options[first].label, _chance_of_best(scores), support.passage, support.sentence)


def _statements(passages: Sequence[Passage]) -> list[Statement]:
    """Every statement of the passages; a question states nothing."""
    statements: list[Statement] = []
    for number, passage in enumerate(passages, 1):
        head = tokens_of(f"{passage.title} {passage.section}")
        for sentence in sentences(passage.text):
            if not sentence.endswith(("?", "？")):
                statements.append(Statement(number, sentence, tokens_of(sentence) | head))
    return statements


def _best_support(worth: dict[str, float], stem_tokens: Tokens, statements: Sequence[Statement], rarity: Rarity) -> Support:
    """The sentence that holds most of the option, more so if it is also about the question."""
    total = math.fsum(worth.values()) or 1.0
    about = rarity.sum(stem_tokens) or 1.0
    best = Support(0, "", 0.0)
    for statement in statements:
        share = math.fsum(worth[token] for token in worth.keys() & statement.tokens) / total
        score = share * (0.3 + rarity.sum(stem_tokens & statement.tokens) / about)
        if score > best.score:
            best = Support(statement.passage, statement.sentence, score)
    return best


def _chance_of_best(scores: Sequence[float]) -> float:
    """The probability of the highest score: a softmax whose temperature keeps an even field at chance."""
    high = max(scores)
    return round(1 / sum(math.exp(4 * (score - high)) for score in scores), 4)
