"""``clara doctor``: what is installed, in force, built and reachable. Looks at distributions without importing them."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    given,
    settings_of,
)
from clara.errors import ClaraError

if TYPE_CHECKING:
    from clara.backbone.base import BackboneInfo
    from clara.config import Settings

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_DISTRIBUTIONS = ("chromadb", "langgraph", "httpx", "torch", "sentence-transformers", "vllm")
_SEARCHES = {"pubmed": "https://eutils.ncbi.nlm.nih.gov", "wikipedia": "https://*.wikipedia.org"}


@app.command()
def doctor(
    profile: ProfileOption = None,
    config: ConfigOption = None,
    backbone: BackboneOption = None,
    model: ModelOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,  # noqa: ARG001
    quiet: QuietOption = False,  # noqa: ARG001
) -> None:
    """Show what is installed, configured and reachable; exit code 1 if something that is configured does not work."""
    settings = settings_of(profile, config, backbone, model, kb)
    flags = given(profile, backbone, model, kb)
    report: dict[str, Any] = {
        "installed": installed(),
        "settings": in_force(settings, sources(settings, flags, config)),
        "profile": profile_sets(settings),
        "home": {"path": str(settings.home), "writable": writable(settings.home)},
        "knowledge_bases": [knowledge_base(settings, name) for name in settings.kb],
        "telemetry": "off",
        "network": addresses(settings),
        "backbones": [reach(settings, url) for url in settings.backbone] if settings.uses_model else [],
    }
    healthy = report["home"]["writable"] and all(entry["reachable"] for entry in report["backbones"])
    report["healthy"] = healthy
    from clara.cli.output import print_json

    if as_json:
        print_json(report)
    else:
        _show(report)
    if not healthy:
        raise typer.Exit(1)


def installed() -> dict[str, str | None]:
    """Name to version, None where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    from clara import __version__

    found: dict[str, str | None] = {"python": platform.python_version(), "clara": __version__}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def profile_sets(settings: Settings) -> dict[str, Any]:
    """The profile at work and the settings that it brings."""
    from clara.config import PROFILES

    return {"name": settings.profile, "sets": PROFILES[settings.profile]}


def sources(settings: Settings, flags: Mapping[str, Any], config: Path | None) -> dict[str, str]:
    """Where each setting comes from, in the words that the reader would look for."""
    from clara import config as configuration

    path = config or configuration.default_config_path(os.environ)
    places: dict[str, str] = {}
    places |= dict.fromkeys(configuration.PROFILES[settings.profile], f"profile {settings.profile}")
    places |= dict.fromkeys(configuration._from_file(config, os.environ), str(path))
    places |= {name: f"CLARA_{name.upper()}" for name in configuration._from_environment(os.environ)}
    return places | {name: f"--{name}" for name in flags}


