"""``clara bench power``: before a run, how many questions show a gap, or which gap so many questions can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from clara.cli.options import JsonOption

_SHARES = (10.0, 20.0, 30.0, 40.0, 50.0)
"""Discordant shares in per cent that are tabulated where none is given."""


def power(
    gap: Annotated[float | None, typer.Option(help="The gap to see, in points.", show_default=False)] = None,
    questions: Annotated[int | None, typer.Option(min=1, help="The questions that there are.", show_default=False)] = None,
    discordant: Annotated[
        float | None, typer.Option(help="% of questions that only one side gets right.", show_default=False)
    ] = None,
    tests: Annotated[int, typer.Option(min=1, help="Tests at once, such as languages against English.")] = 1,
    wanted: Annotated[float, typer.Option("--power", help="Probability of seeing the gap, in %.")] = 80.0,
    as_json: JsonOption = False,
) -> None:
    """Questions that a gap needs, or the smallest gap that a number of questions can show (McNemar's test, p < 0.05)."""
    from rich.table import Table

    from clara.cli.output import print_json, show
    from clara.errors import UsageError

    if (gap is None) == (questions is None):
        raise UsageError("give --gap to learn how many questions it needs, or --questions to learn which gap they show")
    rows: list[dict[str, Any]] = []
    for share in _shares(gap) if discordant is None else (discordant,):
        rows.append(_row(gap, questions, share, tests, wanted))
    if as_json:
        print_json({"power": wanted, "tests": tests, "rows": rows})
        return
    table = Table(title=f"Paired questions, McNemar's test, {wanted:g} % power, p < 0.05 over {tests} test(s)")
    for name in ("discordant", "gap in points", "questions"):
        table.add_column(name, justify="right")
    for row in rows:
        visible = "none" if row["gap"] is None else f"{row['gap']:.1f}"
        table.add_row(f"{row['discordant']:g} %", visible, f"{row['questions']:,}")
    show(table)


def _shares(gap: float | None) -> Sequence[float]:
    """The discordant shares that a gap leaves possible: it is never wider than they are."""
    widest = abs(gap or 0.0)
    possible = [share for share in _SHARES if share >= widest]
    return possible or [widest]


def _row(gap: float | None, questions: int | None, share: float, tests: int, wanted: float) -> dict[str, Any]:
    """One line: the discordant share with the gap and the questions that belong together."""
    from clara.bench.parity.power import ALPHA, questions_needed, smallest_visible_gap

    alpha = ALPHA / tests  # what Holm asks of the least of so many p values
    if gap is not None:
        needed = questions_needed(gap / 100, share / 100, alpha=alpha, power=wanted / 100)
        return {"discordant": share, "gap": gap, "questions": needed}
    visible = smallest_visible_gap(questions or 0, share / 100, alpha=alpha, power=wanted / 100)
    return {"discordant": share, "gap": None if visible is None else 100 * visible, "questions": questions}
