"""The options that all commands share, and how they become settings. Imports nothing heavy."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from clara.config import Settings


class ProfileName(StrEnum):
    """The values of ``--profile``."""

    embedded = "embedded"
    vllm = "vllm"
    remote = "remote"


ProfileOption = Annotated[
    ProfileName | None, typer.Option("--profile", help="embedded (no model), vllm or remote.", show_default=False)
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings file (TOML).", show_default=False)
]
BackboneOption = Annotated[
    list[str] | None,
    typer.Option("--backbone", metavar="URL", help="Address of a model server; repeat for replicas.", show_default=False),
]
ModelOption = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Model to ask for.", show_default=False)]
KbOption = Annotated[
    list[str] | None, typer.Option("--kb", metavar="NAME", help="Knowledge base; may be repeated.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
LanguageOption = Annotated[
    str | None, typer.Option("--language", "-l", help="Code or English name; detected if left out.", show_default=False)
]
SamplesOption = Annotated[
    int | None,
    typer.Option("--samples", metavar="K", min=1, max=32, help="Ask K times and let the answers vote.", show_default=False),
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Take no reply from the cache, and keep none.")]
PermuteOption = Annotated[
    bool | None,
    typer.Option("--permute-options", help="Ask every rotation of the options and let them vote.", show_default=False),
]


def given(
    profile: ProfileName | None, backbone: list[str] | None, model: str | None, kb: list[str] | None
) -> dict[str, Any]:
    """The common options that were given, as settings."""
    values: dict[str, Any] = {
        "profile": profile.value if profile else None,
        "backbone": backbone or None,
        "model": model,
        "kb": kb or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def settings_of(
    profile: ProfileName | None = None,
    config: Path | None = None,
    backbone: list[str] | None = None,
    model: str | None = None,
    kb: list[str] | None = None,
    **more: Any,
) -> Settings:
    """The settings in force under these options; ``more`` are further settings, None where not given."""
    from clara.config import load_settings

    return load_settings({**given(profile, backbone, model, kb), **more}, config=config)
