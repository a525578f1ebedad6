"""Where the files that ship with CLARA lie: in the wheel under ``clara/_data``, in a checkout beside the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent

PROMPTS = _ROOT / "prompts"
"""Prompt templates, one file a task."""
KNOWLEDGE_BASE = _ROOT / "knowledge_base"
"""Notes, glossary, phrases and the embedded embedder."""
SAMPLE_BENCHMARK = _ROOT / "examples" / "sample_benchmark.csv"
"""The benchmark that ships."""
