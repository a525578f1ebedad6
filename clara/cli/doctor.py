"""``clara doctor``: what is installed, in force, built and reachable. Looks at distributions without importing them."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import typer

from clara import resources
from clara.agent.strategies import STRATEGIES, max_calls
from clara.cli.options import NOTHING_GIVEN, CommonOptions, JsonOption, grouped
from clara.cli.output import print_json, show
from clara.cli.render import facts_table
from clara.cli.wrapping import plain
from clara.config import PROFILES, Settings, default_config_path, environment_settings, masked, read_settings_file
from clara.errors import ClaraError
from clara.language.codes import language_name
from clara.serving.engine import find_engines
from clara.serving.hardware import find_gpus

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_DISTRIBUTIONS = ("chromadb", "langgraph", "httpx", "torch", "sentence-transformers", "vllm")
_MODEL_HUB = "https://huggingface.co"


@app.command()
@grouped
def doctor(
    common: CommonOptions = NOTHING_GIVEN,
    as_json: JsonOption = False,
) -> None:
    """Show what is installed, configured and reachable; exit code 1 if something that is configured does not work."""
    settings = common.settings()
    report: dict[str, Any] = {
        "installed": installed(),
        "settings": in_force(settings, sources(settings, common.given(), common.config)),
        "profile": profile_sets(settings),
        "home": {"path": str(settings.home), "writable": writable(settings.home)},
        "knowledge_bases": [knowledge_base(settings, name) for name in settings.kb],
        "strategies": strategies(settings),
        "serving": serving(settings),
        "telemetry": "off",
        "network": addresses(settings),
        "backbones": backbones(settings),
    }
    healthy = report["home"]["writable"] and all(entry["reachable"] for entry in report["backbones"])
    report["healthy"] = healthy
    if as_json:
        print_json(report)
    else:
        _show(report)
    if not healthy:
        raise typer.Exit(1)


def installed() -> dict[str, str | None]:
    """Name to version, None where it is not installed."""
    versions: dict[str, str | None] = {"python": platform.python_version(), "clara": resources.version()}
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = version_of(name)
        except PackageNotFoundError:
            versions[name] = None
    return versions


def serving(settings: Settings) -> dict[str, Any]:
    """What ``clara vllm`` would find on this machine."""
    try:
        engines, problem = find_engines(settings.vllm), None
    except ClaraError as error:
        engines, problem = [], str(error)
    return {
        "vllm": [
            {"version": engine.version, "python": str(engine.python), "cpu": engine.cpu, "advisories": engine.outdated}
            for engine in engines
        ],
        "gpus": [{"name": gpu.name, "gigabytes": gpu.gigabytes} for gpu in find_gpus()],
        "problem": problem,
    }


def profile_sets(settings: Settings) -> dict[str, Any]:
    """The profile at work and the settings that it brings."""
    return {"name": settings.profile, "sets": PROFILES[settings.profile]}


def sources(settings: Settings, flags: Mapping[str, Any], config: Path | None) -> dict[str, str]:
    """Where each setting comes from, in the words that the reader would look for."""
    path = config or default_config_path(os.environ)
    in_file = read_settings_file(path) if config or path.is_file() else {}
    places: dict[str, str] = {}
    places |= dict.fromkeys(PROFILES[settings.profile], f"profile {settings.profile}")
    places |= dict.fromkeys(in_file, str(path))
    for name in environment_settings(os.environ):
        places[name] = f"CLARA_{name.upper()}"
    for name in flags:
        places[name] = f"--{name}"
    if settings.uses_model and places.get("profile") in (None, str(path)) and in_file.get("profile") != settings.profile:
        places["profile"] = f"inferred, because {places['backbone']} names a server"
    return places


def in_force(settings: Settings, places: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Value and origin of each setting; of a secret only whether it is set."""
    values = settings.public()
    for name in ("api_key", "chroma_token"):
        values[name] = None
        if getattr(settings, name):
            values[name] = "set"
    return {name: {"value": value, "from": places.get(name, "default")} for name, value in values.items()}


