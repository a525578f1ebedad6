"""Text files with front matter: YAML between two lines of three hyphens, then the body."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import yaml

from clara.errors import DataError

_FORM = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)


def read_front_matter(path: Path, what: str, error: type[DataError]) -> tuple[dict[str, Any], str]:
    """The front matter and the body of a file.

    Args:
        path: the file, in UTF-8.
        what: what it should be, for the message: ``the note``.
        error: what to raise.

    Raises:
        DataError: as ``error``; the file cannot be read, has no front matter, or one that is no YAML mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise error(f"cannot read {what} {path}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise error(f"cannot read {what} {path}: it is not UTF-8 text") from None
    match = _FORM.match(text)
    if match is None:
        raise error(f"{path} has no front matter between --- lines")
    try:
        head: Any = yaml.safe_load(match[1])
    except yaml.YAMLError as problem:
        raise error(f"{path}: the front matter is not valid YAML ({problem})") from None
    if not isinstance(head, dict):
        raise error(f"{path}: the front matter must consist of lines like name: value")
    return cast("dict[str, Any]", head), match[2]
