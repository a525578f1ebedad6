"""The page escapes what it is given and asks for nothing from outside."""

from __future__ import annotations

import re

from clara.bench.report import html, write_html
from clara.bench.results import metrics

EVIL = '<script>alert("x")</script>'


def document():
    return metrics(
        {
            name: [
                {
                    "strategy": name,
                    "language": language,
                    "id": str(i),
                    "label": "A",
                    "outcome": "correct" if i % 4 else "wrong",
                }
                for language in ("english", EVIL)
                for i in range(8)
            ]
            for name in (EVIL, "plain")
        }
    )


def test_names_are_escaped():
    page = html(document())
    assert "<script" not in page.lower()
    assert "&lt;script&gt;" in page


def test_asks_for_nothing_from_outside(tmp_path):
    write_html(tmp_path / "new" / "report.html", document())
    page = (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert not re.search(r"""\b(?:src|href)\s*=\s*["']?\s*(?:https?:)?//""", page, re.IGNORECASE)
    assert not re.search(r"""@import|url\(\s*["']?\s*(?:https?:)?//""", page, re.IGNORECASE)
