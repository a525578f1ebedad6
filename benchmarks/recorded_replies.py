"""How often the letter of a recorded reply is read as its authors read it. Usage: recorded_replies.py FOLDER

The folder holds CSV files with the columns ``outputs`` (the reply), ``preds`` (the letter that the authors took from it) and
``A`` to ``E`` (the options), as the results of AfriMed-QA (github.com/intron-innovation/AfriMed-QA, folder ``results``) are
published. Prints, for each file and in all, the replies with a letter, the share that is not read, and the share that is
read as another letter. A reply with several letters counts as not read, whichever the authors took.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from clara.language.replies.reader import read_letter
from clara.types import Option

LETTERS = "ABCDE"


@lru_cache(maxsize=200_000)
def letter_of(reply: str, options: tuple[Option, ...]) -> str | None:
    return read_letter(reply, options).letter


def rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        yield from csv.DictReader(file)


def count(path: Path) -> Counter[str]:
    """Replies of one file by how they were read: ``same``, ``unread`` or ``other``."""
    counts: Counter[str] = Counter()
    for row in rows(path):
        expected = (row.get("preds") or "").strip().upper()
        if len(expected) != 1 or expected not in LETTERS:
            continue
        options: list[Option] = []
        for letter in LETTERS:
            text = (row.get(letter) or "").strip()
            if text and text != "N/A":
                options.append(Option(letter, text))
        letter = letter_of(row["outputs"], tuple(options))
        if letter is None:
            counts["unread"] += 1
        else:
            counts["same" if letter == expected else "other"] += 1
    return counts


def show(name: str, counts: Counter[str]) -> None:
    total = counts.total()
    if total:
        unread, other = 100 * counts["unread"] / total, 100 * counts["other"] / total
        print(f"{name[:70]:70}  {total:6}  unread {unread:5.2f} %  other letter {other:5.2f} %")


def main() -> None:
    total: Counter[str] = Counter()
    for path in sorted(Path(sys.argv[1]).rglob("*.csv")):
        counts = count(path)
        show(path.name, counts)
        total += counts
    show("all", total)


if __name__ == "__main__":
    main()
