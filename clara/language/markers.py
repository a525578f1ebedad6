"""The marks of options: letters and numbers of many scripts, with brackets, stops, bullets and Markdown around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from clara.language.abbreviations import follows_noun, is_species

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The labels of options."""

ALPHABETS: tuple[tuple[str, ...], ...] = (
    tuple(LETTERS),
    *(
        tuple(line.split())
        for line in (
            "क ख ग घ ङ च छ ज झ ञ",
            "अ ब स द इ फ ग ह ज क",  # the English letters as Hindi exams write them
            "अ ब क ड इ फ",  # and Marathi ones
            "अ आ इ ई उ ऊ",
            "ए बी सी डी ई एफ जी एच आई जे",
            "أ ب ج د ه و ز ح ط ي",
            "أ ب ت ث ج ح خ د ذ ر",
            "А Б В Г Д Е Ж З И К",
            "А Б В Г Ґ Д Е Є Ж З",
            "Α Β Γ Δ Ε ΣΤ Ζ Η Θ Ι",
            "Α Β Γ Δ Ε Ζ Η Θ Ι Κ",
            "א ב ג ד ה ו ז ח ט י",
            "ა ბ გ დ ე ვ ზ თ ი კ",
            "Ա Բ Գ Դ Ե Զ Է Ը Թ Ժ",
            "ሀ ለ ሐ መ ሠ ረ ሰ ሸ",
            "가 나 다 라 마 바 사 아 자 차",
            "ㄱ ㄴ ㄷ ㄹ ㅁ ㅂ ㅅ ㅇ ㅈ ㅊ",
            "ア イ ウ エ オ カ キ ク ケ コ",
            "い ろ は に ほ へ と",
            "甲 乙 丙 丁 戊 己 庚 辛 壬 癸",
            "কখগঘঙচছজঝঞ".replace("", " "),
            "এ বি সি ডি ই এফ",
            "ક ખ ગ ઘ ઙ ચ છ જ ઝ ઞ",
            "અ બ ક ડ ઇ ફ",
            "એ બી સી ડી ઈ એફ",
            "ਕ ਖ ਗ ਘ ਙ ਚ ਛ ਜ",
            "ੳ ਅ ੲ ਸ ਹ",
            "ਏ ਬੀ ਸੀ ਡੀ ਈ",
            "அ ஆ இ ஈ உ ஊ எ ஏ ஐ ஒ",
            "ஏ பி சி டி இ",
            "అ ఆ ఇ ఈ ఉ ఊ",
            "ఎ బి సి డి ఇ",
            "ಅ ಆ ಇ ಈ ಉ ಊ",
            "ಎ ಬಿ ಸಿ ಡಿ ಇ",
            "അ ആ ഇ ഈ ഉ ഊ",
            "എ ബി സി ഡി ഇ",
            "අ ආ ඇ ඈ ඉ ඊ",
            "ก ข ค ง จ ฉ ช ซ ฌ ญ",
            "ກ ຂ ຄ ງ ຈ ສ ຊ",
            "က ခ ဂ ဃ င စ ဆ",
            "ក ខ គ ឃ ង ច ឆ",
        )
    ),
)
COUNTS: tuple[tuple[str, ...], ...] = (
    tuple("①②③④⑤⑥⑦⑧⑨⑩"),
    tuple(str(number) for number in range(1, 27)),
    ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"),
)
"""Weaker marks: lists inside the stem carry them too, so letters win."""

_ALIASES = {"ا": "أ", "إ": "أ", "الف": "أ", "آ": "أ", "ھ": "ه", "ہ": "ه"}
_RINGS = {"Ⓐ": LETTERS, "ⓐ": LETTERS, "⒜": LETTERS, "🄐": LETTERS, "㉠": "ㄱㄴㄷㄹㅁㅂㅅㅇ", "㉮": "가나다라마바사아"}
for _first, _letters in _RINGS.items():
    _ALIASES.update({chr(ord(_first) + place): letter for place, letter in enumerate(_letters)})

