"""docs/settings.md stays in step with the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from clara.config import Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
ROWS = {
    row[1]: (row[2], row[3])
    for row in re.finditer(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \| .+ \|$", PAGE.read_text("utf-8"), re.M)
}


def shown(value: Any) -> str:
    if value in (None, ()):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return f"`{','.join(f'{name}={part}' for name, part in value.items())}`"
    return f"`{','.join(value) if isinstance(value, tuple) else value}`"


def test_every_setting_stands_on_the_page_with_its_variable_and_default() -> None:
    expected = {
        name: (f"CLARA_{name.upper()}", shown(field.get_default(call_default_factory=True)))
        for name, field in Settings.model_fields.items()
    }
    expected["home"] = ("CLARA_HOME", "the system's folder for user data")
    assert expected == ROWS
