"""Undoes what hides words from rules: invisible characters, look-alikes of other scripts, spaced and stretched letters."""

from __future__ import annotations

import re
import unicodedata

from clara.language.text import fold

_LOOK_ALIKES = str.maketrans(
    "авеёзіїјкмнорсԁтухѕһԛԝьꙅαβγεηικνορτυχωɑɡıℓɩʟᴀᴇᴏ",
    "abee3iijkmhopcdtyxshqwbsabyenikvoptuxwagililaeo",
)
"""Cyrillic, Greek and other letters to the Latin ones that they look like; applied to folded text."""
_DIGITS = str.maketrans("013457@$€!", "oieastase" + "i")
"""Digits and signs that stand for letters inside a word ("bl3ach")."""
_MIXED = re.compile(r"(?<![\w@$])(?=[\w@$€!]*[a-z])(?=[\w@$€!]*[a-z]{2}|[a-z0-9])[a-z]*[013457@$€!][a-z][\w@$€!]*")
_INSIDE = re.compile(r"(?<=[^\W\d_])[*_`~|^](?=[^\W\d_])|(?<=\b[a-z])[-.·•](?=[a-z]\b)")
_LETTERS = re.compile(r"(?<![^\W_])[^\W\d_](?:[ .\-·•_]{1,3}[^\W\d_]){2,}(?![^\W_])")
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_SPACED_HAN = re.compile(rf"(?<={_HAN})[ \t.·•*_\-]+(?={_HAN})")
_BLANK = re.compile("[\ufe00-\ufe0f\u0335-\u0338\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SEVEN_SCRIPTS = ("LATIN", "DEVANAGARI", "CJK")


def undisguised(text: str) -> str:
    """``text`` folded (lower case, no Latin accents), with everything undone that keeps words from being read."""
    if text.isascii():
        folded = text.lower()
    else:
        invisible = {ord(char): None for char in set(text) if _is_invisible(char)}
        visible = text.translate(invisible)
        folded = fold(unicodedata.normalize("NFKC", visible))
        if not _reads_otherwise(folded):
            folded = folded.translate(_LOOK_ALIKES)
    folded = _SPACED_HAN.sub("", folded)
    folded = _LETTERS.sub(_joined, folded)
    folded = _INSIDE.sub("", folded)
    folded = _MIXED.sub(lambda match: match.group().translate(_DIGITS), folded)
    return _STRETCHED.sub(r"\1\1", folded)


def _is_invisible(char: str) -> bool:
    """Format characters (zero-width, direction, tags), variation selectors, marks that cross letters out, blank letters."""
    if char in "\n\t\r":
        return False
    if _BLANK.match(char):
        return True
    return unicodedata.category(char) in ("Cf", "Me", "Cc")


def _reads_otherwise(text: str) -> bool:
    """True if the text is mostly in a script that none of the seven languages uses, such as a Russian sentence."""
    letters = [char for char in text if char.isalpha() and not unicodedata.name(char, "").startswith(_SEVEN_SCRIPTS)]
    if not letters:
        return True
    hidden = sum(char.translate(_LOOK_ALIKES) != char for char in letters)
    return hidden < len(letters)


def _joined(match: re.Match[str]) -> str:
    """Single letters as words: a wider gap separates words, if there is one."""
    words = re.sub(r"\s{2,3}", "\n", match.group())
    return re.sub(r"[ .\-·•_]", "", words).replace("\n", " ")
