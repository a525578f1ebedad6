"""How many translations the deterministic guards flag: human ones (false alarms) and ones that were corrupted on purpose.

    .venv/bin/python benchmarks/guards.py

The English column of a benchmark is taken as the translation of each other column. A row is left out of the false-alarm
rate where a rule that knows nothing of the guards says that the data itself is defective (see :func:`defect`); those
rows are listed apart.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clara.agent.guards import check_translation
from clara.bench.datasets import Item, load_dataset
from clara.language.text import fold, words
from clara.types import Option, Question

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "multi_ophthalingua" / "questions_dev.csv"
LETTERS = ("A", "B", "C", "D")

Rows = dict[str, dict[str, Item]]
"""Question id to language code to item."""


@dataclass(frozen=True)
class Pair:
    """An original and its English translation."""

    id: str
    code: str
    source: Question
    english: Question


@dataclass(frozen=True)
class Corrupted:
    """A translation with one fault put in."""

    kind: str
    pair: Pair
    stem: str
    options: tuple[Option, ...]


def rows(source: str | Path) -> Rows:
    """The items of a data set by question and language."""
    table: Rows = defaultdict(dict)
    for item in load_dataset(source).items:
        table[item.id][item.code] = item
    return dict(table)


def defect(item: Item, row: dict[str, Item]) -> str | None:
    """What is wrong with one cell of the data, by rules over the data alone; None if nothing is.

    The known traps of the real set: lost options, explanations that were appended, the English original in front of the
    translation, and letters that no longer pair as in the Portuguese original of the exam.
    """
    question, english, portuguese = item.question, row["en"].question, row["pt"].question
    if question.labels != LETTERS or any(not option.text.strip() for option in question.options):
        return "options were lost"
    if any(_REMARK.search(option.text) for option in question.options):
        return "an explanation was appended"
    if item.code not in ("en", "pt") and _contains(question.text, english.text):
        return "the English original stands in the cell"
    if _pairings_differ(english, portuguese) and _pairings_differ(question, english):
        return "the English letters differ from the Portuguese original"
    return None


_REMARK = re.compile(
    r"[（(][^（()）]*(?:option|opci[oó]n|opç[aã]o|alternativ|answer|respuesta|resposta|réponse|sagot|vikalp|विकल्प|选项|答案)"
    r"[^（()）]*[)）]"
)
"""A remark in brackets about the options themselves."""


def _pairings_differ(one: Question, other: Question) -> bool:
    """True if options that only pair letters and numerals pair them differently."""
    return any(_formal(a.text) and _formal(b.text) and _letters(a.text) != _letters(b.text) for a, b in _options(one, other))


def _options(one: Question, other: Question) -> Iterator[tuple[Option, Option]]:
    return zip(one.options, other.options, strict=False)


def _contains(text: str, english: str) -> bool:
    short, long = words(english), " ".join(words(text))
    return len(short) > 6 and len(words(text)) > len(short) and " ".join(short[:12]) in long


def _formal(text: str) -> bool:
    return re.fullmatch(r"[A-EIVX:;,.\s]+", text) is not None


def _letters(text: str) -> str:
    return re.sub(r"[^A-EIVX]", "", text)


def pairs(table: Rows) -> tuple[list[Pair], list[tuple[str, str, str]]]:
    """Sound pairs of original and English, and the defective cells as (id, language, reason)."""
    sound: list[Pair] = []
    broken: list[tuple[str, str, str]] = []
    for key, row in table.items():
        for code, item in row.items():
            if code == "en":
                continue
            reason = defect(item, row)
            if reason:
                broken.append((key, code, reason))
            else:
                sound.append(Pair(key, code, item.question, row["en"].question))
    return sound, broken


def flags(pair: Pair, stem: str | None = None, options: tuple[Option, ...] | None = None) -> tuple[str, ...]:
    """What the guards say of a pair, or of another English in its place."""
    english = pair.english
    return check_translation(
        pair.source.text,
        pair.source.options,
        english.text if stem is None else stem,
        english.options if options is None else options,
        pair.code,
    )


# --- faults ---------------------------------------------------------------------------------------------------------

_DIGITS = re.compile(r"(?<![\w.,^])\d+(?:[.,]\d+)?(?![\w]*[-.)]\s)")
_REMOVE = [
    (r"\bis not\b", "is"),
    (r"\bare not\b", "are"),
    (r"\bdo(?:es)? not\b", ""),
    (r"\bcannot\b", "can"),
    (r"\bnot\b", ""),
    (r"\bexcept\b", "including"),
    (r"\bincorrect\b", "correct"),
    (r"\bfalse\b", "true"),
    (r"\bwithout\b", "with"),
    (r"\bnever\b", "always"),
    (r"\bno\b", "some"),
    (r"\babsent\b", "present"),
    (r"\babsence of\b", "presence of"),
]
_ADD = [
    (r"\bis correct\b", "is incorrect"),
    (r"\bcorrect\b", "incorrect"),
    (r"\btrue\b", "false"),
    (r"\bis\b", "is not"),
    (r"\bare\b", "are not"),
    (r"\bcan\b", "cannot"),
    (r"\bhas\b", "has no"),
    (r"\bhave\b", "do not have"),
    (r"\bwith\b", "without"),
    (r"\bshould\b", "should not"),
    (r"\bwas\b", "was not"),
]
_UNITS = [
    (r"(?<=\d)(\s?)mm ?Hg\b", r"\1kPa"),
    (r"(?<=\d)(\s?)mm\b", r"\1cm"),
    (r"(?<=\d)(\s?)(?:µm|μm)", r"\1mm"),
    (r"(?<=\d)(\s?)mg\b", r"\1g"),
    (r"(?<=\d)(\s?)%", r"\1 mg"),
    (r"(?<=\d)(\s?)m\b", r"\1cm"),
    (r"(?<=\d)(\s?)nm\b", r"\1mm"),
    (r"(?<=\d)([\s-]?)(?:diopters?|dioptres?|D)\b", r"\1degrees"),
    (r"(?<=\d)(\s?)°", r"\1 D"),
    (r"(?<=\d)([\s-]?)years?\b", r"\1months"),
    (r"(?<=\d)([\s-]?)months?\b", r"\1years"),
    (r"(?<=\d)([\s-]?)weeks?\b", r"\1days"),
    (r"(?<=\d)([\s-]?)days?\b", r"\1hours"),
    (r"(?<=\d)([\s-]?)hours?\b", r"\1minutes"),
    (r"(?<=\d)(\s?)Hz\b", r"\1s"),
]
_DRUGS = (
    "timolol",
    "latanoprost",
    "dorzolamide",
    "brimonidine",
    "acetazolamide",
    "moxifloxacin",
    "prednisolone",
    "tropicamide",
)
_DRUG = re.compile(
    r"\b(?:timolol|betaxolol|latanoprost|bimatoprost|travoprost|dorzolamide|brinzolamide|brimonidine|apraclonidine|acetazolamide|"
    r"pilocarpine|moxifloxacin|ciprofloxacin|vancomycin|gentamicin|tobramycin|natamycin|aciclovir|ganciclovir|prednisolone|"
    r"methylprednisolone|dexamethasone|triamcinolone|tropicamide|atropine|cyclopentolate|mannitol|chloroquine|hydroxychloroquine|"
    r"bevacizumab|ranibizumab|aflibercept|methotrexate|ciclosporin|mitomycin|tetracaine|lidocaine|amiodarone|topiramate)\b",
    re.IGNORECASE,
)


def _segments(pair: Pair) -> list[str]:
    return [pair.english.text, *(option.text for option in pair.english.options)]


def _with(pair: Pair, place: int, text: str, kind: str) -> Corrupted:
    if place == 0:
        return Corrupted(kind, pair, text, pair.english.options)
    options = list(pair.english.options)
    options[place - 1] = Option(options[place - 1].label, text)
    return Corrupted(kind, pair, pair.english.text, tuple(options))


def _change_number(text: str, rng: random.Random) -> str | None:
    found = [m for m in _DIGITS.finditer(text) if not _formal(text)]
    if not found:
        return None
    match = rng.choice(found)
    old = match.group()
    new = rng.choice([old + "0" if "." not in old else old.replace(".", ""), f"{float(old.replace(',', '.')) + 3:g}"])
    return None if fold(new) == fold(old) or set(old) == {"0"} else text[: match.start()] + new + text[match.end() :]


def _first(rules: list[tuple[str, str]]) -> Callable[[str, random.Random], str | None]:
    def change(text: str, rng: random.Random) -> str | None:  # noqa: ARG001
        for pattern, put in rules:
            changed, times = re.subn(pattern, put, text, count=1, flags=re.IGNORECASE)
            if times:
                return changed
        return None

    return change


def _swap_sides(text: str, rng: random.Random) -> str | None:
    found = list(re.finditer(r"\b(?:right|left)\b(?! (?:answer|alternative|option|statement|choice|order))", text))
    if not found:
        return None
    match = rng.choice(found)
    return text[: match.start()] + ("left" if match.group() == "right" else "right") + text[match.end() :]


def _swap_drug(text: str, rng: random.Random) -> str | None:
    match = _DRUG.search(text)
    if match is None:
        return None
    other = rng.choice([name for name in _DRUGS if name not in text.lower()])
    return text[: match.start()] + other + text[match.end() :]


_EPONYMS = ("Fuchs", "Goldmann", "Placido", "Behçet", "Marfan", "Terrien", "Weber", "Zinn")
_EPONYM = re.compile(
    r"(?<=[a-z] )[A-Z][a-zä-ü]{3,}"
    r"(?=('s)? (?:membrane|muscle|layer|law|ring|line|disease|syndrome|cells?|glands?|dystrophy|canal))"
)


def _swap_eponym(text: str, rng: random.Random) -> str | None:
    match = _EPONYM.search(text)
    if match is None:
        return None
    other = rng.choice([name for name in _EPONYMS if name not in text])
    return text[: match.start()] + other + text[match.end() :]


def _drop(text: str, rng: random.Random) -> str | None:  # noqa: ARG001
    return "" if text.strip() else None


_KINDS: dict[str, Callable[[str, random.Random], str | None]] = {
    "number changed": _change_number,
    "negation removed": _first(_REMOVE),
    "negation added": _first(_ADD),
    "side exchanged": _swap_sides,
    "unit changed": _first(_UNITS),
    "drug exchanged": _swap_drug,
    "eponym exchanged": _swap_eponym,
}


def corrupted(sound: list[Pair], seed: int = 0) -> Iterator[Corrupted]:
    """Every kind of fault in every segment where it can be made, and four faults of the options of each pair."""
    rng = random.Random(seed)
    for pair in sound:
        for kind, change in _KINDS.items():
            for place, text in enumerate(_segments(pair)):
                made = change(text, rng)
                if made is not None and made != text:
                    yield _with(pair, place, made, kind)
        yield from _option_faults(pair, rng)
        yield Corrupted("source echoed", pair, pair.source.text, pair.english.options)


def _option_faults(pair: Pair, rng: random.Random) -> Iterator[Corrupted]:
    options, stem = list(pair.english.options), pair.english.text
    if len({fold(option.text) for option in options}) < len(options):
        return
    i, j = rng.sample(range(len(options)), 2)
    swapped = list(options)
    swapped[i], swapped[j] = Option(options[i].label, options[j].text), Option(options[j].label, options[i].text)
    yield Corrupted("options swapped", pair, stem, tuple(swapped))
    yield Corrupted(
        "option emptied", pair, stem, tuple(Option(o.label, "" if k == i else o.text) for k, o in enumerate(options))
    )
    yield Corrupted("option dropped", pair, stem, tuple(o for k, o in enumerate(options) if k != i))
    merged = tuple(Option(o.label, options[j].text if k == i else o.text) for k, o in enumerate(options))
    yield Corrupted("options merged", pair, stem, merged)


# --- measuring ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """Counts of one data set."""

    alarms: dict[tuple[str, str], tuple[str, ...]]
    """Sound pairs that were flagged all the same."""
    pairs: Counter[str]
    """Sound pairs by language."""
    broken: list[tuple[str, str, str]]
    caught: Counter[tuple[str, str]]
    total: Counter[tuple[str, str]]
    missed: list[Corrupted]

    def recall(self, kind: str) -> float:
        """Share of a kind's faults that raise a flag the good translation does not raise."""
        total = sum(n for (k, _), n in self.total.items() if k == kind)
        return sum(n for (k, _), n in self.caught.items() if k == kind) / total if total else 1.0

    @property
    def false_alarms(self) -> float:
        """Share of the sound pairs that are flagged."""
        return len(self.alarms) / self.pairs.total()


