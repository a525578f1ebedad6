"""``clara mcp``: the tools ``ask`` and ``search`` for MCP clients, over standard input and output."""

from __future__ import annotations

import typer

from clara.cli.options import (
    BackboneOption,
    ConfigOption,
    KbOption,
    ModelOption,
    NoCacheOption,
    ProfileOption,
    settings_of,
)

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def mcp(
    profile: ProfileOption = None,
    config: ConfigOption = None,
    backbone: BackboneOption = None,
    model: ModelOption = None,
    kb: KbOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """Offer CLARA to an MCP client, which starts this command itself; needs the extra mcp."""
    from importlib.util import find_spec

    from clara.errors import UsageError

    if find_spec("mcp") is None:
        raise UsageError("clara mcp needs a further package: pip install 'clara-agent[mcp]'")
    settings = settings_of(profile, config, backbone, model, kb, cache=False if no_cache else None)
    from clara.service.mcp import create_server

    create_server(settings).run("stdio")
