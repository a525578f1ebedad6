"""``clara bench compare``: a run against an earlier one, with an exit code for continuous integration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.table import Table

_LISTED = 20
"""Most regressions that are printed; --json has them all."""


def compare(
    before: Annotated[Path, typer.Argument(metavar="RUN", help="The earlier run folder.")],
    after: Annotated[Path, typer.Argument(metavar="RUN", help="The later run folder.")],
    fail_under: Annotated[
        float | None, typer.Option(help="Fail if the later mean accuracy, in %, is lower.", show_default=False)
    ] = None,
    max_gap: Annotated[
        float | None, typer.Option(help="Fail if a language is then further behind English, in points.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Paired differences per language, and every item that got worse; exit code 1 if a threshold is missed."""
    from clara.bench.figures.compare import compare_runs, failures
    from clara.bench.figures.runs import read_folders
    from clara.cli.output import print_json, show, tell
    from clara.errors import UsageError

    if before.resolve() == after.resolve():
        raise UsageError(f"{before} and {after} are the same run folder")
    earlier, later = read_folders([before, after])
    document = compare_runs(earlier, later)
    missed = list(failures(document, fail_under=fail_under, max_gap=max_gap))
    if as_json:
        print_json({**document, "failures": missed})
    else:
        for entry in document["comparisons"]:
            show(*_conditions(entry), _differences(entry), *_regressions(entry))
    for sentence in missed:
        tell(sentence)
    if missed:
        raise typer.Exit(1)


def _conditions(entry: dict[str, Any]) -> list[Any]:
    """What differs between the two runs, before any figure."""
    from clara.bench.figures.conditions import sentence
    from clara.cli.wrapping import plain

    lines = [f"{entry['after']} against {entry['before']}"]
    changes = entry["differs"]
    if not changes:
        lines.append("Nothing differs in model, prompts, data or settings, as far as they were recorded.")
    else:
        lines.append("What differs:")
        for change in changes:
            lines.append(f"  {sentence(change)}")
    if not entry["same_dataset"]:
        lines.append("The two runs are on different data sets: items are matched by their id alone.")
    return list(map(plain, lines))


def _differences(entry: dict[str, Any]) -> Table:
    from rich.table import Table

    from clara.bench.report.sheet import signed
    from clara.cli.wrapping import plain

    table = Table(title=plain(f"{entry['after']} against {entry['before']}, accuracy in %"))
    for name in ("", "before", "after", "difference [95 %]", "worse", "better", "p (Holm)"):
        table.add_column(name, justify="right" if name else "left")
    for language, cell in entry["languages"].items():
        low, high = cell["ci95"]
        test = cell["mcnemar"]
        table.add_row(
            plain(language),
            f"{cell['before']:.1f}",
            f"{cell['after']:.1f}",
            f"{signed(cell['difference'])} [{signed(low, 0)}, {signed(high, 0)}]",
            str(test["c"]),
            str(test["b"]),
            "< 0.001" if test["p_holm"] < 0.001 else f"{test['p_holm']:.3f}",
        )
    table.add_section()
    mean = entry["mean"]
    table.add_row("mean", f"{mean['before']:.1f}", f"{mean['after']:.1f}", signed(mean["after"] - mean["before"]))
    gap, spread = entry["largest_gap"], entry["max_min_gap"]
    if gap["before"] is not None and gap["after"] is not None:
        change = signed(gap["after"] - gap["before"])
        table.add_row("lowest gap", signed(gap["before"]), signed(gap["after"]), change)
    change = signed(spread["after"] - spread["before"])
    table.add_row("max − min", f"{spread['before']:.1f}", f"{spread['after']:.1f}", change)
    return table


def _regressions(entry: dict[str, Any]) -> list[Any]:
    from clara.cli.wrapping import plain

    worse = entry["regressions"]
    lines = [f"{len(worse)} items got worse, {len(entry['improvements'])} better."]
    for item in worse[:_LISTED]:
        lines.append(f"  {item['id']} {item['language']}: {item['before']} → {item['after']}")
    if len(worse) > _LISTED:
        lines.append(f"  and {len(worse) - _LISTED} more: --json lists them all")
    return list(map(plain, lines))
