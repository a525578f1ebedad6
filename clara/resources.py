"""What ships with CLARA: its version, and its data files (in the wheel under ``clara/_data``, in a checkout beside it)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent

PROMPTS = _ROOT / "prompts"
"""Prompt templates, one file a task."""
KNOWLEDGE_BASE = _ROOT / "knowledge_base"
"""Notes, glossary, phrases and the embedded embedder."""
SAMPLE_BENCHMARK = _ROOT / "examples" / "sample_benchmark.csv"
"""The benchmark that ships."""


@cache
def version() -> str:
    """The installed version of CLARA; ``0+unknown`` where the package is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("clara-agent")
    except PackageNotFoundError:
        return "0+unknown"
