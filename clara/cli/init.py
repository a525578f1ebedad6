"""``clara init``: a short setup that writes the settings file once; every question has a default and a flag."""

from __future__ import annotations

import asyncio
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from clara.backbone.base import BackboneInfo
from clara.cli.kb.build import build_with_bar
from clara.cli.local_servers import LocalServer, find_servers
from clara.cli.options import BackboneOption, ConfigOption, ModelOption, ProfileName, ProfileOption, interface_of
from clara.cli.output import show
from clara.cli.render import answer_view, who_answers
from clara.cli.safe import clean
from clara.config import Settings, default_config_path, load_settings, locale_language, read_settings_file
from clara.errors import ClaraError, SettingsError, UsageError
from clara.files import PRIVATE, make_folder, replace_file
from clara.language.codes import SEVEN, get_language
from clara.language.messages import say
from clara.types import Answer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_OFFERED = ".setup-offered"
"""A file in the data folder that says that the chat has offered the setup already."""
_DEFAULT_SERVER = "http://127.0.0.1:8000/v1"


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
    test: Annotated[bool, typer.Option("--test/--no-test", help="Ask a question at the end.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Set up again although there is a settings file.")] = False,
    config: ConfigOption = None,
) -> None:
    """Set CLARA up: which server, which language; builds the knowledge base and asks a first question."""
    interface = locale_language()
    path = config or default_config_path(os.environ)
    if path.exists() and not force:
        _say("setup_exists", interface, path=path)
        return
    given = {"profile": profile.value if profile else None, "backbone": backbone, "model": model, "language": language}
    answers = {name: value for name, value in given.items() if value}
    set_up(path, answers, ask=not yes, test=test, interface=interface)


def offer_setup(settings: Settings) -> tuple[Settings, str]:
    """Offer the setup before the first chat, once.

    Returns:
        The settings in force afterwards, and what was typed instead of a yes or no: it is the first question.
    """
    marker, path = settings.home / _OFFERED, default_config_path(os.environ)
    if path.exists() or marker.exists():
        return settings, ""
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch(mode=PRIVATE)
    except OSError:
        return settings, ""  # where nothing can be kept, an offer would come every time
    interface = interface_of(settings)
    typed = _reply("setup_offer", interface)
    if not _is_yes(typed, interface):
        _say("setup_later", interface)
        if " " not in typed:
            return settings, ""
        return settings, typed
    set_up(path, {}, ask=True, test=True, interface=interface)
    return load_settings(), ""


def set_up(path: Path, given: Mapping[str, Any], *, ask: bool, test: bool, interface: str) -> None:
    """Ask for what is not given, write the file, build the knowledge base, ask a first question.

    Raises:
        SettingsError: the answers do not fit together, or the old file is broken.
        WriteError: the file cannot be written.
    """
    answers = _who(given, ask=ask, interface=interface)
    language = given.get("language")
    if language is None:
        language = "auto"
        if ask:
            language = _choose("setup_language", ["auto", *SEVEN], "auto", interface)
    answers["interface_language"] = None
    if language != "auto":
        interface = answers["interface_language"] = get_language(language).code
    write_settings(path, answers)
    _say("setup_written", interface, path=path)
    settings = load_settings(config=path)
    if test:
        _first_question(settings, interface)


def _who(given: Mapping[str, Any], *, ask: bool, interface: str) -> dict[str, Any]:
    """Who shall answer: as the flags say, else a server of this machine, else what is typed."""
    profile, servers = given.get("profile"), given.get("backbone")
    if profile is None and servers is None and ask:
        server = _local_server(interface)
        if server is not None:
            model = given.get("model") or _model_of(server, interface)
            return {"profile": "remote", "backbone": [server.url], "model": model}
        profile = _choose("setup_profile", [name.value for name in ProfileName], "embedded", interface)
    if profile is None:
        profile = "remote" if servers else "embedded"
    if profile == "embedded":
        return {"profile": profile}
    if servers is None:
        servers = [_DEFAULT_SERVER]
        if ask:
            servers = [_ask("setup_backbone", _DEFAULT_SERVER, interface)]
    model = given.get("model")
    if ask:
        _say("setup_key", interface)
        model = model or _ask("setup_model", "", interface)
    return {"profile": profile, "backbone": servers, "model": model or None}


