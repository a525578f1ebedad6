"""Does an item get the same answer in every language, right or wrong?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

Choices = Sequence[Sequence[str | None]]
"""Items in rows, languages in columns: the letter, or None where there was none; rows may differ in length."""


def consistency(choices: Choices) -> float | None:
    """Share of items with one answer in all languages, over the items asked in two or more; right or wrong does not matter.

    The proportion of unanimous items; an item with a missing letter is not one. None where none was asked in two languages.
    """
    unanimous: list[bool] = []
    for letters in choices:
        if len(letters) > 1:
            unanimous.append(None not in letters and len(set(letters)) == 1)
    return float(np.mean(unanimous)) if unanimous else None


def pairwise_agreement(choices: Choices) -> float | None:
    """Mean share of language pairs that agree on the letter: P̄ of Fleiss (1971) where every letter is given.

    Per item: Σ n_j (n_j - 1) / (n (n - 1)), with n_j the languages that chose letter j; no letter agrees with nothing.
    """
    shares: list[float] = []
    for letters in choices:
        pairs = math.comb(len(letters), 2)
        if pairs:
            agreeing = 0
            for letter, languages in Counter(letters).items():
                if letter is not None:
                    agreeing += math.comb(languages, 2)
            shares.append(agreeing / pairs)
    return float(np.mean(shares)) if shares else None


def fleiss_kappa(choices: Choices) -> tuple[float, int] | None:
    """Fleiss' kappa of the languages as raters, and the number of items it rests on (Fleiss 1971, Psychol. Bull. 76:378).

    κ = (P̄ - P̄e) / (1 - P̄e), P̄ the mean pairwise agreement, P̄e = Σ p_j² the agreement by chance at the letters' overall
    shares. Only items with a letter in every language count, since kappa needs the same number of raters throughout. None
    with no such item or a single language; 1 where all languages always choose one and the same letter.
    """
    width = max(map(len, choices), default=0)
    whole: list[Sequence[str | None]] = []
    for letters in choices:
        if len(letters) == width and None not in letters:
            whole.append(letters)
    if width < 2 or not whole:
        return None
    given = np.array(whole, dtype=str)
    counts = np.stack([np.sum(given == letter, axis=1) for letter in np.unique(given)], axis=1).astype(np.float64)
    agreement = float(np.mean((np.sum(counts * counts, axis=1) - width) / (width * (width - 1))))
    chance = float(np.sum((counts.sum(axis=0) / counts.sum()) ** 2))
    kappa = 1.0 if chance >= 1.0 else (agreement - chance) / (1 - chance)
    return kappa, len(whole)
