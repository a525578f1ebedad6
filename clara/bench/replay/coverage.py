"""Which languages of a data set the backbone covers; asked before a run, so that none counts as wrong throughout."""

from __future__ import annotations

from clara.backbone.base import BackboneInfo
from clara.bench.datasets import Dataset
from clara.errors import UsageError


def uncovered_languages(data: Dataset, info: BackboneInfo) -> list[str]:
    """The languages of the data set, in its order, that the backbone does not cover."""
    if info.languages is None:
        return []
    uncovered: dict[str, None] = {}
    for item in data.items:
        if item.code not in info.languages:
            uncovered[item.language] = None
    return [language for language in data.languages if language in uncovered]


def refuse_uncovered(data: Dataset, info: BackboneInfo) -> None:
    """Refuse a run in a language that would have no answer at all.

    Raises:
        UsageError: the backbone does not cover a language of the data set; the message gives the languages to ask for.
    """
    uncovered = uncovered_languages(data, info)
    if not uncovered:
        return
    covered = [language for language in data.languages if language not in uncovered]
    name = "the embedded profile" if not info.uses_model else info.model
    remedy = f"replay the others with --languages {','.join(covered)}, or " if covered else ""
    raise UsageError(
        f"{name} does not cover {', '.join(uncovered)}, and no answer is no measurement: "
        f"{remedy}connect a model that does with --backbone URL"
    )
