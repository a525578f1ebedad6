"""The letter that a free reply gives, in any of the languages of ``anchors.toml`` and any script of option letters.

The last commitment counts. From the surest sign to the weakest: a reply that is a letter or an option's text; a letter at
its head, a JSON object, ``\\boxed{}``, an ``<answer>`` tag and sentences such as "the answer is B", whichever is last; a
sentence such as "B is correct"; the text of exactly one option in a short reply; a letter in brackets, in bold, or alone on
the last line; a short last sentence that ends in a letter ("it has to be B"). Anything else is no letter: a capital A in a
sentence, "e.g.", "none of the above", "A or B", "vitamin A", "D-dimer" and a rejected option stay what they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

from clara.language.abbreviations import follows_noun, is_species
from clara.language.questions import LETTERS, label_of
from clara.language.replies.anchors import anchors
from clara.language.replies.commitment import commitments, is_one_of_several, is_rejected
from clara.language.replies.context import LATIN, NATIVE, role_before
from clara.language.replies.objects import objects
from clara.language.replies.thinking import visible
from clara.language.text import plain, sentences
from clara.types import Option, labels_of

Kind = Literal["letter", "unparsed", "abstained"]

_SYMBOL = f"[{LATIN}{NATIVE}абвгд]"
_SPOKEN = {"ए": "A", "बी": "B", "सी": "C", "डी": "D", "ई": "E"}
_KEYS = (
    "label", "answer_choice", "final_answer", "answer", "choice", "letter", "option", "correct_answer", "correct_option",
    "selected_option", "selected_answer", "final_choice", "answer_letter", "prediction", "answer_idx", "selection",
    "response",
)  # fmt: skip
"""Fields of a JSON object that hold the answer, the surest first."""
_FENCE = re.compile(r"^```\w*\s*\n|\n```\s*$")
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_TAGGED = re.compile(r"<(answer|final_answer|final|choice)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_TEX = re.compile(r"\\[a-zA-Z]+|[{}$]")
_ALONE = re.compile(rf"[\"'(（\[【「“‘«<]{{0,3}}\s{{0,3}}({_SYMBOL})\s*[)）\].:：。、\s\"'”’】」>#]*")
_HEAD = re.compile(
    rf"[\s↵\"'(（\[【「“‘«<]{{0,6}}(?P<letter>{_SYMBOL})"
    r"(?P<mark>\s*[)）\]】]+[.:：]?|\s*[\"'”’」»>]+(?!\w)[.:：]?|\s*[:：]|[.．、]|\s*[,，;|#/](?!\w)|\s+[-–—]\s|\s*(?=\n)|\s*(?=###)|\s+(?=[(（\[])|\s+(?=i\.e\.)|\s)"
)
_ROMAN = re.compile(r"^[Ii]\s*[:：]")
_SPACES = re.compile(r"[ \t\u00a0]+")
_MARKED = re.compile(rf"[(（\[【]\s*([{LATIN}{NATIVE}])\s*[)）\]】]")
_BOLD = re.compile(r"\*\*\s*([A-Z])\s*[.)]?\s*\*\*")
_CAPITAL = re.compile(r"(?<![\w.])[A-Z](?!\w|\.\w|['’](?!d[iıuü]r|t[iıuü]r)|-)")
_LONGEST = 8_000
"""Characters at the end of a long reply that are searched for a commitment."""


@dataclass(frozen=True, slots=True)
class LetterReading:
    """What a reply says: a letter, or why there is none."""

    kind: Kind
    letter: str | None = None


def read_letter(text: str, options: Sequence[Option] = ()) -> LetterReading:
    """Read a reply; with the options, their texts count and letters outside them do not."""
    body = _FENCE.sub("", visible(text).replace("\\n", "\n")).strip()
    if not body:  # it broke off while thinking
        return LetterReading("unparsed")
    reply = _FreeReply(body, options)
    letter = reply.whole() or reply.committed()
    if letter is None and not reply.is_object:
        if anchors().unknown.search(reply.shown):
            return LetterReading("abstained")
        if anchors().none.search(reply.shown) is None:
            letter = reply.option_text() or reply.set_apart() or reply.closing()
    if letter is None:
        return LetterReading("unparsed")
    return LetterReading("letter", letter)


class _FreeReply:
    """A reply without its thinking, and the options that it chooses from."""

    def __init__(self, body: str, options: Sequence[Option]) -> None:
        self._body = body
        self._options = options
        self._labels, self._sure = LETTERS, LETTERS.replace("I", "")  # "the answer is I think ..."
        if options:
            self._labels = self._sure = "".join(labels_of(options))
        self._texts = {option.label: plain(option.text) for option in options}
        self._objects = objects(body)
        self.shown = _without_markup(body)

    @property
    def is_object(self) -> bool:
        """True if the reply is a JSON object and nothing else: what its remarks say is no answer."""
        return any((entry.start, entry.end) == (0, len(self._body)) for entry in self._objects)

    def whole(self) -> str | None:
        """The reply is a letter, or the text of an option, and nothing else."""
        match = _ALONE.fullmatch(self.shown)
        if match:
            return self._allowed(match[1])
        spoken = re.sub(r"[()\s]", "", plain(self.shown))
        if spoken in _SPOKEN:
            return self._allowed(_SPOKEN[spoken])
        return _only([label for label, text in self._texts.items() if text == plain(self.shown)])

    def committed(self) -> str | None:
        """The letter of the last commitment; a weak one counts where there is no strong one."""
        strong: list[tuple[int, str]] = []
        weak: list[tuple[int, str]] = []
        by_strength = {"strong": strong, "weak": weak}
        text = self._body
        for entry in self._objects:
            letter = self._field(entry.value)
            if letter:
                strong.append((entry.start, letter))
            text = text[: entry.start] + " " * (entry.end - entry.start) + text[entry.end :]
        for match in (*_BOXED.finditer(text), *_TAGGED.finditer(text)):
            letter = self._value(_TEX.sub(" ", match.groups()[-1]))
            if letter:
                strong.append((match.start(), letter))
        head = self._head()
        if head:
            strong.append((-1, head))
        text = self._without_own_negation(_spaced(text))
        begin = max(0, len(text) - _LONGEST)
        for commitment in commitments(text[begin:], self._sure):
            start = begin + commitment.start
            letter = self._option_at(text, start) or commitment.label
            by_strength[commitment.strength].append((start, letter))
        for places in (strong, weak):
            if places:
                return max(places, key=itemgetter(0))[1]
        return None

    def _without_own_negation(self, text: str) -> str:
        """The text less an option such as "None of the above" after its own letter, where it would reject that letter."""
        for label, own in self._texts.items():
            if anchors().none.search(own):
                pattern = rf"(\b{label}\b\W{{0,4}}){re.escape(own)}"
                text = re.sub(
                    pattern, lambda match: match[1] + " " * (len(match[0]) - len(match[1])), text, flags=re.IGNORECASE
                )
        return text

    def _field(self, value: Mapping[str, Any]) -> str | None:
        """The letter of a JSON object."""
        fields = {re.sub(r"[\s-]+", "_", str(key).strip().casefold()): entry for key, entry in value.items()}
        for key in _KEYS:
            letter = self._value(fields.get(key))
            if letter:
                return letter
        if len(fields) == 1:  # {"B": "Ciliary body"}
            return self._allowed(next(iter(value)))
        return None

    def _value(self, value: object) -> str | None:
        """The letter of a field: a letter, a letter with its text, a text, or one of these in a list or object."""
        if isinstance(value, Mapping):
            return self._field({str(key): entry for key, entry in value.items()})
        if isinstance(value, list) and len(value) == 1:
            return self._value(value[0])
        if isinstance(value, str):
            return read_letter(value, self._options).letter
        return None

    def _head(self) -> str | None:
        """The letter that the reply begins with, if what follows does not take it back or list the other options."""
        shown = self._unheaded()
        match = _HEAD.match(shown)
        if match is None or _ROMAN.match(shown):
            return None
        start, end = match.span("letter")
        by_text = self._option_at(shown, start)
        if by_text:
            return by_text
        letter = self._allowed(match["letter"])
        if letter is None or is_one_of_several(shown, start, end, self._labels) or is_rejected(shown, end):
            return None
        if self._is_other_word(match, letter, shown[match.end() :]) or self._is_list(letter, shown, match):
            return None
        return letter

    def _is_other_word(self, head: re.Match[str], letter: str, rest: str) -> bool:
        """True if the first letter of a reply is an abbreviation or a word of the sentence, as the article ``a``."""
        mark = head["mark"]
        if mark == " ":
            is_explained = rest.startswith(("(", "（", "[", "i.e.")) or self._begins_with_own_text(letter, rest)
            return not is_explained
        if mark.strip() in (".", "．"):
            return self._is_abbreviation(head["letter"], rest)
        return False

    def _unheaded(self) -> str:
        """The reply without "Option" or "Choice" before its first letter."""
        word = anchors().option.beginning(self.shown[:40].lower())
        rest = self.shown[len(word) :]
        if word and re.match(rf"\s*[:：]?\s*[(（\[]?{_SYMBOL}\b", rest):
            return rest.lstrip(" :：")
        return self.shown

    def _is_abbreviation(self, symbol: str, rest: str) -> bool:
        """True for the letters of "E. coli" and "e.g."."""
        following = r"[a-z]\."
        if symbol.islower():
            following = r"\s?[a-z]\."
        if re.match(following, rest):
            return True
        return is_species(rest) and not self._begins_with_own_text(symbol.upper(), rest)

    def _begins_with_own_text(self, letter: str, rest: str) -> bool:
        """True if the text after a letter is that of its option, or begins so."""
        begin = plain(rest[:60])[:12]
        if not begin:
            return False
        return self._texts.get(letter, "").startswith(begin)

    def _is_list(self, letter: str, shown: str, head: re.Match[str]) -> bool:
        """True if the reply goes through the options one by one from the first."""
        place = self._labels.find(letter)
        if place != 0 or len(self._labels) < 2:
            return False
        following = re.compile(rf"^\W*(?:\w+\s)?\W*{self._labels[1]}\s*[)）.:：]", re.MULTILINE).search(shown, head.end())
        if following is None:
            return False
        explanation = anchors().explanation
        for line in shown[head.end() : following.start()].splitlines():
            if explanation.beginning(line.lower().lstrip(" #*-")):
                return False
        return True

    def _option_at(self, text: str, start: int) -> str | None:
        """The option whose own text begins with the letter at ``start``: "D-dimer", "B cells", "E. coli"."""
        rest = plain(text[start : start + 200])
        by_length = sorted(self._texts, key=lambda label: len(self._texts[label]), reverse=True)
        for label in by_length:
            option = self._texts[label]
            if len(option) > 2 and rest.startswith(option) and not rest[len(option) :][:1].isalnum():
                return label
        return None

    def option_text(self) -> str | None:
        """The option whose text a sentence commits itself to, or the only one whose text stands in a short reply."""
        text = plain(self.shown)
        places = self._places_in(text)
        for label in sorted(places, key=places.__getitem__, reverse=True):
            end = places[label] + len(self._texts[label])
            if role_before(text[: places[label]]) == "strong" and not is_rejected(text, end):
                return label
        label = _only(places)
        if label is None or len(text) > len(self._texts[label]) + 20:
            return None
        return label

    def _places_in(self, text: str) -> dict[str, int]:
        """The options whose texts stand in a text, and where; not those that are part of another one that stands there."""
        places: dict[str, int] = {}
        for label, part in self._texts.items():
            place = _place_of(part, text)
            if place >= 0:
                places[label] = place
        whole = dict(places)
        for label in places:
            part = self._texts[label]
            for other in places:
                if part in self._texts[other] and part != self._texts[other]:
                    whole.pop(label, None)
        return whole

    def set_apart(self) -> str | None:
        """A letter alone on the last line, or the only one in brackets or bold."""
        for line in self._body.splitlines()[1:][-1:]:
            match = _ALONE.fullmatch(_without_markup(line))
            if match:
                return self._allowed(match[1])
        letters: set[str] = set()
        for symbol in (*_MARKED.findall(self.shown), *_BOLD.findall(self._body)):
            letter = self._allowed(symbol)
            if letter:
                letters.add(letter)
        return _only(letters)

    def closing(self) -> str | None:
        """The only capital letter of a short last sentence that it ends in: "it has to be B"."""
        last = "".join(sentences(self.shown[-500:])[-1:])
        capitals = list(_CAPITAL.finditer(last))
        if len(capitals) != 1 or len(last.split()) > 12:
            return None
        known = anchors()
        is_denied = any(known.denial.beginning(word) for word in last.lower().split())
        if is_denied or known.condition.beginning(last.lower()):
            return None
        before, after = last[: capitals[0].start()], last[capitals[0].end() :]
        if follows_noun(before) or not _ends_in_letter(before, after):
            return None
        return self._allowed(capitals[0][0])

    def _allowed(self, symbol: str) -> str | None:
        label = label_of(symbol)
        if label is None or label not in self._labels:
            return None
        return label


def _only(letters: Collection[str]) -> str | None:
    """The letter, where there is exactly one."""
    if len(letters) != 1:
        return None
    return next(iter(letters))


def _ends_in_letter(before: str, after: str) -> bool:
    """True if words or a colon lead to the letter between, and nothing but small words of another script follow it."""
    filler = anchors().filler
    is_last = re.search(r"\w", after) is None
    is_foreign = re.search(r"[A-Za-z]", before) is None
    if is_foreign and before.strip():
        return is_last or bool(filler.beginning(after.strip().lower()))
    is_led = before.rstrip().endswith((":", "：")) or bool(filler.ending(before.rstrip(" \"'(").lower()))
    return is_last and is_led


def _without_markup(body: str) -> str:
    return _spaced(re.sub(r"#+ ?", "\n", body)).strip()


def _spaced(text: str) -> str:
    """Single spaces, no emphasis."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", re.sub(r"[*_`]+", "", text)))


def _place_of(part: str, text: str) -> int:
    """Where a text stands in another as words of its own, the last time; -1 if it does not, or is a letter only."""
    place = -1
    if len(part) < 2:
        return place
    if re.search("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]", part):
        return text.rfind(part)
    for match in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", text):
        place = match.start()
    return place