def measure(source: str | Path, seed: int = 0, share: int = 1) -> Measured:
    """Run the guards over a data set as it is, and over every ``share``-th of its pairs corrupted."""
    sound, broken = pairs(rows(source))
    clean = {(pair.id, pair.code): flags(pair) for pair in sound}
    caught: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    missed: list[Corrupted] = []
    for case in corrupted(sound[::share], seed):
        total[case.kind, case.pair.code] += 1
        new = set(flags(case.pair, case.stem, case.options)) - set(clean[case.pair.id, case.pair.code])
        if new:
            caught[case.kind, case.pair.code] += 1
        else:
            missed.append(case)
    alarms = {key: found for key, found in clean.items() if found}
    return Measured(alarms, Counter(pair.code for pair in sound), broken, caught, total, missed)


def report(name: str, measured: Measured) -> None:
    """Print one data set's tables."""
    codes = list(measured.pairs)
    print(f"\n{name}: {measured.pairs.total()} sound pairs, {len(measured.broken)} defective cells left out")
    by = Counter(code for _, code in measured.alarms)
    print(
        f"false alarms: {len(measured.alarms)} ({100 * measured.false_alarms:.1f} %)   "
        + "   ".join(f"{c} {by[c]}" for c in codes)
    )
    for (key, code), found in measured.alarms.items():
        print(f"    {key} {code}: {'; '.join(found)}")
    for reason, n in Counter(reason for *_, reason in measured.broken).items():
        print(f"    defective, {reason}: {n} (" + ", ".join(f"{k} {c}" for k, c, r in measured.broken if r == reason) + ")")
    print(f"{'caught, %':<18}{'n':>6}{'all':>8}" + "".join(f"{code:>8}" for code in codes))
    for kind in dict.fromkeys(kind for kind, _ in measured.total):
        n = sum(measured.total[kind, code] for code in codes)
        cells = [
            f"{100 * measured.caught[kind, code] / measured.total[kind, code]:8.1f}"
            if measured.total[kind, code]
            else "       -"
            for code in codes
        ]
        print(f"{kind:<18}{n:>6}{100 * measured.recall(kind):8.1f}" + "".join(cells))
    print(f"{'all':<18}{measured.total.total():>6}{100 * measured.caught.total() / measured.total.total():8.1f}")


def main() -> int:
    """Print both data sets; the real one only where its file is."""
    report("sample benchmark", measure("sample"))
    if REAL.is_file():
        report("Multi-OphthaLingua, 44 development questions", measure(REAL))
    else:
        print(f"\nMulti-OphthaLingua: skipped, {REAL} is not there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
