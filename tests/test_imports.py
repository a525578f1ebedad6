"""What is light stays light: neither the package nor ``--help`` loads a heavy library."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = frozenset({"chromadb", "langgraph", "torch", "sentence_transformers", "httpx", "numpy"})


def loaded_by(code: str) -> frozenset[str]:
    """The heavy libraries that a fresh process has loaded after the code."""
    report = "\nimport json, sys\nprint('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return HEAVY & set(json.loads(done.stdout.splitlines()[-1]))


def command(*arguments: str) -> str:
    """Code that runs the command line to its end."""
    return (
        f"import sys\nsys.argv = ['clara', *{list(arguments)!r}]\nfrom clara.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )


@pytest.mark.parametrize("module", ["clara", "clara.config", "clara.errors", "clara.types", "clara.__main__"])
def test_importing_the_package_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") == frozenset()


def test_the_settings_load_without_anything_heavy() -> None:
    assert loaded_by("from clara import load_settings; load_settings()") == frozenset()


@pytest.mark.parametrize("line", ["--help", "--version", "ask --help", "kb --help", "kb build --help"])
def test_help_loads_nothing_heavy(line: str) -> None:
    assert loaded_by(command(*line.split())) == frozenset()


def test_the_check_can_fail() -> None:
    assert loaded_by("import numpy, httpx") == {"numpy", "httpx"}
