"""What the benchmark commands share: options, lists in one value, and how a metrics document is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from clara.bench.figures.runs import Run

HtmlOption = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a report page.", show_default=False)]

MappingOption = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE", help="TOML file: what the columns mean.", show_default=False),
]

ExportOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--export", metavar="FILE", help="Write .csv, .jsonl, .parquet, .tex or .md; repeatable.", show_default=False
    ),
]


ScorerOption = Annotated[
    str, typer.Option("--scorer", metavar="S,...", help="Further scores: exact, f1, chrf or your own.", show_default=False)
]

PricesOption = Annotated[
    Path | None, typer.Option("--prices", metavar="FILE", help="TOML file: prices of tokens.", show_default=False)
]

ImportOption = Annotated[
    list[str] | None,
    typer.Option("--import", metavar="MODULE", help="A module or .py file with parts of your own.", show_default=False),
]


def split(text: str) -> list[str]:
    """The values of a list such as ``a, b,c``."""
    return [part.strip() for part in text.split(",") if part.strip()]


def output(
    runs: Sequence[Run],
    page: Path | None,
    *,
    as_json: bool,
    exports: Sequence[Path] = (),
    flagged: Mapping[str, Sequence[str]] | None = None,
    scorers: str = "",
    prices: Path | None = None,
) -> None:
    """Print the metrics of runs as tables or JSON, and write the page and the exports that are wanted.

    ``flagged`` gives what an audit found, by question id; the figures without these questions are then shown as well.
    """
    from clara.bench.audit.cleaning import recorded_flags
    from clara.bench.evaluation.results import choose_scorers
    from clara.bench.figures.money import money_figures, read_prices
    from clara.bench.figures.results import metrics, with_clean
    from clara.bench.figures.scores import score_figures
    from clara.bench.report import write_html
    from clara.bench.report.export import export
    from clara.cli.bench.tables import tables
    from clara.cli.output import print_json, show

    document = metrics(runs) if flagged is None else with_clean(runs, flagged)
    if scorers:
        document["scores"] = score_figures(runs, choose_scorers(split(scorers)))
    if prices is not None:
        document["money"] = money_figures(document, runs, read_prices(prices))
    if page is not None:
        write_html(page, document, runs, recorded_flags(runs) if flagged is None else flagged)
    for path in exports:
        export(path, document, runs)
    if as_json:
        print_json(document)
    else:
        show(*tables(document))