def in_force(settings: Settings, places: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Value and origin of each setting; of a secret only whether it is set."""
    values = settings.public()
    values["backbone"] = [bare(url) for url in settings.backbone]
    for name in ("embedder", "chroma_url"):
        values[name] = bare(values[name]) if values[name] else values[name]
    for name in ("api_key", "chroma_token"):
        values[name] = "set" if getattr(settings, name) else None
    return {name: {"value": value, "from": places.get(name, "default")} for name, value in values.items()}


def bare(url: str) -> str:
    """An address without user name and password."""
    head, slashes, rest = url.partition("://")
    if not slashes:
        return url
    host, slash, path = rest.partition("/")
    return f"{head}://{host.rpartition('@')[2]}{slash}{path}"


def writable(folder: Path) -> bool:
    """True if the folder, or the nearest one above it that exists, may be written."""
    nearest = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def knowledge_base(settings: Settings, name: str) -> dict[str, Any]:
    """Whether it is built, with which embedder, or why it cannot be used."""
    from clara.knowledge.store import KnowledgeBase, kb_folder, missing_message

    folder = kb_folder(settings, name)
    entry: dict[str, Any] = {"name": name, "built": (folder / "record.sqlite").is_file(), "problem": None}
    if not entry["built"]:
        return {**entry, "problem": missing_message(name, folder)}
    from clara.knowledge.embedders import build_embedder

    try:
        base = KnowledgeBase.open(settings, name, build_embedder(settings))
    except ClaraError as error:
        return {**entry, "problem": str(error)}
    try:
        stats = base.stats()
    finally:
        base.close()
    return {**entry, **{key: stats[key] for key in ("documents", "passages", "embedder")}}


def addresses(settings: Settings) -> list[dict[str, str]]:
    """All addresses that CLARA would contact under these settings."""
    found = [("backbone", bare(url)) for url in settings.backbone if settings.uses_model]
    if settings.embedder.startswith(("http://", "https://")):
        found.append(("embedder", bare(settings.embedder)))
    elif settings.embedder != "embedded" and not Path(settings.embedder).exists():
        found.append(("embedder download", "https://huggingface.co"))
    if settings.chroma_url:
        found.append(("chroma", bare(settings.chroma_url)))
    found.extend((f"search {name}", _SEARCHES[name]) for name in settings.search)
    return [{"purpose": purpose, "address": address} for purpose, address in found]


def reach(settings: Settings, url: str) -> dict[str, Any]:
    """Whether the server at ``url`` answers, with what model and context length."""
    entry: dict[str, Any] = {
        "address": bare(url),
        "reachable": False,
        "model": None,
        "context_length": None,
        "problem": None,
    }
    one = settings.model_copy(update={"backbone": (url,), "retries": 0})
    try:
        info = _info(one)
    except ClaraError as error:
        return {**entry, "problem": str(error)}
    return {**entry, "reachable": True, "model": info.model, "context_length": info.context_length, "server": info.server}


def _info(settings: Settings) -> BackboneInfo:
    import asyncio

    from clara import assembly

    async def ask() -> BackboneInfo:
        backbone = assembly.build_backbone(settings)
        try:
            return await backbone.info()
        finally:
            await backbone.aclose()

    return asyncio.run(ask())


def _show(report: Mapping[str, Any]) -> None:
    from clara.cli.output import show
    from clara.cli.render import facts_table, plain

    def section(title: str, rows: list[tuple[str, str]]) -> None:
        show(plain(title, "bold"), facts_table([(f"  {name}", value) for name, value in rows]))

    section("Installed", [(name, version or "not installed") for name, version in report["installed"].items()])
    section("Settings that differ from the defaults", _settings_rows(report))
    section("Knowledge bases", [(entry["name"], _base_line(entry)) for entry in report["knowledge_bases"]])
    network = [(entry["purpose"], entry["address"]) for entry in report["network"]]
    section(
        "Network", [("telemetry", report["telemetry"]), *(network or [("addresses", "none: nothing leaves this machine")])]
    )
    if report["backbones"]:
        section("Backbone", [(entry["address"], _backbone_line(entry)) for entry in report["backbones"]])


def _settings_rows(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    profile, home = report["profile"], report["home"]
    brings = ", ".join(f"{name} = {value}" for name, value in profile["sets"].items()) or "nothing beyond the defaults"
    rows = [
        ("profile", f"{profile['name']} (sets {brings}; from {report['settings']['profile']['from']})"),
        ("data folder", f"{home['path']} ({'writable' if home['writable'] else 'NOT WRITABLE; set CLARA_HOME to another'})"),
    ]
    for name, entry in report["settings"].items():
        if entry["from"] != "default" and name != "profile":
            rows.append((name, f"{entry['value']} (from {entry['from']})"))
    return rows


def _base_line(entry: Mapping[str, Any]) -> str:
    if entry["problem"]:
        return entry["problem"]
    embedder = entry["embedder"]
    return (
        f"{entry['documents']} documents, {entry['passages']} passages, "
        f"embedder {embedder['name']} ({embedder['dimension']} dimensions, {embedder['fingerprint']})"
    )


def _backbone_line(entry: Mapping[str, Any]) -> str:
    if not entry["reachable"]:
        return entry["problem"]
    length = f"{entry['context_length']} tokens of context" if entry["context_length"] else "context length unknown"
    return f"{entry['model']}, {length}"
