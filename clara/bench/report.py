"""The parity table for the terminal, and the same as one HTML file that asks for nothing from outside."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from clara.bench.plots import accuracy_svg
from clara.errors import DataError

CHANCE_NOTE = "is close to chance: a small gap between languages there is no fairness."

_STYLE = """
:root { color-scheme: light dark; --fg: #1a1a1a; --bg: #fff; --line: #bbb }
@media (prefers-color-scheme: dark) { :root { --fg: #eee; --bg: #16181c; --line: #555 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 70rem; margin: 2rem auto;
  padding: 0 1rem }
.wide { overflow-x: auto }
table { border-collapse: collapse } th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right }
th[scope=row] { text-align: left } svg { max-width: 100%; height: auto }
"""


def rows(document: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Header and cells of the parity table, one row a run."""
    runs = document["runs"]
    named = dict.fromkeys(language for run in runs for language in run["languages"])
    languages = sorted(named, key=lambda language: language != "english")
    lost = [kind for kind in ("unparsed", "no_response", "abstained") if any(_count(run, kind) for run in runs)]
    header = ["run", *languages, "mean", "worst", "most behind English", "max − min", *(k.replace("_", " ") for k in lost)]
    return header, [
        [
            run["name"],
            *(_accuracy(run, language) for language in languages),
            f"{run['mean']:.1f}",
            f"{run['worst_language']} {run['worst_accuracy']:.1f}",
            _furthest(run["gap_to_english"]),
            f"{run['max_min_gap']:.1f} [{run['max_min_gap_ci95'][0]:.0f}–{run['max_min_gap_ci95'][1]:.0f}]",
            *(str(_count(run, kind)) for kind in lost),
        ]
        for run in runs
    ]


def _count(run: dict[str, Any], kind: str) -> int:
    return sum(cell[kind] for cell in run["languages"].values())


def _accuracy(run: dict[str, Any], language: str) -> str:
    """Accuracy, its interval, and the points that the language is behind (−) or ahead of (+) English."""
    cell = run["languages"].get(language)
    if cell is None:
        return "–"
    text = f"{cell['accuracy']:.1f} [{cell['ci95'][0]:.0f}–{cell['ci95'][1]:.0f}]"
    gap = run["gap_to_english"].get(language)
    return text if gap is None else f"{text} {_signed(-gap)}"


def _furthest(gaps: dict[str, float]) -> str:
    if not gaps:
        return "–"
    language = max(gaps, key=lambda name: gaps[name])
    return f"{language} {_signed(-gaps[language])}"


def _signed(points: float) -> str:
    return f"{round(points, 1) + 0.0:+.1f}".replace("-", "−")


def notes(document: dict[str, Any]) -> list[str]:
    """What the reader must know beside the table."""
    return [f"{run['name']} {CHANCE_NOTE}" for run in document["runs"] if run["near_chance"]]


TITLE = "Accuracy in % [95 % interval], points against English"
_SIDE_BY_SIDE = 2
"""Most runs that stand side by side in a terminal of 80 columns."""


def tables(document: dict[str, Any]) -> list[Table]:
    """The parity table for a terminal: a column a run, as many side by side as fit."""
    header, cells = rows(document)
    result: list[Table] = []
    for at in range(0, len(cells), _SIDE_BY_SIDE):
        part = cells[at : at + _SIDE_BY_SIDE]
        last = at + _SIDE_BY_SIDE >= len(cells)
        parity = Table(title=None if at else TITLE, caption="\n".join(notes(document)) or None if last else None)
        parity.add_column("")
        for row in part:
            parity.add_column(Text(row[0]), justify="right")
        for number, name in enumerate(header[1:], 1):
            parity.add_row(
                Text(name), *(Text(row[number]) for row in part), end_section=header[number + 1 :][:1] == ["mean"]
            )
        result.append(parity)
    return result


def html(document: dict[str, Any]) -> str:
    """A whole page."""
    header, cells = rows(document)
    head = '<th scope="col">language or measure</th>' + "".join(f'<th scope="col">{escape(row[0])}</th>' for row in cells)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(row[number])}</td>" for row in cells) + "</tr>\n"
        for number, name in enumerate(header[1:], 1)
    )
    remarks = "".join(f"<p>{escape(note)}</p>\n" for note in notes(document))
    alternative = "; ".join(
        f"{run['name']}: mean {run['mean']:.1f} %, worst {run['worst_language']} {run['worst_accuracy']:.1f} %"
        for run in document["runs"]
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>CLARA parity report</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        "<h1>CLARA parity report</h1>\n"
        f'<figure><div role="img" aria-label="{escape(alternative)}">{accuracy_svg(document)}</div>\n'
        f"<figcaption>Accuracy by language with 95 % Wilson intervals. {escape(alternative)}.</figcaption></figure>\n"
        f'<div class="wide"><table>\n<caption>{TITLE}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n{remarks}</main>\n</body>\n</html>\n"
    )


def write_html(path: Path, document: dict[str, Any]) -> None:
    """Write the page.

    Raises:
        DataError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html(document), encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot write the report {path}: {error.strerror}") from None
