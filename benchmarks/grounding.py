"""How many answers that say something else than their passages the deterministic verifier catches.

    .venv/bin/python benchmarks/grounding.py

Clean answers are sentences of the shipped notes, quoted or lightly paraphrased (words dropped, clauses exchanged, terms
replaced by their glossary synonyms), each with the mark of its passage among eight shown ones. A corrupted answer has
one thing changed: a number, a unit, a negation, or the passage that it cites.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clara.agent.grounding import check_answer
from clara.knowledge.corpus.chunking import chunk
from clara.knowledge.corpus.notes import read_notes
from clara.knowledge.glossary import TERM_KINDS, shipped_glossary
from clara.language.text import STOPWORDS, sentences, spans, words
from clara.types import Passage

SHOWN = 8


@dataclass(frozen=True)
class Case:
    """An answer with the passages that the model saw; ``kind`` says how it was made."""

    kind: str
    answer: str
    cited: Passage
    shown: tuple[Passage, ...]

    def flagged(self) -> bool:
        """True if the verifier finds anything."""
        return bool(check_answer(self.answer, (self.cited,), self.shown))


def passages() -> list[Passage]:
    """The shipped notes as the retriever would show them, in order of their names."""
    return [
        Passage(f"{document.id}#{number}", document.title, part.text, section=part.section)
        for document in (note.document() for note in read_notes())
        for number, part in enumerate(chunk(document))
    ]


# --- paraphrases ----------------------------------------------------------------------------------------------------

_KEEP = frozenset("not no never without except none nor neither cannot only absent absence lack lacks".split())


def quoted(text: str, rng: random.Random) -> str | None:  # noqa: ARG001
    """The sentence as it stands."""
    return text


def shortened(text: str, rng: random.Random) -> str | None:
    """About a quarter of the words dropped, never a number, a unit, a negation or a word beside one of these."""
    found = text.split()
    fixed = {
        at + step
        for at, word in enumerate(found)
        if re.search(r"\d", word) or set(words(word)) & _KEEP
        for step in (-2, -1, 0, 1, 2, 3)
    }
    kept = [word for at, word in enumerate(found) if at in fixed or rng.random() > 0.25]
    return " ".join(kept) if 4 < len(kept) < len(found) else None


def reordered(text: str, rng: random.Random) -> str | None:  # noqa: ARG001
    """Two clauses exchanged at a comma or semicolon outside brackets."""
    if "(" in text or not (match := re.search(r"[,;] (?=[a-z])", text)):
        return None
    first, second = text[: match.start()], text[match.end() :].rstrip(".")
    return f"{second[0].upper()}{second[1:]}, {first[0].lower()}{first[1:]}."


def synonymous(text: str, rng: random.Random) -> str | None:
    """Up to two technical terms replaced by another of their English names."""
    found = spans(text)
    pieces: list[str] = []
    at = 0
    terms = [match for match in shipped_glossary().matches(found, "en") if match.entry.kind in TERM_KINDS]
    for match in sorted(rng.sample(terms, min(2, len(terms))), key=lambda match: match.start):
        others = [name for name in match.entry.names["en"] if name.casefold() not in text.casefold() and len(name) > 3]
        own = text[found[match.start].start : found[match.end - 1].end]
        if others and not re.search(r"\d", own):
            pieces += [text[at : found[match.start].start], rng.choice(others)]
            at = found[match.end - 1].end
    return "".join([*pieces, text[at:]]) if pieces else None


PARAPHRASES: dict[str, Callable[[str, random.Random], str | None]] = {
    "quoted": quoted,
    "shortened": shortened,
    "reordered": reordered,
    "synonyms": synonymous,
}

# --- corruptions ----------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"(?<![\w.,/])\d+(?:\.\d+)?(?![\w]*\.\w)")
_UNITS = [
    ("mmHg", "kPa"),
    ("mm", "cm"),
    ("cm", "mm"),
    ("µm", "mm"),
    ("nm", "µm"),
    ("mg/ml", "g/ml"),
    ("mg", "g"),
    ("ml", "l"),
    ("g/kg", "mg/kg"),
    ("%", "mg"),
    ("D", "degrees"),
    ("dioptres", "degrees"),
    ("degrees", "dioptres"),
    ("years", "months"),
    ("months", "years"),
    ("weeks", "days"),
    ("days", "hours"),
    ("hours", "minutes"),
    ("minutes", "seconds"),
    ("seconds", "minutes"),
    ("year", "month"),
    ("month", "year"),
    ("week", "hour"),
    ("day", "week"),
]
_REMOVED = [
    (r"\b(is|are|was|were|does|do|can|should|must|may|will|has|have|need) not\b", r"\1"),
    (r"\bcannot\b", "can"),
    (r"\bwithout\b", "with"),
    (r"\bnever\b", "always"),
    (r"\babsent\b", "present"),
    (r"\bno\b", "a"),
    (r"\bnot\b ", ""),
]
_ADDED = [
    (r"\b(is|are|was|were|can|should|must|may|will)\b(?! (?:not|no|never)\b)", r"\1 not"),
    (r"\bwith\b", "without"),
    (r"\bpresent\b", "absent"),
    (r"\bhas\b", "has no"),
    (r"\bhave\b", "have no"),
    (r"\balways\b", "never"),
]


def _number(text: str, rng: random.Random) -> str | None:
    found = list(_NUMBER.finditer(text))
    if not found:
        return None
    match = rng.choice(found)
    old = float(match.group())
    new = rng.choice([old * 10, old + 3, old * 2, old / 2])
    return f"{text[: match.start()]}{new:g}{text[match.end() :]}" if new != old else None


def _unit(text: str, rng: random.Random) -> str | None:
    made = [
        re.sub(rf"(?<=\d)([\s-]?){re.escape(old)}(?![\w/])", rf"\1{new}", text, count=1)
        for old, new in _UNITS
        if re.search(rf"\d[\s-]?{re.escape(old)}(?![\w/])", text)
    ]
    return rng.choice(made) if made else None


def _rule(rules: list[tuple[str, str]]) -> Callable[[str, random.Random], str | None]:
    def change(text: str, rng: random.Random) -> str | None:
        made = [new for old, put in rules if (new := re.sub(old, put, text, count=1)) != text]
        return rng.choice(made) if made else None

    return change


CORRUPTIONS: dict[str, Callable[[str, random.Random], str | None]] = {
    "number": _number,
    "unit": _unit,
    "negation removed": _rule(_REMOVED),
    "negation added": _rule(_ADDED),
}


def cases(count: int | None = None, seed: int = 0) -> Iterator[tuple[str, Case]]:
    """Pairs of a paraphrase's name and a case; of ``count`` sentences drawn with ``seed``, or of all."""
    rng = random.Random(seed)
    shelf = passages()
    places = [(at, s) for at, passage in enumerate(shelf) for s in sentences(passage.text) if len(words(s)) >= 6]
    if count is not None:
        places = rng.sample(places, min(count, len(places)))
    for at, sentence in places:
        near = [shelf[(at + step) % len(shelf)] for step in range(-3, 4)]
        shown = tuple(dict.fromkeys([*near, rng.choice(shelf)]))
        number = shown.index(shelf[at]) + 1
        other = rng.choice([n for n, p in enumerate(shown, 1) if n != number and _apart(sentence, p)] or [0])
        for name, paraphrase in PARAPHRASES.items():
            text = paraphrase(sentence, rng)
            if text is None:
                continue
            yield name, Case("clean", f"{text} [{number}]", shelf[at], shown)
            for kind, corrupt in CORRUPTIONS.items():
                made = corrupt(text, rng)
                if made is not None and _differs(made, text, kind):
                    yield name, Case(kind, f"{made} [{number}]", shelf[at], shown)
            if other:
                yield name, Case("citation", f"{text} [{other}]", shown[other - 1], shown)


