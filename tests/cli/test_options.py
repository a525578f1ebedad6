"""The shared options: several as one parameter of a command, and what becomes a setting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from clara.cli.options import (
    NOTHING_GIVEN,
    CommonOptions,
    ProfileName,
    grouped,
    interface_of,
    settings_of,
    without_cache,
)
from clara.config import load_settings
from clara.errors import SettingsError

run = CliRunner()


@dataclass(frozen=True, slots=True)
class Colours:
    """A group with a variable of its own."""

    front: Annotated[str, typer.Option("--front", envvar="TEST_FRONT")] = "black"
    back: Annotated[list[str] | None, typer.Option("--back")] = None


def command(received: list[object]) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @grouped
    def paint(
        name: Annotated[str, typer.Argument()],
        colours: Colours = Colours(),
        loud: Annotated[bool, typer.Option("--loud")] = False,
    ) -> None:
        """Paint it."""
        received.extend((name, colours, loud))

    return app


def test_a_group_reaches_the_command_as_one_value() -> None:
    received: list[object] = []
    result = run.invoke(command(received), ["wall", "--back", "red", "--loud", "--back", "blue"])
    assert result.exit_code == 0, result.output
    assert received == ["wall", Colours("black", ["red", "blue"]), True]


def test_a_group_keeps_its_place_its_defaults_and_its_variables() -> None:
    received: list[object] = []
    app = command(received)
    names = [parameter.name for parameter in get_command(app).params]
    assert names[:4] == ["name", "front", "back", "loud"]
    assert run.invoke(app, ["wall"], env={"TEST_FRONT": "green"}).exit_code == 0
    assert received == ["wall", Colours("green", None), False]


def test_help_shows_the_options_of_a_group_and_the_docstring() -> None:
    result = run.invoke(command([]), ["--help"])
    assert "Paint it." in result.stdout
    assert result.stdout.index("--front") < result.stdout.index("--back") < result.stdout.index("--loud")


def test_what_is_not_given_is_no_setting() -> None:
    assert NOTHING_GIVEN.given() == {}
    assert CommonOptions(backbone=[], kb=[]).given() == {}
    assert CommonOptions(profile=ProfileName.remote, backbone=["http://a/v1"]).given() == {
        "profile": "remote",
        "backbone": ["http://a/v1"],
    }


def test_options_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('profile = "remote"\nbackbone = ["http://file/v1"]\nmodel = "of-the-file"\n', encoding="utf-8")
    settings = CommonOptions(config=file, model="of-the-flag").settings(samples=None)
    assert (settings.profile, settings.model, settings.backbone) == ("remote", "of-the-flag", ("http://file/v1",))
    assert settings.samples == load_settings().samples


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        CommonOptions(config=tmp_path / "none.toml").settings()


def test_a_command_with_few_options_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_KB", "mine")
    assert settings_of(kb=None).kb == ("mine",)
    assert settings_of(kb=["other"]).kb == ("other",)


def test_a_flag_that_can_only_switch_off_leaves_the_setting_alone() -> None:
    assert (without_cache(no_cache=True), without_cache(no_cache=False)) == (False, None)


def test_the_interface_follows_the_setting_and_then_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")
    assert interface_of(load_settings()) == "pt"
    assert interface_of(load_settings({"interface_language": "zh"})) == "zh"
