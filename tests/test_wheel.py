"""The wheel is complete: installed alone, it builds its knowledge base and answers from any folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Standard output of a command that must succeed, in an environment that knows nothing of this checkout."""
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environ, **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def uv() -> str:
    """The uv beside this Python, or the one on the path."""
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        pytest.skip("needs uv")
    return found


@pytest.fixture(scope="module")
def wheel(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(uv, "build", "--wheel", "--out-dir", folder, ROOT, cwd=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an empty environment in which the wheel was installed."""
    venv = tmp_path_factory.mktemp("venv") / "venv"
    run(uv, "venv", "--python", sys.executable, venv, cwd=venv.parent)
    run(uv, "pip", "install", "--python", venv / "bin" / "python", wheel, cwd=venv.parent)
    return venv / "bin"


def test_prompts_knowledge_base_and_sample_are_inside(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [name for folder in ("prompts", "knowledge_base", "examples") for name in files_of(folder)]
    shipped = [name for name in data if not name.startswith("examples/") or name == "examples/sample_benchmark.csv"]
    missing = [name for name in shipped if f"clara/_data/{name}" not in names]
    assert len(shipped) > 200
    assert missing == []
    assert {"clara/py.typed", "clara/language/locale/hi.toml"} <= names
    assert not [name for name in names if name.startswith("tests/")]


def files_of(folder: str) -> list[str]:
    """The files of a folder of the checkout, with forward slashes."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file())


def test_every_module_is_inside(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert [name for name in files_of("clara") if name.endswith((".py", ".toml")) and name not in names] == []


def test_the_installed_wheel_builds_its_knowledge_base_and_answers(installed: Path, tmp_path: Path) -> None:
    home = {"CLARA_HOME": str(tmp_path / "home")}
    built = json.loads(run(installed / "clara", "kb", "build", "--json", cwd=tmp_path, **home))
    assert built["stats"]["documents"] == len(list((ROOT / "knowledge_base" / "ophthalmology").glob("*.md")))
    question = "¿Qué nervio inerva el músculo recto lateral?"
    answer = json.loads(run(installed / "clara", "ask", question, "--json", cwd=tmp_path, **home))
    assert answer["language"] == "es"
    assert answer["citations"]
    assert "abducens" in answer["answer"]


def test_it_is_the_wheel_and_not_this_checkout_that_answers(installed: Path, tmp_path: Path) -> None:
    code = "import clara, clara.resources as r; print(r.PROMPTS.resolve()); print(clara.__version__)"
    prompts, version = run(installed / "python", "-c", code, cwd=tmp_path).splitlines()
    assert Path(prompts).is_relative_to(installed.parent)
    assert Path(prompts).is_dir()
    assert version[0].isdigit()
    assert version != "0+unknown"


@pytest.mark.parametrize("library", ["torch", "sentence_transformers", "vllm"])
def test_the_core_install_pulls_no_model_library(installed: Path, tmp_path: Path, library: str) -> None:
    code = f"import importlib.util; print(importlib.util.find_spec({library!r}))"
    assert run(installed / "python", "-c", code, cwd=tmp_path).strip() == "None"
