"""Names and questions in other languages that are indexed with a document, so that a query in them finds it.

After xQG, query generation for cross-lingual passage re-ranking and retrieval (arXiv 2305.03950): what a reader of another
language would ask is written once, at ingestion, and costs nothing when somebody asks. A glossary writes the names of a
document's terms, a language model whole questions.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from clara.knowledge.corpus.documents import Document
from clara.knowledge.glossary import TERM_KINDS, Entry, TermGlossary
from clara.language.text import spans
from clara.tasks.model import ASK_ABOUT, AskAboutIn, I, O, Task, TaskResult

TERMS = 6
"""Terms of a text, besides those of its title, that get their names in other languages."""
LONGEST = 3000
"""Characters of a document that a model is shown."""
CONCURRENT = 16
"""Calls to the model at a time."""


class Augmenter(Protocol):
    """Writes what is indexed with documents."""

    @property
    def name(self) -> str:
        """Who writes and in which languages; a document is written to again if this changes."""
        ...

    def names(self, documents: Sequence[Document]) -> list[tuple[str, ...] | None]:
        """For each document what to index with it; None if that failed and should be tried again another time.

        Raises:
            BackboneError: the model's server cannot be reached or refuses.
        """
        ...


class NamedModel(Protocol):
    """What a backbone says about itself."""

    @property
    def model(self) -> str: ...


class Writer(Protocol):
    """Performs tasks: a :class:`clara.backbone.base.Backbone`."""

    async def info(self) -> NamedModel: ...

    async def perform(self, task: Task[I, O], inputs: I) -> TaskResult[O]: ...

    async def aclose(self) -> None: ...


def fingerprint(document: Document, augmenter: Augmenter | None) -> str:
    """What tells whether a document has changed since an augmenter wrote to it."""
    return f"{document.fingerprint}+{augmenter.name}" if augmenter else document.fingerprint


def augment(documents: Sequence[Document], augmenter: Augmenter | None) -> list[Document]:
    """The documents with what the augmenter wrote; one for which it failed stays as it was."""
    if augmenter is None:
        return list(documents)
    augmented: list[Document] = []
    for document, names in zip(documents, augmenter.names(documents), strict=True):
        if names is None:
            augmented.append(document)
        else:
            also = tuple(dict.fromkeys((*document.also, *names)))
            augmented.append(replace(document, also=also, made_from=fingerprint(document, augmenter)))
    return augmented


class GlossaryAugmenter:
    """The names, in other languages, of the terms in a document's title and of the most frequent ones in its text."""

    def __init__(self, glossary: TermGlossary, languages: Sequence[str]) -> None:
        self._glossary = glossary
        self._languages = tuple(languages)
        self.name = f"glossary {','.join(self._languages)}"

    def names(self, documents: Sequence[Document]) -> list[tuple[str, ...] | None]:
        """One line a language."""
        return [self._lines(document) for document in documents]

    def _lines(self, document: Document) -> tuple[str, ...]:
        in_title = self._terms(document.title, document.language)
        in_text = self._terms(document.text, document.language)
        entries = {entry.id: entry for entry in in_title}
        counts: Counter[str] = Counter(entry.id for entry in in_text)
        by_id = {entry.id: entry for entry in in_text}
        for name, _ in counts.most_common(TERMS):
            entries.setdefault(name, by_id[name])
        lines: list[str] = []
        for code in self._languages:
            names = _preferred_names(entries.values(), code)
            if names and code != document.language:
                lines.append(", ".join(names))
        return tuple(lines)

    def _terms(self, text: str, language: str) -> list[Entry]:
        entries = (match.entry for match in self._glossary.matches(spans(text), language))
        return [entry for entry in entries if entry.kind in TERM_KINDS]


def _preferred_names(entries: Iterable[Entry], language: str) -> list[str]:
    """The first name of each entry in a language, each once."""
    names: dict[str, None] = {}
    for entry in entries:
        in_language = entry.names.get(language)
        if in_language:
            names[in_language[0]] = None
    return list(names)


class ModelAugmenter:
    """Questions that a language model writes for each document in each language, one call a language.

    Args:
        writer: performs the task ``ask_about``; its connections belong to this augmenter's event loop, which closes them.
        languages: codes to ask in; a document's own is left out.

    Raises:
        BackboneError: the model's server cannot be reached or refuses.
    """

    def __init__(self, writer: Writer, languages: Sequence[str]) -> None:
        self._writer = writer
        self._languages = tuple(languages)
        self._runner = asyncio.Runner()
        try:
            self.name = f"model {self._runner.run(writer.info()).model} {','.join(self._languages)}"
        except BaseException:
            self.close()
            raise

    def names(self, documents: Sequence[Document]) -> list[tuple[str, ...] | None]:
        """One question a line; None where a reply was none, for one language at least."""
        return self._runner.run(self._all(documents))

    async def _all(self, documents: Sequence[Document]) -> list[tuple[str, ...] | None]:
        gate = asyncio.Semaphore(CONCURRENT)
        return list(await asyncio.gather(*(self._ask(document, gate) for document in documents)))

    async def _ask(self, document: Document, gate: asyncio.Semaphore) -> tuple[str, ...] | None:
        questions: list[str] = []
        for code in self._languages:
            if code == document.language:
                continue
            inputs = AskAboutIn(language=code, title=document.title, text=document.text[:LONGEST])
            async with gate:
                output = (await self._writer.perform(ASK_ABOUT, inputs)).output
            if output is None:
                return None
            for question in output.questions:
                words = question.split()
                if words:
                    questions.append(" ".join(words))
        return tuple(questions)

    def close(self) -> None:
        """Close the connections and end the event loop."""
        self._runner.run(self._writer.aclose())
        self._runner.close()
