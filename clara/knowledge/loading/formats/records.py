"""A record with named fields, as a row or a JSON object, and the document that it becomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, Notice, SourceFile, Unreadable, language_of, named

Fields = Mapping[str, Any]

FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("text", "content", "contents", "body", "abstract", "answer", "passage", "context"),
    "title": ("title", "focus", "name", "heading", "question"),
    "id": ("id", "_id", "doc_id", "docid", "pmid"),
    "source": ("source", "url", "link"),
    "kind": ("kind",),
    "language": ("language", "lang"),
}
"""Field of a document to the column names that hold it unless the caller maps it; the first that is there counts."""
NO_RECORDS = "it holds no records"


def document_of(record: Fields, name: str, source: SourceFile, hints: Hints) -> Document:
    """The document of a record that is called ``name`` where it has no id of its own.

    Raises:
        Unreadable: it has no text, or its id is too long.
    """
    text = _field(record, "text", hints)
    if not text:
        columns = ", ".join(str(key)[:40] for key in list(record)[:12] if key)
        expected = hints.fields.get("text") or " or ".join(FIELDS["text"])
        raise Unreadable(f"no text in {expected} (there is: {columns or 'nothing'}); map it with --field text=NAME")
    title = _field(record, "title", hints)
    if not title or title == text:
        title = source.path.name.split(".")[0]
    own_id = _field(record, "id", hints)
    return named(
        Document(
            id=own_id or name,
            title=title,
            text=text,
            source=_field(record, "source", hints) or source.path.name,
            kind=hints.kind or _field(record, "kind", hints) or "document",
            language=language_of(text, hints, _field(record, "language", hints)),
            naming="record" if own_id else "path",
        )
    )


def text_column(columns: Sequence[str], hints: Hints) -> int:
    """The place of the column that holds the text; the last one if none does."""
    for name in _columns("text", hints):
        if name in columns:
            return columns.index(name)
    return len(columns) - 1


def _columns(name: str, hints: Hints) -> tuple[str, ...]:
    return (hints.fields[name],) if name in hints.fields else FIELDS[name]


def _field(record: Fields, name: str, hints: Hints) -> str:
    for column in _columns(name, hints):
        value = _text(record.get(column))
        if value:
            return value
    return ""


def _text(value: Any) -> str:
    """A value as text; of a list its parts, a paragraph each."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n\n".join(filter(None, map(_text, value)))
    return str(value).strip()


def answers(
    name: str, title: str, source: str, texts: Iterator[str], pairs: Counter[str], hints: Hints
) -> Iterator[Document | Unreadable]:
    """The answers of one MedQuAD document; the same name may come again with other answers, so the count goes on."""
    has_text = False
    for text in texts:
        if text.strip():
            has_text = True
            document = Document(
                id=f"{name}#{pairs[name]}",
                title=title or name,
                text=text.strip(),
                source=source,
                kind=hints.kind or "encyclopaedia",
                language=hints.language or "en",
                naming="record",
            )
            yield named(document)
        pairs[name] += 1
    if not has_text:
        yield Notice(f"{name}: no answer")
