"""``clara bench audit``: what makes items of a data set unfair."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from clara.cli.bench.options import MappingOption
from clara.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import RenderableType

    from clara.bench.audit.audit import Audit


def audit(
    dataset: Annotated[str, typer.Argument(help="A named set, a hub name, a file or a folder.")],
    mapping: MappingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find lost options, answers given away, echoed sources, wrong scripts and more."""
    from clara.bench.audit.audit import audit_dataset
    from clara.bench.datasets import load_dataset
    from clara.cli.options import settings_of
    from clara.cli.output import print_json, show, tell

    data = load_dataset(dataset, mapping=mapping, home=settings_of().home, strict=False)
    found = audit_dataset(data)
    if as_json:
        print_json(found.to_json())
        return
    for note in data.notes:
        tell(f"note: {note}")
    show(*_report(found))


def _report(found: Audit) -> list[RenderableType]:
    """A table of counts, then the items of each problem."""
    from rich.table import Table

    from clara.bench.audit.audit import PROBLEMS
    from clara.cli.wrapping import plain

    head = f"{found.dataset}: {found.n_items} items, languages: {len(found.languages)}"
    if not found.problems:
        return [plain(f"{head}; nothing was found")]
    counts = f"problems: {len(found.problems)}, flagged questions: {len(found.flagged_ids())}"
    parts: list[RenderableType] = [plain(f"{head}; {counts}")]
    systematic = found.systematic()
    parts.extend(
        plain(f"{language}: {count} of {found.sizes[language]} items are {problem}: the whole column, so no item is flagged")
        for (language, problem), count in systematic.items()
    )
    by_problem = Counter(entry.problem for entry in found.problems)
    for problem in PROBLEMS:
        rows = [
            entry for entry in found.problems if entry.problem == problem and (entry.language, problem) not in systematic
        ]
        if not rows:
            continue
        table = Table(title=f"{problem} ({by_problem[problem]})", title_justify="left", expand=False)
        for column in ("question", "language", "what"):
            table.add_column(column, overflow="fold")
        for entry in rows:
            table.add_row(plain(entry.id), plain(entry.language), plain(entry.detail))
        parts.append(table)
    return parts
