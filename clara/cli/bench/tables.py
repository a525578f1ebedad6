"""The parity table on a terminal, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from clara.bench.report import notes, printable
from clara.bench.report.accuracy import TERMINAL, parity_sheet
from clara.bench.report.cost import cost_sheet, money_sheet
from clara.bench.report.sheet import Cell, Document, Sheet
from clara.bench.report.sheets import scores_sheet

TITLE = "Accuracy in % [95 % interval], gap to English in points (− behind)"
_SIDE_BY_SIDE = 2
"""Most runs that stand side by side in a terminal of 80 columns."""


def tables(document: dict[str, Any]) -> list[Table | Text]:
    """A column a run, as many side by side as fit; then the same without flagged items, and the notes."""
    shown: Document = printable(document)
    parts: list[Table | Text] = [*_parity(shown, TITLE)]
    for sheet in (cost_sheet(shown), money_sheet(shown), scores_sheet(shown)):
        if sheet.rows:
            parts.append(_plain_table(sheet))
    clean = shown.get("clean")
    if clean and clean["left_out"]:
        parts.extend(_parity(clean, f"Without {len(clean['left_out'])} flagged questions"))
    parts.extend(map(Text, notes(shown)))
    return parts


def _parity(document: Document, title: str) -> list[Table]:
    sheet = parity_sheet(document, TERMINAL)
    parts: list[Table] = []
    for first in range(0, len(sheet.rows), _SIDE_BY_SIDE):
        runs = sheet.rows[first : first + _SIDE_BY_SIDE]
        parts.append(_side_by_side(sheet, runs, title if first == 0 else None))
    return parts


def _plain_table(sheet: Sheet) -> Table:
    table = Table(title=sheet.caption)
    for place, name in enumerate(sheet.header):
        table.add_column(Text(name), justify="right" if place >= sheet.heads else "left", overflow="fold")
    for row in sheet.rows:
        table.add_row(*[Text(cell.brief) for cell in row])
    return table


def _side_by_side(sheet: Sheet, runs: Sequence[tuple[Cell, ...]], title: str | None) -> Table:
    table = Table(title=title)
    table.add_column("")
    for run in runs:
        table.add_column(Text(run[0].brief), justify="right")
    names = sheet.header[1:]
    for place, name in enumerate(names, 1):
        cells = [Text(run[place].brief) for run in runs]
        ends_languages = names[place : place + 1] == ("mean",)
        table.add_row(Text(name), *cells, end_section=ends_languages)
    return table