_SYMBOLS = set(chain.from_iterable((*ALPHABETS, *COUNTS))) | _ALIASES.keys()
_SMALL = {symbol.lower() for symbol in _SYMBOLS if symbol.isalpha()}
_WIDE = {chr(ord(letter) + 0xFEE0) for letter in LETTERS + LETTERS.lower()}
_LETTER = "|".join(
    [r"\d{1,2}", *map(re.escape, sorted(_SYMBOLS | _SMALL | _WIDE, key=lambda symbol: (-len(symbol), symbol)))]
)
_INVISIBLE = "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]*"
_WORDS = (
    "option|choice|alternative|answer|opción|opcion|opção|alternativa|respuesta|resposta|réponse|proposition|विकल्प|选项|選項"
    "|opsyon|antwort|antwortmöglichkeit|вариант|варіант|opzione|risposta|seçenek|pilihan|opsi|phương án|ข้อ"
    "|گزینه|گزینهٔ|الخيار|선택지|보기|選択肢|বিকল্প|odpowiedź|optie|varianta|επιλογή|אפשרות"
)
_BRACKET = r"[)\]）】］][.:：]?"
_STOP = r"[.．:：、](?!\d|\w\.)"
_DASH = r"[.)]?\s?[-–—](?=\s)|/(?=\s)"
_BULLET = r"(?:[-*+•·▪●○◦□☐►▶>–—]\s+|☐\s*|[-*+]?\s*\[[ xX]?\]\s*|#+\s+)?"
_EMPHASIS = r"(?:\*{1,2}|_{1,2})?"
_RING = "(?P<ring>[①-⑩ⓐ-ⓩⒶ-Ⓩ⒜-⒵🄐-🄩㉠-㉧㉮-㉵])"
_AT_LINE = re.compile(
    rf"^{_INVISIBLE}[ \t]*{_BULLET}{_INVISIBLE}{_EMPHASIS}"
    rf"(?:{_RING}|(?P<word>(?:{_WORDS})\s*)?(?P<open>[(\[（【［])?{_EMPHASIS}\s*(?P<letter>{_LETTER})\u0640?{_EMPHASIS}\s*"
    rf"(?P<close>{_BRACKET}|{_DASH}|{_STOP}|(?(word)(?=\s|$)|(?!)))){_EMPHASIS}{_INVISIBLE}\s*",
    re.MULTILINE | re.IGNORECASE,
)
_INLINE = re.compile(
    rf"(?:^|(?<=[\s\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af？；，。,;.:?؟।]))"
    rf"(?:{_RING}|(?P<open>[(\[（【［]\s*)?(?P<letter>{_LETTER})\u0640?\s*(?P<close>{_BRACKET}|[.．:：、](?=\s|[^\x00-\x7f])))\s*",
    re.MULTILINE,
)
_DAMAGED = re.compile(
    rf"^{_INVISIBLE}[ \t]*(?:(?P<open>[(\[（【［])?\s*(?P<letter>{_LETTER})\u0640?\s*(?P<close>{_BRACKET}|{_STOP})\s*"
    r"|(?P<bare>[A-Za-zＡ-Ｚａ-ｚ])(?:[ \t\u3000]+(?=\S)))",
    re.MULTILINE,
)
_GLUED = re.compile(r"(?:(?<=\s)|(?<=[？?。：:]))(?P<bare>[A-HＡ-Ｈ])(?=[\u3040-\u30ff\u4e00-\u9fff])")
"""Chinese exams put the letter before its text with nothing between."""
_DASH_IN_MARK = re.compile(r"[-–—]|\A/\Z")
_AFTER_WORD = re.compile(r"\w\.\Z")


@dataclass(frozen=True, slots=True)
class Marker:
    """A place in the text that may start an option."""

    symbol: str
    start: int
    end: int
    form: str
    """What markers of one list share: the kind of their closing mark, and whether letters are small."""
    bracketed: bool = True
    """False if a bracket or full stop is missing: ``a 1%`` for ``a) 1%``."""


def label_of(symbol: str) -> str | None:
    """The label that a letter means (``b``, ``Ｂ``, ``②``, ``ख`` and ``ب`` are B), or None; plain digits mean none."""
    if not symbol or symbol.isdecimal():
        return None
    letter = _symbol(symbol)
    for line in (*ALPHABETS, COUNTS[0]):
        if letter in line:
            return LETTERS[line.index(letter)]
    return None


def at_line(text: str) -> list[Marker]:
    """The markers at the beginnings of lines."""
    return list(_markers(_AT_LINE, text))


def inline(text: str) -> list[Marker]:
    """The markers between words; the letters of species and of "hepatitis B." are none."""
    markers: list[Marker] = []
    for marker in _markers(_INLINE, text):
        mark = text[marker.start : marker.end].strip()
        if marker.form.startswith("stop") and len(mark) == 2:
            if is_species(text[marker.end :]) or follows_noun(text[: marker.start]):
                continue
            if _AFTER_WORD.search(text[: marker.start]):  # "i.v.", "e.g."
                continue
        markers.append(marker)
    return markers


def glued(text: str) -> list[Marker]:
    """The letters that stand right before Chinese or Japanese text."""
    return list(_markers(_GLUED, text))


def damaged(text: str) -> list[Marker]:
    """The markers at the beginnings of lines, also those that have lost their bracket."""
    return list(_markers(_DAMAGED, text))


def _markers(pattern: re.Pattern[str], text: str) -> Iterator[Marker]:
    for match in pattern.finditer(text):
        groups = match.groupdict()
        raw = groups.get("ring") or groups.get("letter") or groups.get("bare") or ""
        yield Marker(_symbol(raw), match.start(), match.end(), _form(groups, raw), not groups.get("bare"))


def _form(groups: dict[str, str | None], raw: str) -> str:
    close = groups.get("close") or ""
    if groups.get("ring"):
        kind = "ring"
    elif groups.get("word"):
        kind = "word"
    elif close[:1] in tuple(")]）】］"):
        kind = "bracket"
    elif _DASH_IN_MARK.search(close):
        kind = "dash"
    elif close:
        kind = "stop"
    else:
        kind = "bare"
    if raw.islower():
        return f"{kind} small"
    return kind


def _symbol(raw: str) -> str:
    if raw in _ALIASES:
        return _ALIASES[raw]
    if raw in _SYMBOLS:
        return raw
    if raw.isdecimal():
        return str(int(raw))
    letter = unicodedata.normalize("NFKC", raw).upper()
    return _ALIASES.get(letter, letter)
