"""``clara bench languages``: what each language costs a model's tokenizer, beside what runs measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.bench.options import MappingOption
from clara.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from clara.bench.languages.tokens import LanguageTokens


def languages(
    dataset: Annotated[str, typer.Argument(help="sample, a named set, or a file: parallel texts.")],
    tokenizer: Annotated[Path, typer.Option(metavar="PATH", help="tokenizer.json, or the folder of a model.")],
    run: Annotated[
        list[Path] | None, typer.Option("--run", metavar="DIR", help="Run folder to set beside it.", show_default=False)
    ] = None,
    mapping: MappingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tokens per word and the premium over English of each language, and their rank correlation with accuracy and gap."""
    from clara.bench.datasets import load_dataset
    from clara.bench.figures.results import metrics
    from clara.bench.figures.runs import read_runs
    from clara.bench.languages.beside import correlations
    from clara.bench.languages.tokens import language_tokens, to_json, tokenizer_counter
    from clara.cli.output import print_json, show
    from clara.config import load_settings

    data = load_dataset(dataset, mapping=mapping, home=load_settings().home, strict=False)
    rows = language_tokens(data, tokenizer_counter(tokenizer))
    premiums = {row.language: row.premium for row in rows if row.premium is not None}
    beside = correlations(premiums, metrics(read_runs(run))) if run else []
    if as_json:
        figures = {row.language: to_json(row) for row in rows}
        print_json({"tokenizer": str(tokenizer), "dataset": data.name, "languages": figures, "correlations": beside})
        return
    show(_tokens_table(rows))
    if beside:
        show(_correlation_table(beside))


def _tokens_table(rows: Sequence[LanguageTokens]) -> Table:
    from rich.table import Table

    table = Table(title="Tokens by language; premium: tokens over those of the same questions in English")
    for place, name in enumerate(("language", "script", "texts", "tokens per word", "premium [95 %]")):
        table.add_column(name, justify="left" if place < 2 else "right")
    for row in rows:
        premium = "–"
        if row.premium is not None and row.premium_ci95 is not None:
            low, high = row.premium_ci95
            premium = f"{row.premium:.2f} [{low:.2f}, {high:.2f}]"
        table.add_row(row.language, row.script, str(row.n), f"{row.tokens_per_word:.2f}", premium)
    return table


def _correlation_table(entries: Sequence[dict[str, Any]]) -> Table:
    from rich.table import Table

    from clara.bench.report.sheet import minus
    from clara.cli.wrapping import plain

    table = Table(title="Rank correlation of the premium with what was measured (Spearman)")
    for place, name in enumerate(("run", "with", "languages", "rho [95 %]")):
        table.add_column(name, justify="left" if place < 2 else "right")
    for entry in entries:
        rho = "–"
        if entry["rho"] is not None:
            rho = f"{entry['rho']:+.2f}"
        if entry["ci95"] is not None:
            low, high = entry["ci95"]
            rho += f" [{low:+.2f}, {high:+.2f}]"
        table.add_row(plain(entry["run"]), entry["with"], str(entry["n"]), minus(rho))
    return table
