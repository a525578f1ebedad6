"""Does a passage give orders to a language model? The words of seven languages are data, ``orders.toml``.

A doubt costs two calls and takes nothing away (the verify step asks again without the passage), so the rules prefer to see
too much. Families of such texts: Yi et al., "Benchmarking and Defending Against Indirect Prompt Injection Attacks on Large
Language Models" (BIPIA), 2023; Derczynski et al., "garak: A Framework for Security Probing Large Language Models", 2024.
"""

from __future__ import annotations

import base64
import codecs
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from clara.language.text import fold
from clara.safety.disguise import undisguised

_DATA: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_NEAR = 60
"""Characters between what is set aside and the verb that does so."""
_BEFORE, _AFTER = 40, 12
"""Characters before and after a letter in which a word of answering counts."""
_LONG = 6
"""Letters from which on a word is also seen behind letters that do not belong to it."""
_ENCODED = re.compile(r"[A-Za-z0-9+/=]{16,}")
_MARKUP = re.compile(
    r"<\|?\s*/?\s*(?:im_start|im_end|system|user|assistant|evidence|question|start_of_turn|end_of_turn|instructions?)\b"
    r"|\[/?inst\]|#{2,}\s*(?:instruction|response|system|new task)"
    r"|(?:^|\n)\s*(?:system|assistant|user)\s*:"
    r"""|["'](?:label|grounded|agrees|citations|relevant|sufficient|answers_question|contradiction)["']\s*:""",
    re.IGNORECASE,
)
"""Turns of a chat template, tags of a prompt, and fields of a reply."""


def _words(name: str) -> list[str]:
    """The words of all languages, the longest first."""
    words: set[str] = set()
    for table in _DATA.values():
        words.update(table[name])
    return sorted(words, key=lambda word: (-len(word), word))


def _pattern(name: str) -> re.Pattern[str]:
    alternatives: list[str] = []
    for word in _words(name):
        bound = r"\b" if word.isascii() and len(word) < _LONG else ""
        alternatives.append(bound + re.escape(word))
    return re.compile("|".join(alternatives))


_IGNORE, _MATTER, _ANSWER, _READER = (_pattern(name) for name in ("ignore", "matter", "answer", "reader"))
_IGNORE_WORDS, _READER_WORDS = _words("ignore"), _words("reader")
_LETTER = re.compile(r"(?<![A-Za-z])[A-J](?![A-Za-z0-9-])")
"""The letter of an option; the article "a" is none."""
_SENTENCE_END = re.compile(r"[.。।\n]")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@lru_cache(maxsize=4096)
def gives_orders(text: str) -> bool:
    """True if the text, plain, disguised, reversed or encoded, speaks to a model rather than to a reader of medicine."""
    if _MARKUP.search(_visible(text)) or _names_a_letter(_visible(text)):
        return True
    return any(_speaks_to_a_model(reading) for reading in _readings(text))


def _speaks_to_a_model(folded: str) -> bool:
    if _holds_one(folded, _READER_WORDS) and _READER.search(folded):
        return True
    if not _holds_one(folded, _IGNORE_WORDS):
        return False
    for match in _IGNORE.finditer(folded):
        around = folded[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if _MATTER.search(around):
            return True
    return False


def _holds_one(text: str, words: list[str]) -> bool:
    """True if one of the words stands anywhere in the text: far quicker than to look where words begin."""
    return any(word in text for word in words)


def _names_a_letter(text: str) -> bool:
    """True if a letter stands alone after a word of answering in its sentence, or before one: in Hindi the verb is last."""
    for match in _LETTER.finditer(text):
        before = _SENTENCE_END.split(text[max(0, match.start() - _BEFORE) : match.start()])[-1]
        after = _SENTENCE_END.split(text[match.end() : match.end() + _AFTER])[0]
        if _ANSWER.search(fold(before)) or _ANSWER.search(fold(after)):
            return True
    return False


def _visible(text: str) -> str:
    """Without escape sequences and invisible characters; capital letters stay."""
    normal = unicodedata.normalize("NFKC", _ESCAPES.sub(" ", text))
    if normal.isascii():
        return normal
    return "".join(character for character in normal if unicodedata.category(character) != "Cf")


def _readings(text: str) -> Iterator[str]:
    """The text folded, without its disguises, reversed, turned by thirteen letters, and what stands in it encoded."""
    folded = fold(text)
    yield folded
    yield undisguised(text)
    yield folded[::-1]
    yield codecs.encode(folded, "rot13")
    for match in _ENCODED.finditer(text):
        for decoded in _decoded(match.group()):
            yield fold(decoded)


def _decoded(run: str) -> Iterator[str]:
    """What a run of Base64, Base32 or hexadecimal digits may say."""
    padded = run + "=" * (-len(run) % 8)
    decoders: tuple[Callable[[], bytes], ...] = (
        lambda: base64.b64decode(padded),
        lambda: base64.b32decode(padded),
        lambda: bytes.fromhex(run),
    )
    for decode in decoders:
        try:
            yield decode().decode()
        except ValueError:  # binascii.Error and UnicodeDecodeError are such
            continue
