"""``clara init``: a short setup that writes the settings file once; every question has a default and a flag."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.options import BackboneOption, ConfigOption, ModelOption, ProfileName, ProfileOption
from clara.errors import ClaraError, DataError, SettingsError, UsageError, WriteError
from clara.files import PRIVATE, make_folder, private_file, replace_file

if TYPE_CHECKING:
    from clara.config import Settings

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_OFFERED = ".setup-offered"
"""A file in the data folder that says that the chat has offered the setup already."""
_TEST_QUESTION = "What is the cornea?"


@app.command()
def init(
    profile: ProfileOption = None,
    backbone: BackboneOption = None,
    model: ModelOption = None,
    language: Annotated[
        str | None,
        typer.Option("--language", "-l", metavar="L", help="Of the interface; auto follows the system.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: flags, and defaults for the rest.")] = False,
    test: Annotated[bool, typer.Option("--test/--no-test", help="Make a test call at the end.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Set up again although there is a settings file.")] = False,
    config: ConfigOption = None,
) -> None:
    """Set CLARA up: which profile, which server, which language; then a test call."""
    from clara.config import default_config_path, locale_language

    spoken = locale_language()
    path = config or default_config_path(os.environ)
    if path.exists() and not force:
        _say("setup_exists", spoken, path=path)
        return
    given = {"profile": profile.value if profile else None, "backbone": backbone, "model": model, "language": language}
    set_up(path, {name: value for name, value in given.items() if value}, ask=not yes, test=test, spoken=spoken)


def offer_setup(settings: Settings) -> tuple[Settings, str]:
    """Offer the setup before the first chat, once.

    Returns:
        The settings in force afterwards, and what was typed instead of a yes or no: it is the first question.
    """
    from clara.config import default_config_path, load_settings, locale_language

    marker, path = settings.home / _OFFERED, default_config_path(os.environ)
    if path.exists() or marker.exists():
        return settings, ""
    try:
        private_file(marker)
    except OSError:
        return settings, ""  # where nothing can be kept, an offer would come every time
    spoken = settings.interface_language or locale_language()
    said = _asked("setup_offer", spoken)
    if not _is_yes(said, spoken):
        _say("setup_later", spoken)
        return settings, said if " " in said else ""
    set_up(path, {}, ask=True, test=True, spoken=spoken)
    return load_settings(), ""


def set_up(path: Path, given: Mapping[str, Any], *, ask: bool, test: bool, spoken: str) -> None:
    """Ask for what is not given, write the file, build the knowledge base if it is wanted, make a test call.

    Raises:
        SettingsError: the answers do not fit together, or the old file is broken.
        DataError: the file cannot be written.
    """
    from clara.config import load_settings
    from clara.language.codes import SEVEN, get_language

    profile = given.get("profile") or ("remote" if given.get("backbone") else None)
    if profile is None:
        profile = _choose("setup_profile", [name.value for name in ProfileName], "embedded", spoken) if ask else "embedded"
    answers: dict[str, Any] = {"profile": profile}
    if profile != "embedded":
        default = "http://127.0.0.1:8000/v1"
        answers["backbone"] = given.get("backbone") or [_ask("setup_backbone", default, spoken) if ask else default]
        if ask:
            _say("setup_key", spoken)
        answers["model"] = given.get("model") or (_ask("setup_model", "", spoken) if ask else "") or None
    language = given.get("language") or (_choose("setup_language", ["auto", *SEVEN], "auto", spoken) if ask else "auto")
    answers["interface_language"] = None if language == "auto" else get_language(language).code
    write_settings(path, answers)
    spoken = answers["interface_language"] or spoken
    _say("setup_written", spoken, path=path)
    settings = load_settings(config=path)
    if ask:
        _offer_build(settings, spoken)
    if test:
        _test_call(settings, spoken)


def write_settings(path: Path, answers: Mapping[str, Any]) -> None:
    """Write the answers over the file's, mode 0600; settings that the setup does not ask about stay, None removes one.

    Raises:
        SettingsError: the answers do not fit together, or the old file is broken.
        DataError: the file cannot be written.
    """
    from clara.config import load_settings, read_settings_file

    kept = read_settings_file(path) if path.exists() else {}
    values = {name: value for name, value in {**kept, **answers}.items() if value is not None}
    if answers.get("profile") == "embedded":
        values = {name: value for name, value in values.items() if name not in ("backbone", "model")}
    load_settings(values, config=path if path.exists() else None, environ={"CLARA_HOME": str(path.parent)})
    text = "# Written by clara init. docs/contract.md lists the settings; an API key belongs into CLARA_API_KEY.\n"
    text += "".join(f"{name} = {toml(value)}\n" for name, value in values.items())
    if tomllib.loads(text) != values:
        raise SettingsError(f"{path} holds a value that clara init cannot write again; edit the file by hand")
    try:
        make_folder(path.parent)
        replace_file(path, text.encode(), mode=PRIVATE)
    except WriteError as error:
        raise DataError(f"cannot write the settings file {path}: {error.reason}") from None


def toml(value: Any) -> str:
    """A value of a settings file; strings as JSON writes them, which TOML reads alike."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(str(name))} = {toml(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=True)


def _offer_build(settings: Settings, spoken: str) -> None:
    from clara.cli.kb.build import SHIPPED, build
    from clara.knowledge.index.folder import kb_folder

    if SHIPPED not in settings.kb or (kb_folder(settings, SHIPPED) / "record.sqlite").is_file():
        return
    if _is_yes(_asked("setup_build", spoken), spoken):
        build()


def _test_call(settings: Settings, spoken: str) -> None:
    """One question without evidence: it shows that somebody answers, not that the answer is good."""
    import asyncio
    import time

    from clara.api import Clara

    async def call() -> str:
        async with Clara(settings) as clara:
            await clara.aask(_TEST_QUESTION, strategy="direct")
            return (await clara.info()).model if settings.uses_model else settings.profile

    begin = time.perf_counter()
    try:
        _say("setup_test", spoken)
        model = asyncio.run(call())
    except ClaraError as error:
        _say("setup_fails", spoken, reason=error)
        return
    _say("setup_works", spoken, model=model, seconds=f"{time.perf_counter() - begin:.1f}")


def _say(key: str, language: str, /, **values: object) -> None:
    from clara.cli.safe import clean
    from clara.language.messages import say

    typer.echo(clean(say(key, language, **values)))


def _ask(key: str, default: str, language: str) -> str:
    from clara.language.messages import say

    return str(typer.prompt(say(key, language), default=default, show_default=bool(default))).strip()


def _choose(key: str, choices: list[str], default: str, language: str) -> str:
    while (chosen := _ask(key, default, language).lower()) not in choices:
        _say("setup_choices", language, choices=", ".join(choices))
    return chosen


def _asked(key: str, language: str) -> str:
    """What was typed; nothing on Ctrl-C."""
    from clara.language.messages import say

    try:
        said = typer.prompt(f"{say(key, language)} [{say('yes_no', language)}]", default="", show_default=False)
    except (typer.Abort, UsageError):
        return ""
    return str(said).strip()


def _is_yes(said: str, language: str) -> bool:
    """Yes in the interface language or in English; anything else is no."""
    from clara.language.messages import say

    return said.lower() in {*say("yes_words", language).split(), *say("yes_words", "en").split()}
