"""The HTML report: one file that asks for nothing from outside and runs nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from clara.bench.figures.runs import Run
from clara.bench.report.accuracy import furthest_behind, parity_sheet
from clara.bench.report.notes import notes
from clara.bench.report.payload import blocks, printable
from clara.bench.report.plots import figures
from clara.bench.report.sheet import Sheet
from clara.bench.report.sheets import sheets
from clara.files import write_result

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("theme.js", "sort.js", "store.js", "list.js", "path.js", "browser.js")
_SETTINGS = ("dataset", "fingerprint", "model", "languages", "repeat", "prompts", "settings")


def html(document: dict[str, Any], runs: Sequence[Run] = (), flagged: Mapping[str, Sequence[str]] | None = None) -> str:
    """A whole page: the document's figures and, where ``runs`` are given, a browser of every question.

    ``flagged`` gives, by question id, what an audit found. All text is escaped; characters that hide text are removed.
    """
    shown = printable(document)
    style, script = _style(), _script()
    return _template().render(
        document=shown,
        furthest=furthest_behind,
        notes=notes(shown),
        figures=figures(shown),
        sheets=sheets(shown),
        clean=_clean(shown.get("clean")),
        manifests=_manifests(runs),
        browser=bool(runs),
        blocks=blocks(runs, flagged or {}) if runs else (),
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'",
    )


def _clean(document: dict[str, Any] | None) -> Sheet | None:
    if not document or not document["left_out"]:
        return None
    caption = f"Accuracy in % without {len(document['left_out'])} flagged questions"
    return parity_sheet(document, key="clean", caption=caption)


def write_html(
    path: Path, document: dict[str, Any], runs: Sequence[Run] = (), flagged: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Write the page.

    Raises:
        WriteError: the file cannot be written; what was there before is unchanged.
    """
    write_result(path, html(document, runs, flagged).encode())


def _manifests(runs: Sequence[Run]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Names of the runs of each folder, and what its manifest says."""
    facts_by_key: dict[str, list[tuple[str, str]]] = {}
    names_by_key: dict[str, list[str]] = {}
    for run in runs:
        facts: list[tuple[str, str]] = []
        for name in _SETTINGS:
            if name in run.manifest:
                facts.append((name, _fact(run.manifest[name])))
        if facts:
            key = repr(facts)
            facts_by_key[key] = facts
            names_by_key.setdefault(key, []).append(printable(run.name))
    return [(", ".join(names_by_key[key]), facts) for key, facts in facts_by_key.items()]


def _fact(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return printable(text)


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_ASSETS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


@cache
def _style() -> str:
    return (_ASSETS / "report.css").read_text(encoding="utf-8")


@cache
def _script() -> str:
    parts = [(_ASSETS / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
