"""The public surface: every name is there, and importing the package loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

import clara

HEAVY = ("chromadb", "langgraph", "torch", "sentence_transformers", "httpx", "numpy", "pydantic", "rich")


@pytest.mark.parametrize("name", clara.__all__)
def test_each_public_name_can_be_had(name: str) -> None:
    assert getattr(clara, name) is not None
    assert name in dir(clara)


def test_public_names_are_sorted_and_once() -> None:
    assert len(set(clara.__all__)) == len(clara.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = clara.nonsense  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import sys, clara; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
