"""What CLARA says in its own name, in each of its seven languages (``clara/locale/*.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "locale"


@cache
def catalogue(language: str) -> dict[str, str]:
    """All messages of a language; English for one that has no catalogue."""
    path = _FOLDER / f"{language}.toml"
    if not path.is_file():
        path = _FOLDER / "en.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def say(key: str, language: str, **values: object) -> str:
    """One message, its placeholders filled."""
    return catalogue(language)[key].format(**values)
