"""The notes that ship: Markdown with front matter, checked against docs/writing-knowledge.md."""

from __future__ import annotations

import datetime
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

_EMPHASIS = re.compile(r"(\*\*|\*|__|`)(\S(?:.*?\S)?)\1")
_SLUG = re.compile(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")


class Source(BaseModel):
    """A public reference."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=3)
    url: str = Field(pattern=r"^https://[^\s/]+/\S*$")


class NoteHead(BaseModel):
    """Front matter of a note."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=3)
    area: str
    kind: Literal["textbook", "guideline", "drug", "anatomy"]
    synonyms: tuple[str, ...] = ()
    titles: dict[str, str]
    see_also: tuple[str, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=2)
    reviewed: datetime.date


class Note(BaseModel):
    """A note: its slug, front matter and Markdown body."""

    model_config = ConfigDict(frozen=True)

    slug: str
    head: NoteHead
    body: str

    def document(self) -> Document:
        """The note as it is indexed."""
        first = self.head.sources[0]
        return Document(
            id=self.slug,
            title=self.head.title,
            text=_EMPHASIS.sub(r"\2", self.body),
            source=f"{first.name}, {first.url}",
            kind=self.head.kind,
            also=(*self.head.synonyms, *self.head.titles.values()),
            origin=SHIPPED,
        )


def read_note(path: Path) -> Note:
    """Read and validate one note.

    Raises:
        KnowledgeError: the note breaks a rule; the message names file, field and mend.
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
    if missing := [code for code in TITLE_LANGUAGES if not note.head.titles.get(code, "").strip()]:
        problems.append(f"no title in {', '.join(missing)}")
    if lost := [slug for slug in note.head.see_also if slug not in slugs]:
        problems.append(f"see_also names no note: {', '.join(lost)}")
    if not 2 <= len(re.findall(r"^## \S", note.body, re.MULTILINE)) <= 5:
        problems.append("needs two to five ## sections")
    if bare := re.search(r"(?<![A-Za-z\d.])\d[\d.,]*(?:mmHg|mm|cm|µm|nm|mg|mL|kg|%|D\b)", note.body):
        problems.append(f"no space before the unit in {bare.group()!r}")
    return problems
