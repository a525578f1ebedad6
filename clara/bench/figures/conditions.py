"""Under which conditions two runs were made: what a reader must know before comparing their figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clara.bench.figures.runs import Run
from clara.types import one_line

_DATA = ("dataset", "items", "fingerprint")
"""Manifest keys of which any tells other questions."""
_PLAIN = ("languages", "model", "seed", "repeat", "knowledge", "prompts")
"""Manifest keys that are compared as they are."""
_MISSING = "not recorded"


def changed_conditions(before: Run, after: Run) -> list[dict[str, Any]]:
    """What differs between two runs: ``{"what", "before", "after"}`` each, data first; empty where nothing does.

    Times, machines and numbers of requests are left out: they change no answer.
    """
    old, new = _conditions(before), _conditions(after)
    changes: list[dict[str, Any]] = []
    for what in {**old, **new}:
        earlier, later = old.get(what, _MISSING), new.get(what, _MISSING)
        if earlier != later:
            changes.append({"what": what, "before": earlier, "after": later})
    return changes


def _conditions(run: Run) -> dict[str, Any]:
    """Name of each condition to its value."""
    manifest = run.manifest
    conditions: dict[str, Any] = {}
    data = [str(manifest[key]) for key in _DATA if manifest.get(key)]
    if data:
        conditions["data"] = " ".join(data)
    for key in _PLAIN:
        if key in manifest:
            conditions[key] = manifest[key]
    conditions[run.kind] = run.label
    steps: Mapping[str, Any] = manifest.get("steps", {})
    if run.label in steps:
        conditions["steps"] = steps[run.label]
    settings: Mapping[str, Any] = manifest.get("settings", {})
    for name, value in settings.items():
        conditions[f"settings.{name}"] = value
    for session in manifest.get("sessions", ())[-1:]:
        conditions["server"] = session.get("server", "")
        for name, version in session.get("versions", {}).items():
            conditions[f"version of {name}"] = version
    return conditions


def sentence(change: Mapping[str, Any]) -> str:
    """One change for a reader, short."""
    earlier, later = _brief(change["before"]), _brief(change["after"])
    if earlier == later:
        return f"{change['what']} (other content)"
    return f"{change['what']} ({earlier} before, {later} after)"


def _brief(value: Any) -> str:
    """The value, or its beginning, on one line."""
    text = value if isinstance(value, str) else repr(value)
    if isinstance(value, list | tuple):
        text = ", ".join(map(str, value))
    return one_line(text, 60) or "none"
