"""The letter that a raw reply gives, in any of the languages of ``anchors.toml`` and any script of option letters.

From the surest sign to the weakest: a reply that is a letter or an option's text; JSON and ``\\boxed{}``; the last sentence
that commits itself ("the answer is B", "option B is correct", "not A but B"); a letter with a bracket at the start; the text
of exactly one option in a short reply; a letter in brackets, in bold, or alone on the last line; a short last sentence that
ends in a letter ("it has to be B"). Anything else is no letter: a capital A in a sentence, "e.g.", "none of the above" and
"A or B" stay what they are.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from clara.bench.datasets.values import plain
from clara.language.questions import LETTERS, label_of
from clara.language.text import sentences
from clara.types import Option

Kind = Literal["letter", "unparsed", "no_response", "abstained"]

_LATIN = "A-Ja-jＡ-Ｊａ-ｊ"
_NATIVE = "①-⑩कखगघङअबसदأابجدАБВГД가나다라마"
_SMALL_CYRILLIC = "абвгд"  # words by themselves: only with a bracket
_SPOKEN = {"ए": "A", "बी": "B", "सी": "C", "डी": "D", "ई": "E"}
_LETTER = rf"(?<![^\W\d_一-鿿぀-ヿ가-힣])(?:[{_LATIN}{_NATIVE}](?![A-Za-zÀ-ɏ0-9ऀ-ॿ؀-ۿЀ-ӿ'’]|\.\s?[a-z]\.))"
_OPEN, _CLOSE = r"[\"'(（\[【「“‘«<]{0,3}\s{0,3}", r"\s{0,3}[\"')）\]】」”’».:：,，、。;]{0,4}"
_WORDLIKE = re.compile(r"^\w", re.UNICODE)
_UNSPACED = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_THINKING = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^```\w*\s*\n|\n```\s*$")
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\s*([^{}]*)\}")
_ALONE = re.compile(rf"{_OPEN}([{_LATIN}{_NATIVE}{_SMALL_CYRILLIC}])\s*[)）\].:：。、\s\"'”’】」]*")
_LEADING = re.compile(rf"[(（\[【]?\s*([{_LATIN}{_NATIVE}{_SMALL_CYRILLIC}])\s*(?:[)）\]】:：]|[.．、](?!\s?[a-z]\.))")
_CAPITAL = re.compile(r"\b(?:[A-HJ]|I(?!['’\s]))\b")
_MARKED = re.compile(rf"[(（\[【]\s*([{_LATIN}{_NATIVE}])\s*[)）\]】]")
_LISTED = re.compile(r"(?<!\w)[A-J](?:\s*[,，、/&+]\s*[A-J])+[\s.。)）]*$", re.MULTILINE)
"""Several letters that end a line: ``A, B``."""
_LONGEST = 8_000
"""Characters at the end of a long reply that are searched for a commitment."""
_ROMAN = re.compile(r"^[Ii]\s*[:：]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says: a letter, or why there is none."""

    kind: Kind
    letter: str | None = None


def extract_letter(text: str, options: Sequence[Option] = ()) -> str | None:
    """The letter that a reply gives, or None."""
    return read_reply(text, options).letter


def read_reply(text: str, options: Sequence[Option] = ()) -> Reading:
    """Read a reply; with the options, their texts count and letters outside them do not."""
    if text.strip().lower() in ("", "error"):
        return Reading("no_response")
    body = _FENCE.sub("", _THINKING.sub("", text)).strip()
    if not body:  # it broke off while thinking
        return Reading("unparsed")
    labels = "".join(option.label for option in options) or LETTERS
    sure = labels if options else labels.replace("I", "")  # "the answer is I think ..."
    fields = _fields(body)
    if fields is not None:
        letter = extract_letter(fields, options) if fields else None
        return Reading("letter", letter) if letter else Reading("unparsed")
    boxes = _BOXED.findall(body)
    letter = extract_letter(boxes[-1], options) if boxes else _whole(body, options, labels)
    if letter is None:
        shown = _without_markup(body)
        words = _words()
        letter = _committed(shown[-_LONGEST:], sure) or _leading(shown, labels)
        if letter is None:
            if words.unknown.search(shown):
                return Reading("abstained")
            if words.none.search(shown) is None:
                letter = _option_text(shown, options) or _marked(body, shown, labels) or _closing(shown, labels)
    return Reading("letter", letter) if letter else Reading("unparsed")


