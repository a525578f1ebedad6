"""Answers that an item gives away: the right option alone, a verdict, an answer line, an explanation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median

from clara.bench.datasets import Item
from clara.language.text import words
from clara.types import Option

_VERDICTS = frozenset(
    (
        "correct right incorrect wrong true false error erroneous richtig falsch giusto sbagliato correcte incorrecte vrai "
        "vraie faux fausse juste erroné correcta correcto incorrecta incorrecto verdadera verdadero falsa falso certo certa "
        "correta correto incorreta incorreto errada errado erronea erroneo tama mali maling tamang sahi galat "
        "सही गलत ग़लत صحيح خطأ верно неверно 오답 정답"
    ).split()
)
_BESIDE_A_VERDICT = frozenset(
    (
        "the this that is an a answer option statement choice not definitely clearly la el esta es una respuesta opción "
        "afirmación alternativa no esta é uma resposta opção afirmação não cette est une réponse proposition pas die der "
        "das ist antwort nicht il questa è risposta opzione non ang ito ay sagot na yeh hai उत्तर विकल्प है यह नहीं"
    ).split()
)
"""Words that may stand beside a verdict in a note; "(refractive error)" and "(false positive)" are terms."""
_VERDICT_FIRST = re.compile(r"\s*\w+\s*[,:;–—]")
_VERDICT_CHARACTERS = re.compile("(?:正确|正確|错误|錯誤|有误|有誤|应为|應為|不正确|誤り|正しい)(?![率性度])")
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
    rf"(?:^|[\n。.!?！？])\s*(?:{_KEY_WORDS})\s*(?:[:：]\s*\S|(?:is|es|est|é|ay|hai|है|是|为)\s*[(（]?[A-Z](?![\w.]))",
    re.IGNORECASE,
)
_VERDICT_SENTENCE = re.compile(
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
_PARAGRAPH = re.compile(r"\n\s*\n")


def given_away(item: Item, versions: Mapping[str, Item]) -> str | None:
    """The right option alone, a verdict beside an option, an answer line, or one option that has grown an explanation."""
    options = item.question.options
    if not options or not item.gold:
        return None
    if len(options) == 1 and options[0].label in item.gold:
        return f"only the right option, {options[0].label}, is left"
    for option in options:
        note = _verdict_note(option)
        if note is not None:
            return f"option {option.label} carries the note {_shortened(note)}"
    for option in options:
        verdict = _VERDICT_SENTENCE.search(option.text)
        if verdict is not None:
            return f"option {option.label} says {_shortened(verdict[0])}"
    answer_line = _answer_line(item)
    if answer_line is not None:
        return f"the text says {_shortened(answer_line)}"
    return _grown(item, versions) or _appended(item, versions)


def _verdict_note(option: Option) -> str | None:
    """A note in brackets that says whether the option is right."""
    for note in _NOTE.finditer(option.text):
        if _is_verdict(note[1]):
            return note[0]
    return None


def _is_verdict(note: str) -> bool:
    """True for "correct", "this answer is wrong" and "False: ..."; a longer term that holds such a word is none."""
    if _VERDICT_CHARACTERS.search(note):
        return True
    note_words = words(note)
    if _VERDICTS.isdisjoint(note_words):
        return False
    begins_with_verdict = note_words[0] in _VERDICTS and _VERDICT_FIRST.match(note) is not None
    return begins_with_verdict or _VERDICTS.union(_BESIDE_A_VERDICT).issuperset(note_words)


def _answer_line(item: Item) -> str | None:
    """A line after the question, or a statement in it, that names the answer."""
    raw = item.raw.strip()
    match = None
    if raw.startswith(item.question.text):
        match = _ANSWER_LINE.search("\n" + raw.removeprefix(item.question.text))
    if match is None:
        match = _STATED.search(item.question.text)
    return None if match is None else match[0].strip()


def _grown(item: Item, versions: Mapping[str, Item]) -> str | None:
    """An option four times as long as the others are, each measured against the same option in the other languages."""
    labels = item.question.labels
    others: list[Item] = []
    for version in versions.values():
        if version is not item and version.question.labels == labels:
            others.append(version)
    if len(others) < 2 or len(labels) < 3:
        return None
    ratios = {option.label: _relative_length(option, others) for option in item.question.options}
    for option in item.question.options:
        rest = dict(ratios)
        ratio = rest.pop(option.label)
        usual = max(median(rest.values()), 0.25)
        if ratio > 4 * usual and len(option.text) > 60:
            return f"option {option.label} is {ratio / usual:.0f} times as long as in the other languages"
    return None


def _relative_length(option: Option, others: Sequence[Item]) -> float:
    """The length of an option against its median length in other languages, of which 8 characters are the least."""
    lengths = [len(other.question.option_text(option.label) or "") for other in others]
    return len(option.text) / max(median(lengths), 8)


def _appended(item: Item, versions: Mapping[str, Item]) -> str | None:
    """A paragraph after the last option that no other language has."""
    if len(item.question.options) < 2:
        return None
    _, *paragraphs = _PARAGRAPH.split(item.question.options[-1].text, maxsplit=1)
    if not paragraphs or len(paragraphs[0]) < 20:
        return None
    for version in versions.values():
        options = version.question.options
        if version is not item and options and _PARAGRAPH.search(options[-1].text):
            return None
    return f"text follows the options: {_shortened(paragraphs[0].strip())}"


def _shortened(text: str) -> str:
    """At most 60 characters of a text."""
    return text if len(text) <= 60 else f"{text[:60]}..."