def _local_server(interface: str) -> LocalServer | None:
    """A server of this machine that the user wants, looked for with their consent."""
    if not _is_yes(_reply("setup_look", interface, default=True), interface):
        return None
    servers = asyncio.run(find_servers())
    if not servers:
        _say("setup_none_here", interface)
    for server in servers:
        models = ", ".join(server.models[:5])
        _say("setup_here", interface, program=server.program, server=server.url, models=models or "?")
        if _is_yes(_reply("setup_use", interface, default=True), interface):
            return server
    return None


def _model_of(server: LocalServer, interface: str) -> str | None:
    """The model to ask for; the first that the server names is taken without a name in the settings."""
    if len(server.models) < 2:
        return None
    return _choose("setup_which_model", list(server.models), server.models[0], interface)


def write_settings(path: Path, answers: Mapping[str, Any]) -> None:
    """Write the answers over the file's, mode 0600; settings that the setup does not ask about stay, None removes one.

    Raises:
        SettingsError: the answers do not fit together, or the old file is broken.
        WriteError: the file cannot be written.
    """
    stored = read_settings_file(path) if path.exists() else {}
    values = {name: value for name, value in {**stored, **answers}.items() if value is not None}
    if answers.get("profile") == "embedded":
        values = {name: value for name, value in values.items() if name not in ("backbone", "model")}
    load_settings(values, config=path if path.exists() else None, environ={"CLARA_HOME": str(path.parent)})
    text = "# Written by clara init. docs/settings.md lists the settings; an API key belongs into CLARA_API_KEY.\n"
    for name, value in values.items():
        text += f"{name} = {toml(value)}\n"
    if tomllib.loads(text) != values:
        raise SettingsError(f"{path} holds a value that clara init cannot write again; edit the file by hand")
    make_folder(path.parent)
    replace_file(path, text.encode(), mode=PRIVATE)


def toml(value: Any) -> str:
    """A value of a settings file; strings as JSON writes them, which TOML reads alike."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(str(name))} = {toml(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=True)


def _first_question(settings: Settings, interface: str) -> None:
    """Build the knowledge base if it is missing, ask a real question and show its answer."""
    from clara.knowledge.shipped import is_missing

    try:
        if is_missing(settings):
            _say("setup_build", interface)
            build_with_bar(settings)
        question = say("setup_question", interface)
        _say("setup_test", interface, question=question)
        answer, info = asyncio.run(_answered(settings, question))
    except ClaraError as error:
        _say("setup_fails", interface, reason=error)
        return
    show(answer_view(answer, who=who_answers(info, settings.backbone, interface)))
    if answer.failure:
        _say("setup_fails", interface, reason=say("no_usable_reply", interface))
    else:
        _say("setup_works", interface, seconds=f"{answer.usage.seconds:.1f}")


async def _answered(settings: Settings, question: str) -> tuple[Answer, BackboneInfo]:
    """One search and one reply: it shows who answers and from what, and costs a slow model little."""
    from clara.api import Clara

    async with Clara(settings) as clara:
        answer = await clara.aask(question, strategy="rag")
        return answer, await clara.info()


def _say(key: str, language: str, /, **values: object) -> None:
    typer.echo(clean(say(key, language, **values)))


def _ask(key: str, default: str, language: str) -> str:
    return str(typer.prompt(say(key, language), default=default, show_default=bool(default))).strip()


def _choose(key: str, choices: list[str], default: str, language: str) -> str:
    by_spelling = {choice.lower(): choice for choice in choices}
    while True:
        typed = _ask(key, default, language).lower()
        if typed in by_spelling:
            return by_spelling[typed]
        _say("setup_choices", language, choices=", ".join(choices))


def _reply(key: str, language: str, *, default: bool = False) -> str:
    """What was typed; nothing on Ctrl-C, and the word for yes on Enter where that is the default."""
    question, yes_word = say(key, language), say("yes_words", language).split()[-1]
    try:
        if default:
            return str(typer.prompt(question, default=yes_word)).strip()
        return str(typer.prompt(f"{question} [{say('yes_no', language)}]", default="", show_default=False)).strip()
    except (typer.Abort, UsageError):
        return ""


def _is_yes(typed: str, language: str) -> bool:
    """Yes in the interface language or in English; anything else is no."""
    return typed.lower() in {*say("yes_words", language).split(), *say("yes_words", "en").split()}
