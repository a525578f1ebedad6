"""Scores of an answer beside right and wrong: exact match, F1 and chrF, and those of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clara.bench.scoring.scoring import is_same_text, letter_outcome, token_f1
from clara.errors import UsageError


@dataclass(frozen=True, slots=True)
class Response:
    """What a scorer reads: an answer, and what is right."""

    text: str
    """As it was given to the asker; empty where there is none."""
    label: str | None
    """The letter that was chosen."""
    gold: str
    """The right letter as in :class:`clara.bench.Item`; empty for free text."""
    references: tuple[str, ...]
    """Texts of which any is right; empty for multiple choice."""
    language: str
    """ISO code of the question's language."""
    question: str
    """As it was asked."""
    options: Mapping[str, str]
    outcome: str
    """``correct``, ``wrong``, ``unparsed``, ``no_response`` or ``abstained``."""
    record: Mapping[str, Any]
    """The line of the journal, for all else."""


Scorer = Callable[[Response], float | None]
"""A score from 0 to 1, more is better; None where the answer is none of its business, which is then left out."""


def exact(response: Response) -> float | None:
    """1 for the right letter, or a text that equals a reference but for case, accents, punctuation and articles."""
    if response.gold:
        is_right = response.label is not None and letter_outcome(response.label, response.gold) == "correct"
        return float(is_right)
    if not response.references:
        return None
    return float(any(is_same_text(response.text, reference) for reference in response.references))


def f1(response: Response) -> float | None:
    """Best token F1 over the references (Rajpurkar et al. 2016, arXiv 1606.05250); a Chinese character is a token."""
    return _best(response, token_f1)


def chrf(response: Response) -> float | None:
    """Best chrF over the references: F2 of character 1- to 6-grams without spaces (Popović 2015, WMT), for any script.

    Raises:
        UsageError: sacrebleu is not installed.
    """
    try:
        from sacrebleu.metrics.chrf import CHRF
    except ImportError:
        raise UsageError("the scorer chrf needs sacrebleu: pip install 'clara-agent[bench]'") from None
    metric = CHRF()

    def score(text: str, reference: str) -> float:
        return metric.sentence_score(text, [reference]).score / 100

    return _best(response, score)


def _best(response: Response, score: Callable[[str, str], float]) -> float | None:
    if not response.references:
        return None
    return max(score(response.text, reference) for reference in response.references)


BUILT_IN: Mapping[str, Scorer] = {"exact": exact, "f1": f1, "chrf": chrf}


def response_of(record: Mapping[str, Any]) -> Response:
    """What a scorer reads, from a record of a journal."""
    answer = record.get("answer")
    path: Mapping[str, Any] = answer if isinstance(answer, Mapping) else {}
    text = path.get("answer") or record.get("reply") or (answer if isinstance(answer, str) else "")
    references: Sequence[str] = record.get("references") or ()
    return Response(
        text=str(text),
        label=record.get("label"),
        gold=str(record.get("gold") or ""),
        references=tuple(references),
        language=str(record.get("code") or record["language"]),
        question=str(path.get("question") or ""),
        options=dict(path.get("options") or {}),
        outcome=str(record["outcome"]),
        record=record,
    )
