"""``clara bench fetch``: get a public benchmark for use offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clara.cli.options import JsonOption, QuietOption


def fetch(
    dataset: Annotated[str, typer.Argument(help="multi-ophthalingua")],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder.", show_default=False)] = None,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Keep content that differs from the pinned sums.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Download questions, answers and recorded responses from the authors' repository."""
    from clara.bench.datasets.fetch import fetch_multi_ophthalingua
    from clara.bench.datasets.named import BY_NAME
    from clara.cli.options import settings_of
    from clara.cli.output import print_json, tell
    from clara.cli.safe import clean
    from clara.errors import UsageError

    known = BY_NAME.get(dataset.lower())
    if known is None:
        raise UsageError(f"clara bench fetch knows multi-ophthalingua, not {dataset!r}")
    if known.name != "multi-ophthalingua":
        hint = f"{known.name} is read from the hub by its name: clara bench run {known.name}"
        raise UsageError(f"clara bench fetch knows multi-ophthalingua, not {dataset!r}; {hint}")
    folder = out or settings_of().home / "datasets" / known.name
    is_silent = quiet or as_json

    def progress(text: str) -> None:
        if not is_silent:
            tell(text)

    fetched = fetch_multi_ophthalingua(folder, unverified=unverified, progress=progress)
    if as_json:
        print_json(fetched.to_json())
        return
    for name in fetched.unconfirmed:
        tell(f"note: {name} differs from its pinned SHA-256")
    typer.echo(clean(f"{fetched.folder}: 164 questions in 7 languages and the responses of nine systems. Go on with"))
    typer.echo(clean(f"  clara bench audit {fetched.questions if out else known.name}"))
    typer.echo(clean(f"  clara bench published --responses {fetched.responses} --answers {fetched.answers}"))
