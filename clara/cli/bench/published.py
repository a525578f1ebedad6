"""``clara bench published``: metrics of recorded responses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clara.cli.bench.options import ExportOption, HtmlOption, output
from clara.cli.options import JsonOption


def published(
    responses: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="model,language,ID,response (default: as fetched)", show_default=False),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="ID,...,answer (default: as fetched)", show_default=False)
    ] = None,
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The texts, for the page and --clean.", show_default=False)
    ] = None,
    html: HtmlOption = None,
    clean: Annotated[bool, typer.Option("--clean", help="Also without the questions that an audit flags.")] = False,
    export: ExportOption = None,
    as_json: JsonOption = False,
) -> None:
    """The same metrics from recorded responses: your own, or those of nine systems that clara bench fetch gets."""
    from clara.bench.audit.cleaning import flagged_by
    from clara.bench.datasets import load_dataset
    from clara.bench.figures.published import read_published
    from clara.config import load_settings
    from clara.errors import UsageError

    if responses is None and answers is None:
        folder = load_settings().home / "datasets" / "multi-ophthalingua"
        responses, answers = folder / "published_responses.csv", folder / "answers.csv"
        questions = questions or folder / "questions.csv"
        if not responses.is_file():
            raise UsageError("give --responses FILE and --answers FILE, or run first: clara bench fetch multi-ophthalingua")
    if responses is None or answers is None:
        raise UsageError("give --responses and --answers together")
    texts = None if questions is None else load_dataset(questions, strict=False)
    flagged = None
    if clean:
        if texts is None:
            raise UsageError("--clean needs the texts to audit: give --questions FILE")
        flagged = flagged_by(texts)
    output(read_published(responses, answers, texts), html, as_json=as_json, exports=export or (), flagged=flagged)
