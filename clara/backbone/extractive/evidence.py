"""How well sentences support a choice or a claim: weighted word overlap, no model.

Words count by their rarity among the shown sentences (inverse document frequency), so that what all passages say decides
nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clara.language.lexicon import asks_for_exception
from clara.language.text import search_tokens, sentences
from clara.types import Option, Passage


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence, the number (from 1) of its passage and its score."""

    passage: int
    sentence: str
    score: float


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen option with the sentence that carries it; passage 0 if none does."""

    label: str
    confidence: float
    passage: int = 0
    sentence: str = ""


def coverage(wanted: str, texts: Sequence[str]) -> list[float]:
    """For each text the share of the wanted words, weighted by rarity among the texts, that it holds."""
    tokens = [frozenset(search_tokens(text)) for text in texts]
    weights = _rarity(tokens)
    need = frozenset(search_tokens(wanted))
    total = math.fsum(weights(token) for token in need) or 1.0
    return [math.fsum(weights(token) for token in need & held_tokens) / total for held_tokens in tokens]


def held(claim: str, text: str) -> float:
    """Share of the claim's words that stand in the text; 0 for an empty claim."""
    need = frozenset(search_tokens(claim))
    return len(need & frozenset(search_tokens(text))) / len(need) if need else 0.0


def choose(stem: str, options: Sequence[Option], passages: Sequence[Passage]) -> Choice:
    """The option that the passages support best; the worst supported one where the stem asks for the exception."""
    parts = _parts(passages)
    if not parts:
        return Choice(options[0].label, round(1 / len(options), 4))
    weights = _rarity([tokens for _, _, tokens in parts])
    asked = frozenset(search_tokens(stem))
    own = [frozenset(search_tokens(option.text)) for option in options]
    shared = Counter(token for tokens in own for token in tokens)
    best = [_best_support(tokens, asked, shared, len(options), parts, weights) for tokens in own]
    scores = [support.score for support in best]
    reverse = asks_for_exception(stem)
    ranked = sorted(range(len(options)), key=lambda i: (scores[i] if reverse else -scores[i], i))
    first = ranked[0]
    chances = _chances([-s for s in scores] if reverse else scores)
    support = best[first] if not reverse else max(best, key=lambda item: item.score)
    return Choice(options[first].label, chances[first], support.passage if support.score else 0, support.sentence)


def extract(stem: str, passages: Sequence[Passage], limit: int = 3) -> list[Support]:
    """The sentences that hold most of what was asked, the fullest first."""
    parts = _parts(passages)
    if not parts:
        return []
    weights = _rarity([tokens for _, _, tokens in parts])
    asked = frozenset(search_tokens(stem))
    total = math.fsum(weights(token) for token in asked) or 1.0
    scored: list[Support] = []
    for number, sentence, tokens in parts:
        own = asked & frozenset(search_tokens(sentence))
        # The title's words say what a sentence is about, its own words what it says of it.
        held_weight = math.fsum(weights(t) for t in own) + 0.5 * math.fsum(weights(t) for t in (asked & tokens) - own)
        scored.append(Support(number, sentence, held_weight / total / (1 + 0.03 * (number - 1))))
    top = sorted(scored, key=lambda part: -part.score)[:limit]
    return [part for part in top if part.score >= 0.5 * top[0].score and part.score > 0]


Part = tuple[int, str, frozenset[str]]


def _parts(passages: Sequence[Passage]) -> list[Part]:
    """Every statement with its passage's number and its words; title and section count for each. Questions state nothing."""
    parts: list[Part] = []
    for number, passage in enumerate(passages, 1):
        head = frozenset(search_tokens(f"{passage.title} {passage.section}"))
        for sentence in sentences(passage.text):
            if sentence.endswith(("?", "？")):
                continue
            parts.append((number, sentence, frozenset(search_tokens(sentence)) | head))
    return parts


class _rarity:
    """Smoothed inverse document frequency over token sets."""

    def __init__(self, sets: Iterable[frozenset[str]]) -> None:
        held_sets = list(sets)
        self._count = Counter(token for tokens in held_sets for token in tokens)
        self._total = len(held_sets)

    def __call__(self, token: str) -> float:
        return math.log(1 + self._total / (0.5 + self._count[token]))


def _best_support(
    own: frozenset[str],
    asked: frozenset[str],
    shared: Counter[str],
    options: int,
    parts: Sequence[Part],
    weights: _rarity,
) -> Support:
    """The sentence that holds most of the option, more so if it is also about the question."""
    worth = {token: weights(token) * (1 - (shared[token] - 1) / options) for token in own}
    total = math.fsum(worth.values()) or 1.0
    about = math.fsum(weights(token) for token in asked) or 1.0
    result = Support(0, "", 0.0)
    for number, sentence, tokens in parts:
        hit = math.fsum(worth[token] for token in own & tokens) / total
        if hit:
            score = hit * (0.3 + math.fsum(weights(token) for token in asked & tokens) / about)
            if score > result.score:
                result = Support(number, sentence, score)
    return result


def _chances(scores: Sequence[float]) -> list[float]:
    """Scores as probabilities: a softmax whose temperature keeps an even field at chance."""
    high = max(scores)
    raised = [math.exp(4 * (score - high)) for score in scores]
    return [round(value / sum(raised), 4) for value in raised]
