"""Which loader reads a file: its suffix says, and for ``.xml`` and ``.txt`` its beginning."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterable

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable
from clara.knowledge.loading.formats import docx, html, jsons, pdf, pubmed, tables, texts, xml
from clara.knowledge.loading.reading import open_binary

Loader = Callable[[SourceFile, Hints], Iterable[Document | Unreadable]]
"""Gives documents, and an Unreadable for each record that it leaves out; raises Unreadable if it must stop."""

LOADERS: dict[str, Loader] = {
    ".md": texts.read_markdown,
    ".markdown": texts.read_markdown,
    ".txt": texts.read_plain,
    ".html": html.read_html,
    ".htm": html.read_html,
    ".xhtml": html.read_html,
    ".pdf": pdf.read_pdf,
    ".docx": docx.read_docx,
    ".csv": tables.read_csv,
    ".tsv": tables.read_csv,
    ".json": jsons.read_json,
    ".jsonl": jsons.read_jsonl,
    ".ndjson": jsons.read_jsonl,
    ".xml": xml.read_xml,
    ".nxml": xml.read_xml,
    ".nbib": pubmed.read_medline,
    ".medline": pubmed.read_medline,
}
"""Suffix to loader; each also reads the gzip of its format."""
RECORD_SUFFIXES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".nxml", ".nbib", ".medline"})
"""Formats of records that may have an identity of their own."""


def load(source: SourceFile, hints: Hints) -> Iterable[Document | Unreadable]:
    """The documents of a file.

    Raises:
        Unreadable: no loader reads it, or the loader had to stop.
    """
    loader = LOADERS.get(source.suffix)
    if loader is None:
        raise Unreadable(f"files of type {source.suffix or '(none)'} are not read")
    if loader is texts.read_plain and _begins(source).startswith(b"PMID"):
        loader = pubmed.read_medline
    return loader(source, hints)


def _begins(source: SourceFile) -> bytes:
    try:
        with open_binary(source.path) as file:
            return file.read(16).removeprefix(codecs.BOM_UTF8).lstrip()
    except (OSError, EOFError, zlib.error):
        return b""  # the loader will say what is wrong
