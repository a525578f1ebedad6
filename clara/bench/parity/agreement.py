"""Does an item get the same answer in every language, right or wrong?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Choices = Sequence[Sequence[str | None]]
"""Items in rows, languages in columns: the letter, or None where there was none; rows may differ in length."""


def consistency(choices: Choices) -> float | None:
    """Share of items with one answer in all languages, over the items asked in two or more; right or wrong does not matter.

    The proportion of unanimous items; an item with a missing letter is not one. None where none was asked in two languages.
    """
    asked = [letters for letters in choices if len(letters) > 1]
    if not asked:
        return None
    unanimous = 0
    for letters in asked:
        if letters[0] is not None and len(set(letters)) == 1:
            unanimous += 1
    return unanimous / len(asked)


def pairwise_agreement(choices: Choices) -> float | None:
    """Mean share of language pairs that agree on the letter: P̄ of Fleiss (1971) where every letter is given.

    Per item: Σ n_j (n_j - 1) / (n (n - 1)), with n_j the languages that chose letter j; no letter agrees with nothing.
    """
    shares: list[float] = []
    for letters in choices:
        n = len(letters)
        if n > 1:
            counts = Counter(letters)
            del counts[None]
            agreeing = sum(count * (count - 1) for count in counts.values())
            shares.append(agreeing / (n * (n - 1)))
    return float(np.mean(shares)) if shares else None


def fleiss_kappa(choices: Choices) -> tuple[float, int] | None:
    """Fleiss' kappa of the languages as raters, and the number of items it rests on (Fleiss 1971, Psychol. Bull. 76:378).

    κ = (P̄ - P̄e) / (1 - P̄e), P̄ the mean pairwise agreement, P̄e = Σ p_j² the agreement by chance at the letters' overall
    shares. Only items with a letter in every language count, since kappa needs the same number of raters throughout. None
    with no such item or a single language; 1 where all languages always choose one and the same letter.
    """
    width = max((len(letters) for letters in choices), default=0)
    whole = [letters for letters in choices if len(letters) == width and None not in letters]
    if width < 2 or not whole:
        return None
    codes = np.unique(np.array(whole, dtype=str), return_inverse=True)[1].reshape(len(whole), width)
    counts: NDArray[np.float64] = np.array([np.bincount(row, minlength=codes.max() + 1) for row in codes], dtype=np.float64)
    agreement = float(np.mean((np.sum(counts * counts, axis=1) - width) / (width * (width - 1))))
    chance = float(np.sum((counts.sum(axis=0) / counts.sum()) ** 2))
    kappa = 1.0 if chance >= 1.0 else (agreement - chance) / (1 - chance)
    return kappa, len(whole)
