"""How many tokens a language costs: fertility, and the premium over English on parallel texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clara.bench.datasets import Dataset, Item
from clara.bench.parity import percentile_interval, resampled_means
from clara.errors import DataError
from clara.language.codes import LANGUAGES
from clara.language.text import words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class LanguageTokens:
    """One language of a data set under one tokenizer."""

    language: str
    code: str
    script: str
    """ISO 15924."""
    n: int
    """Texts: questions with their options."""
    words: int
    """A Chinese character counts as a word, as in every figure here."""
    tokens: int
    premium: float | None
    """Tokens over those of the same questions in English; None without English."""
    premium_ci95: tuple[float, float] | None

    @property
    def tokens_per_word(self) -> float:
        """Fertility (Rust et al. 2021, arXiv 2012.15613, sec. 3.1)."""
        return self.tokens / self.words if self.words else 0.0


def tokenizer_counter(path: Path) -> CountTokens:
    """Counts with a ``tokenizer.json``, or with that of a model's folder; special tokens are left out.

    Raises:
        DataError: there is none, or it cannot be read.
    """
    from tokenizers import Tokenizer

    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise DataError(f"there is no tokenizer {file}")
    try:
        tokenizer: Tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001 - the library raises bare exceptions
        raise DataError(f"{file} is no tokenizer: {error}") from None

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    return count


def text_of(item: Item) -> str:
    """The question with its options, a line each."""
    lines = [item.question.text]
    for option in item.question.options:
        lines.append(f"{option.label}) {option.text}")
    return "\n".join(lines)


def language_tokens(data: Dataset, count: CountTokens) -> list[LanguageTokens]:
    """A row for each language, in the data's order.

    The premium is Σ tokens of the language / Σ tokens of English over the questions that both have (Petrov et al. 2023,
    arXiv 2305.15425, sec. 3), with the 95 % interval of a bootstrap of whole questions. Only parallel data has one.
    """
    tokens: dict[str, dict[str, int]] = defaultdict(dict)
    word_counts: dict[str, int] = defaultdict(int)
    codes: dict[str, str] = {}
    for item in data.items:
        text = text_of(item)
        tokens[item.language][item.id] = count(text)
        word_counts[item.language] += len(words(text))
        codes[item.language] = item.code
    english = tokens.get("english", {}) if data.parallel else {}
    rows: list[LanguageTokens] = []
    for language in data.languages:
        premium, bounds = _premium(tokens[language], english)
        code = codes[language]
        script = LANGUAGES[code].script if code in LANGUAGES else ""
        counts = (len(tokens[language]), word_counts[language], sum(tokens[language].values()))
        rows.append(LanguageTokens(language, code, script, *counts, premium, bounds))
    return rows


def _premium(own: dict[str, int], english: dict[str, int]) -> tuple[float | None, tuple[float, float] | None]:
    pairs: list[tuple[float, float]] = []
    for question, tokens in own.items():
        if question in english:
            pairs.append((float(tokens), float(english[question])))
    if not pairs:
        return None, None
    columns = np.array(pairs, dtype=np.float64)
    samples = resampled_means(columns)
    totals = columns.sum(axis=0)
    return float(totals[0] / totals[1]), percentile_interval(samples[:, 0] / samples[:, 1])


def to_json(row: LanguageTokens) -> dict[str, Any]:
    """The row in the shape of ``clara bench languages --json``."""
    return {
        "code": row.code,
        "script": row.script,
        "n": row.n,
        "words": row.words,
        "tokens": row.tokens,
        "tokens_per_word": row.tokens_per_word,
        "premium": row.premium,
        "premium_ci95": None if row.premium_ci95 is None else list(row.premium_ci95),
    }
