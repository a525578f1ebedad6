"""What the documentation's pages need beyond their Markdown: roles of docstrings (``:class:``) are not shown."""

from __future__ import annotations

import re

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr|exc):(?=\s*<code>)")


def on_page_content(html: str, **_: object) -> str:
    """The page without the names of roles before code."""
    return _ROLE.sub("", html)
