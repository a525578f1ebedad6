"""Which of some languages is a text most likely in? The statistics of py3langid, for where small words say too little.

py3langid (Barbaresi; after Lui and Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", ACL 2012) carries
its model in the package, so nothing is fetched. It knows 97 languages, but not Hindi in Latin letters, Hausa, Igbo, Yoruba.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import lru_cache
from typing import Any

_ITS_CODES = {"fil": "tl", "no": "nb"}
"""CLARA's code to that of py3langid, where they differ."""
_TEMPERATURE = 3.0
"""Scores are divided by this: naive Bayes takes neighbouring letters for independent and is far too sure of itself."""
LEAST = -6.0
"""The log-probability of what the statistics do not know or count as next to impossible: they err on short texts."""


def log_probabilities(text: str, codes: Collection[str]) -> dict[str, float]:
    """The natural logarithm of each language's probability among ``codes``, not below :data:`LEAST`.

    Args:
        text: at least one letter.
        codes: ISO 639 codes of the languages that come into question.
    """
    scores: dict[str, float] = dict(_identifier().rank(text))
    likelihoods: dict[str, float] = {}
    for code in codes:
        score = scores.get(_ITS_CODES.get(code, code))
        if score is not None:
            likelihoods[code] = float(score) / _TEMPERATURE
    if not likelihoods:
        return dict.fromkeys(codes, LEAST)
    highest = max(likelihoods.values())
    total = highest + math.log(sum(math.exp(value - highest) for value in likelihoods.values()))
    return {code: max(LEAST, likelihoods.get(code, -math.inf) - total) for code in codes}


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # its tables take a while to load

    return LanguageIdentifier.from_model_file(MODEL_FILE)
