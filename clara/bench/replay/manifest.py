"""What a run is, written beside its answers: two runs with the same manifest may share a folder, others must not."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clara.config import Settings
from clara.errors import JournalError
from clara.files import replace_file
from clara.knowledge.base import Opens, Retriever

if TYPE_CHECKING:
    from clara.agent.strategies import Strategy
    from clara.backbone.base import BackboneInfo, Skills
    from clara.bench.datasets import Dataset, Item

VERSION = 2
"""Of the manifest. Version 1 (no ``answer`` in the records) can be read, but not resumed."""

_IMMATERIAL = frozenset(
    "profile home backbone model chroma_url proxy vllm concurrency timeout connect_timeout first_token_timeout retries "
    "outage cache cache_size_mb strategy prompts keep_thinking interface_language traces".split()
)
"""Settings that do not change what an answer is: where things lie, how fast they go, and what the manifest says better
(the model that answers, the hash of the prompts, the fingerprint of the knowledge bases)."""

_ABOUT = frozenset({"dataset_path", "n_items", "parallel", "flagged", "sessions", "damaged_lines"})
"""Keys that describe a run and do not make it another."""

_PACKAGES = ("clara-agent", "langgraph", "langchain-core", "chromadb", "numpy", "pydantic", "httpx", "tokenizers", "ray")


def describe(
    dataset: Dataset,
    strategies: Iterable[Strategy],
    repeat: int,
    info: BackboneInfo,
    settings: Settings,
    *,
    prompts: str,
    knowledge: Mapping[str, str] | None = None,
    source: str = "",
    flagged: Iterable[Mapping[str, Any]] = (),
    skills: Skills | None = None,
) -> dict[str, Any]:
    """The manifest of a run.

    Args:
        dataset: what is asked, as selected.
        strategies: with which strategies.
        repeat: how often each item is asked.
        info: who answers.
        settings: how; secrets are left out.
        prompts: hash of the templates.
        knowledge: name of each knowledge base to a fingerprint of its documents.
        source: name or path that the data set was loaded from.
        flagged: defects of the data set, as ``clara bench audit --json`` lists them.
        skills: what the model was measured to do well, where a strategy acts on it.
    """
    steps = {strategy.name: sorted(strategy.steps) for strategy in strategies}
    return {
        "version": VERSION,
        "dataset": dataset.name,
        "fingerprint": dataset.fingerprint,
        "items": _content(dataset),
        "n_items": len(dataset.items),
        "parallel": dataset.parallel,
        "languages": list(dataset.languages),
        "strategies": list(steps),
        "steps": steps,
        "repeat": repeat,
        "model": info.model,
        "seed": settings.seed,
        "prompts": prompts,
        "knowledge": dict(knowledge or {}),
        "settings": _material(settings.public()),
        "dataset_path": str(Path(source).resolve()) if Path(source).exists() else source,
        "flagged": list(map(dict, flagged)),
        "sessions": [session(info, skills)],
    }


def session(info: BackboneInfo, skills: Skills | None = None) -> dict[str, Any]:
    """When, where and with what a run is started or resumed."""
    facts: dict[str, Any] = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), **_versions()},
        "server": info.server,
        "backbone": info.kind,
    }
    if skills is not None:
        facts["skills"] = asdict(skills)
    return facts


def _versions() -> dict[str, str]:
    """Versions of the installed packages that an answer depends on."""
    versions: dict[str, str] = {}
    for name in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def _material(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that change what an answer is."""
    material: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in _IMMATERIAL:
            material[name] = value
    return material


def note(path: Path, **facts: Any) -> None:
    """Write facts about the last session into the manifest at ``path``; for the one writer of the run.

    Raises:
        JournalError: it cannot be read.
        WriteError: it cannot be written.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise JournalError(f"cannot read {path}: {error}") from None
    manifest["sessions"][-1] |= facts
    replace_file(path, json.dumps(manifest, indent=2, ensure_ascii=False).encode())


async def knowledge_of(retriever: Retriever) -> dict[str, str]:
    """Name of each knowledge base that is searched to a fingerprint of its documents; empty for retrievers of other kinds.

    Raises:
        NoKnowledgeBase, EmbedderMismatch, StoreError: one cannot be opened.
    """
    from clara.knowledge.retrieval.retriever import HybridRetriever

    opened = await retriever.open() if isinstance(retriever, Opens) else retriever
    if not isinstance(opened, HybridRetriever):
        return {}
    fingerprints: dict[str, str] = {}
    for base in opened.bases:
        fingerprints[base.name] = _hash(sorted(base.record.fingerprints().items()))
    return fingerprints


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What keeps two manifests from being of one run, each as ``settings.rounds (3 there, 5 now)``.

    A setting that the older manifest does not know counts as its default.
    """
    if old.get("version") != new.get("version"):
        return [f"version ({old.get('version')} there, {new.get('version')} now)"]
    result: list[str] = []
    for key in sorted((old.keys() | new.keys()) - _ABOUT - {"settings"}):
        if old.get(key) != new.get(key):
            result.append(_difference(key, old.get(key), new.get(key)))
    defaults = _material(Settings.plain().public())
    before = defaults | _material(old.get("settings", {}))
    now = defaults | _material(new.get("settings", {}))
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            result.append(_difference(f"settings.{name}", before.get(name), now.get(name)))
    return result


def changed_versions(manifest: Mapping[str, Any]) -> list[str]:
    """What the last two sessions of a run do not share, each as ``langgraph (1.2.0 before, 1.3.0 now)``."""
    sessions = manifest.get("sessions", [])
    if len(sessions) < 2:
        return []
    earlier, last = sessions[-2:]
    before = {**earlier["versions"], "server": earlier["server"]}
    now = {**last["versions"], "server": last["server"]}
    changed: list[str] = []
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            changed.append(f"{name} ({before.get(name) or 'none'} before, {now.get(name) or 'none'} now)")
    return changed


def _difference(name: str, old: Any, new: Any) -> str:
    if _is_long(old) or _is_long(new):
        return name
    return f"{name} ({old} there, {new} now)"


def _is_long(value: Any) -> bool:
    """True for what would hide the sentence that it stands in."""
    return isinstance(value, dict | list) or len(str(value)) > 40


def _content(dataset: Dataset) -> str:
    """Hash of the questions as they are asked, so that another selection or column mapping is another run."""
    return _hash(map(_asked, dataset.items))


def _asked(item: Item) -> tuple[object, ...]:
    options = [(option.label, option.text) for option in item.question.options]
    return item.id, item.language, item.code, item.question.text, options, item.gold, item.references


def _hash(parts: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode(errors="surrogatepass"))
    return digest.hexdigest()[:16]