def _fields(body: str) -> str | None:
    """The answer of a reply that is a JSON object, empty if it has none; None for any other reply."""
    if not body.startswith("{"):
        return None
    try:
        value: Any = json.loads(body)
    except ValueError:
        return None
    names = ("answer", "label", "choice", "letter", "option", "final_answer")
    return next((value[name] for name in names if isinstance(value.get(name), str)), "")


def _whole(body: str, options: Sequence[Option], labels: str) -> str | None:
    """The reply is a letter, or the text of an option, and nothing else."""
    shown = _without_markup(body)
    if match := _ALONE.fullmatch(shown):
        return _allowed(match[1], labels)
    spoken = re.sub(r"[()\s]", "", plain(shown))
    if spoken in _SPOKEN:
        return _allowed(_SPOKEN[spoken], labels)
    same = [option.label for option in options if plain(option.text) == plain(shown)]
    return same[0] if len(same) == 1 else None


def _without_markup(body: str) -> str:
    return re.sub(r"[*_`#]+", "", unicodedata.normalize("NFC", body)).strip()


def _allowed(symbol: str, labels: str) -> str | None:
    label = label_of(symbol)
    return label if label and label in labels else None


@dataclass(frozen=True, slots=True)
class _Words:
    """The anchors of all languages, compiled."""

    commitments: tuple[re.Pattern[str], ...]
    """Each has the letter in its first group."""
    closing: re.Pattern[str]
    """A last sentence that ends in a letter after a small word or a colon."""
    negated: re.Pattern[str]
    void: re.Pattern[str]
    second: re.Pattern[str]
    """The second letter of ``A or B``."""
    none: re.Pattern[str]
    unknown: re.Pattern[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    with (Path(__file__).with_name("anchors.toml")).open("rb") as file:
        languages: dict[str, dict[str, list[str]]] = tomllib.load(file)

    def any_of(*names: str) -> str:
        found = {word for entry in languages.values() for name in names for word in entry.get(name, ())}
        return "|".join(_word(word) for word in sorted(found, key=len, reverse=True))

    gap = r"[\s:：=,，、—–\-\"'(（\[【「“‘«<)）\]】」”’»]{0,6}"
    fillers = rf"(?:{gap}(?:{any_of('filler', 'option')})){{0,6}}{gap}"
    letter = rf"({_LETTER})"
    after = rf"{_CLOSE}\s*(?:(?:{any_of('filler')})\s*){{0,4}}"
    # "Hepatitis B is correct" speaks of no option: the letter begins a clause, or a small word stands before it
    before = rf"(?:^|[^\w\s]\s*|{_UNSPACED.pattern}\s*|(?:{any_of('filler', 'option', 'therefore', 'answer')})\s+)"
    patterns = (
        rf"(?:{any_of('answer', 'choose', 'therefore')}){fillers}{letter}",
        rf"(?:{any_of('option')}){gap}{letter}{after}(?:{any_of('correct')})",
        rf"{before}{letter}{after}(?:{any_of('correct')})",
        rf"(?:{any_of('correct')}){fillers}{letter}",
        rf"(?:{any_of('not')}){fillers}{_LETTER}{_CLOSE}\s*(?:{any_of('but')}){fillers}{letter}",
        rf"{_LETTER}{_CLOSE}\s*(?:{any_of('contrast')}){fillers}{letter}",
        rf"^(?:{any_of('option')}){gap}{letter}{_CLOSE}$",
        rf"\b(?:wait|no|actually)\b[\s,.:;—–-]+(?:it is|it's|it’s|it must be|it should be){fillers}{letter}{_CLOSE}$",
        rf"(?:{any_of('option')})\s*(?:{any_of('filler')}){fillers}{letter}",
    )
    flags = re.IGNORECASE | re.MULTILINE
    return _Words(
        tuple(re.compile(pattern, flags) for pattern in patterns),
        re.compile(rf"(?:[:：]\s*|(?:{any_of('filler', 'option')}){gap}){letter}{_CLOSE}$", re.IGNORECASE),
        re.compile(any_of("not", "void"), flags),
        re.compile(
            rf"{_CLOSE}\s*(?:(?P<condition>{any_of('condition')})|(?:{any_of('void')})\s*{_OPEN}(?P<other>{_LETTER}))", flags
        ),
        re.compile(rf"{_LETTER}{_CLOSE}\s*(?:{any_of('void')})\s*{_OPEN}{_LETTER}$", re.IGNORECASE),
        re.compile("|".join(_phrases(languages, "none")), flags),
        re.compile("|".join(_phrases(languages, "unknown")), flags),
    )


def _phrases(languages: Mapping[str, Mapping[str, list[str]]], name: str) -> list[str]:
    """Phrases that may go on with any ending."""
    found = {word for entry in languages.values() for word in entry.get(name, ())}
    return [rf"(?<!\w){re.escape(word)}" if word[0].isascii() else re.escape(word) for word in sorted(found)]


def _word(word: str) -> str:
    """A word as a pattern: with word boundaries in scripts that have spaces."""
    pattern = re.escape(word).replace(r"\ ", r"\s+").replace("'", "['’]")
    if _UNSPACED.search(word):
        return pattern
    return rf"(?<!\w){pattern}" + (r"(?!\w)" if _WORDLIKE.match(word[-1]) else "")


def _committed(shown: str, labels: str) -> str | None:
    """The letter of the last sentence that commits itself."""
    best: tuple[int, str] | None = None
    words = _words()
    for pattern in words.commitments:
        for match in pattern.finditer(shown):
            label = _allowed(match[1], labels)
            if label is None or not _is_letter(shown, match.start(1)) or _taken_back(shown, match.end(1), labels):
                continue
            if best is None or match.start(1) > best[0]:
                best = (match.start(1), label)
    return best[1] if best else None


def _is_letter(shown: str, at: int) -> bool:
    """False for the article or conjunction ``a``, ``e`` in the middle of a sentence: small letters need an end."""
    if not shown[at].islower():
        return True
    return re.match(r".\s*(?:$|[\n.,;:)\]\"'）】」”’。，、])", shown[at:]) is not None


def _taken_back(shown: str, end: int, labels: str) -> bool:
    """True if ``or B``, ``and B`` or ``if ...`` follows the letter, ``A or`` stands before it, or it is one of several."""
    listed = _LISTED.search(shown, max(0, end - 6))
    if listed is not None and listed.start() < end <= listed.end():
        return True
    if _words().second.search(shown[max(0, end - 30) : end]):
        return True
    match = _words().void.match(shown, end)
    return match is not None and (match["condition"] is not None or _allowed(match["other"], labels) is not None)


def _leading(shown: str, labels: str) -> str | None:
    match = _LEADING.match(shown)
    if match is None or _ROMAN.match(shown):
        return None
    return _allowed(match[1], labels)


def _option_text(shown: str, options: Sequence[Option]) -> str | None:
    """The one option whose text stands in a short reply."""
    text = plain(shown)
    texts = {option.label: plain(option.text) for option in options}
    found = {label: part for label, part in texts.items() if len(part) >= 2 and _stands_in(part, text)}
    longest = {
        label for label, part in found.items() if not any(part in other and part != other for other in found.values())
    }
    if len(longest) != 1:
        return None
    label = longest.pop()
    return label if len(text) <= len(texts[label]) + 20 else None


def _stands_in(part: str, text: str) -> bool:
    if _UNSPACED.search(part):
        return part in text
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def _closing(shown: str, labels: str) -> str | None:
    """The letter that ends the last sentence, if nothing in it says no or or: "it has to be B", "eu marcaria a letra B"."""
    sentence = (sentences(shown[-500:]) or [""])[-1]
    match = _words().closing.search(sentence)
    if match is None or not match[1].isupper() or len(_CAPITAL.findall(sentence)) > 1 or len(sentence.split()) > 12:
        return None
    return None if _words().negated.search(sentence) else _allowed(match[1], labels)


def _marked(body: str, shown: str, labels: str) -> str | None:
    """A letter that is set apart: alone on the last line, or the only one in brackets or bold."""
    last = _without_markup(body.splitlines()[-1])
    if "\n" in body and (match := _ALONE.fullmatch(last)):
        return _allowed(match[1], labels)
    apart = [*_MARKED.findall(shown), *re.findall(r"\*\*\s*([A-J])\s*[.)]?\s*\*\*", body)]
    letters = {label for symbol in apart if (label := _allowed(symbol, labels))}
    return letters.pop() if len(letters) == 1 else None
