"""Titles that programs write where nobody gave one: a citation is better named after its file."""

from __future__ import annotations

import re

_FORMS = (
    r"(untitled|unnamed|no title|unbenannt|ohne titel|sans titre|s(in|em) t[ií]tulo|walang pamagat|无标题|無題)\b.*",
    r"(microsoft )?(office )?(word|excel|powerpoint)( document| presentation)?",
    r"(microsoft )?(office )?(word|excel|powerpoint) [-–—] .*",
    r"((new|neues|nouveau|novo|nuevo) )?(document|documento|dokument|doc|slide|page|title|titre|t[ií]tulo|home|index)"
    r"[ _-]*\d*",
    r"\S+\.(docx?|pdf|rtf|odt|pptx?|xlsx?|indd|qxd|tex|dvi|ps|eps|html?|txt|pages|pub|cdr|ai)",
    r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}",
    r"[\d\W_]*",
)
"""No title in several languages, the name of a program or of a file, a number."""
_SAYS_NOTHING = re.compile("|".join(rf"\W*(?:{form})\W*" for form in _FORMS), re.IGNORECASE)


def says_nothing(title: str) -> bool:
    """True for a title that tells nothing about its document, and for none."""
    return _SAYS_NOTHING.fullmatch(title) is not None
