"""Which encoding a text is in, found by looking at its bytes."""

from __future__ import annotations

import codecs
import re

SAMPLE = 1 << 18
"""Bytes that are looked at."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as the one of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"
_NEAR = 0.1
"""Encodings that are this close in disorder fit alike; a few lines say no more."""
_LAST_OF_LATIN = 0x24F
_HIGH = re.compile(rb"[\x80-\xff]")


def encoding_of(data: bytes) -> str | None:
    """The encoding of a text that begins with ``data``; None for what is no text.

    UTF-8, also with a few damaged bytes; what a byte-order mark names; else what charset-normalizer finds.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[:SAMPLE]
    if b"\x00" not in sample:
        text = sample.decode("utf-8", "replace")
        damaged = text.count("\ufffd")
        if damaged == 0 or 2 * damaged <= len(_HIGH.findall(sample)) - damaged:
            return "utf-8"
    return _guessed(sample)


def _guessed(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # its tables are not for every start of the command

    is_wide = b"\x00" in sample
    if not is_wide:
        sample = sample[: sample.rfind(b"\n") + 1] or sample  # no character is cut at the end of a line
    matches = from_bytes(sample)
    best = matches.best()
    if best is None or (is_wide and not best.encoding.startswith(("utf_16", "utf_32"))):
        return None
    for match in matches:
        # Western European letters are letters in other code pages too; of equals the usual one counts
        if _WESTERN in (match.encoding, *match.could_be_from_charset) and match.chaos <= best.chaos:
            return _WESTERN
    for match in matches:
        if match.chaos <= best.chaos + _NEAR and _is_japanese(str(match)):
            return match.encoding
    return best.encoding


def _is_japanese(text: str) -> bool:
    """True where a tenth of the letters is hiragana, which bytes of another encoding do not become."""
    foreign = [char for char in text if ord(char) > _LAST_OF_LATIN]
    hiragana = sum("\u3041" <= char <= "\u3096" for char in foreign)
    return 10 * hiragana >= len(foreign) > 0
