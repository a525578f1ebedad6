"""What a running replay shows: a live table on a terminal, a line now and then elsewhere, nothing if quiet."""

from __future__ import annotations

import threading
from operator import itemgetter
from typing import TYPE_CHECKING, Self

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

    from clara.bench.replay.tally import Score, Tally

LINE_SECONDS = 10.0


def line(tally: Tally) -> str:
    """The state of a replay in one line."""
    parts = [f"{tally.done:,} of {tally.total:,} items"]
    if tally.done < tally.total:
        left = tally.seconds_left
        parts.append(f"{tally.rate:.1f}/s")
        parts.append("waiting for the first reply" if left is None else f"{duration(left)} left")
    else:
        parts.append(duration(tally.seconds))
    answered = correct = 0
    for cell in tuple(tally.cells.values()):
        answered += cell.answered
        correct += cell.correct
    if answered:
        parts.append(f"{100 * correct / answered:.1f} % correct")
    if tally.usage["calls"]:
        parts.append(f"{tally.usage['calls']:,} calls")
        parts.append(f"{tally.usage['prompt_tokens'] + tally.usage['completion_tokens']:,} tokens")
    if tally.failed:
        parts.append(f"{tally.failed:,} without response")
    return ", ".join(parts)


def table(tally: Tally) -> RenderableType:
    """The state of a replay as a table: accuracy so far by language and strategy."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    from clara.bench.figures.runs import in_order
    from clara.cli.wrapping import plain

    cells = dict(tuple(tally.cells.items()))
    strategies = list(dict.fromkeys(map(itemgetter(0), cells)))
    grid = Table("language", box=None, pad_edge=False, header_style="dim")
    for strategy in strategies:
        grid.add_column(plain(strategy), justify="right")
    for language in in_order(map(itemgetter(1), cells), tally.languages):
        shares = [_share(cells.get((strategy, language))) for strategy in strategies]
        grid.add_row(plain(language), *shares)
    parts: list[RenderableType] = [
        Padding(ProgressBar(total=max(tally.total, 1), completed=tally.done), 0),  # a bar alone does not end its line
        plain(line(tally)),
    ]
    if cells:
        parts.append(grid)
    if tally.last_failure:
        failure = plain(f"last failure: {tally.last_failure}", "yellow")
        failure.no_wrap, failure.overflow = True, "ellipsis"
        parts.append(failure)
    return Group(*parts)


def _share(cell: Score | None) -> str:
    if cell is None:
        return ""
    return f"{100 * cell.correct / cell.answered:5.1f} % of {cell.answered:,}"


def duration(seconds: float) -> str:
    """Whole seconds as ``1 h 05 min``, ``3 min 20 s`` or ``8 s``."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    if whole >= 60:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole} s"


class Watch:
    """Shows a tally on standard error until it is left; the last line stays."""

    def __init__(self, tally: Tally, *, quiet: bool, console: Console | None = None) -> None:
        from rich.console import Console

        self._tally = tally
        self._quiet = quiet
        self._console = console or Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._over = threading.Event()
        self._live: Live | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._quiet:
            return self
        if self._console.is_terminal:
            from rich.live import Live

            self._live = Live(
                console=self._console, get_renderable=lambda: table(self._tally), refresh_per_second=4, transient=True
            )
            self._live.start()
        else:
            self._thread = threading.Thread(target=self._report, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        if self._live is not None:
            self._live.stop()
        if self._thread is not None:
            self._thread.join()
        if not self._quiet:
            typer.echo(line(self._tally), err=True)

    def _report(self) -> None:
        while not self._over.wait(LINE_SECONDS):
            typer.echo(line(self._tally), err=True)
