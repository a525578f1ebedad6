"""Public multilingual medical benchmarks by name: where they are and which column means what.

The layouts follow the data sets' own cards and files. A set is read from the hub, or from a local copy in any of the
file forms that it is published in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clara.bench.datasets.layout import Columns, Layout

MEDICAL_SUBJECTS = (
    "anatomy",
    "clinical_knowledge",
    "college_biology",
    "college_medicine",
    "medical_genetics",
    "nutrition",
    "professional_medicine",
    "virology",
)
"""Subjects of MMLU that are medicine."""


@dataclass(frozen=True, slots=True)
class Named:
    """A benchmark that CLARA knows."""

    name: str
    repository: str
    """Owner and name on the Hugging Face hub."""
    layout: Layout | None
    """None: guessed from the columns."""
    configs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Configuration, folder or file name to language, where a language has its own files."""
    signature: frozenset[str] = frozenset()
    """Columns by which a local copy is recognised."""
    rows: int | None = None
    """Published rows in one language, all subjects; a note says where a copy differs."""
    questions: int | None = None
    """Published questions, where the language is not a file of its own."""
    note: str = ""
    fetched: bool = False
    """True if ``clara bench fetch`` gets it; its short name then never goes to the hub."""
    by_file: bool = False
    """True if ids start again in each file; the file's name then comes before them."""


def _codes(text: str) -> dict[str, str]:
    return {code: code for code in text.split()}


_OPTIONS_A_D = ("option_a", "option_b", "option_c", "option_d")
_GLOBAL_MMLU = Layout(
    id=("sample_id",),
    long=Columns("question", _OPTIONS_A_D),
    gold="answer",
    theme="subject",
    only={"subject": MEDICAL_SUBJECTS},
)
_XLINGHEALTH = Layout(
    id=("id",),
    wide={
        name.lower(): Columns(f"question_{name}", (), f"answer_{name}")
        for name in ("English", "Chinese", "Spanish", "Hindi")
    },
    only={"label": ("1", "1.0")},  # five rows a question: the right answer first, then distractors
)

NAMED: tuple[Named, ...] = (
    Named(
        "multi-ophthalingua",
        "AAAIBenchmark/Multi-Opthalingua",
        None,
        questions=164,
        fetched=True,
        note="Known defects of Multi-OphthaLingua: run `clara bench audit` on it and report both figures (--clean)",
    ),
    Named(
        "mmlu-prox",
        "li-lab/MMLU-ProX",
        Layout(
            id=("question_id",),
            long=Columns("question", tuple(f"option_{n}" for n in range(10))),
            gold="answer",
            theme="category",
            only={"category": ("health",)},
            check="answer_index",
        ),
        configs=_codes("en es pt fr hi zh ar bn cs de hu id it ja ko mr ne ru sr sw te th uk ur vi wo yo zu"),
        signature=frozenset({"question_id", "option_0", "option_9", "answer_index", "category"}),
        rows=11759,
    ),
    Named(
        "global-mmlu",
        "CohereLabs/Global-MMLU",
        _GLOBAL_MMLU,
        configs={
            **_codes(
                "en es pt fr hi zh am ar bn cs de el fa ha he id ig it ja ko ky lt mg ms ne nl ny pl ro ru si sn so sr sv "
                "sw te tr uk vi yo"
            ),
            "fil": "fil",
        },
        signature=frozenset({"sample_id", "subject", "option_a", "option_d", "answer"}),
        rows=14042,
    ),
    Named(
        "global-mmlu-lite",
        "CohereLabs/Global-MMLU-Lite",
        _GLOBAL_MMLU,
        configs=_codes("en es pt fr hi zh ar bn de id it ja ko sw yo"),
        rows=400,
    ),
    Named(
        "head-qa",
        "dvilares/head_qa",
        Layout(
            id=("name", "qid"),
            long=Columns("qtext", "answers"),
            gold="ra",
            gold_form="index1",
            theme="category",
            without="image",
        ),
        configs=_codes("es en"),
        signature=frozenset({"qtext", "ra", "answers", "qid"}),
        rows=2742,
    ),
    Named(
        "medexpqa",
        "HiTZ/MedExpQA",
        Layout(
            id=("id",),
            long=Columns("full_question", "options"),
            gold="correct_option",
            gold_form="index1",
            theme="type",
        ),
        configs=_codes("en es fr it"),
        signature=frozenset({"full_question", "correct_option", "options"}),
    ),
    Named(
        "xlinghealth",
        "claws-lab/XLingHealth",
        _XLINGHEALTH,
        by_file=True,
        signature=frozenset({"label", "question_English", "answer_English", "question_Hindi"}),
        note="XLingHealth is free text: an answer is right if it equals its reference or has a token F1 of 0.5 or more",
    ),
    Named(
        "xmedbench",
        "FreedomIntelligence/XMedbench",
        Layout(id=(), long=Columns("question", "options"), gold="answer", theme="source", parallel=False),
        configs=_codes("en es fr hi zh ar"),
        note="XMedbench asks other questions in each language: its gaps mix language with difficulty",
    ),
)

BY_NAME: Mapping[str, Named] = {
    **{entry.name: entry for entry in NAMED},
    **{entry.repository.lower(): entry for entry in NAMED},
    "cohereforai/global-mmlu": next(entry for entry in NAMED if entry.name == "global-mmlu"),
    "eleutherai/headqa": next(entry for entry in NAMED if entry.name == "head-qa"),
}
"""Name, or owner/name in lower case, to the set."""


def by_place(path: Path) -> Named | None:
    """The set whose name a folder on the way to ``path`` has: a clone of its repository, or a fetched copy."""
    names = {name.rpartition("/")[2]: entry for name, entry in BY_NAME.items()}
    return next((names[part.lower()] for part in reversed(path.absolute().parts) if part.lower() in names), None)


def recognise(columns: set[str]) -> Named | None:
    """The set whose own columns these are, or None."""
    return next((entry for entry in NAMED if entry.signature and entry.signature <= columns), None)
