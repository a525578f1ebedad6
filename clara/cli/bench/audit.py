"""``clara bench audit``: what makes items of a data set unfair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from clara.cli.bench.options import MappingOption
from clara.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from clara.bench.audit.audit import Audit, Finding


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
    audited = audit_dataset(data)
    if as_json:
        print_json(audited.to_json())
        return
    for note in data.notes:
        tell(f"note: {note}")
    show(*_report(audited))


def _report(audited: Audit) -> list[RenderableType]:
    """A table of counts, then the items of each problem."""
    from clara.bench.audit.audit import PROBLEMS
    from clara.cli.wrapping import plain

    head = f"{audited.dataset}: {audited.n_items} items, languages: {len(audited.languages)}"
    if not audited.problems:
        return [plain(f"{head}; nothing was found")]
    counts = f"problems: {len(audited.problems)}, flagged questions: {len(audited.flagged_ids())}"
    parts: list[RenderableType] = [plain(f"{head}; {counts}")]
    systematic = audited.systematic()
    for (language, problem), count in systematic.items():
        share = f"{count} of {audited.sizes[language]} items are {problem}"
        parts.append(plain(f"{language}: {share}: the whole column, so no item is flagged"))
    by_kind: dict[str, list[Finding]] = {}
    for entry in audited.problems:
        if (entry.language, entry.problem) not in systematic:
            by_kind.setdefault(entry.problem, []).append(entry)
    totals = Counter(entry.problem for entry in audited.problems)
    for kind in PROBLEMS:
        if kind in by_kind:
            parts.append(_table(f"{kind} ({totals[kind]})", by_kind[kind]))
    return parts


def _table(title: str, problems: Sequence[Finding]) -> Table:
    from rich.table import Table

    from clara.cli.wrapping import plain

    table = Table(title=title, title_justify="left", expand=False)
    for column in ("question", "language", "what"):
        table.add_column(column, overflow="fold")
    for problem in problems:
        table.add_row(plain(problem.id), plain(problem.language), plain(problem.detail))
    return table
