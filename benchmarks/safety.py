"""How well red flags are found: sensitivity on urgent questions and specificity on calm ones, with every mistake listed.

    .venv/bin/python benchmarks/safety.py

The corpus stands in tests/safety/corpus. Its development and held-out parts were written before the rules. The later
part was written in three goes after the first rules stood, the typed part (as on a phone, without accents) after the
second rules, the part of kinds (teaching, literature, idioms, stage and page curtains; chemicals as verbs, run-together
words, Chinese in Latin letters) with the third, each to see how they fare with new wording. The word lists were then
widened with it in view. The unseen part was written by an author who had never seen the rules. Its rows with odd numbers
(half A) were read when the third rules were written; those with even numbers (half B) were only scored, and their rates
are the ones that count (tests/safety/corpus/README.md).
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clara.language.codes import SEVEN
from clara.safety import red_flags
from clara.types import Question

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "safety" / "corpus"

PARTS = ("development", "held out", "later", "typed", "kinds")
HALVES = ("half A", "half B")
"""Of the unseen wordings: one whose rows were read while the rules were written, and one that was only scored."""


@dataclass(frozen=True)
class Case:
    """One question of the corpus; ``flag`` is empty for a calm one."""

    language: str
    flag: str
    text: str
    part: str
    """One of PARTS or HALVES."""

    @property
    def seen(self) -> tuple[str, ...]:
        """The red flags that CLARA sees."""
        return red_flags(Question(self.text))

    @property
    def right(self) -> bool:
        """True if an urgent question raises a flag and a calm one does not."""
        return bool(self.seen) == bool(self.flag)


def corpus() -> Iterator[Case]:
    """All cases. Of each flag and language the last two phrasings are held out, of the calm ones every second."""
    for language in SEVEN:
        seen: Counter[str] = Counter()
        for flag, text in _rows(f"urgent.{language}.tsv"):
            seen[flag] += 1
            yield Case(language, flag, text, "held out" if seen[flag] > 3 else "development")
        for number, (text,) in enumerate(_rows(f"calm.{language}.txt")):
            yield Case(language, "", text, "held out" if number % 2 else "development")
    for part in ("later", "typed", "kinds"):
        for language, text in _rows(f"{part}-urgent.tsv"):
            yield Case(language, "any", text, part)
        for language, text in _rows(f"{part}-calm.tsv"):
            yield Case(language, "", text, part)


def unseen() -> Iterator[Case]:
    """Wordings of an author who had not seen the rules; ``flag`` is the emergency as that author named it."""
    for name in ("urgent", "calm"):
        with (CORPUS / f"unseen-{name}.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                half = "half A" if int(row["id"].rsplit("-", 1)[1]) % 2 else "half B"
                yield Case(row["language"], row.get("emergency", ""), row["text"], half)


def _rows(name: str) -> Iterator[list[str]]:
    for line in (CORPUS / name).read_text(encoding="utf-8").splitlines():
        yield line.split("\t")


def rate(cases: list[Case]) -> float:
    """Share of the cases that are right."""
    return sum(case.right for case in cases) / len(cases)


def main() -> int:
    """Print sensitivity and specificity of each part and language, then the mistakes."""
    cases = [*corpus(), *unseen()]
    for name, urgent in (("sensitivity", True), ("specificity", False)):
        for part in (*PARTS, *HALVES):
            some = [case for case in cases if bool(case.flag) == urgent and case.part == part]
            by = "  ".join(f"{c} {100 * rate([x for x in some if x.language == c]):5.1f}" for c in SEVEN)
            print(f"{name}, {part:<12} n {len(some):>4}  {100 * rate(some):5.1f} %   {by}")
    for case in cases:
        if not case.right and case.part != "half B":
            mistake = f"missed {case.flag}" if case.flag else f"false alarm {','.join(case.seen)}"
            print(f"{mistake}, {case.language}: {case.text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
