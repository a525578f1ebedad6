"""What the reader of a parity table must know beside it."""

from __future__ import annotations

from clara.bench.report.sheet import Document, is_significant

CHANCE_NOTE = "is close to chance: a small gap between languages there is no fairness."
GAP_NOTE = "* differs from English, p < 0.05 (McNemar, Holm)."


VISIBLE_NOTE = "Gaps that could be seen in every language (80 % power):"


def _visible(document: Document) -> list[str]:
    """For each run the gap from which on it would have been seen in every language."""
    runs: list[str] = []
    for run in document["runs"]:
        gaps = [gap for gap in run["smallest_visible_gap"].values() if gap is not None]
        if gaps:
            runs.append(f"{run['name']} from {max(gaps):.0f} points on")
    return runs


def notes(document: Document) -> list[str]:
    """A sentence for each thing to know; none for most documents."""
    near_chance: list[str] = []
    partial: list[str] = []
    uncovered: list[str] = []
    has_stars = False
    for run in document["runs"]:
        if run["near_chance"]:
            near_chance.append(f"{run['name']} {CHANCE_NOTE}")
        if run["missing"]:
            partial.append(f"{run['name']} is partial: {run['missing']} answers are missing.")
        for language, facts in run["not_covered"].items():
            uncovered.append(f"{run['name']} does not cover {language}, which is in no figure: {facts['reason']}")
        if any(map(is_significant, run["mcnemar_vs_english"].values())):
            has_stars = True
    sentences = near_chance + uncovered + partial
    visible = _visible(document)
    if visible:
        sentences.append(f"{VISIBLE_NOTE} {', '.join(visible)}.")
    clean = document.get("clean")
    if clean and not clean["left_out"]:
        sentences.append("The audit flags none of these questions.")
    if has_stars:
        sentences.append(GAP_NOTE)
    return sentences
