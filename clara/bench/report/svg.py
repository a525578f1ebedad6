"""A small writer of SVG that takes its colours from the page's style sheet, so that light and dark need one picture only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

SERIES = 9
"""How many runs have a colour and a shape of their own; more start again."""
_SHAPES = (
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
    "M-3.7,-3.7h7.4v7.4h-7.4Z",
    "M0,-4.8L4.5,3.4H-4.5Z",
    "M0,-5L5,0L0,5L-5,0Z",
    "M0,4.8L4.5,-3.4H-4.5Z",
    "M-1.5,-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3Z",
    "M-4.6,-2h9.2v4h-9.2Z",
    "M-2,-4.6h4v9.2h-4Z",
    "M-4.6,0L-1.4,-1.4L0,-4.6L1.4,-1.4L4.6,0L1.4,1.4L0,4.6L-1.4,1.4Z",
)


def number(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".removesuffix(".0")


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """A line of the class ``style``."""
    return f'<line class="{style}" x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"/>'


def text(x: float, y: float, content: str, style: str = "", anchor: str = "start") -> str:
    """A line of text."""
    return f'<text class="{style}" x="{number(x)}" y="{number(y)}" text-anchor="{anchor}">{escape(content)}</text>'


def marker(x: float, y: float, series: int, tip: str = "") -> str:
    """The point of a series, with a tool tip."""
    kind = series % SERIES
    at = f"translate({number(x)} {number(y)})"
    return f'<path class="point s{kind}" transform="{at}" d="{_SHAPES[kind]}"><title>{escape(tip)}</title></path>'


def path(points: Iterable[tuple[float, float]], style: str) -> str:
    """A line through points."""
    corners = [f"{number(x)},{number(y)}" for x, y in points]
    return f'<polyline class="{style}" points="{" ".join(corners)}"/>'


def picture(width: float, height: float, name: str, description: str, parts: Iterable[str]) -> str:
    """The whole, with what a screen reader says of it; ``name`` is its title and must be unique on the page."""
    key = re.sub(r"[^a-z0-9]", "-", name.lower())
    return (
        f'<svg class="plot" role="img" viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" '
        f'height="{number(height)}" aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(name)}</title>'
        f'<desc id="{key}-d">{escape(description)}</desc>{"".join(parts)}</svg>'
    )


def legend(names: Iterable[str]) -> str:
    """Which run has which colour and shape, as a list that wraps."""
    entries: list[str] = []
    for series, name in enumerate(names):
        symbol = f'<svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">{marker(0, 0, series, name)}</svg>'
        entries.append(f"<li>{symbol}<span>{escape(name)}</span></li>")
    return f'<ul class="legend">{"".join(entries)}</ul>'
