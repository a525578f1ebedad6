"""The same options behind other letters, so that a liking for a letter or a position cancels out.

Reference: Zheng et al., "Large Language Models Are Not Robust Multiple Choice Selectors", ICLR 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clara.tasks.model import AnswerIn
from clara.types import Option


def turned(inputs: AnswerIn, places: int) -> AnswerIn:
    """The same letters, in both wordings each with the text that stands ``places`` further on."""
    if not places:
        return inputs
    update = {"options": _rotated(inputs.options, places), "original_options": _rotated(inputs.original_options, places)}
    return inputs.model_copy(update=update)


def own_letter(letter: str, places: int, labels: Sequence[str]) -> str:
    """The question's own letter of what stood behind ``letter`` when the options were turned by ``places``."""
    return labels[(labels.index(letter) + places) % len(labels)]


def _rotated(options: tuple[Option, ...], places: int) -> tuple[Option, ...]:
    rotated: list[Option] = []
    for at, option in enumerate(options):
        rotated.append(replace(option, text=options[(at + places) % len(options)].text))
    return tuple(rotated)
