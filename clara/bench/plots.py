"""One plot: accuracy by language with its intervals, one series per run, as inline SVG."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure


def accuracy_svg(document: dict[str, Any]) -> str:
    """The plot as an ``<svg>`` element that takes the page's text colour."""
    runs = document["runs"]
    named = dict.fromkeys(language for run in runs for language in run["languages"])
    languages = sorted(named, key=lambda language: language != "english")
    figure = Figure(figsize=(9, 4.5))
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for number, run in enumerate(runs):
        shift = (number - (len(runs) - 1) / 2) * 0.6 / len(runs)
        points = [(n + shift, run["languages"][name]) for n, name in enumerate(languages) if name in run["languages"]]
        values = [cell["accuracy"] for _, cell in points]
        below = [max(0.0, cell["accuracy"] - cell["ci95"][0]) for _, cell in points]
        above = [max(0.0, cell["ci95"][1] - cell["accuracy"]) for _, cell in points]
        label = run["name"].replace("$", r"\$").lstrip("_")
        axes.errorbar([x for x, _ in points], values, yerr=[below, above], fmt="o", capsize=3, label=label)
    axes.set_xticks(range(len(languages)), [name.replace("$", r"\$") for name in languages])
    axes.set_ylim(0, 100)
    axes.set_ylabel("accuracy, %")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3, frameon=False)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :].replace("#000000", "currentColor")
