"""Text from outside on its way to a terminal: nothing in it may steer the terminal, however it is cut into chunks.

Passages, answers, file names and errors may hold escape sequences (ECMA-48), 8-bit control characters, direction overrides
and invisible characters. :class:`StreamCleaner` removes them with one small state machine, character by character, so that
the result does not depend on where a stream was cut. Newline and tab are the only control characters that stay.
"""

from __future__ import annotations

import re

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
"""Characters that steer a terminal or hide text: C0 but newline and tab, C1, line separators, direction overrides,
zero-width space, soft hyphen, word joiner and invisible operators, lone surrogates, tags, supplementary variation selectors.
The zero-width joiners stay: Devanagari is written with them."""

_LONGEST_CSI = 64
"""Most parameter characters of a control sequence; a longer one is taken for text."""
_LONGEST_STRING = 4096
"""Most characters of a command string (OSC, DCS, APC, PM, SOS) that are held back until its end is seen."""
_STRING_AFTER_ESC = "]PX^_"
_STRING_C1 = "\x90\x98\x9d\x9e\x9f"


class StreamCleaner:
    """Removes whole escape sequences and single unsafe characters from a text that comes in chunks.

    A command string that never ends hides nothing: at a newline, at its longest length or at :meth:`flush` its text is let
    through without the characters that made it a command.
    """

    def __init__(self) -> None:
        self._state = "text"
        self._length = 0
        self._held: list[str] = []

    def feed(self, chunk: str) -> str:
        """What of the chunk, and of what was held back, may be shown now."""
        if self._state == "text" and not UNSAFE.search(chunk):
            return chunk
        out: list[str] = []
        for char in chunk:
            self._step(char, out)
        return "".join(out)

    def flush(self) -> str:
        """The text that was held back; the cleaner is as new."""
        rest = UNSAFE.sub("", "".join(self._held))
        self._held.clear()
        self._state = "text"
        return rest

    def _step(self, char: str, out: list[str]) -> None:
        if self._state == "esc":
            self._escape(char, out)
        elif self._state == "csi":
            self._sequence(char, out)
        elif self._state == "string":
            self._string(char, out)
        elif self._state == "string esc":
            if char == "\\":
                self.flush()
            else:
                self._held.clear()
                self._state = "esc"
                self._escape(char, out)
        else:
            self._text(char, out)

    def _text(self, char: str, out: list[str]) -> None:
        self._state = "text"
        if char == "\x1b":
            self._state = "esc"
        elif char == "\x9b":
            self._state, self._length = "csi", 0
        elif char in _STRING_C1:
            self._state = "string"
        elif not UNSAFE.match(char):
            out.append(char)

    def _escape(self, char: str, out: list[str]) -> None:
        if char == "[":
            self._state, self._length = "csi", 0
        elif char in _STRING_AFTER_ESC:
            self._state = "string"
        elif not "\x20" <= char <= "\x2f":  # these only introduce what follows
            self._state = "text"
            if not "\x30" <= char <= "\x7e":
                self._text(char, out)

    def _sequence(self, char: str, out: list[str]) -> None:
        self._length += 1
        if "\x20" <= char <= "\x3f" and self._length <= _LONGEST_CSI:
            return
        self._state = "text"
        if not "\x40" <= char <= "\x7e":
            self._text(char, out)

    def _string(self, char: str, out: list[str]) -> None:
        if char in "\x07\x9c":
            self.flush()
        elif char == "\x1b":
            self._state = "string esc"
        elif char == "\n" or len(self._held) >= _LONGEST_STRING:
            out.append(self.flush())
            self._text(char, out)
        else:
            self._held.append(char)


def clean(text: str) -> str:
    """A whole text without anything that steers a terminal."""
    cleaner = StreamCleaner()
    return cleaner.feed(text) + cleaner.flush()
