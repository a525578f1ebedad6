"""``clara bench report``: metrics of finished or partial runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clara.cli.bench.options import ExportOption, HtmlOption, ImportOption, PricesOption, ScorerOption, output
from clara.cli.options import JsonOption


def report(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Run folders.")],
    html: HtmlOption = None,
    clean: Annotated[bool, typer.Option("--clean", help="Also without the questions that an audit flags.")] = False,
    export: ExportOption = None,
    scorer: ScorerOption = "",
    prices: PricesOption = None,
    modules: ImportOption = None,
    as_json: JsonOption = False,
) -> None:
    """Metrics of finished or partial runs; never calls a model."""
    from clara.bench import plugins
    from clara.bench.audit.cleaning import flagged_in
    from clara.bench.figures.runs import read_runs
    from clara.cli.output import tell
    from clara.config import load_settings

    plugins.import_modules(modules or ())
    runs = read_runs(folders)
    flagged = flagged_in(runs, load_settings().home) if clean else None
    for run in runs:
        damaged = run.manifest.get("damaged_lines")
        if damaged:
            tell(f"{run.name}: damaged lines of the journal are left out: {', '.join(map(str, damaged))}")
    output(runs, html, as_json=as_json, exports=export or (), flagged=flagged, scorers=scorer, prices=prices)
