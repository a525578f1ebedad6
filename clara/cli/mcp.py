"""``clara mcp``: the tools ``ask`` and ``search`` for MCP clients, over standard input and output."""

from __future__ import annotations

import typer

from clara.cli.options import NOTHING_GIVEN, CommonOptions, NoCacheOption, grouped, without_cache

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
@grouped
def mcp(common: CommonOptions = NOTHING_GIVEN, no_cache: NoCacheOption = False) -> None:
    """Offer CLARA to an MCP client, which starts this command itself; needs the extra mcp."""
    from importlib.util import find_spec

    from clara.errors import UsageError

    if find_spec("mcp") is None:
        raise UsageError("clara mcp needs a further package: pip install 'clara-agent[mcp]'")
    settings = common.settings(cache=without_cache(no_cache))
    from clara.service.mcp import create_server

    create_server(settings).run("stdio")
