"""What a run is, written beside its answers: two runs with the same manifest may share a folder, others must not."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clara.config import Settings
from clara.errors import JournalError
from clara.files import replace_file

if TYPE_CHECKING:
    from clara.agent.strategies import Strategy
    from clara.backbone.base import BackboneInfo
    from clara.bench.datasets import Dataset, Item
    from clara.knowledge.base import Retriever

VERSION = 2
"""Of the manifest. Version 1 (no ``answer`` in the records) can be read, but not resumed."""

_IMMATERIAL = frozenset(
    "profile home backbone model chroma_url proxy vllm concurrency timeout connect_timeout first_token_timeout retries "
    "outage cache cache_size_mb strategy prompts keep_thinking interface_language".split()
)
"""Settings that do not change what an answer is: where things lie, how fast they go, and what the manifest says better
(the model that answers, the hash of the prompts, the fingerprint of the knowledge bases)."""

_ABOUT = frozenset({"dataset_path", "n_items", "parallel", "flagged", "sessions", "damaged_lines"})
"""Keys that tell about a run and do not make it another."""

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
    """
    chosen = tuple(strategies)
    return {
        "version": VERSION,
        "dataset": dataset.name,
        "fingerprint": dataset.fingerprint,
        "items": _content(dataset),
        "n_items": len(dataset.items),
        "parallel": dataset.parallel,
        "languages": list(dataset.languages),
        "strategies": [strategy.name for strategy in chosen],
        "steps": {strategy.name: sorted(strategy.steps) for strategy in chosen},
        "repeat": repeat,
        "model": info.model,
        "seed": settings.seed,
        "prompts": prompts,
        "knowledge": dict(knowledge or {}),
        "settings": {name: value for name, value in settings.public().items() if name not in _IMMATERIAL},
        "dataset_path": str(Path(source).resolve()) if Path(source).exists() else source,
        "flagged": [dict(problem) for problem in flagged],
        "sessions": [session(info)],
    }


def session(info: BackboneInfo) -> dict[str, Any]:
    """When, where and with what a run is started or resumed."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "versions": {
            "python": platform.python_version(),
            **{name: found for name in _PACKAGES if (found := _version(name))},
        },
        "server": info.server,
        "backbone": info.kind,
    }


def note(path: Path, **facts: Any) -> None:
    """Write into the manifest at ``path`` what its last session has found out; for the one writer of the run.

    Raises:
        JournalError: it cannot be read.
        WriteError: it cannot be written.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise JournalError(f"cannot read {path}: {error}") from None
    manifest["sessions"][-1] |= facts
    replace_file(path, json.dumps(manifest, indent=2, ensure_ascii=False).encode())


async def knowledge_of(retriever: Retriever) -> dict[str, str]:
    """Name of each knowledge base that is searched to a fingerprint of its documents; empty for retrievers of other kinds.

    Raises:
        NoKnowledgeBase, EmbedderMismatch, StoreError: one cannot be opened.
    """
    from clara.assembly import LazyRetriever
    from clara.knowledge.retrieval.retriever import HybridRetriever

    opened = await retriever.open() if isinstance(retriever, LazyRetriever) else retriever
    if not isinstance(opened, HybridRetriever):
        return {}
    return {base.name: _hash(sorted(base.record.fingerprints().items())) for base in opened.bases}


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What keeps two manifests from being of one run, each as ``settings.rounds (3 there, 5 now)``.

    A setting that the older manifest does not know counts as its default.
    """
    if found.get("version") != wanted.get("version"):
        return [f"version ({found.get('version')} there, {wanted.get('version')} now)"]
    result = [
        _difference(key, found.get(key), wanted.get(key))
        for key in sorted((found.keys() | wanted.keys()) - _ABOUT - {"settings"})
        if found.get(key) != wanted.get(key)
    ]
    defaults = Settings().public()
    before, now = found.get("settings", {}), wanted.get("settings", {})
    for name in sorted((before.keys() | now.keys()) - _IMMATERIAL):
        old, new = (values.get(name, defaults.get(name)) for values in (before, now))
        if old != new:
            result.append(_difference(f"settings.{name}", old, new))
    return result


def changed_versions(manifest: Mapping[str, Any]) -> list[str]:
    """What the last two sessions of a run do not share, each as ``langgraph (1.2.0 before, 1.3.0 now)``."""
    sessions = manifest.get("sessions", [])
    if len(sessions) < 2:
        return []
    before, now = ({**entry["versions"], "server": entry["server"]} for entry in sessions[-2:])
    return [
        f"{name} ({before.get(name) or 'none'} before, {now.get(name) or 'none'} now)"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]


def _difference(name: str, old: Any, new: Any) -> str:
    if any(isinstance(value, dict | list) or len(str(value)) > 40 for value in (old, new)):
        return name
    return f"{name} ({old} there, {new} now)"


def _content(dataset: Dataset) -> str:
    """Hash of the questions as they are asked, so that another selection or column mapping is another run."""
    return _hash(
        (item.id, item.language, item.code, item.question.text, _options(item), item.gold, item.references)
        for item in dataset.items
    )


def _options(item: Item) -> list[tuple[str, str]]:
    return [(option.label, option.text) for option in item.question.options]


def _hash(parts: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode(errors="surrogatepass"))
    return digest.hexdigest()[:16]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
