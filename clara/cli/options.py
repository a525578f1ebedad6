"""The options that all commands share, and how they become settings. Imports nothing heavy."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

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


@dataclass(frozen=True, slots=True)
class CommonOptions:
    """The options of every command that answers, as one parameter: see :func:`grouped`."""

    profile: ProfileOption = None
    config: ConfigOption = None
    backbone: BackboneOption = None
    model: ModelOption = None
    kb: KbOption = None

    def given(self) -> dict[str, Any]:
        """Those that were given, as settings."""
        values = _present({"backbone": self.backbone, "model": self.model, "kb": self.kb})
        if self.profile is not None:
            values["profile"] = self.profile.value
        return values

    def settings(self, **more: Any) -> Settings:
        """The settings in force under these options; ``more`` are further settings, None where not given."""
        from clara.config import load_settings

        return load_settings({**self.given(), **more}, config=self.config)


NOTHING_GIVEN = CommonOptions()


def settings_of(config: Path | None = None, **more: Any) -> Settings:
    """The settings in force for a command that has few of the common options; None and an empty list are not given."""
    from clara.config import load_settings

    return load_settings(_present(more), config=config)


def interface_of(settings: Settings) -> str:
    """The language of the interface: as the settings say, else the system's."""
    from clara.config import locale_language

    return settings.interface_language or locale_language()


def _present(values: dict[str, Any]) -> dict[str, Any]:
    """Less those that were not given: None, or no value of an option that may be repeated."""
    return {name: value for name, value in values.items() if value not in (None, [])}


def without_cache(no_cache: bool) -> bool | None:
    """The setting ``cache`` of a flag that can only switch it off: None where it was not given."""
    return False if no_cache else None


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take several options as one parameter, whose type is a dataclass of them.

    Typer reads one option from each parameter, so it is shown a signature with the fields in the place of the group.
    """
    parameters: list[inspect.Parameter] = []
    groups: dict[str, Any] = {}
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if not is_dataclass(parameter.annotation):
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        groups[parameter.name] = parameter.annotation
        hints = get_type_hints(parameter.annotation, include_extras=True)
        for option in fields(parameter.annotation):
            parameters.append(
                inspect.Parameter(
                    option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=hints[option.name]
                )
            )

    @wraps(command)
    def run(**values: Any) -> None:
        for name, group in groups.items():
            members = [option.name for option in fields(group)]
            values[name] = group(**{member: values.pop(member) for member in members})
        command(**values)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run