def writable(folder: Path) -> bool:
    """True if the folder, or the nearest one above it that exists, may be written."""
    nearest = folder
    while not nearest.exists():
        nearest = nearest.parent
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def knowledge_base(settings: Settings, name: str) -> dict[str, Any]:
    """Whether it is built, with which embedder, or why it cannot be used."""
    from clara.knowledge.index.folder import kb_folder, missing_message
    from clara.knowledge.index.store import KnowledgeBase

    folder = kb_folder(settings, name)
    entry: dict[str, Any] = {"name": name, "built": (folder / "record.sqlite").is_file(), "problem": None}
    if not entry["built"]:
        return {**entry, "problem": missing_message(name, folder)}
    from clara.knowledge.embedding.build import build_embedder

    try:
        base = KnowledgeBase.open(settings, name, build_embedder(settings))
    except ClaraError as error:
        return {**entry, "problem": str(error)}
    with closing(base):
        stats = base.stats()
    return {**entry, **{key: stats[key] for key in ("documents", "passages", "embedder")}}


def strategies(settings: Settings) -> dict[str, dict[str, int]]:
    """For each strategy the most tasks that one question can cost; a task is asked again once if its reply does not fit."""
    return {
        name: {"max_calls_choice": max_calls(strategy, settings), "max_calls_text": max_calls(strategy, settings, 0)}
        for name, strategy in STRATEGIES.items()
    }


def addresses(settings: Settings) -> list[dict[str, str]]:
    """All addresses that CLARA would contact under these settings."""
    entries: list[tuple[str, str]] = []
    if settings.uses_model:
        entries += [("backbone", masked(url)) for url in settings.backbone]
    if settings.embedder.startswith(("http://", "https://")):
        entries.append(("embedder", masked(settings.embedder)))
    elif settings.embedder != "embedded" and not Path(settings.embedder).exists():
        entries.append(("embedder download", _MODEL_HUB))
    if settings.chroma_url:
        entries.append(("chroma", masked(settings.chroma_url)))
    if settings.traces:
        entries.append(("traces", masked(settings.traces)))
    if settings.translator and not Path(settings.translator).exists():
        entries.append(("translator download", _MODEL_HUB))
    if settings.search:
        from clara.assembly import OUTSIDE_SOURCES

        entries += [(f"search {name}", OUTSIDE_SOURCES[name].address) for name in settings.search]
    return [{"purpose": purpose, "address": address} for purpose, address in entries]


def backbones(settings: Settings) -> list[dict[str, Any]]:
    """What each configured server answers; none where no model is used."""
    if not settings.uses_model:
        return []
    return [reach(settings, url) for url in settings.backbone]


def reach(settings: Settings, url: str) -> dict[str, Any]:
    """Whether the server at ``url`` answers, with what model, and what it can do."""
    entry: dict[str, Any] = {
        "address": masked(url),
        "reachable": False,
        "model": None,
        "context_length": None,
        "problem": None,
    }
    one = settings.model_copy(update={"backbone": (url,), "retries": 0})
    try:
        return entry | {"reachable": True} | asyncio.run(_described(one))
    except ClaraError as error:
        return {**entry, "problem": str(error)}


async def _described(settings: Settings) -> dict[str, Any]:
    """What the server says of itself, and what it was found to do."""
    from clara.backbone.openai.backbone import OpenAIBackbone

    backbone = OpenAIBackbone.from_settings(settings)
    try:
        info = await backbone.info()
        # the doctor is asked when something is wrong, and what is remembered may be it
        can = await backbone.capabilities(afresh=True)
        skills = await backbone.known_skills()
        load = await backbone.servers.load()
    finally:
        await backbone.aclose()
    return {
        "model": info.model,
        "context_length": info.context_length,
        "server": info.server,
        "capabilities": asdict(can),
        "skills": asdict(skills) if skills else None,
        "confidence": "log-probabilities of the letter" if can.logprobs else "stated by the model",
        "prefix_cache_hit_rate": load.prefix_hit_rate,
    }


