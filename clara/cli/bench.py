"""``clara bench``: replay a data set, and measure accuracy and its spread over languages."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.options import (
    BackboneOption,
    ConfigOption,
    DebugOption,
    JsonOption,
    KbOption,
    ModelOption,
    ProfileOption,
    QuietOption,
    settings_of,
)

if TYPE_CHECKING:
    from clara.agent.strategies import Strategy
    from clara.bench.datasets import Dataset
    from clara.bench.journal import Record
    from clara.bench.runner import Progress
    from clara.config import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, help="Benchmark replay.")

HtmlOption = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a report page.", show_default=False)]


@app.command()
def run(
    dataset: Annotated[str, typer.Argument(help="sample, or a CSV or JSONL file.")],
    strategy: Annotated[str | None, typer.Option("--strategy", "-s", help="S[,S...]", show_default=False)] = None,
    languages: Annotated[str, typer.Option("--languages", help="L,... (default: all)", show_default=False)] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="First N questions.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run folder.", show_default=False)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    repeat: Annotated[int, typer.Option("--repeat", min=1, help="Ask everything N times.")] = 1,
    without: Annotated[list[str] | None, typer.Option("--without", metavar="STEP", help="Leave a step out.")] = None,
    html: HtmlOption = None,
    profile: ProfileOption = None,
    config: ConfigOption = None,
    backbone: BackboneOption = None,
    model: ModelOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,  # noqa: ARG001
) -> None:
    """Answer every question of a data set and print the parity table."""
    from clara.agent.strategies import get_strategy
    from clara.bench.datasets import load_dataset
    from clara.bench.results import by_strategy, metrics
    from clara.errors import UsageError

    if resume and out is None:
        raise UsageError("--resume needs the run folder: give it with --out DIR")
    settings = settings_of(profile, config, backbone, model, kb)
    names = dict.fromkeys(_split(strategy or settings.strategy))
    chosen = [get_strategy(name).without(*(without or ())) for name in names]
    data = load_dataset(dataset).select(_split(languages), limit)
    folder = out or settings.home / "runs" / f"{data.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    records = _replay(settings, data, chosen, folder, resume=resume, repeat=repeat, quiet=quiet or as_json)
    _output(metrics(by_strategy(records)), html, as_json=as_json)


@app.command()
def report(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Run folders.")],
    html: HtmlOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,  # noqa: ARG001
) -> None:
    """Metrics of finished or partial runs; never calls a model."""
    from clara.bench.journal import read_run
    from clara.bench.results import by_strategy, metrics
    from clara.errors import JournalError

    runs: dict[str, list[Record]] = {}
    for folder in dict.fromkeys(folders):
        records = read_run(folder)[1]
        if not records:
            raise JournalError(f"{folder} holds no answers yet")
        runs |= by_strategy(records, prefix=f"{folder}: " if len(folders) > 1 else "")
    _output(metrics(runs), html, as_json=as_json)


@app.command()
def published(
    responses: Annotated[Path, typer.Option("--responses", metavar="FILE", help="model,language,ID,response")],
    answers: Annotated[Path, typer.Option("--answers", metavar="FILE", help="ID,...,answer")],
    html: HtmlOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,  # noqa: ARG001
) -> None:
    """The same metrics from recorded responses."""
    from clara.bench.results import metrics
    from clara.bench.results import published as read

    _output(metrics(read(responses, answers), "model"), html, as_json=as_json)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _output(document: dict[str, Any], page: Path | None, *, as_json: bool) -> None:
    from clara.bench.report import tables, write_html
    from clara.cli.output import print_json, show

    if page is not None:
        write_html(page, document)
    if as_json:
        print_json(document)
    else:
        for parity in tables(document):
            show(parity)


def _replay(
    settings: Settings,
    data: Dataset,
    strategies: list[Strategy],
    folder: Path,
    *,
    resume: bool,
    repeat: int,
    quiet: bool,
) -> list[Record]:
    import asyncio

    from clara.assembly import build_agent
    from clara.bench.journal import Journal
    from clara.bench.runner import manifest, replay
    from clara.prompts import PromptLibrary

    agent = build_agent(settings)
    total = len(data.items) * len(strategies) * repeat
    kept = 0

    async def work() -> list[Record]:
        nonlocal kept
        try:
            info = await agent.backbone.info()
            what = manifest(data, strategies, repeat, info.model, PromptLibrary(settings.prompts).fingerprint, settings)
            pool = settings.concurrency or (32 if info.uses_model else 8)
            with Journal(folder, what, resume=resume) as journal, _Progress(quiet) as shown:
                try:
                    return await replay(agent, data, strategies, journal, repeat=repeat, concurrency=pool, progress=shown)
                finally:
                    kept = len(journal.records)
        finally:
            await agent.backbone.aclose()

    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        typer.echo(f"interrupted: {kept} of {total} items kept; go on with --resume --out {folder}", err=True)
        raise typer.Exit(130) from None


class _Progress:
    """A bar on a terminal, a line now and then elsewhere, nothing if quiet."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        self._quiet = quiet
        self._bar = Bar(console=console) if console.is_terminal and not quiet else None
        self._task = self._bar.add_task("replay") if self._bar else None
        self._next = 0.0

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self._show

    def __exit__(self, *_exc: object) -> None:
        if self._bar:
            self._bar.stop()

    def _show(self, done: int, total: int) -> None:
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)
        elif not self._quiet and (time.monotonic() >= self._next or done == total):
            self._next = time.monotonic() + 10
            typer.echo(f"{done} of {total} items", err=True)
