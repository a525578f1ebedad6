"""Takes a question's text apart: the stem, and its options if it is multiple choice."""

from __future__ import annotations

import re

from clara.types import Option, Question

_MARKER = re.compile(r"(?:^|(?<=\s)|(?<=[。．.;；?？:：]))\(?\s*([A-Ja-jＡ-Ｊａ-ｊ])\s*[).:．）、]\s*", re.MULTILINE)
_LINE_MARKER = re.compile(r"^[ \t]*\(?\s*([A-Ja-jＡ-Ｊａ-ｊ])\s*[).:．）、]\s*", re.MULTILINE)


def parse_question(text: str, *, language: str | None = None, id: str | None = None) -> Question:  # noqa: A002
    """The stem and the options of a text such as ``What ...? a) one b) two c) three d) four``.

    The last complete run of letters from A on is taken as the options, so that lettered lists inside the stem stay there.
    A text without such a run is a free-text question.
    """
    for pattern in (_LINE_MARKER, _MARKER):
        run = _last_run(pattern, text)
        if len(run) >= 2:
            return Question(text[: run[0].start()].strip(), _options(text, run), language, id)
    return Question(text.strip(), (), language, id)


def _last_run(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """The last stretch of markers A, B, C, ... in order."""
    best: list[re.Match[str]] = []
    run: list[re.Match[str]] = []
    for match in pattern.finditer(text):
        label = _label(match)
        if run and label == chr(ord(_label(run[-1])) + 1):
            run.append(match)
        else:
            run = [match] if label == "A" else []
        if len(run) >= 2:
            best = list(run)
    return best


def _label(match: re.Match[str]) -> str:
    char = match[1]
    return (chr(ord(char) - 0xFEE0) if ord(char) > 0xFF00 else char).upper()


def _options(text: str, run: list[re.Match[str]]) -> tuple[Option, ...]:
    ends = [match.start() for match in run[1:]] + [len(text)]
    return tuple(Option(_label(match), text[match.end() : end].strip()) for match, end in zip(run, ends, strict=True))