def _show(report: Mapping[str, Any]) -> None:
    def section(title: str, rows: list[tuple[str, str]]) -> None:
        show(plain(title, "bold"), facts_table([(f"  {name}", value) for name, value in rows]))

    section("Installed", [(name, version or "not installed") for name, version in report["installed"].items()])
    section("Settings that differ from the defaults", _settings_rows(report))
    section("Knowledge bases", [(entry["name"], _base_line(entry)) for entry in report["knowledge_bases"]])
    most = [
        (name, f"{entry['max_calls_choice']} with four options, {entry['max_calls_text']} for free text")
        for name, entry in report["strategies"].items()
    ]
    section("Most model tasks a question", most)
    section("Serving", _serving_rows(report["serving"]))
    section("Network", _network_rows(report))
    if report["backbones"]:
        section("Backbone", [row for entry in report["backbones"] for row in _backbone_rows(entry)])


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


def _network_rows(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [("telemetry", report["telemetry"])]
    for entry in report["network"]:
        rows.append((entry["purpose"], entry["address"]))
    if not report["network"]:
        rows.append(("addresses", "none: nothing leaves this machine"))
    return rows


def _serving_rows(serving: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for engine in serving["vllm"]:
        rows.append(("vLLM", f"{engine['version']}{engine['cpu'] * ' for the CPU'} ({engine['python']})"))
    if not rows:
        missing = "not installed; clara vllm --print shows the command for another machine"
        rows.append(("vLLM", serving["problem"] or missing))
    for engine in serving["vllm"]:
        if engine["advisories"]:
            rows.append(("advisories", "this version has published ones: update vLLM"))
    gpus: list[str] = []
    for gpu in serving["gpus"]:
        name = gpu["name"]
        if gpu["gigabytes"]:
            name += f" ({gpu['gigabytes']:.0f} GB)"
        gpus.append(name)
    return [*rows, ("GPUs", ", ".join(gpus) or "none found")]


def _base_line(entry: Mapping[str, Any]) -> str:
    if entry["problem"]:
        return entry["problem"]
    embedder = entry["embedder"]
    return (
        f"{entry['documents']} documents, {entry['passages']} passages, "
        f"embedder {embedder['name']} ({embedder['dimension']} dimensions, {embedder['fingerprint']})"
    )


def _backbone_rows(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not entry["reachable"]:
        return [(entry["address"], entry["problem"])]
    length = "context length unknown"
    if entry["context_length"]:
        length = f"{entry['context_length']} tokens of context"
    can = entry["capabilities"]
    forms = ("json_schema", "structured_json", "choice", "regex")
    return [
        (entry["address"], ", ".join(part for part in (entry["model"], length, entry["server"]) if part)),
        ("  structured replies", ", ".join(f"{name} {can[name]}" for name in forms)),
        ("  confidence", entry["confidence"]),
        ("  trusted with", _trust(entry["skills"])),
        ("  translates from", _translates(entry["skills"])),
        ("  prompt length", "counted by the server" if can["tokenize"] else "estimated"),
        ("  thinking", _thinking(can)),
        ("  prefix cache", _hit_rate(entry["prefix_cache_hit_rate"])),
    ]


def _thinking(can: Mapping[str, Any]) -> str:
    if not can["thinks"]:
        return "no"
    if can["thinking_switch"]:
        return "can be told not to"
    return "always"


def _hit_rate(rate: float | None) -> str:
    if rate is None:
        return "unknown"
    return f"{100 * rate:.0f} % of the prompt tokens since its start"


def _trust(skills: Mapping[str, Any] | None) -> str:
    """The tasks that the model was measured to do well."""
    if skills is None:
        return "not measured yet: the first question of strategy clara does"
    return ", ".join(skills["trusted"]) or "translating and choosing a letter only"


def _translates(skills: Mapping[str, Any] | None) -> str:
    """The languages of which a question kept its sense in English."""
    if skills is None or skills["translates"] is None:
        return "not measured yet"
    if not skills["translates"]:
        return "none of the languages that were tried"
    return ", ".join(map(language_name, skills["translates"]))