def _apart(sentence: str, passage: Passage) -> bool:
    """Overlapping passages hold the same sentence: citing one for the other is no fault."""
    return sentence not in passage.text


def _differs(made: str, text: str, kind: str) -> bool:
    return (
        kind != "negation removed"
        or bool(set(words(text)) - set(words(made)) - STOPWORDS)
        or len(words(made)) < len(words(text))
        or ("without" in text or "no " in text)
    )


@dataclass(frozen=True)
class Measured:
    """Flagged and all cases by kind and paraphrase."""

    flagged: Counter[tuple[str, str]]
    total: Counter[tuple[str, str]]
    wrong: list[Case]
    """Clean ones that were flagged and corrupted ones that were not."""

    def rate(self, kind: str, name: str | None = None) -> float:
        """Share of the cases of a kind that were flagged."""
        keys = [key for key in self.total if key[0] == kind and name in (None, key[1])]
        total = sum(self.total[key] for key in keys)
        return sum(self.flagged[key] for key in keys) / total if total else 0.0


def measure(count: int | None = None, seed: int = 0) -> Measured:
    """Run the verifier over clean and corrupted answers."""
    flagged: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    wrong: list[Case] = []
    for name, case in cases(count, seed):
        total[case.kind, name] += 1
        found = case.flagged()
        flagged[case.kind, name] += found
        if found == (case.kind == "clean"):
            wrong.append(case)
    return Measured(flagged, total, wrong)


def main() -> int:
    """Print recall per kind and the false-alarm rate; an argument is the number of sentences to draw."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else None
    measured = measure(count)
    print(f"{'flagged, %':<20}{'n':>7}{'all':>8}" + "".join(f"{name:>12}" for name in PARAPHRASES))
    for kind in ("clean", *CORRUPTIONS, "citation"):
        n = sum(measured.total[kind, name] for name in PARAPHRASES)
        cells = "".join(f"{100 * measured.rate(kind, name):12.1f}" for name in PARAPHRASES)
        print(f"{kind:<20}{n:>7}{100 * measured.rate(kind):8.1f}{cells}")
    bad = [key for key in measured.total if key[0] != "clean"]
    total, caught = (sum(counts[key] for key in bad) for counts in (measured.total, measured.flagged))
    print(f"{'all corrupted':<20}{total:>7}{100 * caught / total:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
