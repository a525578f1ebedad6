"""The notes that ship: Markdown with front matter, checked against docs/writing-knowledge.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clara import resources
from clara.errors import KnowledgeError
from clara.files import read_front_matter
from clara.knowledge.corpus.documents import Document

AREAS = (
    "anatomy",
    "embryology",
    "genetics",
    "optics-refraction",
    "contact-lenses",
    "low-vision",
    "cornea-external",
    "lens-cataract",
    "glaucoma",
    "uveitis",
    "retina-vitreous",
    "ocular-oncology",
    "neuro-ophthalmology",
    "strabismus-paediatrics",
    "oculoplastics-orbit",
    "refractive-surgery",
    "pharmacology",
    "trauma-emergencies",
    "systemic-disease",
    "public-health",
)
"""The syllabus."""
SHIPPED = "shipped"
"""The origin of the notes' documents."""
TITLE_LANGUAGES = ("es", "pt", "fr", "fil", "hi", "zh")
WORDS = (150, 400)
"""Fewest and most words of a note's body."""

NOBODY = "none"
"""``reviewed_by`` of a note that no clinician has reviewed yet."""

_EMPHASIS = re.compile(r"(\*\*|\*|__|`)(\S(?:.*?\S)?)\1")
_GENERAL_PAGE = re.compile(r"//([\w.-]+\.)?(wikipedia\.org|eyewiki\.org|medlineplus\.gov|nei\.nih\.gov)/|/fact-sheets/")
_UNSPACED_UNIT = re.compile(r"(?<![A-Za-z\d.])\d[\d.,]*(?:mmHg|mm|cm|µm|nm|mg|mL|kg|%|D\b)")
_SLUG = re.compile(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")


class Reference(BaseModel):
    """A public reference; without ``url`` where its identifier is not certain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=3)
    url: str = Field(default="", pattern=r"^(https://[^\s/]+/\S*)?$")

    def __str__(self) -> str:
        return f"{self.name} ({self.url})" if self.url else self.name


class NoteHead(BaseModel):
    """Front matter of a note."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=3)
    area: str
    kind: Literal["textbook", "guideline", "drug", "anatomy"]
    synonyms: tuple[str, ...] = ()
    titles: dict[str, str]
    see_also: tuple[str, ...] = ()
    sources: tuple[Reference, ...] = ()
    """Primary sources of doses, thresholds and trial figures."""
    further_reading: tuple[Reference, ...] = ()
    """General pages on the subject."""
    drafted: Literal["language model", "clinician"]
    reviewed_by: str = Field(min_length=3)
    """The clinician who reviewed the note, and when; ``none`` if nobody has."""

    @property
    def standing(self) -> str:
        """Who wrote the note and who reviewed it, in words."""
        author = "with a language model" if self.drafted == "language model" else "by a clinician"
        review = "not yet reviewed by a clinician" if self.reviewed_by == NOBODY else f"reviewed by {self.reviewed_by}"
        return f"drafted {author}, {review}"


class Note(BaseModel):
    """A note: its slug, front matter and Markdown body."""

    model_config = ConfigDict(frozen=True)

    slug: str
    head: NoteHead
    body: str

    def document(self) -> Document:
        """The note as it is indexed; its source says how far the note can be trusted and where to read on."""
        return Document(
            id=self.slug,
            title=self.head.title,
            text=_EMPHASIS.sub(r"\2", self.body),
            source=f"Note {self.head.standing}; {_references(self.head)}",
            kind=self.head.kind,
            also=(*self.head.synonyms, *self.head.titles.values()),
            origin=SHIPPED,
        )


def _references(head: NoteHead) -> str:
    """The first source, or the first page of further reading, and how many more there are."""
    kind = "source" if head.sources else "further reading"
    listed = [*head.sources] or [*head.further_reading]
    if not listed:
        return f"no {kind}"
    more = f" and {len(listed) - 1} more" if len(listed) > 1 else ""
    return f"{kind}: {listed[0]}{more}"


def read_note(path: Path) -> Note:
    """Read and validate one note.

    Raises:
        KnowledgeError: the note breaks a rule; the message names file, field and fault.
    """
    values, body = read_front_matter(path, "the note", KnowledgeError)
    try:
        head = NoteHead.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise KnowledgeError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return Note(slug=path.stem, head=head, body=body.strip())


def read_notes(folder: Path | None = None) -> Iterator[Note]:
    """The notes of a folder in order of their file names.

    Raises:
        KnowledgeError: there is none, or one is broken.
    """
    folder = folder or resources.KNOWLEDGE_BASE / "ophthalmology"
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise KnowledgeError(f"no notes (*.md) in {folder}")
    for path in paths:
        yield read_note(path)


def note_problems(note: Note, slugs: frozenset[str]) -> list[str]:
    """What ``make check`` finds wrong with a note beyond its form."""
    problems: list[str] = []
    count = len(re.sub(r"^#+ ", "", note.body, flags=re.MULTILINE).split())
    if not WORDS[0] <= count <= WORDS[1]:
        problems.append(f"{count} words instead of {WORDS[0]} to {WORDS[1]}")
    if not _SLUG.match(note.slug):
        problems.append("the file name must be lower-case ASCII words joined by hyphens")
    if note.head.area not in AREAS:
        problems.append(f"unknown area {note.head.area!r}")
    untitled = [code for code in TITLE_LANGUAGES if not note.head.titles.get(code, "").strip()]
    if untitled:
        problems.append(f"no title in {', '.join(untitled)}")
    problems += _reference_problems(note.head)
    unknown = [slug for slug in note.head.see_also if slug not in slugs]
    if unknown:
        problems.append(f"see_also names no note: {', '.join(unknown)}")
    if not 2 <= len(re.findall(r"^## \S", note.body, re.MULTILINE)) <= 5:
        problems.append("needs two to five ## sections")
    unspaced = _UNSPACED_UNIT.search(note.body)
    if unspaced is not None:
        problems.append(f"no space before the unit in {unspaced.group()!r}")
    return problems


def _reference_problems(head: NoteHead) -> list[str]:
    """Too few references, general pages among the sources, further reading without an address."""
    problems: list[str] = []
    if len(head.sources) + len(head.further_reading) < 2:
        problems.append("needs two references or more in sources and further_reading together")
    for source in head.sources:
        if _GENERAL_PAGE.search(source.url):
            problems.append(f"{source.name!r} is a general page: it belongs to further_reading")
    for page in head.further_reading:
        if not page.url:
            problems.append(f"{page.name!r} in further_reading has no address")
    return problems
