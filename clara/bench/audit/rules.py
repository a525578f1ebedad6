"""The rules of the audit: each takes an item, and its other languages where needed, and says what is wrong or None."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from statistics import median

from clara.bench.datasets import Item
from clara.language.codes import LANGUAGES
from clara.language.detection import detect_language
from clara.language.questions import LETTERS, option_markers
from clara.language.text import normalise, plain, words

WHOLE_LANGUAGE = frozenset({"wrong_script", "romanised"})
"""Problems that may be a property of a language's whole column."""

_VERDICTS = frozenset(
    (
        "correct right incorrect wrong true false error erroneous richtig falsch giusto sbagliato correcte incorrecte vrai "
        "vraie faux fausse juste erroné correcta correcto incorrecta incorrecto verdadera verdadero falsa falso certo certa "
        "correta correto incorreta incorreto errada errado erronea erroneo tama mali maling tamang sahi galat "
        "सही गलत ग़लत صحيح خطأ верно неверно 오답 정답"
    ).split()
)
_VERDICT_CHARACTERS = "正确 正確 错误 錯誤 有误 有誤 应为 應為 不正确 誤り 正しい".split()
_NOTE = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_KEY_WORDS = "|".join(
    (
        "(?:the )?correct answer(?: is)?|answer(?: key)?|explanation|rationale|antwort|lösung|risposta|spiegazione",
        "respuesta(?: correcta)?|explicaci[oó]n|resposta(?: correta)?|gabarito|explica[cç][aã]o",
        "r[eé]ponse(?: correcte)?|explication|(?:tamang )?sagot|paliwanag|(?:sahi )?uttar|spashtikaran",
        "सही उत्तर|उत्तर|स्पष्टीकरण|व्याख्या|الإجابة(?: الصحيحة)?|الجواب|الشرح|(?:правильный )?ответ|пояснение",
        "正确答案|答案|解析|解释|説明|解説|正解|정답|해설",
    )
)
_ANSWER_LINE = re.compile(
    rf"(?:^|[\n。.!?！？])\s*(?:{_KEY_WORDS})\s*(?:is|es|est|é|ay|hai|है|是|为|:|：|-)\s*\S", re.IGNORECASE
)
_SAID = re.compile(
    "|".join(
        (
            r"\bth(?:is|e) (?:option|statement|alternative|answer) is (?:in)?correct",
            r"\b(?:esta|la) (?:opción|afirmación|alternativa) es (?:in)?correcta",
            r"\b(?:esta|a) (?:opção|afirmação|alternativa) (?:é|está) (?:in)?correta",
            r"\bcette (?:option|affirmation|proposition|réponse) est (?:in)?correcte",
            r"\bang (?:opsyon|pahayag|sagot) na ito ay (?:tama|mali)",
            r"\by(?:eh|ah) (?:vikalp|kathan|uttar) (?:sahi|galat) hai",
            "यह (?:विकल्प|कथन|उत्तर) (?:सही|गलत|ग़लत) है",
            "(?:这|這|该|此)(?:个|個|一)?(?:选项|選項|说法|答案)(?:是|表述)?(?:正确|正確|错误|錯誤|不正确|有误)",
        )
    ),
    re.IGNORECASE,
)
_STATED = re.compile(
    rf"(?:{_KEY_WORDS})[ \t]*(?:is|es|est|é|ay|hai|है|是|为|:|：)[ \t]*[(（]?[A-J][)）]?(?![\w.])", re.IGNORECASE
)
_LIST_LINE = re.compile(r"^\s*(?:[IVX]+|[A-J]|\d+)\s*[-–.)].*$", re.MULTILINE)  # lists of terms often stay untranslated
_SIGNED = re.compile(r"(?<![0-9A-Za-z])(?<!\d[.,])[+\-−–]?\s?\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d)(?:[.,'’\u00a0\u202f\u2009]| (?=000))(?=\d{3}(?!\d))")
_HAN_NUMBER = re.compile("[一二三四五六七八九十百千两]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def lost_options(item: Item, versions: Mapping[str, Item]) -> str | None:
    """Options that the question has in most other languages, or a gap in the letters, or a marker that lost its bracket."""
    labels = item.question.labels
    if item.references and not item.gold:
        return None
    counts = Counter(other.question.labels for other in versions.values() if len(other.question.labels) >= 2)
    expected = counts.most_common(1)[0][0] if counts else tuple(LETTERS[: max(2, len(labels))])
    lost = [label for label in expected if label not in labels]
    if lost:
        return f"options {', '.join(labels) or 'none'} instead of {', '.join(expected)}"
    run = option_markers(item.raw)
    damaged = [LETTERS[place] for place, marker in enumerate(run) if not marker.bracketed]
    return f"the marker of option {damaged[0]} has lost its bracket" if damaged else None


def doubled_options(item: Item) -> str | None:
    """Two options that read the same, or a whole list of options that stands twice."""
    texts: dict[str, str] = {}
    for option in item.question.options:
        text = plain(option.text)
        if text and text in texts:
            return f"options {texts[text]} and {option.label} read the same"
        texts[text] = option.label
    stem = plain(item.question.text)
    if len(texts) >= 2 and all(len(text) > 1 and text in stem for text in texts) and option_markers(item.raw):
        return "the options stand in the question too"
    return None


def given_away(item: Item, versions: Mapping[str, Item]) -> str | None:
    """The right option alone, a verdict beside an option, an answer line, or one option that has grown an explanation."""
    options = item.question.options
    if not options or not item.gold:
        return None
    if len(options) == 1 and options[0].label in item.gold:
        return f"only the right option, {options[0].label}, is left"
    for option in options:
        for match in _NOTE.finditer(option.text):
            if set(words(match[1])) & _VERDICTS or any(word in match[1] for word in _VERDICT_CHARACTERS):
                return f"option {option.label} carries the note {_short(match[0])}"
    for option in options:
        if match := _SAID.search(option.text):
            return f"option {option.label} says {_short(match[0])}"
    raw = item.raw.strip()
    after = raw[len(item.question.text) :] if raw.startswith(item.question.text) else ""
    if match := _ANSWER_LINE.search("\n" + after) or _STATED.search(item.question.text):
        return f"the text says {_short(match[0].strip())}"
    return _grown(item, versions) or _appended(item, versions)


def _grown(item: Item, versions: Mapping[str, Item]) -> str | None:
    """An option four times as long as the others are, each measured against the same option in the other languages."""
    others = [other for other in versions.values() if other is not item and other.question.labels == item.question.labels]
    if len(others) < 2 or len(item.question.options) < 3:
        return None
    ratios: dict[str, float] = {}
    for option in item.question.options:
        usual = median(len(other.question.option_text(option.label) or "") for other in others)
        ratios[option.label] = len(option.text) / max(usual, 8)
    for option in item.question.options:
        rest = median(value for label, value in ratios.items() if label != option.label)
        if ratios[option.label] > 4 * max(rest, 0.25) and len(option.text) > 60:
            return f"option {option.label} is {ratios[option.label] / rest:.0f} times as long as in the other languages"
    return None


def _appended(item: Item, versions: Mapping[str, Item]) -> str | None:
    """A paragraph after the last option that no other language has."""
    if len(item.question.options) < 2:
        return None
    last = [version.question.options[-1].text for version in versions.values() if version.question.options]
    mine = item.question.options[-1].text
    tail = re.split(r"\n\s*\n", mine, maxsplit=1)[1:]
    others = sum(len(re.split(r"\n\s*\n", text)) > 1 for text in last) - len(tail)
    return f"text follows the options: {_short(tail[0].strip())}" if tail and len(tail[0]) >= 20 and not others else None


def echoes(item: Item, versions: Mapping[str, Item]) -> str | None:
    """English left in the text of another language: the whole text, or the source before its translation."""
    source = next((other for other in versions.values() if other.code == "en"), None)
    if source is None or item.code == "en":
        return None
    mine, theirs = (words(_LIST_LINE.sub("", text)) for text in (item.question.text, source.question.text))
    if len(theirs) < 6:
        return None
    if mine == theirs:
        return "the question is the English one, untranslated"
    grams = {tuple(theirs[start : start + 5]) for start in range(len(theirs) - 4)}
    here = {tuple(mine[start : start + 5]) for start in range(len(mine) - 4)}
    share = len(grams & here) / len(grams)
    return f"{share:.0%} of the English question stands in it" if share >= 0.6 else None


def script_problem(item: Item) -> tuple[str, str] | None:
    """``romanised`` or ``wrong_script`` if most letters are not of the language's own script."""
    expected = LANGUAGES[item.code].script
    counts = _scripts(item.question.text) or _scripts(item.raw)
    total = sum(counts.values())
    if total < 8:
        return None
    own = sum(counts[script] for script in _ACCEPTED.get(expected, (expected,)))
    if own >= 0.2 * total:
        return None
    other, count = counts.most_common(1)[0]
    shown = f"{count / total:.0%} of the letters are {_NAMES.get(other, other)}, not {_NAMES.get(expected, expected)}"
    if other != "Latn":
        return "wrong_script", shown
    english = detect_language(item.question.text).code == "en" and item.code != "hi"
    return ("wrong_script", f"{shown}: it reads as English") if english else ("romanised", shown)


_ACCEPTED = {"Hans": ("Hani",), "Jpan": ("Hani", "Hira", "Kana"), "Kore": ("Hang", "Hani")}
_NAMES = {
    "Latn": "Latin",
    "Deva": "Devanagari",
    "Hans": "Chinese",
    "Hani": "Chinese",
    "Jpan": "Japanese",
    "Kore": "Korean",
    "Hang": "Korean",
    "Arab": "Arabic",
    "Cyrl": "Cyrillic",
}
_UNICODE_SCRIPTS = {
    "LATIN": "Latn",
    "DEVANAGARI": "Deva",
    "CJK": "Hani",
    "HIRAGANA": "Hira",
    "KATAKANA": "Kana",
    "HANGUL": "Hang",
    "ARABIC": "Arab",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "THAI": "Thai",
    "BENGALI": "Beng",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "SINHALA": "Sinh",
    "KHMER": "Khmr",
    "LAO": "Laoo",
    "MYANMAR": "Mymr",
}


def _scripts(text: str) -> Counter[str]:
    return Counter(_script(char) for char in text if char.isalpha())


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    name = unicodedata.name(char, "?").split(" ")[0].split("-")[0]
    return _UNICODE_SCRIPTS.get(name, name)


def number_differences(versions: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    """Languages in which a number differs from what all the others have.

    In the question, a language is named if it has another number instead of one that all others have, or if it lacks one
    that is seldom written as a word (more than 12, or with decimals). In options all numbers count, with their signs.
    """
    if len(versions) < 3:
        return
    stems = {language: _values(item.question.text, signed=False) for language, item in versions.items()}
    for language, numbers in stems.items():
        others = [values for name, values in stems.items() if name != language]
        missing = set.intersection(*map(set, others)) - set(numbers)
        extra = set(numbers) - set.union(*map(set, others))
        if missing and extra:
            yield language, f"the question has {_list(extra)} where the other languages have {_list(missing)}"
        elif missing := {number for number in missing if _spelled_seldom(number)}:
            yield language, f"the question lacks {_list(missing)}, which all other languages have"
    yield from _option_differences(versions)


def _option_differences(versions: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    """Options whose numbers (with sign) differ, where all the other languages agree on them."""
    for label in LETTERS:
        texts = {language: item.question.option_text(label) for language, item in versions.items()}
        numbers = {language: tuple(sorted(_values(text, signed=True))) for language, text in texts.items() if text}
        if len(numbers) < 3:
            continue
        agreed, count = Counter(numbers.values()).most_common(1)[0]
        if count < len(numbers) - 1 or not agreed:
            continue
        for language, found in numbers.items():
            if found != agreed and (
                found or (any(map(_spelled_seldom, agreed)) and not _HAN_NUMBER.search(texts[language] or ""))
            ):
                yield language, f"option {label} has {_list(found) or 'no number'}, the other languages have {_list(agreed)}"


def _values(text: str, *, signed: bool) -> list[str]:
    """Numbers in order, with a decimal point and without spaces after the sign."""
    found: list[str] = []
    text = _THOUSANDS.sub("", text)
    for match in (_SIGNED if signed else _NUMBER).finditer(normalise(text)):
        raw = re.sub(r"[\s+]", "", match[0]).replace("−", "-").replace("–", "-").replace(",", ".")
        sign, digits = ("-", raw[1:]) if raw.startswith("-") else ("", raw)
        if digits.count(".") <= 1:
            value = float(digits)
            digits = f"{value:g}"
        found.append(sign + digits if digits != "0" else digits)
    return found


def _spelled_seldom(number: str) -> bool:
    return "." in number or int(number.lstrip("-")) > 12 if number.lstrip("-").replace(".", "", 1).isdigit() else True


def _list(numbers: tuple[str, ...] | set[str]) -> str:
    return ", ".join(sorted(numbers) if isinstance(numbers, set) else numbers)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
