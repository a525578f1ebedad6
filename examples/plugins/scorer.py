"""A scorer of one's own: is the answer written in the script of the question?"""

from __future__ import annotations

import unicodedata

from clara.bench import Response, plugins


def same_script(response: Response) -> float | None:
    """The share of letters whose script is one that the question uses; nothing to score without both texts."""
    scripts = {unicodedata.name(letter, "").split()[0] for letter in response.question if letter.isalpha()}
    letters = [letter for letter in response.text if letter.isalpha()]
    if not scripts or not letters:
        return None
    alike = [letter for letter in letters if unicodedata.name(letter, "").split()[0] in scripts]
    return len(alike) / len(letters)


plugins.scorers.add("same_script", same_script)
