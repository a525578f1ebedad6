"""What the terminal tests share: a data folder of their own with the shipped knowledge base, and a fake model server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.driver import Terminal
from tests.terminal.fake_model import FakeModel, serving

Start = Callable[..., Terminal]


@pytest.fixture
def home(built_home: Path, tmp_path: Path) -> Path:
    """A copy of the built data folder whose first chat has offered the setup already."""
    home = tmp_path / "home"
    shutil.copytree(built_home, home)
    (home / ".setup-offered").touch()
    return home


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Starts terminals and ends what is left of them."""
    begun: list[Terminal] = []

    def begin(*args: str, **more: Any) -> Terminal:
        begun.append(Terminal(args, home, **more))
        return begun[-1]

    yield begin
    for terminal in begun:
        terminal.child.close(force=True)


@pytest.fixture(scope="module")
def fake_model() -> Iterator[FakeModel]:
    """A model server on the loopback that streams at will; it stands in for the network boundary."""
    with serving() as server:
        yield server
